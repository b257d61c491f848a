//! The connections that callers made, kept across restarts: one file each, which only its owner can read.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::request::ConnectionRequest;

/// How long a file may be: as long as a request.
const FILE_BYTES_MAX: u64 = 2 << 20;
const EXTENSION: &str = "json";
const LOCK: &str = "lock";

/// The folder of the connections. One process at a time has it.
pub(super) struct Store {
    folder: PathBuf,
    _lock: File,
}

/// Why connections cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the folder.
    #[error("{} is in use by another process: stop that server first, or name another folder with --data-dir", .0.display())]
    InUse(PathBuf),
    /// The operating system refuses.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file holds no connection.
    #[error("{}: it holds no connection ({reason}): put the file right and start the server again, or remove the connection and make it anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { path, source }
}

impl Store {
    /// Opens the folder, or makes it. Blocks the thread.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::File`].
    pub(super) fn open(folder: PathBuf) -> Result<Self, StoreError> {
        make_private(&folder).map_err(at(&folder))?;
        let path = folder.join(LOCK);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(folder)),
            // A file system without locks cannot say whether another server runs.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
        }
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// All that are kept under their names, in the order of these, and what cannot be read.
    ///
    /// # Errors
    /// [`StoreError::File`] where the folder itself cannot be read.
    pub(super) fn read_all(
        &self,
    ) -> Result<BTreeMap<String, Result<ConnectionRequest, StoreError>>, StoreError> {
        let mut kept = BTreeMap::new();
        for entry in fs::read_dir(&self.folder).map_err(at(&self.folder))? {
            let path = entry.map_err(at(&self.folder))?.path();
            if path.extension().is_some_and(|found| found == EXTENSION) {
                let name = path.file_stem().map(|name| name.to_string_lossy());
                kept.extend(name.map(|name| (name.into_owned(), read(&path))));
            }
        }
        Ok(kept)
    }

    /// Keeps a connection: when this answers, it survives a loss of power. Blocks the thread.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub(super) fn write(&self, request: &ConnectionRequest) -> Result<(), StoreError> {
        let path = self.path(&request.name);
        let write = || {
            let json = serde_json::to_vec_pretty(request)?;
            // Only its owner can read it, from the beginning.
            let mut file = NamedTempFile::new_in(&self.folder)?;
            file.write_all(&json)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            sync(&self.folder)
        };
        write().map_err(at(&path))
    }

    /// Forgets a connection.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub(super) fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name);
        let removed = match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| sync(&self.folder)),
        };
        removed.map_err(at(&path))
    }

    /// A name fits into a file's, since a ledger's is of plain characters only.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{EXTENSION}"))
    }
}

fn read(path: &Path) -> Result<ConnectionRequest, StoreError> {
    let damaged = |reason: String| StoreError::Damaged {
        path: path.to_owned(),
        reason,
    };
    let size_bytes = fs::metadata(path).map_err(at(path))?.len();
    if size_bytes > FILE_BYTES_MAX {
        return Err(damaged(format!("it has {size_bytes} bytes")));
    }
    let text = fs::read(path).map_err(at(path))?;
    let request: ConnectionRequest =
        serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    match path
        .file_stem()
        .is_some_and(|stem| stem == request.name.as_str())
    {
        true => Ok(request),
        false => Err(damaged(format!("it is named {}", request.name))),
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// A new name in a folder is safe when the folder is.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn request(name: &str) -> ConnectionRequest {
        let body = json!({
            "name": name, "userid": "alice@Org1MSP", "channel_id": "mychannel", "peer_url": "grpc://p:1",
            "client_tls": {"certificate": "C", "key": "K"},
        });
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn what_is_kept_is_there_again_and_its_owner_alone_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connections");
        let store = Store::open(path.clone()).unwrap();
        store.write(&request("b")).unwrap();
        store.write(&request("a")).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path.join("a.json")), 0o600);
            assert_eq!(mode(&path), 0o700);
        }
        drop(store);
        let store = Store::open(path).unwrap();
        let kept: Vec<_> = store
            .read_all()
            .unwrap()
            .into_values()
            .map(|kept| kept.unwrap())
            .collect();
        assert_eq!(kept, [request("a"), request("b")]);
        store.remove("a").unwrap();
        store.remove("a").unwrap();
        assert_eq!(store.read_all().unwrap().len(), 1);
    }

    #[test]
    fn two_processes_cannot_have_it_and_damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let store = Store::open(path.clone()).unwrap();
        let again = Store::open(path.clone()).err().unwrap();
        assert!(matches!(again, StoreError::InUse(_)), "{again}");
        fs::write(path.join("bad.json"), "{").unwrap();
        store.write(&request("a")).unwrap();
        fs::copy(path.join("a.json"), path.join("other.json")).unwrap();
        fs::write(
            path.join("vast.json"),
            vec![b' '; FILE_BYTES_MAX as usize + 1],
        )
        .unwrap();
        let all = store.read_all().unwrap();
        let damaged = all.values().filter_map(|read| read.as_ref().err());
        for error in damaged.clone() {
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        }
        assert_eq!((all.len(), damaged.count()), (4, 3));
        let file = path.join("file");
        fs::write(&file, "").unwrap();
        let error = Store::open(file.join("x")).err().unwrap();
        assert!(matches!(error, StoreError::File { .. }), "{error}");
    }
}
