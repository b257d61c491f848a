//! A database, and opening one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{
    Builder, DatabaseError, ReadTransaction, ReadableDatabase, StorageBackend, TransactionError,
    WriteTransaction,
};

use crate::checked_file::{CheckedFile, Damage};
use crate::layout::{FORMER_MARK, MARK};
use crate::{caught, former, is_damage};

/// Why a file could not be opened. It is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open, or this one.
    #[error("it is in use by another process")]
    InUse,
    /// It holds what no database holds; in words.
    #[error("{0}")]
    Damaged(String),
    /// The system does not give it.
    #[error(transparent)]
    Inaccessible(#[from] io::Error),
}

/// An open database. Dropping it closes the file, with all that was committed in it.
#[derive(Debug)]
pub struct Database {
    inner: redb::Database,
    damage: Damage,
}

impl Database {
    /// Opens the database in a file that is there. It takes the same time with any size, after a crash too.
    ///
    /// # Errors
    /// [`OpenError`]. A file is never overwritten, and an empty one is damaged.
    pub fn open(path: &Path, cache_bytes: usize) -> Result<Self, OpenError> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        if file.metadata()?.len() == 0 {
            return Err(OpenError::Damaged("it is empty".to_owned()));
        }
        Self::in_file(path, file, cache_bytes)
    }

    /// As [`Database::open`]; a file that is missing or empty becomes an empty database. Where a crash must not leave half of one, see
    /// [`create`](crate::create()).
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_or_create(path: &Path, cache_bytes: usize) -> Result<Self, OpenError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // What users do, and what contracts answered, is for nobody else on the machine.
        #[cfg(unix)]
        options.mode(0o600);
        Self::in_file(path, options.open(path)?, cache_bytes)
    }

    /// A database in another storage; what is damaged there is told as for files.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn in_storage(storage: impl StorageBackend, cache_bytes: usize) -> Result<Self, OpenError> {
        let storage = CheckedFile::new(storage);
        let damage = storage.damage();
        let mut builder = Builder::new();
        builder.set_cache_size(cache_bytes);
        let opened = caught(|| builder.create_with_backend(storage));
        let inner = opened.map_err(OpenError::Damaged)?.map_err(told)?;
        Ok(Self { inner, damage })
    }

    /// A database that is gone when the program ends.
    ///
    /// # Panics
    /// Where redb does not take an empty memory for an empty database, which is its contract.
    #[must_use]
    pub fn in_memory() -> Self {
        let database = Builder::new().create_with_backend(InMemoryBackend::new());
        Self {
            inner: database.expect("memory takes what is written to it"),
            damage: Damage::default(),
        }
    }

    /// A view of what was committed last; later commits do not change it.
    ///
    /// # Errors
    /// redb's, where it has met an error in this file before.
    pub fn begin_read(&self) -> Result<ReadTransaction, TransactionError> {
        self.inner.begin_read()
    }

    /// Begins to write; there is one writer at a time. What a repair would need is saved with each durable commit, so that opening after a
    /// crash walks no file.
    ///
    /// # Errors
    /// redb's, where it has met an error in this file before.
    pub fn begin_write(&self) -> Result<WriteTransaction, TransactionError> {
        let mut transaction = self.inner.begin_write()?;
        transaction.set_quick_repair(true);
        Ok(transaction)
    }

    /// What is behind an error: after the first one with the file redb says of all it is asked only that there was one.
    #[must_use]
    pub fn cause(&self, error: redb::Error) -> redb::Error {
        match (error, self.damage.get()) {
            (redb::Error::PreviousIo, Some(damage)) => redb::Error::Corrupted(damage.clone()),
            (error, _) => error,
        }
    }

    fn in_file(path: &Path, mut file: File, cache_bytes: usize) -> Result<Self, OpenError> {
        let mut beginning = Vec::with_capacity(MARK.len());
        file.by_ref()
            .take(MARK.len() as u64)
            .read_to_end(&mut beginning)?;
        if beginning.starts_with(FORMER_MARK) {
            former::take_over(path, file, cache_bytes)?;
            file = OpenOptions::new().read(true).write(true).open(path)?;
        } else if !beginning.is_empty() && beginning != MARK {
            let what = "it does not begin as a database does";
            return Err(OpenError::Damaged(what.to_owned()));
        }
        Self::in_storage(FileBackend::new(file).map_err(told)?, cache_bytes)
    }
}

/// redb's errors of opening in our words.
pub(crate) fn told(error: DatabaseError) -> OpenError {
    match redb::Error::from(error) {
        redb::Error::DatabaseAlreadyOpen => OpenError::InUse,
        error if is_damage(&error) => OpenError::Damaged(error.to_string()),
        redb::Error::Io(error) => OpenError::Inaccessible(error),
        other => OpenError::Inaccessible(io::Error::other(other.to_string())),
    }
}
