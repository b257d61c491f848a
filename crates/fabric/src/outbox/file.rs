//! Opening the file, and making it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chainloom_database::{Database, OpenError, create};
use redb::{ReadableTable, ReadableTableMetadata};
use ring::rand::{SecureRandom, SystemRandom};

use super::error::{Fault, OutboxError};
use super::rows::{EntryRow, unseal};
use super::tables::{Digest, ENTRIES, KEY_TIMES, KEYS, META};

/// The format of the file. A change that older programs would misread raises it.
const FORMAT: u32 = 1;
/// How much memory the cache may take.
const CACHE_BYTES: usize = 8 << 20;
/// How long is waited for a file that is just being closed.
const CLOSES_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// An open file and what stands in it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) database: Database,
    /// As it is named in errors.
    pub(super) path: PathBuf,
    /// With which requests are hashed, so that their hashes tell nothing.
    pub(super) salt: Digest,
    /// The entries, without their envelopes: number, transaction id, bytes of the row.
    pub(super) entries: Vec<(u64, String, u64)>,
    /// Bytes of all rows of keys.
    pub(super) key_bytes: u64,
}

/// Opens the file of a channel, or makes it.
///
/// # Errors
/// [`OutboxError`]. A file that is there is never overwritten, however damaged.
pub(super) fn open(path: &Path, channel: &str) -> Result<Opened, OutboxError> {
    let inaccessible = |error: io::Error| OutboxError::of(path, error.into());
    if !path.try_exists().map_err(inaccessible)? {
        make(path, channel)?;
    }
    read(open_database(path)?, path.to_owned(), channel)
}

/// The ids of the transactions in a file that nobody uses any more which were not seen on their channel. Blocks on the disk.
///
/// # Errors
/// [`OutboxError`].
pub fn waiting_in_outbox(path: &Path) -> Result<Vec<String>, OutboxError> {
    let database = open_database(path)?;
    let entries = guarded(path, &database, || read_entries(&database))?;
    Ok(entries.into_iter().map(|(_, id, _)| id).collect())
}

/// A store that is gone when the program ends.
pub(super) fn in_memory(channel: &str) -> Opened {
    let path = Path::new("in memory");
    let database = Database::in_memory();
    // It takes no keys, and so needs no secret.
    let written = guarded(path, &database, || {
        write_first_rows(&database, channel, &[0; 32])
    });
    written
        .and_then(|()| read(database, path.to_owned(), channel))
        .expect("memory gives back what was written to it")
}

/// Makes the file, as a whole or not at all.
fn make(path: &Path, channel: &str) -> Result<(), OutboxError> {
    let salt = salt().map_err(|error| OutboxError::of(path, error.into()))?;
    let made = create(path, CACHE_BYTES, |database| {
        guarded(path, database, || {
            write_first_rows(database, channel, &salt)
        })
    });
    made.map_err(|error| OutboxError::of(path, error))?
}

fn open_database(path: &Path) -> Result<Database, OutboxError> {
    let since = Instant::now();
    loop {
        match Database::open(path, CACHE_BYTES) {
            Err(OpenError::InUse) if since.elapsed() < CLOSES_WITHIN => {
                std::thread::sleep(LOOK_EVERY);
            }
            opened => return opened.map_err(|error| OutboxError::of(path, error)),
        }
    }
}

fn salt() -> io::Result<Digest> {
    let mut salt = [0; 32];
    let filled = SystemRandom::new().fill(&mut salt);
    filled.map_err(|_| io::Error::other("the system gives no random bytes"))?;
    Ok(salt)
}

fn write_first_rows(database: &Database, channel: &str, salt: &Digest) -> Result<(), Fault> {
    let transaction = database.begin_write()?;
    {
        let mut meta = transaction.open_table(META)?;
        meta.insert("format", &FORMAT.to_be_bytes()[..])?;
        meta.insert("channel", channel.as_bytes())?;
        meta.insert("salt", &salt[..])?;
        meta.insert("key_bytes", &0_u64.to_be_bytes()[..])?;
        // Every table is there from the start, so that readers need not care.
        transaction.open_table(ENTRIES)?;
        transaction.open_table(KEYS)?;
        transaction.open_table(KEY_TIMES)?;
    }
    transaction.commit()?;
    Ok(())
}

fn read(database: Database, path: PathBuf, channel: &str) -> Result<Opened, OutboxError> {
    let found = guarded(&path, &database, || read_meta(&database))?;
    if found.format > FORMAT {
        return Err(OutboxError::NewerFormat {
            path,
            found: found.format,
            known: FORMAT,
        });
    }
    let (its_channel, salt, key_bytes) = guarded(&path, &database, || found.rest())?;
    if its_channel != channel {
        return Err(OutboxError::OtherChannel {
            path,
            found: its_channel,
            wanted: channel.to_owned(),
        });
    }
    let entries = guarded(&path, &database, || read_entries(&database))?;
    Ok(Opened {
        database,
        path,
        salt,
        entries,
        key_bytes,
    })
}

struct Meta {
    format: u32,
    channel: Option<Vec<u8>>,
    salt: Option<Vec<u8>>,
    key_bytes: Option<Vec<u8>>,
}

impl Meta {
    /// What only a known format has for sure.
    fn rest(&self) -> Result<(String, Digest, u64), Fault> {
        let wrong = |what: &str| Fault::Damage(format!("its {what} is missing or wrong"));
        let channel = self.channel.clone().map(String::from_utf8);
        let salt = self.salt.as_deref().map(Digest::try_from);
        let key_bytes = self.key_bytes.as_deref().map(<[u8; 8]>::try_from);
        let Some(Ok(channel)) = channel else {
            return Err(wrong("channel"));
        };
        let Some(Ok(salt)) = salt else {
            return Err(wrong("salt"));
        };
        let Some(Ok(key_bytes)) = key_bytes else {
            return Err(wrong("count of bytes"));
        };
        Ok((channel, salt, u64::from_be_bytes(key_bytes)))
    }
}

fn read_meta(database: &Database) -> Result<Meta, Fault> {
    let meta = database.begin_read()?.open_table(META)?;
    let get = |name| -> Result<Option<Vec<u8>>, Fault> {
        Ok(meta.get(name)?.map(|value| value.value().to_vec()))
    };
    let format = get("format")?;
    let Some(Ok(format)) = format.as_deref().map(<[u8; 4]>::try_from) else {
        return Err(Fault::Damage("its format is missing or wrong".to_owned()));
    };
    Ok(Meta {
        format: u32::from_be_bytes(format),
        channel: get("channel")?,
        salt: get("salt")?,
        key_bytes: get("key_bytes")?,
    })
}

/// All entries; each is read whole, so that damage shows now and not when it is needed.
fn read_entries(database: &Database) -> Result<Vec<(u64, String, u64)>, Fault> {
    let transaction = database.begin_read()?;
    transaction.open_table(KEYS)?.len()?;
    transaction.open_table(KEY_TIMES)?.len()?;
    let mut entries = Vec::new();
    for row in transaction.open_table(ENTRIES)?.iter()? {
        let (number, bytes) = row?;
        let (number, bytes) = (number.value(), bytes.value());
        let entry: EntryRow = unseal("an entry", &number.to_be_bytes(), bytes)?;
        entries.push((number, entry.transaction_id, bytes.len() as u64));
    }
    Ok(entries)
}

fn guarded<T>(
    path: &Path,
    database: &Database,
    work: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, OutboxError> {
    Fault::of(database, work).map_err(|fault| fault.while_opening(path))
}
