//! The registered peers, in memory and in the store.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chainloom_ledger::{LedgerError, PeerOutcome, PeerReport};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::address::PeerAddress;
use crate::store::{Store, StoreError};

/// The list of peers. Every change is on the disk before it is seen.
#[derive(Clone)]
pub(super) struct PeerBook {
    store: Store,
    list: Arc<Mutex<List>>,
    /// Held while a change is made, so that changes follow each other in the store and here.
    changing: Arc<tokio::sync::Mutex<()>>,
}

/// What is in the store.
#[derive(Debug, Clone)]
struct List {
    /// In the order in which they were registered.
    peers: Vec<Peer>,
    /// Of the next registration. It is never used again, so that what is known of a peer stays with its registration.
    next_order: u64,
}

/// A registered peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) address: PeerAddress,
    /// Its place among the registrations.
    pub(super) order: u64,
    asked_at: Option<Timestamp>,
    outcome: Option<PeerOutcome>,
}

/// What is stored under a peer's address, as JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    order: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<PeerOutcome>,
}

/// What came of asking a peer, and when it was asked.
#[derive(Debug, Clone)]
pub(super) struct News {
    pub(super) order: u64,
    pub(super) asked_at: Timestamp,
    pub(super) outcome: PeerOutcome,
}

/// Why peers were not added.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AddError {
    /// There would be more than allowed.
    TooMany { registered: usize, new: usize },
    /// The store could not keep them.
    Store(LedgerError),
}

impl Peer {
    /// What is told of it.
    pub(super) fn report(&self) -> PeerReport {
        PeerReport {
            address: self.address.as_str().to_owned(),
            asked_at: self.asked_at,
            outcome: self.outcome.clone(),
            ..PeerReport::default()
        }
    }

    fn row(&self) -> (String, Option<Vec<u8>>) {
        let row = Row {
            order: self.order,
            asked_at: self.asked_at,
            outcome: self.outcome.clone(),
        };
        let content =
            serde_json::to_vec(&row).expect("numbers and strings always have a JSON form");
        (self.address.as_str().to_owned(), Some(content))
    }

    fn from_row(address: &str, content: &[u8]) -> Result<Peer, String> {
        let damaged = |detail: String| format!("the peer {address} cannot be read: {detail}");
        let row: Row =
            serde_json::from_slice(content).map_err(|error| damaged(error.to_string()))?;
        let address =
            PeerAddress::parse_unfenced(address).map_err(|problem| damaged(problem.to_string()))?;
        Ok(Peer {
            address,
            order: row.order,
            asked_at: row.asked_at,
            outcome: row.outcome,
        })
    }
}

impl PeerBook {
    /// Reads the list from the store. Blocking.
    pub(super) fn open(store: Store) -> Result<PeerBook, StoreError> {
        let mut peers = Vec::new();
        for (address, content) in store.peer_rows()? {
            let peer = Peer::from_row(&address, &content);
            peers.push(peer.map_err(|detail| StoreError::Damaged {
                path: store.path().to_owned(),
                detail,
            })?);
        }
        peers.sort_by_key(|peer| peer.order);
        Ok(PeerBook {
            store,
            list: Arc::new(Mutex::new(List {
                next_order: peers.last().map_or(0, |last| last.order + 1),
                peers,
            })),
            changing: Arc::default(),
        })
    }

    /// All peers, in the order in which they were registered.
    pub(super) fn list(&self) -> Vec<Peer> {
        self.list_now().peers.clone()
    }

    /// Adds those that are not there yet, all of them or none, up to a number of peers in all.
    pub(super) async fn add(
        &self,
        addresses: Vec<PeerAddress>,
        peers_max: usize,
    ) -> Result<Vec<Peer>, AddError> {
        self.change(move |List { peers, next_order }| {
            let registered = peers.len();
            let mut known: HashSet<_> = peers.iter().map(|peer| peer.address.clone()).collect();
            let new: Vec<_> = addresses
                .into_iter()
                .filter(|address| known.insert(address.clone()))
                .collect();
            if !new.is_empty() && known.len() > peers_max {
                let new = new.len();
                return Err(AddError::TooMany { registered, new });
            }
            for address in new {
                peers.push(Peer {
                    address,
                    order: *next_order,
                    asked_at: None,
                    outcome: None,
                });
                *next_order += 1;
            }
            Ok(peers[registered..].iter().map(Peer::row).collect())
        })
        .await?;
        Ok(self.list())
    }

    /// Removes a peer; false if it is not there.
    pub(super) async fn remove(&self, address: PeerAddress) -> Result<bool, LedgerError> {
        let removed = self.change::<LedgerError>(move |List { peers, .. }| {
            let place = peers.iter().position(|peer| peer.address == address);
            let removed = place.map(|place| peers.remove(place));
            Ok(removed
                .map(|peer| (peer.address.as_str().to_owned(), None))
                .into_iter()
                .collect())
        });
        Ok(removed.await? > 0)
    }

    /// Notes what peers did. One that was removed meanwhile, even if it is there again, is left out.
    pub(super) async fn note(&self, news: Vec<News>) -> Result<(), LedgerError> {
        self.change::<LedgerError>(move |List { peers, .. }| {
            let mut rows = Vec::new();
            for one in news {
                if let Some(peer) = peers.iter_mut().find(|peer| peer.order == one.order) {
                    peer.asked_at = Some(one.asked_at);
                    peer.outcome = Some(one.outcome);
                    rows.push(peer.row());
                }
            }
            Ok(rows)
        })
        .await?;
        Ok(())
    }

    /// Makes a change, first on a copy, then in the store, then here; says how many rows it touched.
    async fn change<E: From<LedgerError> + Send + 'static>(
        &self,
        change: impl FnOnce(&mut List) -> Result<Vec<(String, Option<Vec<u8>>)>, E> + Send + 'static,
    ) -> Result<usize, E> {
        let book = self.clone();
        // As a task of its own: if the caller goes away in the middle, the store and the list still say the same.
        let changed = tokio::spawn(async move {
            let _changing = book.changing.lock().await;
            let mut list = book.list_now().clone();
            let rows = change(&mut list)?;
            let touched = rows.len();
            if touched > 0 {
                book.store
                    .write_peer_rows(rows)
                    .await
                    .map_err(LedgerError::from)?;
                *book.list_now() = list;
            }
            Ok(touched)
        });
        // A task ends early only when the runtime is shutting down.
        changed
            .await
            .unwrap_or_else(|_| Err(LedgerError::ShuttingDown.into()))
    }

    /// The list; a panic elsewhere leaves it whole, because it is only ever replaced.
    fn list_now(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<LedgerError> for AddError {
    fn from(error: LedgerError) -> AddError {
        AddError::Store(error)
    }
}
