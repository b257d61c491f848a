//! The index file: opening it, moving a damaged one aside, one transaction at a time.

use std::path::{Path, PathBuf};

use chainloom_database::{Database, OpenError, move_aside as rename_aside};
use chainloom_ledger::LedgerError;
use redb::{Durability, ReadTransaction};

use crate::IndexError;
use crate::apply::AddError;
use crate::tables::{State, Tables, recreate};

/// Why a file is moved aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aside {
    /// It cannot be read.
    Damaged,
    /// It is of another ledger.
    Former,
}

impl Aside {
    fn suffix(self) -> &'static str {
        match self {
            Aside::Damaged => "damaged",
            Aside::Former => "former",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Aside::Damaged => "it is damaged",
            Aside::Former => "it is of another ledger",
        }
    }
}

/// Whether a transaction is synced to the disk before it counts as done.
///
/// What is not synced is lost by a crash, as a whole and from the last one backwards: redb falls
/// back to the last synced state, which is an older position with the data that belongs to it.
/// The index goes on from there, so syncing each batch would buy nothing but waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    Now,
    Later,
}

/// An open index file with its tables in it.
pub(crate) struct IndexFile {
    path: PathBuf,
    database: Database,
}

impl IndexFile {
    /// Opens the file, or makes it; a damaged one is moved aside and another is made.
    pub(crate) fn open(path: &Path, cache_bytes: usize) -> Result<IndexFile, IndexError> {
        match IndexFile::try_open(path, cache_bytes) {
            Err(IndexError::Damaged { detail, .. }) => {
                move_aside(path, Aside::Damaged, &detail)?;
                IndexFile::try_open(path, cache_bytes)
            }
            other => other,
        }
    }

    fn try_open(path: &Path, cache_bytes: usize) -> Result<IndexFile, IndexError> {
        let database = Database::open_or_create(path, cache_bytes).map_err(|error| {
            let path = path.to_owned();
            match error {
                OpenError::InUse => IndexError::Locked { path },
                OpenError::Damaged(detail) => IndexError::Damaged { path, detail },
                OpenError::Inaccessible(error) => IndexError::Inaccessible {
                    path,
                    detail: error.to_string(),
                },
            }
        })?;
        IndexFile::of_database(path, database)
    }

    /// Takes an open database for an index; one that is none is emptied.
    pub(crate) fn of_database(path: &Path, database: Database) -> Result<IndexFile, IndexError> {
        let file = IndexFile {
            path: path.to_owned(),
            database,
        };
        let state = file.read(State::read)?;
        if state.is_none() {
            file.recreate(&State::default())?;
        }
        Ok(file)
    }

    /// Runs `work` on the tables in one transaction.
    pub(crate) fn write<T>(
        &self,
        sync: Sync,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, redb::Error>,
    ) -> Result<T, IndexError> {
        self.transaction(sync, |transaction| work(&mut Tables::open(transaction)?))
    }

    /// As [`IndexFile::write`]; where the ledger failed `work`, nothing of it is written.
    pub(crate) fn write_unless<T>(
        &self,
        sync: Sync,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, AddError>,
    ) -> Result<Result<T, LedgerError>, IndexError> {
        let run = || -> Result<T, AddError> {
            let transaction = self.begin(sync)?;
            let result = work(&mut Tables::open(&transaction)?)?;
            transaction.commit()?;
            Ok(result)
        };
        match run() {
            Ok(result) => Ok(Ok(result)),
            // The transaction was dropped, which undoes it.
            Err(AddError::Ledger(error)) => Ok(Err(error)),
            Err(AddError::File(error)) => Err(self.told(error)),
        }
    }

    /// Empties the tables and writes `state`, in one transaction.
    pub(crate) fn recreate(&self, state: &State) -> Result<(), IndexError> {
        self.transaction(Sync::Now, |transaction| recreate(transaction, state))
    }

    /// Syncs all that was to be synced later.
    pub(crate) fn sync(&self) -> Result<(), IndexError> {
        self.transaction(Sync::Now, |_| Ok(()))
    }

    fn transaction<T>(
        &self,
        sync: Sync,
        work: impl FnOnce(&redb::WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, IndexError> {
        let run = || -> Result<T, redb::Error> {
            let transaction = self.begin(sync)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        run().map_err(|error| self.told(error))
    }

    fn begin(&self, sync: Sync) -> Result<redb::WriteTransaction, redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(match sync {
            Sync::Now => Durability::Immediate,
            Sync::Later => Durability::None,
        })?;
        Ok(transaction)
    }

    fn told(&self, error: redb::Error) -> IndexError {
        IndexError::from_redb(&self.path, self.database.cause(error))
    }

    /// Runs `work` on a snapshot of the tables.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, IndexError> {
        let run = || work(&self.database.begin_read()?);
        run().map_err(|error| self.told(error))
    }
}

/// Renames the file to `<path>.damaged-N` or `<path>.former-N`, says so in the log, and makes room for another.
pub(crate) fn move_aside(path: &Path, aside: Aside, detail: &str) -> Result<(), IndexError> {
    let moved = rename_aside(path, aside.suffix());
    let place = moved.map_err(|(place, error)| IndexError::Inaccessible {
        path: path.to_owned(),
        detail: format!(
            "{} and cannot be moved aside to {}: {error}",
            aside.words(),
            place.display()
        ),
    })?;
    tracing::warn!(
        path = %path.display(),
        moved_to = %place.display(),
        detail,
        "the index was moved aside, since {}; another is built from the ledger",
        aside.words()
    );
    Ok(())
}
