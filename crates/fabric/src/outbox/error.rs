//! What goes wrong with the file, inside a transaction and as it is told.

use std::path::{Path, PathBuf};

use chainloom_database::{Database, OpenError, caught, is_damage};
use chainloom_ledger::LedgerError;

/// Why the store of sent transactions could not be opened. The file is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// It cannot be made, or cannot be read.
    #[error("the outbox {} cannot be opened: {detail}", path.display())]
    Inaccessible {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// Another process has it open.
    #[error(
        "the outbox {} is in use by another process; stop that one, or give this one another data folder",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It holds what no outbox holds.
    #[error("{}", damaged_sentence(path, detail))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A later version of this program made it.
    #[error(
        "the outbox {} has format {found}, and this program knows formats up to {known}; start it with a newer chainloom",
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
    /// It was made for another channel.
    #[error(
        "the outbox {} holds transactions of the channel `{found}`, and the ledger is the channel `{wanted}`; give the ledger another name, or \
         move the file away if what it holds is not needed",
        path.display()
    )]
    OtherChannel {
        /// The file.
        path: PathBuf,
        /// The channel that it was made for.
        found: String,
        /// The ledger's.
        wanted: String,
    },
}

fn damaged_sentence(path: &Path, detail: &str) -> String {
    format!(
        "the outbox {} is damaged: {detail}; it was left as it is: restore it from a backup, or move it away, and then transactions that were \
         not seen on the chain yet are not sent again, and the idempotency keys of the last hours are forgotten",
        path.display()
    )
}

impl OutboxError {
    pub(super) fn of(path: &Path, error: OpenError) -> Self {
        let path = path.to_owned();
        match error {
            OpenError::InUse => Self::Locked { path },
            OpenError::Damaged(detail) => Self::Damaged { path, detail },
            OpenError::Inaccessible(error) => Self::Inaccessible {
                path,
                detail: error.to_string(),
            },
        }
    }
}

/// What can go wrong inside a transaction; it gets the path when it leaves the store.
#[derive(Debug)]
pub(super) enum Fault {
    /// redb says so.
    Redb(redb::Error),
    /// A row is not what it must be.
    Damage(String),
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Redb(error.into())
    }
}

impl Fault {
    /// Runs `work` on the database; what goes wrong in it, panics too, is told by its cause.
    pub(super) fn of<T>(
        database: &Database,
        work: impl FnOnce() -> Result<T, Self>,
    ) -> Result<T, Self> {
        let done = caught(work).unwrap_or_else(|panic| Err(Self::Damage(panic)));
        done.map_err(|fault| match fault {
            Self::Redb(error) => Self::Redb(database.cause(error)),
            damage @ Self::Damage(_) => damage,
        })
    }

    /// As it is told while the file is opened.
    pub(super) fn while_opening(self, path: &Path) -> OutboxError {
        let path = path.to_owned();
        match self {
            Self::Damage(detail) => OutboxError::Damaged { path, detail },
            Self::Redb(error) if is_damage(&error) => OutboxError::Damaged {
                path,
                detail: error.to_string(),
            },
            Self::Redb(error) => OutboxError::Inaccessible {
                path,
                detail: error.to_string(),
            },
        }
    }

    /// As callers are told of it later.
    pub(super) fn at(self, path: &Path) -> LedgerError {
        let detail = match self {
            Self::Damage(detail) => damaged_sentence(path, &detail),
            Self::Redb(error) if is_damage(&error) => damaged_sentence(path, &error.to_string()),
            Self::Redb(error) => format!(
                "the outbox {} failed: {error}; free space or repair the disk, then start chainloom again",
                path.display()
            ),
        };
        LedgerError::Storage { detail }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn damage_is_told_from_failure() {
        let path = Path::new("/data/x.redb");
        let opened = |error: redb::Error| Fault::from(error).while_opening(path);
        let told = |error: redb::Error| Fault::from(error).at(path).to_string();
        let damages = || {
            [
                redb::Error::Corrupted("page 7".into()),
                redb::Error::TableDoesNotExist("keys".into()),
                redb::Error::Io(Error::from(ErrorKind::UnexpectedEof)),
            ]
        };
        for (first, second) in damages().into_iter().zip(damages()) {
            assert!(matches!(opened(first), OutboxError::Damaged { .. }));
            assert!(told(second).contains("/data/x.redb is damaged"));
        }
        let full = || redb::Error::Io(Error::from(ErrorKind::StorageFull));
        assert!(matches!(opened(full()), OutboxError::Inaccessible { .. }));
        assert!(told(full()).contains("/data/x.redb failed"));
    }
}
