//! Secrets: from a file, from standard input, or typed without being shown. Never from the command line.

use std::io::{self, IsTerminal, Read};
use std::path::Path;

use chainloom_fabric::identity::Secret;

use super::files;
use crate::error::Error;

/// The longest secret, in bytes.
const BYTES_MAX: usize = 4096;

/// The secret in a file's first line, or on standard input for `-`; without a file somebody is asked.
pub(super) fn read(
    file: Option<&Path>,
    what: &'static str,
    flag: &'static str,
) -> Result<Secret, Error> {
    match file {
        Some(file) => from_file(file),
        None if io::stdin().is_terminal() => {
            let typed = rpassword::prompt_password(format!("{what}: ")).map_err(Error::Input)?;
            checked(&typed)
        }
        None => Err(Error::NoSecret { what, flag }),
    }
}

/// The secret in a file's first line, or on standard input for `-`.
pub(super) fn from_file(file: &Path) -> Result<Secret, Error> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        let mut stdin = io::stdin().lock().take(BYTES_MAX as u64 + 2);
        stdin.read_to_string(&mut text).map_err(Error::Input)?;
        return checked(&text);
    }
    checked(&files::read_text(file)?)
}

fn checked(text: &str) -> Result<Secret, Error> {
    let line = text.lines().next().unwrap_or_default();
    match line.len() {
        0 => Err(Error::Secret("it is empty".to_owned())),
        length if length > BYTES_MAX => {
            Err(Error::Secret(format!("it has more than {BYTES_MAX} bytes")))
        }
        _ => Ok(Secret::new(line)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_secret_is_the_first_line() {
        assert_eq!(checked("adminpw\nmore").unwrap().expose(), "adminpw");
        assert!(checked("").unwrap_err().to_string().contains("empty"));
        assert!(checked("\nadminpw").is_err());
        let long = "x".repeat(BYTES_MAX + 1);
        let error = checked(&long).unwrap_err().to_string();
        assert!(
            error.contains("4096 bytes") && !error.contains("xx"),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = from_file(Path::new("/no/such/secret")).unwrap_err();
        assert!(error.to_string().contains("/no/such/secret"), "{error}");
    }

    #[test]
    fn without_a_person_a_file_is_asked_for() {
        let error = Error::NoSecret {
            what: "enrollment secret",
            flag: "--secret-file",
        };
        assert!(error.to_string().contains("--secret-file"), "{error}");
    }
}
