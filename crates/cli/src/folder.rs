//! The folder of the data, and what of it is ours.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::settings::{DEFAULT_PORT, Settings, SettingsError};

/// The chain itself; the tutorial's store calls it so.
const CHAIN_FILE: &str = "tutorial.redb";
/// The read model, which is built again when it is missing.
const INDEX_FILE: &str = "index.redb";

/// The tokens of those who may use the server. Resetting the chain leaves them.
const TOKENS_FILE: &str = "tokens.json";

/// The folder in which a server keeps its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFolder(PathBuf);

/// Why a data folder could not be emptied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    /// A server has it open.
    #[error("{} is in use by another process: stop that server first", .0.display())]
    InUse(PathBuf),
    /// The folder cannot be made.
    #[error(
        "the data folder {} cannot be made: {source}; name another with --data-dir",
        path.display()
    )]
    NotCreatable {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The operating system refuses.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl DataFolder {
    /// The one that the settings name, else one for the port under the user's data directory.
    pub(crate) fn of(settings: &Settings) -> Result<DataFolder, SettingsError> {
        let directories = ProjectDirs::from("", "", "chainloom");
        DataFolder::below(directories.as_ref().map(ProjectDirs::data_dir), settings)
    }

    fn below(
        user_directory: Option<&Path>,
        settings: &Settings,
    ) -> Result<DataFolder, SettingsError> {
        if let Some(path) = &settings.server.data_directory {
            return Ok(DataFolder(path.clone()));
        }
        let port = settings.server.listen.first();
        let port = port.map_or(DEFAULT_PORT, |address| address.port());
        let user_directory = user_directory.ok_or(SettingsError::NoDataDirectory)?;
        Ok(DataFolder(user_directory.join(port.to_string())))
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The file of the read model.
    pub(crate) fn index_file(&self) -> PathBuf {
        self.0.join(INDEX_FILE)
    }

    /// The file of the tokens.
    pub(crate) fn tokens_file(&self) -> PathBuf {
        self.0.join(TOKENS_FILE)
    }

    /// Whether there is a chain in it.
    pub(crate) fn has_chain(&self) -> bool {
        self.0.join(CHAIN_FILE).exists()
    }

    /// Its path from the root.
    pub(crate) fn absolute(&self) -> PathBuf {
        // The error says that the folder we stand in is gone; then the path as it was given is the
        // best there is.
        std::path::absolute(&self.0).unwrap_or_else(|_| self.0.clone())
    }

    /// Makes it, if it is missing.
    pub(crate) fn create(&self) -> Result<(), FolderError> {
        fs::create_dir_all(&self.0).map_err(|source| FolderError::NotCreatable {
            path: self.0.clone(),
            source,
        })
    }

    /// Which of our files are there: the chain, the index, and what either has put aside beside
    /// itself under a longer name.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, FolderError> {
        let failed = |source| FolderError::File {
            path: self.0.clone(),
            source,
        };
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.file_name().to_str().is_some_and(is_ours) {
                files.push(entry.path());
            }
        }
        files.sort();
        Ok(files)
    }

    /// Deletes our files, unless a server has them open. Whatever else is there stays.
    pub(crate) fn delete_files(&self) -> Result<(), FolderError> {
        let files = self.files()?;
        let locks: Vec<File> = files
            .iter()
            .map(|path| lock(path))
            .collect::<Result<_, _>>()?;
        for path in &files {
            fs::remove_file(path).map_err(|source| FolderError::File {
                path: path.clone(),
                source,
            })?;
        }
        drop(locks);
        Ok(())
    }
}

/// Whether a file of this name is one of ours.
fn is_ours(name: &str) -> bool {
    [CHAIN_FILE, INDEX_FILE].into_iter().any(|ours| {
        name.strip_prefix(ours)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Takes the lock that an open store holds.
fn lock(path: &Path) -> Result<File, FolderError> {
    let failed = |source| FolderError::File {
        path: path.to_owned(),
        source,
    };
    let file = File::options().read(true).write(true).open(path);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FolderError::InUse(path.to_owned())),
        // A file system without locks cannot say whether a server runs; the person was asked.
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::settings::loopback;

    fn folder_with_files() -> (tempfile::TempDir, DataFolder) {
        let directory = tempfile::tempdir().unwrap();
        for name in [CHAIN_FILE, "index.redb.damaged-1", "notes.txt"] {
            fs::write(directory.path().join(name), "x").unwrap();
        }
        let folder = DataFolder(directory.path().to_owned());
        (directory, folder)
    }

    #[test]
    fn every_port_has_its_own() {
        let mut settings = Settings::default();
        let path = |settings: &Settings| {
            let folder = DataFolder::below(Some(Path::new("data")), settings);
            folder.unwrap().path().to_owned()
        };
        assert_eq!(path(&settings), Path::new("data/5000"));
        settings.server.listen = loopback(5001);
        assert_eq!(path(&settings), Path::new("data/5001"));
        settings.server.data_directory = Some("here".into());
        assert_eq!(path(&settings), Path::new("here"));
    }

    #[test]
    fn resetting_the_chain_leaves_what_belongs_to_channels() {
        for name in ["index", "tutorial", "trade"] {
            assert!(!is_ours(&format!("{name}.index.redb")), "{name}");
        }
    }

    #[test]
    fn a_user_without_a_home_has_to_name_one() {
        let mut settings = Settings::default();
        let error = DataFolder::below(None, &settings).unwrap_err();
        assert!(matches!(error, SettingsError::NoDataDirectory), "{error}");
        settings.server.data_directory = Some("here".into());
        DataFolder::below(None, &settings).unwrap();
    }

    #[test]
    fn only_our_files_are_deleted() {
        let (directory, folder) = folder_with_files();
        assert_eq!(folder.files().unwrap().len(), 2);
        assert!(folder.has_chain());
        folder.delete_files().unwrap();
        assert!(folder.files().unwrap().is_empty());
        assert!(!folder.has_chain());
        assert!(directory.path().join("notes.txt").exists());
        folder.delete_files().unwrap();
    }

    #[test]
    fn nothing_is_deleted_while_a_server_runs() {
        let (directory, folder) = folder_with_files();
        let held = File::open(directory.path().join(CHAIN_FILE)).unwrap();
        held.lock().unwrap();
        let error = folder.delete_files().unwrap_err();
        assert!(matches!(error, FolderError::InUse(_)), "{error}");
        assert_eq!(folder.files().unwrap().len(), 2);
    }

    #[test]
    fn a_folder_is_made_or_it_is_said_why_not() {
        let directory = tempfile::tempdir().unwrap();
        let folder = DataFolder(directory.path().join("a").join("b"));
        folder.create().unwrap();
        assert!(folder.path().is_dir());
        fs::write(directory.path().join("file"), "").unwrap();
        let error = DataFolder(directory.path().join("file").join("b"));
        let error = error.create().unwrap_err();
        assert!(matches!(error, FolderError::NotCreatable { .. }), "{error}");
    }

    #[test]
    fn what_cannot_be_deleted_is_named() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join(CHAIN_FILE)).unwrap();
        let error = DataFolder(directory.path().to_owned())
            .delete_files()
            .unwrap_err();
        assert!(matches!(error, FolderError::File { .. }), "{error}");
        assert!(error.to_string().contains(CHAIN_FILE));
    }
}
