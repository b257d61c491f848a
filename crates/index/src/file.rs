//! The index file: opening it, moving a damaged one aside, one transaction at a time.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use chainloom_ledger::LedgerError;
use redb::{Database, Durability, ReadTransaction, ReadableDatabase};

use crate::IndexError;
use crate::apply::AddError;
use crate::error::is_damage;
use crate::tables::{State, Tables, recreate};

/// How many files of a kind are kept beside the index before the last of them is overwritten.
const ASIDE_FILES_MAX: u32 = 9;

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
    /// Taken when it is closed, and not before.
    database: Option<Database>,
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
        // redb asserts what a sound file guarantees; here a broken assertion means a damaged file.
        let opened = catch_unwind(|| Database::builder().set_cache_size(cache_bytes).create(path));
        let database = match opened {
            Ok(Ok(database)) => database,
            Ok(Err(redb::DatabaseError::DatabaseAlreadyOpen)) => {
                return Err(IndexError::Locked {
                    path: path.to_owned(),
                });
            }
            Ok(Err(error)) => return Err(open_error(path, error.into())),
            Err(_) => {
                return Err(IndexError::Damaged {
                    path: path.to_owned(),
                    detail: "its pages do not fit together".to_owned(),
                });
            }
        };
        IndexFile::of_database(path, database)
    }

    /// Takes an open database for an index; one that is none is emptied.
    pub(crate) fn of_database(path: &Path, database: Database) -> Result<IndexFile, IndexError> {
        let file = IndexFile {
            path: path.to_owned(),
            database: Some(database),
        };
        let state = catch_unwind(AssertUnwindSafe(|| file.read(State::read)));
        let state = state.unwrap_or_else(|_| {
            Err(IndexError::Damaged {
                path: path.to_owned(),
                detail: "its state cannot be read".to_owned(),
            })
        })?;
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
            Err(AddError::File(error)) => Err(IndexError::from_redb(&self.path, error)),
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
        run().map_err(|error| IndexError::from_redb(&self.path, error))
    }

    fn begin(&self, sync: Sync) -> Result<redb::WriteTransaction, redb::Error> {
        let mut transaction = self.database().begin_write()?;
        transaction.set_quick_repair(true);
        transaction.set_durability(match sync {
            Sync::Now => Durability::Immediate,
            Sync::Later => Durability::None,
        })?;
        Ok(transaction)
    }

    /// Runs `work` on a snapshot of the tables.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, IndexError> {
        let run = || work(&self.database().begin_read()?);
        run().map_err(|error| IndexError::from_redb(&self.path, error))
    }

    fn database(&self) -> &Database {
        let open = self.database.as_ref();
        open.expect("it is taken out by nothing but the drop")
    }
}

impl Drop for IndexFile {
    /// Closing writes to the file, and finds damage as reading does; nothing is lost by it.
    fn drop(&mut self) {
        let database = self.database.take();
        let closed = catch_unwind(AssertUnwindSafe(|| drop(database)));
        if closed.is_err() {
            tracing::warn!(path = %self.path.display(), "the index was closed with damage in it");
        }
    }
}

/// Renames the file to `<path>.damaged-N` or `<path>.former-N`, says so in the log, and makes room for another.
pub(crate) fn move_aside(path: &Path, aside: Aside, detail: &str) -> Result<(), IndexError> {
    let name = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}-{number}", aside.suffix()));
        PathBuf::from(name)
    };
    let mut number = 1;
    while number < ASIDE_FILES_MAX && name(number).exists() {
        number += 1;
    }
    let place = name(number);
    fs::rename(path, &place).map_err(|error| IndexError::Inaccessible {
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

fn open_error(path: &Path, error: redb::Error) -> IndexError {
    let (path, detail) = (path.to_owned(), error.to_string());
    if is_damage(&error) {
        IndexError::Damaged { path, detail }
    } else {
        IndexError::Inaccessible { path, detail }
    }
}
