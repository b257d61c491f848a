use std::convert::Infallible;
use std::time::Duration;

use chainloom_ledger::{LedgerError, Wait};
use tokio::time::{Instant, sleep};

use super::{Expectation, NotSeen, Placed};

/// How long after the orderers took it a transaction is sent again that was not seen in a block: an orderer's word is no promise, since it
/// may have passed the transaction on to a leader that was lost. Doubles up to the second.
const SEND_AGAIN_AFTER: Duration = Duration::from_secs(10);
const SEND_AGAIN_AFTER_MAX: Duration = Duration::from_secs(60);

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
/// block ends the submission, which may be sending the same envelope again; as long as there is none, it is sent again.
///
/// # Errors
/// Those of the submission; [`LedgerError::Unconfirmed`] when the deadline passes.
pub(crate) async fn settle<F>(
    transaction_id: &str,
    mut expectation: Option<Expectation>,
    submit: impl Fn() -> F,
    wait: Option<Wait>,
    deadline: Instant,
) -> Result<Settled, LedgerError>
where
    F: Future<Output = Result<(), LedgerError>>,
{
    let is_ordered_enough = wait == Some(Wait::Ordered);
    let submitted = match &mut expectation {
        None => submit().await,
        Some(expectation) => tokio::select! {
            biased;
            Ok(placed) = expectation.wait(deadline) => return Ok(Settled::Placed(placed)),
            submitted = submit() => submitted,
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
        Some(expectation) => tokio::select! {
            biased;
            seen = expectation.wait(deadline) => seen,
            never = keep_sending(&submit) => match never {},
        },
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

/// Sends the same envelope again and again, at growing pauses, until this is dropped. What comes of it is not told: that an orderer refuses now
/// says nothing of what one took before.
pub(crate) async fn keep_sending<F>(submit: &impl Fn() -> F) -> Infallible
where
    F: Future<Output = Result<(), LedgerError>>,
{
    let mut pause = SEND_AGAIN_AFTER;
    loop {
        sleep(pause).await;
        if let Err(error) = submit().await {
            tracing::debug!("sending an envelope again: {error}");
        }
        pause = (pause * 2).min(SEND_AGAIN_AFTER_MAX);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::shared;
    use std::future::{pending, ready};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
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
        let shared = shared();
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
        let settled = settle("a", expectation, pending, None, far()).await;
        assert_eq!(settled, Ok(Settled::Placed(PLACED)));
    }

    #[tokio::test]
    async fn the_block_says_what_a_broken_submission_does_not_know() {
        let (shared, expectation) = expected();
        let submission = || async {
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
        let settled = settle("a", expectation, || ready(Err(unknown())), None, soon).await;
        assert_eq!(settled, Err(unknown()));
        let (_shared, expectation) = expected();
        let error = settle("a", expectation, || ready(Ok(())), None, soon).await;
        assert_eq!(error.unwrap_err().code(), "outcome_unknown");
    }

    #[tokio::test]
    async fn a_refusal_and_the_orderers_word_are_told_at_once() {
        let refused = LedgerError::ShuttingDown;
        let (_shared, expectation) = expected();
        let submission = || ready(Err(refused.clone()));
        let settled = settle("a", expectation, submission, None, far()).await;
        assert_eq!(settled, Err(refused));
        let (_shared, expectation) = expected();
        let wait = Some(Wait::Ordered);
        let settled = settle("a", expectation, || ready(Ok(())), wait, far()).await;
        assert_eq!(settled, Ok(Settled::Ordered));
    }

    #[tokio::test]
    async fn without_a_stream_another_way_is_left() {
        let settled = settle("a", None, || ready(Ok(())), None, far()).await;
        assert_eq!(settled, Ok(Settled::Unseen));
        let (shared, expectation) = expected();
        shared.waiters().clear();
        // The submission is not broken off where the stream ends.
        let settled = settle("a", expectation, || ready(Err(unknown())), None, far()).await;
        assert_eq!(settled, Ok(Settled::Unseen));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_taken_and_is_not_seen_is_sent_again() {
        let (shared, expectation) = expected();
        let sent = AtomicUsize::new(0);
        let submission = || async {
            // An orderer that lost it twice.
            if sent.fetch_add(1, Ordering::Relaxed) == 2 {
                shared.waiters().tell("a", PLACED);
            }
            Ok(())
        };
        let start = Instant::now();
        let settled = settle("a", expectation, submission, None, far()).await;
        assert_eq!(settled, Ok(Settled::Placed(PLACED)));
        assert_eq!(sent.load(Ordering::Relaxed), 3);
        assert_eq!(start.elapsed().as_secs(), (SEND_AGAIN_AFTER * 3).as_secs());
    }
}
