//! What a node does without being asked.

use std::sync::Arc;
use std::time::Duration;

use chainloom_ledger::LedgerError;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::{Core, NodeOptions};
use crate::peers::resolve_every;

/// How long to wait after a block could not be mined.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The shortest interval; a timer cannot have none.
const INTERVAL_MIN: Duration = Duration::from_millis(1);

/// Starts what the options ask for. Every task ends when the node is shutting down.
pub(super) fn start(core: &Arc<Core>, options: &NodeOptions) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    if let Some(every) = options.mine_every {
        let every = every.max(INTERVAL_MIN);
        let core = core.clone();
        tasks.spawn(async move { until_stopped(&core, mine_every(&core, every)).await });
    }
    if options.mine_on_transaction {
        let core = core.clone();
        tasks.spawn(async move { until_stopped(&core, mine_on_transaction(&core)).await });
    }
    if let Some(every) = options.resolve_interval {
        let every = every.max(INTERVAL_MIN);
        let core = core.clone();
        tasks.spawn(async move { until_stopped(&core, resolve_every(&core.peers, every)).await });
    }
    tasks
}

async fn until_stopped(core: &Core, work: impl Future<Output = ()>) {
    tokio::select! {
        biased;
        () = core.stopped() => {}
        () = work => {}
    }
}

/// Mines a block every given time. A search that takes longer makes the next one wait.
async fn mine_every(core: &Arc<Core>, every: Duration) {
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        mine(core).await;
    }
}

/// Mines a block as soon as a transaction waits.
async fn mine_on_transaction(core: &Arc<Core>) {
    let mut head = core.store.head();
    // An error says that the store is closed.
    while head.wait_for(|head| head.pending_count > 0).await.is_ok() {
        mine(core).await;
    }
}

async fn mine(core: &Arc<Core>) {
    match core.mine().await {
        Ok(_) => {}
        Err(LedgerError::ShuttingDown) => std::future::pending().await,
        Err(error) => {
            tracing::warn!(%error, "could not mine a block");
            sleep(PAUSE_AFTER_FAILURE).await;
        }
    }
}
