//! Files with secrets: read within a limit, written whole or not at all, for their owner only.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::{Zeroize, Zeroizing};

/// The largest key, certificate or wallet file, in bytes.
pub(crate) const BYTES_MAX: usize = 256 * 1024;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// What the operating system said.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// It is larger than any such file is.
    #[error("{} has more than {bytes_max} bytes, which no such file needs: is it the right one?", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        bytes_max: usize,
    },
    /// It is not text.
    #[error("{} is not text: PEM or JSON is expected", .0.display())]
    NotText(PathBuf),
    /// It is there already, and nothing is written over.
    #[error("{} is there already: name another place, or delete it", .0.display())]
    Taken(PathBuf),
}

impl FileError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// That there is no such file.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// The text of a file of at most `bytes_max` bytes, wiped after use.
pub(crate) fn read_secret(path: &Path, bytes_max: usize) -> Result<Zeroizing<String>, FileError> {
    let file = File::open(path).map_err(FileError::io(path))?;
    // All that can be read fits at once: a buffer that grew would leave pieces of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(bytes_max + 1));
    file.take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(FileError::io(path))?;
    if bytes.len() > bytes_max {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
            bytes_max,
        });
    }
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(FileError::NotText(path.to_owned()))
        }
    }
}

/// Writes a new file with mode 0600: after a crash it is whole or absent.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), FileError> {
    let file = written_beside(path, text)?;
    file.persist_noclobber(path).map_err(|error| {
        if error.error.kind() == io::ErrorKind::AlreadyExists {
            FileError::Taken(path.to_owned())
        } else {
            FileError::io(path)(error.error)
        }
    })?;
    sync_folder(path)
}

/// Writes a file with mode 0600 in place of what is there: after a crash it is the old or the new.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), FileError> {
    let file = written_beside(path, text)?;
    file.persist(path)
        .map_err(|error| FileError::io(path)(error.error))?;
    sync_folder(path)
}

/// Makes the change of a file's name last.
pub(crate) fn sync_folder(path: &Path) -> Result<(), FileError> {
    let folder = folder(path);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(FileError::io(folder))
}

/// `text` in a temporary file (which has mode 0600) in the same folder.
fn written_beside(path: &Path, text: &str) -> Result<NamedTempFile, FileError> {
    // The dot keeps it out of listings, should a crash leave it behind.
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder(path))
        .map_err(FileError::io(path))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(FileError::io(path))?;
    Ok(file)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_private_and_never_written_over_by_accident() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_new(&path, "one").unwrap();
        assert!(matches!(write_new(&path, "two"), Err(FileError::Taken(_))));
        assert_eq!(&*read_secret(&path, 3).unwrap(), "one");
        replace(&path, "two").unwrap();
        assert_eq!(&*read_secret(&path, 3).unwrap(), "two");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert!(read_secret(&path, 3).unwrap_err().is_missing());
        std::fs::write(&path, "four").unwrap();
        assert!(matches!(
            read_secret(&path, 3),
            Err(FileError::TooLarge { bytes_max: 3, .. })
        ));
        std::fs::write(&path, [0xff]).unwrap();
        assert!(matches!(read_secret(&path, 3), Err(FileError::NotText(_))));
    }
}
