//! The store: one redb file that holds the chain, the queue, and what must not be forgotten.
//!
//! # Why it is right
//! - Everything that changes together is in one write transaction, and the chain's shape (which
//!   rows are its blocks, how long it is, its tip) in one record, [`state`]. A replaced chain is
//!   therefore swapped by a single small write: its blocks were written beforehand, under a
//!   segment id that no chain claims yet.
//! - One thread writes ([`writer`]); what is answered as done has been synced to the disk.
//! - Readers see a snapshot, however long they read.
//! - Rows that nothing claims (left by a crash, a replaced chain, a staging that was dropped) are
//!   swept in the background ([`chores`]).
//!
//! # Memory
//! The set cache, one batch of requests, and the state record. Nothing grows with the chain, with
//! one exception: an adopted chain that replaces blocks holds about 64 bytes for each transaction
//! in them that was accepted here ([`adopt`]).

mod adopt;
mod block_text;
mod chores;
mod error;
mod mined;
mod open;
mod peer_rows;
mod post;
mod queue;
mod read;
mod row;
mod staging;
mod state;
mod tables;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use chainloom_database::Database;
use tokio::sync::watch;

pub use error::OpenError;
pub(crate) use error::StoreError;
pub(crate) use mined::{Appended, Mined};
pub(crate) use open::{Identity, OpenStore};
pub(crate) use post::{IdempotencyKey, PENDING_BYTES_MAX, PENDING_COUNT_MAX, Posted, Posting};
pub(crate) use queue::Waiting;
pub(crate) use read::{Scan, Snapshot, StoredBlock};
pub(crate) use row::TicketPlace;
pub(crate) use staging::{Adoption, Staging};
pub use state::Head;

use writer::Writer;

/// A block as the store takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewBlock {
    /// Its hash.
    pub(crate) hash: chainloom_ledger::Hash,
    /// The block as Flask writes it.
    pub(crate) compact: Vec<u8>,
}

/// The open store; a cheap handle. The file is closed and unlocked when the last one is dropped.
#[derive(Clone)]
pub(crate) struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    database: Arc<Database>,
    path: PathBuf,
    identity: Identity,
    head: watch::Receiver<Head>,
    /// Both are there until the store is dropped.
    writer: Option<Writer>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.shared.path
    }

    /// For whom and under which rules it was made.
    pub(crate) fn identity(&self) -> &Identity {
        &self.shared.identity
    }

    /// Where the chain and the queue stand, and every later change of it.
    pub(crate) fn head(&self) -> watch::Receiver<Head> {
        self.shared.head.clone()
    }

    fn writer(&self) -> &Writer {
        self.shared
            .writer
            .as_ref()
            .expect("the writer is taken only when the last handle is dropped")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Without a sender the thread ends after the commit it is in, and with it the last use of
        // the file but our own.
        self.writer = None;
        if let Some(thread) = self.thread.take() {
            // It panics for nothing: panics inside a transaction are caught there.
            let _ = thread.join();
        }
    }
}
