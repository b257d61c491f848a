//! PEM as text, or in a file.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The longest file that is read.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// PEM as text, or in a file.
#[derive(Clone, PartialEq, Eq)]
pub enum PemSource {
    /// The text itself.
    Text(String),
    /// A file that holds it; read anew whenever it is needed.
    File(PathBuf),
}

impl PemSource {
    /// What somebody wrote: PEM begins with dashes, and anything else is a path, which begins at `folder`.
    pub fn written(text: &str, folder: &Path) -> Self {
        match is_pem(text) {
            true => Self::Text(text.to_owned()),
            false => Self::File(folder.join(text)),
        }
    }

    /// The text.
    ///
    /// # Errors
    /// Which file could not be read and why, in words.
    pub(crate) fn read(&self) -> Result<String, String> {
        let path = match self {
            Self::Text(text) => return Ok(text.clone()),
            Self::File(path) => path,
        };
        let mut text = String::new();
        let read = File::open(path)
            .and_then(|file| file.take(PEM_BYTES_MAX + 1).read_to_string(&mut text));
        read.map_err(|error| format!("{}: {error}", path.display()))?;
        match text.len() as u64 > PEM_BYTES_MAX {
            true => Err(format!("{} is longer than 1 MiB", path.display())),
            false => Ok(text),
        }
    }
}

/// Whether it is PEM, rather than a path to it.
pub fn is_pem(text: &str) -> bool {
    text.trim_start().starts_with("-----BEGIN ")
}

/// It may be a key.
impl std::fmt::Debug for PemSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) => formatter.write_str("Text(…)"),
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_no_pem_is_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let source = PemSource::written("ca.pem", folder.path());
        assert!(source.read().unwrap_err().contains("ca.pem"));
        std::fs::write(folder.path().join("ca.pem"), "PEM").unwrap();
        assert_eq!(source.read().unwrap(), "PEM");
        let long = vec![b'x'; PEM_BYTES_MAX as usize + 1];
        std::fs::write(folder.path().join("ca.pem"), long).unwrap();
        assert!(source.read().unwrap_err().contains("longer than"));
        let text = "\n-----BEGIN CERTIFICATE-----";
        let source = PemSource::written(text, folder.path());
        assert_eq!(source, PemSource::Text(text.to_owned()));
        assert!(!format!("{source:?}").contains("BEGIN"));
    }
}
