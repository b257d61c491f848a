//! What last went wrong with each peer, for those who look after them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chainloom_ledger::{LedgerError, PeerTrouble};
use jiff::Timestamp;

use crate::deliver::Source;

/// The last trouble with each peer, by its place among them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Troubles(Arc<Mutex<BTreeMap<usize, PeerTrouble>>>);

impl Source {
    /// Remembers what went wrong with a peer.
    pub(crate) fn note(&self, peer: usize, error: &LedgerError) {
        let trouble = PeerTrouble {
            at: Timestamp::now(),
            detail: error.to_string(),
        };
        let mut troubles = self
            .troubles
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        troubles.insert(peer, trouble);
    }

    /// What last went wrong with a peer.
    pub(crate) fn trouble(&self, peer: usize) -> Option<PeerTrouble> {
        let troubles = self
            .troubles
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        troubles.get(&peer).cloned()
    }
}
