//! Indexing the channel from nothing: rates, disk, memory.

use chainloom_ledger::CreatorName;

use super::kept::Kept;
use super::page::{Row, below};
use super::worker::{Synced, Worker};
use crate::report::median;

/// How often it is indexed from nothing.
const TURNS: usize = 3;

/// The most memory that it may take, in megabytes.
const MEMORY_GOAL_MB: f64 = 150.0;

/// Indexes the real channel some times, each time from nothing.
pub(crate) fn run(kept: &Kept, user: &CreatorName) -> Vec<Row> {
    let turns: Vec<Synced> = (1..=TURNS)
        .map(|turn| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let index = folder.path().join("index.redb");
            let synced = Worker::start(&kept.path, &index, user).sync(kept.blocks());
            println!("syncing, turn {turn}: {synced:?}");
            synced
        })
        .collect();
    let middle = |figure: fn(&Synced) -> f64| median(turns.iter().map(figure).collect());
    let seconds = middle(|synced| synced.seconds);
    let cpu_seconds = middle(|synced| synced.cpu_seconds);
    let transactions = kept.transactions() as f64;
    let last = turns[TURNS - 1];
    vec![
        Row {
            work: format!(
                "indexing {} real transactions in {} blocks from nothing",
                kept.transactions(),
                kept.blocks()
            ),
            rival: String::new(),
            ours: format!(
                "{:.0} transactions/s, {:.0} blocks/s; {:.0} us of CPU a transaction",
                transactions / seconds,
                kept.blocks() as f64 / seconds,
                cpu_seconds / transactions * 1e6
            ),
            goal: None,
        },
        Row {
            work: "the index on disk".to_owned(),
            rival: format!(
                "{:.0} bytes of blocks a transaction",
                kept.bytes() as f64 / transactions
            ),
            ours: format!(
                "{:.0} bytes a transaction",
                last.disk_bytes as f64 / transactions
            ),
            goal: None,
        },
        memory(&last, "the real channel"),
    ]
}

/// The most memory that a worker took.
pub(crate) fn memory(synced: &Synced, what: &str) -> Row {
    Row {
        work: format!("peak memory of the server while it indexes {what}"),
        rival: String::new(),
        ours: format!("{:.0} MB", synced.peak_memory_bytes as f64 / 1e6),
        goal: Some(below(
            synced.peak_memory_bytes as f64 / 1e6,
            MEMORY_GOAL_MB,
            "MB",
        )),
    }
}
