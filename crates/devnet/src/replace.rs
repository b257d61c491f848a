//! Writing a file so that readers find the whole of it or what was there before.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::error::DevnetError;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// All users of the machine, as far as the umask lets them.
    All,
    /// Its owner alone: it holds a key.
    Owner,
}

/// Puts a file with `contents` at `path`, in the place of one that may be there.
pub(crate) fn replace(path: &Path, contents: &[u8], readers: Readers) -> Result<(), DevnetError> {
    let mode = match readers {
        Readers::All => 0o644,
        Readers::Owner => 0o600,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder)?;
        file.write_all(contents)?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map(drop).map_err(DevnetError::file(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn a_file_with_a_key_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "before, and readable").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        replace(&path, b"now", Readers::Owner).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"now");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_written_is_named_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        let error = replace(&path, b"now", Readers::All).unwrap_err();
        assert!(
            matches!(&error, DevnetError::File { path: named, .. } if *named == path),
            "{error}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
