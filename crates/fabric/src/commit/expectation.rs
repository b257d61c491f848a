use std::sync::Arc;

use chainloom_ledger::LedgerError;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::Placed;
use super::shared::Shared;
use super::waiters::{Full, WAITERS_MAX};

/// A transaction that is awaited. Dropping it ends the wait.
#[derive(Debug)]
pub(crate) struct Expectation {
    shared: Arc<Shared>,
    transaction_id: String,
    number: u64,
    /// `None` once it was told.
    told: Option<oneshot::Receiver<Placed>>,
}

/// Why a transaction was not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotSeen {
    /// The deadline passed; it may come yet.
    Deadline,
    /// Peers send no more blocks to this identity.
    NoBlocks,
}

impl Expectation {
    pub(super) fn new(shared: &Arc<Shared>, transaction_id: &str) -> Result<Self, LedgerError> {
        let added = shared.waiters().add(transaction_id);
        let (number, told) = added.map_err(|Full| LedgerError::TooManyRequests {
            code: "pending_full",
            detail: format!(
                "{WAITERS_MAX} transactions wait for their blocks already; nothing was submitted, try again in a second"
            ),
            retry_after_s: 1,
        })?;
        Ok(Self {
            shared: shared.clone(),
            transaction_id: transaction_id.to_owned(),
            number,
            told: Some(told),
        })
    }

    /// Waits until the transaction stands in a block. Of an id that stands twice the first is told, or the second as `DUPLICATE_TXID` where
    /// the first came before it was awaited. After an answer there is none again.
    ///
    /// # Errors
    /// [`NotSeen`].
    pub(crate) async fn wait(&mut self, deadline: Instant) -> Result<Placed, NotSeen> {
        let told = self.told.as_mut().ok_or(NotSeen::NoBlocks)?;
        let told = timeout_at(deadline, told).await;
        let told = told.map_err(|_| NotSeen::Deadline)?;
        self.told = None;
        told.map_err(|_| NotSeen::NoBlocks)
    }
}

impl Drop for Expectation {
    fn drop(&mut self) {
        let mut waiters = self.shared.waiters();
        waiters.remove(&self.transaction_id, self.number);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::shared;
    use chainloom_ledger::Version;

    use super::*;
    use crate::wire::ValidationCode;

    #[tokio::test]
    async fn a_wait_ends_with_the_block_the_deadline_or_the_stream() {
        let shared = shared();
        let expect = || Expectation::new(&shared, "a").unwrap();
        let mut expectation = expect();
        let past = Instant::now();
        assert_eq!(expectation.wait(past).await, Err(NotSeen::Deadline));
        let placed = Placed {
            version: Version { block: 7, index: 1 },
            code: ValidationCode::VALID,
        };
        shared.waiters().tell("a", placed);
        assert_eq!(expectation.wait(past).await, Ok(placed));

        let mut expectation = expect();
        shared.waiters().clear();
        assert_eq!(expectation.wait(past).await, Err(NotSeen::NoBlocks));
        assert_eq!(expectation.wait(past).await, Err(NotSeen::NoBlocks));
    }

    #[tokio::test]
    async fn whoever_is_dropped_waits_no_longer() {
        let shared = shared();
        let mut expectation = Expectation::new(&shared, "a").unwrap();
        assert!(shared.is_needed());
        let waiting = tokio::spawn(async move {
            let far = Instant::now() + std::time::Duration::from_secs(3600);
            expectation.wait(far).await
        });
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert!(!shared.is_needed());
    }

    #[test]
    fn too_many_are_refused() {
        let shared = shared();
        let all: Vec<_> = (0..WAITERS_MAX)
            .map(|number| Expectation::new(&shared, &number.to_string()).unwrap())
            .collect();
        let error = Expectation::new(&shared, "a").unwrap_err();
        assert_eq!(error.code(), "pending_full");
        drop(all);
        assert!(!shared.is_needed());
    }
}
