//! What last went wrong with each peer, for those who look after them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chainloom_ledger::{LedgerError, PeerTrouble};
use jiff::{SignedDuration, Timestamp};

use crate::deliver::Source;

/// The last trouble with each peer, by its place among them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Troubles(Arc<Mutex<BTreeMap<usize, PeerTrouble>>>);

/// How long a peer that failed is asked after the others.
const AVOIDED_FOR: SignedDuration = SignedDuration::from_secs(10);

impl Source {
    /// The peers in the order in which they are asked: those last that failed a moment ago.
    pub(crate) fn in_turn(&self) -> Vec<usize> {
        let now = Timestamp::now();
        let failed = |peer: &usize| {
            let trouble = self.trouble(*peer);
            trouble.is_some_and(|trouble| now.duration_since(trouble.at) < AVOIDED_FOR)
        };
        let mut peers: Vec<_> = (0..self.peers.len()).collect();
        peers.sort_by_key(failed);
        peers
    }

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
