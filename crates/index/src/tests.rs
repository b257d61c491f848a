//! Tests of the crate as a whole, on a ledger in memory.
#![allow(clippy::unwrap_used)]

mod answers;
mod channels;
mod dump;
mod equality;
mod events;
mod files;
mod following;
mod killed;
mod ledger;
mod pages;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chainloom_ledger::Ledger;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::limits::Limits;
use crate::{Health, Index, IndexError};
use ledger::MemoryLedger;

/// Long enough for a machine under load; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

const CACHE_BYTES: usize = 4 << 20;

/// Small batches, so that little data makes many of them.
const SMALL: Limits = Limits {
    batch_blocks: 3,
    batch_bytes: 4_000,
    batch_transactions: 2,
    rollback_blocks: 2,
    rollback_transactions: 5,
    sync_batches: 2,
    changes_bytes: 2_000,
};

fn open(path: &Path) -> Index {
    Index::open_with(path, CACHE_BYTES, SMALL).unwrap()
}

/// A task that has the index follow a ledger.
struct Follower {
    task: JoinHandle<()>,
    shutdown: oneshot::Sender<()>,
}

impl Follower {
    fn start(index: &Index, ledger: &MemoryLedger) -> Follower {
        let (shutdown, ended) = oneshot::channel();
        let index = index.clone();
        let ledger: Arc<dyn Ledger> = Arc::new(ledger.clone());
        let task = tokio::spawn(async move {
            index
                .follow(ledger, async {
                    let _ = ended.await;
                })
                .await;
        });
        Follower { task, shutdown }
    }

    async fn stop(self) {
        let _ = self.shutdown.send(());
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .expect("the follower ends when it is told to")
            .unwrap();
    }
}

/// Waits until the index has what the ledger has.
async fn catch_up(index: &Index, ledger: &MemoryLedger) {
    let info = ledger.info().await.unwrap();
    let indexed = index.wait_for(info.generation, info.height, PATIENCE).await;
    assert!(
        indexed.has_reached(info.generation, info.height),
        "{indexed:?} of {info:?}; {:?}",
        index.health()
    );
}

/// Follows the ledger to its end and stops.
async fn index_all(index: &Index, ledger: &MemoryLedger) {
    let follower = Follower::start(index, ledger);
    catch_up(index, ledger).await;
    follower.stop().await;
}

/// An index holds what one that is built from nothing holds, row for row.
async fn assert_equals_new(index: &Index, ledger: &MemoryLedger) {
    let (dump, expected) = (dump::dump(index).await, dump_of_new(ledger).await);
    let mut pairs = dump.lines().zip(expected.lines());
    if let Some((row, expected)) = pairs.find(|(row, expected)| row != expected) {
        panic!("not the row of an index built from nothing:\n{row}\n{expected}");
    }
    assert_eq!(dump.lines().count(), expected.lines().count());
}

/// Everything that an index built from nothing holds.
async fn dump_of_new(ledger: &MemoryLedger) -> String {
    let directory = tempfile::tempdir().unwrap();
    let index = Index::open(directory.path().join("new.redb"), CACHE_BYTES).unwrap();
    index_all(&index, ledger).await;
    dump::dump(&index).await
}

/// Waits until following has broken off, and says why.
async fn failure(health: &mut watch::Receiver<Health>) -> Health {
    let failed = health.wait_for(|health| health.error.is_some());
    let failed = tokio::time::timeout(PATIENCE, failed).await;
    failed.expect("an error shows").unwrap().clone()
}

/// Waits until a condition holds that no event tells of.
async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is_damaged<T>(result: &Result<T, IndexError>) -> bool {
    matches!(result, Err(IndexError::Damaged { .. }))
}
