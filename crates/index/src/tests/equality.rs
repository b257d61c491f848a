//! An index that followed replacements and crashes equals one built from nothing.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use redb::Error;

use super::ledger::MemoryLedger;
use super::{Follower, assert_equals_new, catch_up, open};
use crate::Index;
use crate::file::Sync;

#[derive(Debug, Clone)]
enum Operation {
    /// The chain grows.
    Append { blocks: usize },
    /// A part of the chain, in percent, stays; the rest is replaced.
    Replace { kept_percent: usize, blocks: usize },
    /// The chain is replaced from its first block on.
    ReplaceAll { blocks: usize },
    /// The index comes up to the chain.
    CatchUp,
    /// The process dies after the index has made these many steps more.
    Crash { steps: usize },
    /// The process ends as it should.
    Stop,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (1..25_usize).prop_map(|blocks| Operation::Append { blocks }),
        3 => (0..=100_usize, 0..15_usize)
            .prop_map(|(kept_percent, blocks)| Operation::Replace { kept_percent, blocks }),
        1 => (1..25_usize).prop_map(|blocks| Operation::ReplaceAll { blocks }),
        3 => Just(Operation::CatchUp),
        4 => (0..6_usize).prop_map(|steps| Operation::Crash { steps }),
        1 => Just(Operation::Stop),
    ]
}

/// An index that can die: what was not synced is lost, as with the process.
struct Mortal {
    directory: tempfile::TempDir,
    lives: usize,
    index: Index,
    follower: Follower,
}

impl Mortal {
    fn start(ledger: &MemoryLedger) -> Mortal {
        let directory = tempfile::tempdir().unwrap();
        let index = open(&file_of(directory.path(), 0));
        let follower = Follower::start(&index, ledger);
        Mortal {
            directory,
            lives: 0,
            index,
            follower,
        }
    }

    /// Goes on with the file as a dying process would have left it: as it is between two writes,
    /// without the closing that makes everything durable.
    async fn crash(&mut self, ledger: &MemoryLedger) {
        self.assert_never_rebuilt();
        self.follower.task.abort();
        let _ = (&mut self.follower.task).await;
        let from = file_of(self.directory.path(), self.lives);
        self.lives += 1;
        let to = file_of(self.directory.path(), self.lives);
        let copy = {
            let to = to.clone();
            move |_: &mut crate::tables::Tables<'_>| {
                // Inside of a write transaction nobody else writes; it ends without a commit.
                fs::copy(from, to)?;
                Err::<(), _>(Error::DatabaseClosed)
            }
        };
        let copied = self
            .index
            .inner
            .blocking(|file| file.write(Sync::Later, copy))
            .await;
        copied.unwrap_err();
        self.index = open(&to);
        self.follower = Follower::start(&self.index, ledger);
    }

    /// It came to what it is by going on, not by starting again.
    fn assert_never_rebuilt(&self) {
        assert_eq!(self.index.health().rebuilds, 0);
    }

    async fn stop(&mut self, ledger: &MemoryLedger) {
        let again = Follower::start(&self.index, ledger);
        std::mem::replace(&mut self.follower, again).stop().await;
    }
}

fn file_of(directory: &Path, life: usize) -> PathBuf {
    directory.join(format!("{life}.redb"))
}

async fn run(operations: Vec<Operation>, seed: u64, first: u64) {
    let ledger = MemoryLedger::new(Some("node"), first);
    ledger.append(seed, 20);
    let mut mortal = Mortal::start(&ledger);
    for (number, operation) in (seed..).zip(operations) {
        match operation {
            Operation::Append { blocks } => ledger.append(number, blocks),
            Operation::Replace {
                kept_percent,
                blocks,
            } => {
                let length = ledger.len();
                let kept = length * kept_percent / 100;
                ledger.replace(number, kept, length - kept + blocks);
            }
            Operation::ReplaceAll { blocks } => ledger.replace(number, 0, blocks),
            Operation::CatchUp => catch_up(&mortal.index, &ledger).await,
            Operation::Crash { steps } => {
                let mut indexed = mortal.index.subscribe();
                for _ in 0..steps {
                    // Where nothing is left to do there are no more steps to wait for.
                    let step = indexed.changed();
                    let _ = tokio::time::timeout(std::time::Duration::from_millis(5), step).await;
                }
                mortal.crash(&ledger).await;
            }
            Operation::Stop => mortal.stop(&ledger).await,
        }
    }
    catch_up(&mortal.index, &ledger).await;
    mortal.assert_never_rebuilt();
    assert_equals_new(&mortal.index, &ledger).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn it_equals_one_built_from_nothing(
        operations in prop::collection::vec(operation(), 1..14),
        seed in 0..u64::from(u32::MAX),
        first in 0..2_u64,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(run(operations, seed, first));
    }
}

#[tokio::test]
async fn taking_blocks_out_leaves_no_trace() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = MemoryLedger::generated(7, 40);
    let index = open(&directory.path().join("index.redb"));
    let follower = Follower::start(&index, &ledger);
    catch_up(&index, &ledger).await;
    for kept in [39, 25, 1] {
        ledger.replace(kept, kept as usize, 0);
        // Nothing follows on the shortened chain, so its position is what tells.
        let indexed = index
            .wait_for(ledger_generation(&ledger).await, kept, super::PATIENCE)
            .await;
        assert_eq!((indexed.height, indexed.blocks), (kept, kept));
        assert_equals_new(&index, &ledger).await;
    }
    follower.stop().await;
}

async fn ledger_generation(ledger: &MemoryLedger) -> u64 {
    use chainloom_ledger::Ledger;
    ledger.info().await.unwrap().generation
}
