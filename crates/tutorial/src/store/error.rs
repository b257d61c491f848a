//! What goes wrong with the file, inside a transaction and as it is told.

use std::path::{Path, PathBuf};

use chainloom_database::{Database, OpenError as Cause, caught, is_damage};

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the file cannot be created.
    #[error(
        "cannot create the store {}: {source}; choose a folder that can be written with --data-dir",
        path.display()
    )]
    NotCreatable {
        /// What was to be created.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is there and cannot be opened, or its thread cannot be started.
    #[error("cannot open the store {}: {source}", path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process has it open.
    #[error(
        "the store {} is in use by another process; stop that one, or give this one a folder of \
         its own with --data-dir",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be understood. It is left as it is.
    #[error("{}", damaged_sentence(path, detail))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The chain in it follows other rules.
    #[error(
        "the store {} holds a chain under the rules `{stored}` at difficulty {stored_difficulty}, \
         not `{wanted}` at {wanted_difficulty}; start with `--rules {stored} --difficulty \
         {stored_difficulty}`, choose another folder with --data-dir, or begin a new chain with \
         `chainloom reset`",
        path.display()
    )]
    OtherRules {
        /// The file.
        path: PathBuf,
        /// The rules it was made under.
        stored: String,
        /// The difficulty it was made under.
        stored_difficulty: u32,
        /// The rules that were asked for.
        wanted: String,
        /// The difficulty that was asked for.
        wanted_difficulty: u32,
    },
    /// A later version of this program made it.
    #[error(
        "the store {} has format {found}, and this program knows formats up to {known}; start it \
         with a newer chainloom",
        path.display()
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
}

impl OpenError {
    pub(super) fn of(path: &Path, error: Cause) -> OpenError {
        let path = path.to_owned();
        match error {
            Cause::InUse => OpenError::Locked { path },
            Cause::Damaged(detail) => OpenError::Damaged { path, detail },
            Cause::Inaccessible(source) => OpenError::NotReadable { path, source },
        }
    }
}

/// Why the open store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// What was read cannot be right.
    #[error("{}", damaged_sentence(path, detail))]
    Damaged { path: PathBuf, detail: String },
    /// The file could not be read or written.
    #[error(
        "the store {} failed: {detail}; nothing of this request was kept; free space or repair \
         the disk, then start chainloom again",
        path.display()
    )]
    Failed { path: PathBuf, detail: String },
    /// It has been closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// As it is told of a store that is being opened.
    pub(crate) fn while_opening(self, path: &Path) -> OpenError {
        match self {
            StoreError::Damaged { path, detail } => OpenError::Damaged { path, detail },
            other => OpenError::NotReadable {
                path: path.to_owned(),
                source: std::io::Error::other(other.to_string()),
            },
        }
    }
}

fn damaged_sentence(path: &Path, detail: &str) -> String {
    format!(
        "the store {} is damaged: {detail}; it was left as it is: restore it from a backup, or \
         begin anew with `chainloom reset` and fetch the chain from a peer or with `chainloom \
         chain import`",
        path.display()
    )
}

/// What can go wrong inside a transaction; it gets the path when it leaves the store.
#[derive(Debug)]
pub(crate) enum Fault {
    /// redb says so.
    Redb(redb::Error),
    /// A row is not what it must be.
    Damage(String),
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Fault {
        Fault::Redb(error.into())
    }
}

impl Fault {
    /// A row that must be there is not.
    pub(super) fn missing(what: impl std::fmt::Display) -> Fault {
        Fault::Damage(format!("{what} is missing"))
    }

    /// Runs `work` on the database; what goes wrong in it, panics too, is told by its cause.
    pub(super) fn of<T>(
        database: &Database,
        work: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let done = caught(work).unwrap_or_else(|panic| Err(Fault::Damage(panic)));
        done.map_err(|fault| match fault {
            Fault::Redb(error) => Fault::Redb(database.cause(error)),
            damage => damage,
        })
    }

    /// As it is told, with the file's path.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Fault::Damage(detail) => StoreError::Damaged { path, detail },
            Fault::Redb(redb::Error::DatabaseClosed) => StoreError::Closed,
            Fault::Redb(error) if is_damage(&error) => StoreError::Damaged {
                path,
                detail: error.to_string(),
            },
            Fault::Redb(error) => StoreError::Failed {
                path,
                detail: error.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn damage_is_told_from_failure() {
        let at = |error: redb::Error| Fault::from(error).at(Path::new("/data/x.redb"));
        for damage in [
            redb::Error::Corrupted("page 7".into()),
            redb::Error::TableDoesNotExist("blocks".into()),
            redb::Error::Io(Error::from(ErrorKind::UnexpectedEof)),
        ] {
            let error = at(damage);
            assert!(matches!(error, StoreError::Damaged { .. }));
            let sentence = error.to_string();
            for part in ["/data/x.redb is damaged", "backup", "reset", "import"] {
                assert!(sentence.contains(part), "{sentence}");
            }
        }
        for failure in [
            redb::Error::PreviousIo,
            redb::Error::Io(Error::from(ErrorKind::StorageFull)),
        ] {
            let error = at(failure);
            assert!(matches!(error, StoreError::Failed { .. }));
            assert!(error.to_string().contains("/data/x.redb failed"));
        }
        assert_eq!(at(redb::Error::DatabaseClosed), StoreError::Closed);
        let missing = Fault::missing("block 5").at(Path::new("/data/x.redb"));
        assert!(missing.to_string().contains("damaged: block 5 is missing"));
    }
}
