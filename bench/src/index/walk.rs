//! Walking a channel's blocks: our stream beside one query a block, at one peer.

use std::time::{Duration, Instant};

use chainloom_fabric::FabricLedger;
use chainloom_ledger::{BlockEvent, Hash, Ledger, Position};
use futures_util::StreamExt;

use super::channel;
use super::page::{Row, at_least};
use super::rival::Rival;
use crate::report::median;

/// What stands in a block of the channel that is walked: few transactions, so that there are many blocks to walk.
const MESSAGE_COUNT_MAX: u32 = 10;

/// How long the orderers wait for a block to fill.
const BATCH_TIMEOUT: Duration = Duration::from_secs(1);

/// How many transactions are submitted.
const TRANSACTIONS: usize = 10_000;

/// How often each walks the whole channel.
const TURNS: usize = 5;

/// How many times faster than the official client the walk is to be.
const GOAL: f64 = 20.0;

/// Makes a channel and has both walk it in turns.
pub(crate) async fn run() -> Vec<Row> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = channel::start(&folder, MESSAGE_COUNT_MAX, BATCH_TIMEOUT).await;
    let users = channel::users(&network).await;
    channel::fill(&users, TRANSACTIONS).await;
    let end = height(&users[0]).await + 1;
    let mut rival = Rival::start(&network);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 1..=TURNS {
        theirs.push(end as f64 / rival.walk(0, end, None).seconds);
        ours.push(end as f64 / walk(&users[0], end).await.as_secs_f64());
        println!(
            "walk, turn {turn}: {:.0} and {:.0} blocks/s",
            theirs[turn - 1],
            ours[turn - 1]
        );
    }
    drop((rival, users));
    network.shut_down().expect("the network ends");
    let (ours, theirs) = (median(ours), median(theirs));
    vec![Row {
        work: format!(
            "walk over {end} blocks of {MESSAGE_COUNT_MAX} transactions at a peer: numbers, hashes, counts"
        ),
        rival: format!("{theirs:.0} blocks/s (Go client, a query a block)"),
        ours: format!("{ours:.0} blocks/s"),
        goal: Some(at_least(ours / theirs, GOAL)),
    }]
}

/// Number of the last block.
pub(crate) async fn height(user: &FabricLedger) -> u64 {
    user.info().await.expect("the peer answers").height
}

/// Walks from the first block to the last, and holds each against the one before it.
async fn walk(user: &FabricLedger, end: u64) -> Duration {
    let start = Instant::now();
    let mut blocks = user.blocks(
        Position {
            generation: 0,
            number: 0,
        },
        0,
    );
    let mut previous: Option<Hash> = None;
    for number in 0..end {
        let event = blocks.next().await.expect("the stream goes on");
        let BlockEvent::Block { block, .. } = event.expect("the peer sends its blocks") else {
            panic!("a channel is never replaced");
        };
        assert_eq!(block.number, number);
        let named = previous.map_or_else(String::new, |hash| hash.to_string());
        assert_eq!(block.previous_hash, named);
        previous = Some(block.hash);
    }
    start.elapsed()
}
