//! Learning what became of transactions: one stream of blocks for all callers of a ledger.
//!
//! Who submits a transaction first says which one is awaited ([`Commits::expect`]), so that its block cannot pass unseen. Peers are asked in
//! turn; where a stream breaks, the next one goes on at the block after the last that was seen.

mod by_id;
mod expectation;
mod follower;
mod pending;
mod retry;
mod settle;
mod shared;
#[cfg(test)]
mod tests;
mod waiters;

use std::sync::Arc;
use std::time::Duration;

use chainloom_ledger::{LedgerError, Transaction, Version};
use tokio::time::{Instant, timeout_at};

pub(crate) use self::by_id::ById;
pub(crate) use self::expectation::{Expectation, NotSeen};
use self::follower::{Running, Stage};
use self::pending::Submitted;
pub(crate) use self::retry::pause_before_retry;
pub(crate) use self::settle::{Settled, keep_sending, settle};
use self::shared::Shared;
use crate::call::ChannelCall;
use crate::deliver::Source;
use crate::outbox::{Outbox, Verdict};
use crate::wire::ValidationCode;

/// How long is waited for the stream of blocks before a transaction is submitted without it.
const STREAM_OPENS_WITHIN: Duration = Duration::from_secs(5);

/// Where a transaction stands, and the peer's verdict on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) version: Version,
    pub(crate) code: ValidationCode,
}

impl Placed {
    /// What it means for the transaction of this id; `None` where that is told elsewhere: a duplicate says nothing of the first.
    pub(crate) fn verdict(self) -> Option<Verdict> {
        match self.code {
            code if code.is_valid() => Some(Verdict::Valid(self.version)),
            code if !code.is_verdict() => None,
            _ => Some(Verdict::Void),
        }
    }
}

/// What became of the transactions that this program submits to a channel.
///
/// The stream is opened when it is first needed and closed a minute after it was last needed, or when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Commits(Arc<Owner>);

#[derive(Debug)]
struct Owner {
    source: Source,
    shared: Arc<Shared>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(running) = self.shared.running().take() {
            running.end();
        }
        self.shared.waiters().clear();
    }
}

impl Commits {
    /// Nothing is sent yet.
    pub(crate) fn new(source: Source, outbox: Outbox) -> Self {
        let shared = Arc::new(Shared::new(outbox));
        Self(Arc::new(Owner { source, shared }))
    }

    /// Opens the stream, if it is not open. Has to be called within a runtime.
    pub(crate) fn open(&self) {
        let mut running = self.0.shared.running();
        self.open_locked(&mut running);
    }

    /// Awaits a transaction, which must not have been submitted yet. `None` where no peer sends blocks now: the commit has to be learnt
    /// of in another way then.
    ///
    /// # Errors
    /// [`LedgerError::TooManyRequests`] where too many transactions are awaited.
    pub(crate) async fn expect(
        &self,
        transaction_id: &str,
        deadline: Instant,
    ) -> Result<Option<Expectation>, LedgerError> {
        let (expectation, mut stage) = {
            let mut running = self.0.shared.running();
            // Before the stream is looked at: it is not closed while someone waits.
            let expectation = Expectation::new(&self.0.shared, transaction_id)?;
            (expectation, self.open_locked(&mut running))
        };
        let deadline = deadline.min(Instant::now() + STREAM_OPENS_WITHIN);
        let known = timeout_at(deadline, stage.wait_for(|stage| *stage != Stage::Opening)).await;
        let is_following = matches!(known, Ok(Ok(stage)) if *stage == Stage::Following);
        Ok(is_following.then_some(expectation))
    }

    /// Remembers a transaction that is being submitted, until it is seen in a block.
    pub(crate) fn remember(&self, transaction_id: &str, call: &ChannelCall) {
        self.0.shared.pending().insert(transaction_id, call);
    }

    /// Forgets one that the orderers refused.
    pub(crate) fn forget(&self, transaction_id: &str) {
        self.0.shared.pending().remove(transaction_id);
    }

    /// A transaction that was submitted and has not been seen in a block yet.
    pub(crate) fn pending(&self, transaction_id: &str) -> Option<Transaction> {
        let pending = self.0.shared.pending();
        let submitted = pending.get(transaction_id);
        submitted.map(|submitted| Submitted::transaction(submitted, transaction_id))
    }

    fn open_locked(&self, running: &mut Option<Running>) -> follower::StageReceiver {
        match running {
            Some(running) if !running.is_over() => running.stage(),
            _ => {
                let started = Running::start(&self.0.shared, &self.0.source);
                running.insert(started).stage()
            }
        }
    }
}
