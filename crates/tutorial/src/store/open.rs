//! Opening the file, and making it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainloom_database::{Database, OpenError as Cause};
use serde::{Deserialize, Serialize};

use super::error::{Fault, OpenError};
use super::row::BlockRow;
use super::state::{Segment, State};
use super::tables::{
    BLOCKS, IDEMPOTENCY, IDEMPOTENCY_TIMES, META, OWN, PEERS, PENDING, REPLACEMENTS, TICKETS,
};
use super::writer::WriterThread;
use super::{NewBlock, Shared, Store};

/// The format of the file. A change that older programs would misread raises it.
const FORMAT: u32 = 1;
const FILE_NAME: &str = "tutorial.redb";

/// For whom and under which rules a store was made; written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    format: u32,
    /// Name of the rules.
    pub(crate) rules: String,
    /// How many hex zeros a proof's digest begins with.
    pub(crate) difficulty: u32,
    /// The node's id: the account that its rewards go to.
    pub(crate) node_id: String,
}

/// What a store is opened with.
pub(crate) struct OpenStore<'a> {
    /// The folder; made if it is missing.
    pub(crate) directory: &'a Path,
    /// Name of the rules.
    pub(crate) rules: &'a str,
    /// How many hex zeros a proof's digest begins with.
    pub(crate) difficulty: u32,
    /// How much memory the cache may take.
    pub(crate) cache_bytes: usize,
}

impl Store {
    /// Opens the store, or makes it with the block that `genesis` gives.
    ///
    /// A file that is there is never overwritten, however damaged.
    pub(crate) fn open(
        options: &OpenStore<'_>,
        genesis: impl FnOnce() -> NewBlock,
    ) -> Result<Store, OpenError> {
        let path = options.directory.join(FILE_NAME);
        fs::create_dir_all(options.directory).map_err(|source| OpenError::NotCreatable {
            path: options.directory.to_owned(),
            source,
        })?;
        if !exists(&path)? {
            create(options, &path, genesis)?;
        }
        let database = Database::open(&path, options.cache_bytes)
            .map_err(|error| OpenError::of(&path, error))?;
        let (identity, state) = guarded(&path, &database, || {
            let (identity, state) = read_records(&database)?;
            check_tip(&database, &state)?;
            Ok((identity, state))
        })?;
        if identity.format > FORMAT {
            return Err(OpenError::NewerFormat {
                path,
                found: identity.format,
                known: FORMAT,
            });
        }
        if identity.rules != options.rules || identity.difficulty != options.difficulty {
            return Err(OpenError::OtherRules {
                path,
                stored: identity.rules,
                stored_difficulty: identity.difficulty,
                wanted: options.rules.to_owned(),
                wanted_difficulty: options.difficulty,
            });
        }
        start(database, path, identity, state)
    }
}

fn exists(path: &Path) -> Result<bool, OpenError> {
    path.try_exists().map_err(|source| OpenError::NotReadable {
        path: path.to_owned(),
        source,
    })
}

/// Makes the store, as a whole or not at all.
fn create(
    options: &OpenStore<'_>,
    path: &Path,
    genesis: impl FnOnce() -> NewBlock,
) -> Result<(), OpenError> {
    let created = chainloom_database::create(path, options.cache_bytes, |database| {
        guarded(path, database, || {
            write_first_rows(database, options, genesis())
        })
    });
    created.map_err(|error| match error {
        Cause::Inaccessible(source) => OpenError::NotCreatable {
            path: path.to_owned(),
            source,
        },
        error => OpenError::of(path, error),
    })?
}

fn write_first_rows(
    database: &Database,
    options: &OpenStore<'_>,
    genesis: NewBlock,
) -> Result<(), Fault> {
    let identity = Identity {
        format: FORMAT,
        rules: options.rules.to_owned(),
        difficulty: options.difficulty,
        node_id: uuid::Uuid::new_v4().simple().to_string(),
    };
    let state = State {
        generation: 0,
        length: 1,
        tip_hash: genesis.hash,
        next_index: "2".into(),
        compact_bytes: genesis.compact.len() as u64,
        segments: vec![Segment { id: 0, first: 1 }],
        next_segment: 1,
        next_sequence: 0,
        pending_count: 0,
        pending_bytes: 0,
    };
    let transaction = database.begin_write()?;
    {
        let identity =
            serde_json::to_vec(&identity).expect("numbers and strings always have a JSON form");
        let mut meta = transaction.open_table(META)?;
        meta.insert("identity", identity.as_slice())?;
        meta.insert("state", state.encode().as_slice())?;
        let row = BlockRow {
            hash: genesis.hash,
            body_end: genesis.compact.len() as u64,
            compact: &genesis.compact,
        };
        transaction
            .open_table(BLOCKS)?
            .insert((0, 1), row.encode().as_slice())?;
        // Every table is there from the start, so that readers need not care.
        transaction.open_table(PENDING)?;
        transaction.open_table(OWN)?;
        transaction.open_table(TICKETS)?;
        transaction.open_table(REPLACEMENTS)?;
        transaction.open_table(IDEMPOTENCY)?;
        transaction.open_table(IDEMPOTENCY_TIMES)?;
        transaction.open_table(PEERS)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Runs the first reads and writes of a file, which is where most damage shows.
fn guarded<T>(
    path: &Path,
    database: &Database,
    work: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, OpenError> {
    Fault::of(database, work).map_err(|fault| fault.at(path).while_opening(path))
}

fn read_records(database: &Database) -> Result<(Identity, State), Fault> {
    let transaction = database.begin_read()?;
    let meta = transaction.open_table(META)?;
    let identity = meta
        .get("identity")?
        .ok_or_else(|| Fault::missing("the identity record"))?;
    let identity: Identity = serde_json::from_slice(identity.value())
        .map_err(|error| Fault::Damage(format!("the identity record cannot be read: {error}")))?;
    let state = meta
        .get("state")?
        .ok_or_else(|| Fault::missing("the state record"))?;
    // A newer program may have another state record; its format is told first.
    if identity.format > FORMAT {
        let state = State {
            generation: 0,
            length: 0,
            tip_hash: chainloom_ledger::Hash([0; 32]),
            next_index: String::new(),
            compact_bytes: 0,
            segments: Vec::new(),
            next_segment: 0,
            next_sequence: 0,
            pending_count: 0,
            pending_bytes: 0,
        };
        return Ok((identity, state));
    }
    Ok((identity, State::decode(state.value())?))
}

/// The last block must be there and be the one that the state names.
fn check_tip(database: &Database, state: &State) -> Result<(), Fault> {
    let Some(segment) = state.segment_of(state.length) else {
        return Ok(());
    };
    let transaction = database.begin_read()?;
    let blocks = transaction.open_table(BLOCKS)?;
    let row = blocks
        .get((segment, state.length))?
        .ok_or_else(|| Fault::missing(format_args!("block {}", state.length)))?;
    let tip = BlockRow::decode(row.value())?;
    if tip.hash == state.tip_hash && tip.body_end == state.compact_bytes {
        Ok(())
    } else {
        Err(Fault::Damage(format!(
            "block {} is not the one that the state record names",
            state.length
        )))
    }
}

fn start(
    database: Database,
    path: PathBuf,
    identity: Identity,
    state: State,
) -> Result<Store, OpenError> {
    let database = Arc::new(database);
    let (thread, writer, head) = WriterThread::new(database.clone(), path.clone(), state);
    let thread = std::thread::Builder::new()
        .name("tutorial-store".into())
        .spawn(move || thread.run())
        .map_err(|source| OpenError::NotReadable {
            path: path.clone(),
            source,
        })?;
    Ok(Store {
        shared: Arc::new(Shared {
            database,
            path,
            identity,
            head,
            writer: Some(writer),
            thread: Some(thread),
        }),
    })
}
