use std::time::Duration;

use chainloom_index::Phase;
use chainloom_ledger::Ledger;
use http::StatusCode;

use crate::ledgers::ServedLedger;
use crate::problem::Problem;

/// How long an answer waits for the block that it is asked to wait for, in milliseconds.
pub(super) const MIN_BLOCK_WAIT_MS_MAX: u64 = 10_000;

/// After how many seconds to ask again for a block that is not indexed yet.
const RETRY_AFTER_S: u32 = 1;

/// Waits until the read model holds what was done through this server, and on a chain of the tutorial all that the chain holds,
/// for a second at most: the answer says how far it came. A block that is asked for is waited for longer, and without it there is
/// no answer.
///
/// # Errors
/// `block_not_reached` where the ledger has no such block in time, `index_behind` where the read model does not have it.
pub(super) async fn catch_up(served: &ServedLedger, min_block: Option<u64>) -> Result<(), Problem> {
    match min_block {
        Some(number) => reach(served, number).await,
        None if served.node.is_some() => Ok(served.ledger.caught_up().await.map(drop)?),
        None => {
            served.ledger.caught_up_with_own_calls().await;
            Ok(())
        }
    }
}

async fn reach(served: &ServedLedger, number: u64) -> Result<(), Problem> {
    let index = served.ledger.index();
    let generation = index.position().generation;
    let wait = Duration::from_millis(MIN_BLOCK_WAIT_MS_MAX);
    let indexed = index.wait_for(generation, number, wait).await;
    if indexed.has_reached(generation, number) {
        return Ok(());
    }
    let wait_s = MIN_BLOCK_WAIT_MS_MAX / 1000;
    let height = served.ledger.info().await?.height;
    if height < number {
        return Err(Problem::retryable(
            StatusCode::GATEWAY_TIMEOUT,
            "block_not_reached",
            format!(
                "`min_block` is {number}, but after {wait_s} s the ledger's last block is {height}; ask again, or for less"
            ),
        )
        .after(RETRY_AFTER_S));
    }
    let health = index.health();
    let doing = match (health.phase, health.error) {
        (_, Some(error)) => error,
        (Phase::CatchingUp, None) => "it is still reading what was there before".to_owned(),
        (_, None) => "it is on its way".to_owned(),
    };
    Err(Problem::retryable(
        StatusCode::SERVICE_UNAVAILABLE,
        "index_behind",
        format!(
            "`min_block` is {number}, and after {wait_s} s the read model has come to block {}: {doing}; ask again",
            indexed.height
        ),
    )
    .after(RETRY_AFTER_S))
}
