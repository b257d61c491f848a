//! The Python that the tests compare with: an environment of its own under the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::process;
use crate::setup::apt;
use crate::workspace;

/// The interpreter that tests run; [`set_up`] puts it there.
pub(crate) fn interpreter() -> PathBuf {
    environment().join("bin").join("python")
}

/// Makes the environment with exactly the packages of `tests/python/requirements.txt`, unless it is there.
///
/// # Errors
/// When Python cannot be had, or the packages cannot be fetched.
pub(crate) fn set_up() -> Result<(), Error> {
    let requirements = workspace::root().join("tests/python/requirements.txt");
    let wanted = read(&requirements)?;
    let stamp = environment().join("installed.txt");
    if is_ready(&interpreter(), &stamp, &wanted) {
        println!("Python with Flask and requests is here");
        return Ok(());
    }
    make_environment()?;
    process::run(
        Command::new(interpreter())
            .args(["-m", "pip", "install", "--disable-pip-version-check"])
            .args(["--quiet", "--requirement"])
            .arg(&requirements),
    )?;
    // Written last: what was interrupted halfway is made anew next time.
    fs::write(&stamp, wanted).map_err(|source| Error::File {
        path: stamp,
        source,
    })
}

fn environment() -> PathBuf {
    workspace::target().join("python")
}

/// Whether the packages in the environment are the wanted ones and its interpreter still runs.
fn is_ready(interpreter: &Path, stamp: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|installed| installed == wanted)
        && process::succeeds(Command::new(interpreter).args(["-c", "import flask, requests"]))
}

fn make_environment() -> Result<(), Error> {
    let make = || {
        let mut command = Command::new("python3");
        command.args(["-m", "venv", "--clear"]).arg(environment());
        command
    };
    // Debian keeps `venv` in a package of its own, and a small machine may have no Python at all.
    if process::succeeds(&mut make()) {
        return Ok(());
    }
    apt::install(
        "Python 3 with its module venv",
        &["python3", "python3-venv"],
    )?;
    process::run(&mut make())
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned_to_one_version() {
        let text = read(&workspace::root().join("tests/python/requirements.txt")).expect("there");
        let packages: Vec<&str> = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        assert!(packages.contains(&"flask==3.1.3"));
        assert!(packages.contains(&"requests==2.34.2"));
        for package in packages {
            assert!(package.contains("=="), "{package}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Path::new("/nowhere/requirements.txt")).expect_err("not there");
        assert!(matches!(error, Error::File { .. }));
        assert!(error.to_string().starts_with("/nowhere/requirements.txt: "));
    }

    #[test]
    fn an_environment_without_a_stamp_is_not_ready() {
        assert!(!is_ready(
            Path::new("/bin/true"),
            Path::new("/nowhere/installed.txt"),
            "flask"
        ));
    }
}
