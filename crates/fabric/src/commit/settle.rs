use chainloom_ledger::{LedgerError, Wait};
use tokio::time::Instant;

use super::{Expectation, NotSeen, Placed};

/// What came of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// The orderers took it; more was not asked for.
    Ordered,
    /// It stands in a block.
    Placed(Placed),
    /// The orderers took it, or may have, and there is no stream of blocks to see it on.
    Unseen,
}

/// Submits a transaction and waits for what `wait` says, by default for its block, even where it is not known whether the orderers took it. A
/// block ends the submission, which may be sending the same envelope again.
///
/// # Errors
/// Those of the submission; [`LedgerError::Unconfirmed`] when the deadline passes.
pub(crate) async fn settle(
    transaction_id: &str,
    mut expectation: Option<Expectation>,
    submission: impl Future<Output = Result<(), LedgerError>>,
    wait: Option<Wait>,
    deadline: Instant,
) -> Result<Settled, LedgerError> {
    let is_ordered_enough = wait == Some(Wait::Ordered);
    let submitted = match &mut expectation {
        None => submission.await,
        Some(expectation) => tokio::select! {
            biased;
            Ok(placed) = expectation.wait(deadline) => return Ok(Settled::Placed(placed)),
            submitted = submission => submitted,
        },
    };
    let unknown = match submitted {
        Ok(()) if is_ordered_enough => return Ok(Settled::Ordered),
        Ok(()) => None,
        Err(unknown @ LedgerError::Unconfirmed { .. }) => Some(unknown),
        Err(error) => return Err(error),
    };
    let seen = match &mut expectation {
        None => Err(NotSeen::NoBlocks),
        Some(expectation) => expectation.wait(deadline).await,
    };
    match seen {
        Ok(placed) => Ok(Settled::Placed(placed)),
        Err(NotSeen::NoBlocks) => Ok(Settled::Unseen),
        Err(NotSeen::Deadline) => Err(unknown.unwrap_or_else(|| LedgerError::Unconfirmed {
            transaction_id: transaction_id.to_owned(),
            detail: "the orderers took the transaction, but it was not seen in a block in time; ask for it by its id"
                .to_owned(),
        })),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::future::{pending, ready};
    use std::sync::Arc;
    use std::time::Duration;

    use chainloom_ledger::Version;

    use super::super::shared::Shared;
    use super::*;
    use crate::wire::ValidationCode;

    const PLACED: Placed = Placed {
        version: Version { block: 7, index: 1 },
        code: ValidationCode::VALID,
    };

    fn expected() -> (Arc<Shared>, Option<Expectation>) {
        let shared = Arc::new(Shared::default());
        let expectation = Expectation::new(&shared, "a").unwrap();
        (shared, Some(expectation))
    }

    fn unknown() -> LedgerError {
        LedgerError::Unconfirmed {
            transaction_id: "a".to_owned(),
            detail: "the connection broke".to_owned(),
        }
    }

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    #[tokio::test]
    async fn a_block_ends_a_submission_that_hangs() {
        let (shared, expectation) = expected();
        shared.waiters().tell("a", PLACED);
        let settled = settle("a", expectation, pending(), None, far()).await;
        assert_eq!(settled, Ok(Settled::Placed(PLACED)));
    }

    #[tokio::test]
    async fn the_block_says_what_a_broken_submission_does_not_know() {
        let (shared, expectation) = expected();
        let submission = async {
            shared.waiters().tell("a", PLACED);
            Err(unknown())
        };
        let settled = settle("a", expectation, submission, None, far()).await;
        assert_eq!(settled, Ok(Settled::Placed(PLACED)));
    }

    #[tokio::test]
    async fn without_a_block_the_outcome_is_unconfirmed() {
        let soon = Instant::now() + Duration::from_millis(10);
        let (_shared, expectation) = expected();
        let settled = settle("a", expectation, ready(Err(unknown())), None, soon).await;
        assert_eq!(settled, Err(unknown()));
        let (_shared, expectation) = expected();
        let error = settle("a", expectation, ready(Ok(())), None, soon).await;
        assert_eq!(error.unwrap_err().code(), "outcome_unknown");
    }

    #[tokio::test]
    async fn a_refusal_and_the_orderers_word_are_told_at_once() {
        let refused = LedgerError::ShuttingDown;
        let (_shared, expectation) = expected();
        let submission = ready(Err(refused.clone()));
        let settled = settle("a", expectation, submission, None, far()).await;
        assert_eq!(settled, Err(refused));
        let (_shared, expectation) = expected();
        let wait = Some(Wait::Ordered);
        let settled = settle("a", expectation, ready(Ok(())), wait, far()).await;
        assert_eq!(settled, Ok(Settled::Ordered));
    }

    #[tokio::test]
    async fn without_a_stream_another_way_is_left() {
        let settled = settle("a", None, ready(Ok(())), None, far()).await;
        assert_eq!(settled, Ok(Settled::Unseen));
        let (shared, expectation) = expected();
        shared.waiters().clear();
        // The submission is not broken off where the stream ends.
        let settled = settle("a", expectation, ready(Err(unknown())), None, far()).await;
        assert_eq!(settled, Ok(Settled::Unseen));
    }
}
