//! The other nodes: which are registered, and how the longest of their chains becomes ours.
//!
//! A peer can say anything, and anybody who may call `/nodes/register` can name one. So
//! - an address is brought to one form ([`address`]) and must be inside the [`fence`](chainloom_ledger::fence), a name's addresses too
//!   ([`resolver`]), and our own is left out ([`own_address`]);
//! - every peer is asked side by side with the others ([`resolve`]), within [`PeerLimits`] ([`fetch`], [`patience`]);
//! - its chain is verified and staged while it comes in ([`intake`]); the blocks that were verified count, not the
//!   length that it claims;
//! - each ends with a word and a sentence of its own ([`report`]), kept with its registration ([`book`]).

mod address;
mod ask;
mod background;
mod book;
mod fetch;
mod fetch_error;
mod import;
mod intake;
mod limits;
mod own_address;
mod patience;
mod register;
mod report;
mod resolve;
mod resolver;
#[cfg(test)]
mod tests;
mod turns;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chainloom_ledger::{LedgerError, PeerReport};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use address::{ADDRESS_BYTES_MAX, AddressProblem};
pub(crate) use background::resolve_every;
pub use chainloom_ledger::fence::{FenceReason, Fenced};
pub use import::{Import, ImportError};
pub use limits::PeerLimits;
pub use register::RegisterError;
pub use resolve::Resolution;

use crate::rules::Rules;
use crate::store::{Store, StoreError};
use book::PeerBook;
use fetch::Fetcher;
use intake::Intake;
use own_address::OwnAddresses;
use resolver::Resolver;
use turns::Turns;

/// How many chains are read and staged at once. It bounds memory and disk; peers that have not begun to answer are not
/// counted, so that dead ones keep nobody waiting.
const READING_MAX: usize = 16;

/// The registered peers and what is needed to ask them; a cheap handle.
#[derive(Clone)]
pub(crate) struct Peers {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    limits: PeerLimits,
    book: PeerBook,
    fetcher: Fetcher,
    intake: Intake,
    reading: Semaphore,
    turns: Turns<Result<Resolution, LedgerError>>,
    /// Where this node listens.
    listening: Mutex<Vec<SocketAddr>>,
}

impl Peers {
    /// Reads the registered peers from the store. Blocking.
    pub(crate) fn open(
        store: &Store,
        rules: Rules,
        difficulty: u32,
        limits: PeerLimits,
    ) -> Result<Peers, StoreError> {
        Peers::with_resolver(store, rules, difficulty, limits, Resolver::of_the_system())
    }

    fn with_resolver(
        store: &Store,
        rules: Rules,
        difficulty: u32,
        limits: PeerLimits,
        resolver: Resolver,
    ) -> Result<Peers, StoreError> {
        Ok(Peers {
            shared: Arc::new(Shared {
                store: store.clone(),
                limits,
                book: PeerBook::open(store.clone())?,
                fetcher: Fetcher::new(resolver, limits),
                intake: Intake::new(store.clone(), rules, difficulty, &limits),
                reading: Semaphore::new(READING_MAX),
                turns: Turns::default(),
                listening: Mutex::default(),
            }),
        })
    }

    /// What each peer last did, in the order in which they were registered.
    pub(crate) fn reports(&self) -> Vec<PeerReport> {
        let peers = self.shared.book.list();
        peers.iter().map(book::Peer::report).collect()
    }

    /// Tells where this node listens, so that it does not ask itself.
    pub(crate) fn set_listen_addresses(&self, addresses: Vec<SocketAddr>) {
        *self
            .shared
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    fn own_addresses(&self) -> OwnAddresses {
        let listening = self
            .shared
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        OwnAddresses::of(listening)
    }

    /// Waits for a turn to read a chain.
    async fn reading_turn(&self) -> SemaphorePermit<'_> {
        let turn = self.shared.reading.acquire().await;
        turn.expect("the semaphore is never closed")
    }
}
