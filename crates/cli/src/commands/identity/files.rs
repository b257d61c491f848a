//! Files of other tools, read and written here: the server sees texts only.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::Error;

/// The largest file that is read, in bytes.
const BYTES_MAX: u64 = 256 * 1024;

/// The text of a file.
pub(super) fn read_text(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(failed(io::Error::other(format!(
            "it has more than {BYTES_MAX} bytes"
        ))));
    }
    Ok(text)
}

/// Refuses a place where there is a file already.
pub(super) fn check_new(path: &Path) -> Result<(), Error> {
    match path.try_exists() {
        Ok(false) => Ok(()),
        Ok(true) => Err(io::Error::from(io::ErrorKind::AlreadyExists)),
        Err(error) => Err(error),
    }
    .map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

/// Writes a new file for its owner only.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_file_is_its_owners_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crl.pem");
        check_new(&path).unwrap();
        write_new(&path, "text").unwrap();
        let taken = check_new(&path).unwrap_err();
        assert!(taken.to_string().contains("crl.pem"), "{taken}");
        assert_eq!(read_text(&path).unwrap(), "text");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let error = write_new(&path, "other").unwrap_err();
        assert!(error.to_string().contains("crl.pem"), "{error}");
        assert_eq!(read_text(&path).unwrap(), "text");
        std::fs::write(&path, vec![b'x'; 256 * 1024 + 1]).unwrap();
        let error = read_text(&path).unwrap_err();
        assert!(error.to_string().contains("262144 bytes"), "{error}");
    }
}
