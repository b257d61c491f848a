use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Placed;
use super::follower::Running;
use super::pending::Pending;
use super::waiters::Waiters;
use crate::outbox::Outbox;
use crate::wire::{Block, ValidationCode};

/// What callers and the follower of the blocks share. Whoever needs several of the locks takes them in this order.
#[derive(Debug)]
pub(super) struct Shared {
    running: Mutex<Option<Running>>,
    waiters: Mutex<Waiters>,
    pending: Mutex<Pending>,
    /// What was sent and has to be seen, whether anybody waits or not.
    outbox: Outbox,
}

impl Shared {
    pub(super) fn new(outbox: Outbox) -> Self {
        Self {
            running: Mutex::default(),
            waiters: Mutex::default(),
            pending: Mutex::default(),
            outbox,
        }
    }

    pub(super) fn running(&self) -> MutexGuard<'_, Option<Running>> {
        locked(&self.running)
    }

    pub(super) fn waiters(&self) -> MutexGuard<'_, Waiters> {
        locked(&self.waiters)
    }

    pub(super) fn pending(&self) -> MutexGuard<'_, Pending> {
        locked(&self.pending)
    }

    /// Whether anybody wants to know of the next block.
    pub(super) fn is_needed(&self) -> bool {
        !self.waiters().is_empty() || !self.pending().is_empty() || !self.outbox.is_empty()
    }

    /// Tells all who await a transaction of this block. What cannot be read has no id that anyone could await.
    pub(super) fn see(&self, block: &Block) {
        if !self.is_needed() {
            return;
        }
        for transaction in block.transactions() {
            let Ok(envelope) = transaction.decode() else {
                continue;
            };
            let placed = Placed {
                version: transaction.version,
                code: transaction
                    .validation_code
                    .unwrap_or(ValidationCode::NOT_VALIDATED),
            };
            let id = &envelope.header.transaction_id;
            self.pending().remove(id);
            self.settle(id, placed);
            self.waiters().tell(id, placed);
        }
    }

    /// Tells the outbox, before anybody who waits is told: a call that comes after that one finds it settled.
    fn settle(&self, id: &str, placed: Placed) {
        if !self.outbox.contains(id) {
            return;
        }
        match placed.verdict() {
            Some(verdict) => self.outbox.seen(id, verdict),
            // Where it stands first has to be asked.
            None => self.outbox.stands(id),
        }
    }
}

/// No holder of these locks leaves them half changed, even where it panics.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bytes::Bytes;
    use chainloom_ledger::Version;

    use super::*;
    use crate::outbox::NewEntry;
    use crate::wire::proto::common;

    #[tokio::test]
    async fn what_is_seen_again_stands_on_the_chain_and_waits_for_its_verdict() {
        let outbox = Outbox::in_memory("devnet");
        let shared = Shared::new(outbox.clone());
        for code in [ValidationCode(9), ValidationCode::NOT_VALIDATED] {
            let entry = NewEntry {
                transaction_id: "a".to_owned(),
                envelope: common::Envelope::default(),
                result: Bytes::new(),
                key: None,
            };
            outbox.store(entry).await.unwrap();
            assert!(!outbox.is_standing("a"));
            let version = Version { block: 7, index: 1 };
            shared.settle("a", Placed { version, code });
            assert!(outbox.contains("a") && outbox.is_standing("a"));
            let code = ValidationCode::VALID;
            shared.settle("a", Placed { version, code });
            assert!(!outbox.contains("a"));
        }
    }
}
