use std::time::Duration;

use chainloom_index::CATCH_UP_WAIT_MS_MAX;
use chainloom_ledger::Ledger;

use crate::ledgers::ServedLedger;
use crate::problem::Problem;

/// Waits until the read model holds what the ledger holds now, and block `min_block` if one is
/// asked for; at most a second. The answer says how far it came.
pub(super) async fn catch_up(served: &ServedLedger, min_block: Option<u64>) -> Result<(), Problem> {
    let info = served.ledger.info().await?;
    let height = info.height.max(min_block.unwrap_or(0));
    let wait = Duration::from_millis(CATCH_UP_WAIT_MS_MAX);
    let index = served.ledger.index();
    index.wait_for(info.generation, height, wait).await;
    Ok(())
}
