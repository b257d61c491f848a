//! Walking a channel's blocks: our stream from a peer, and our server whose index follows that peer, beside one query a block at the same peer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chainloom_fabric::FabricLedger;
use chainloom_ledger::{BlockEvent, Hash, Ledger, Position};
use chainloom_tests::client;
use futures_util::StreamExt;
use serde::Deserialize;

use super::channel;
use super::page::{Row, at_least};
use super::rival::Rival;
use super::served::{LEDGER, Served};
use crate::report::median;

/// What stands in a block of the channel that is walked: few transactions, so that there are many blocks to walk.
const MESSAGE_COUNT_MAX: u32 = 10;

/// How many blocks the server is asked for at once: the most that a page has.
const PAGE: usize = 1_000;

/// How long the orderers wait for a block to fill.
const BATCH_TIMEOUT: Duration = Duration::from_secs(1);

/// How many transactions are submitted.
const TRANSACTIONS: usize = 10_000;

/// How often each walks the whole channel.
const TURNS: usize = 5;

/// How long the index may take over the channel.
const INDEXED_WITHIN: Duration = Duration::from_secs(300);

/// How many times faster than the official client the walk is to be.
const GOAL: f64 = 20.0;

/// Makes a channel and has both walk it in turns.
pub(crate) async fn run() -> Vec<Row> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = channel::start(&folder, MESSAGE_COUNT_MAX, BATCH_TIMEOUT).await;
    let users = channel::users(&network).await;
    channel::fill(&users, TRANSACTIONS).await;
    let end = height(&users[0]).await + 1;
    let served = Served::start(users[0].clone(), &folder.path().join("index.redb"));
    served.follow();
    let indexed = served.index.wait_for(0, end - 1, INDEXED_WITHIN).await;
    assert!(indexed.blocks >= end, "the index comes no further");
    let mut rival = Rival::start(&network);
    let (mut theirs, mut ours, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..TURNS {
        theirs.push(end as f64 / rival.walk(0, end, None).seconds);
        ours.push(end as f64 / walk(&users[0], end).await.as_secs_f64());
        pages.push(end as f64 / walk_pages(served.address, end).await.as_secs_f64());
        println!(
            "walk, turn {}: {:.0}, {:.0} and {:.0} blocks/s",
            turn + 1,
            theirs[turn],
            ours[turn],
            pages[turn]
        );
    }
    drop((rival, users));
    network.shut_down().expect("the network ends");
    let theirs = median(theirs);
    let row = |how: &str, ours: Vec<f64>| {
        let ours = median(ours);
        Row {
            work: format!(
                "walk over {end} blocks of {MESSAGE_COUNT_MAX} transactions {how}: numbers, hashes, counts"
            ),
            rival: format!("{theirs:.0} blocks/s (Go client, a query a block at the peer)"),
            ours: format!("{ours:.0} blocks/s"),
            goal: Some(at_least(ours / theirs, GOAL)),
        }
    };
    vec![
        row("through our server, whose index follows the peer", pages),
        row("by our library, one stream from the peer", ours),
    ]
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

/// What is read of a page.
#[derive(Deserialize)]
struct Page {
    blocks: Vec<Shown>,
    next: Option<u64>,
}

/// What is read of a block on it.
#[derive(Deserialize)]
struct Shown {
    number: u64,
    hash: String,
    previous_hash: String,
    transaction_count: u64,
    valid_count: u64,
}

/// The same page by page, as the server gives them over HTTP.
async fn walk_pages(address: SocketAddr, end: u64) -> Duration {
    let client = client();
    let start = Instant::now();
    let (mut due, mut previous, mut valid, mut all) = (0, String::new(), 0, 0);
    let mut from = Some(0);
    while let Some(number) = from {
        let answer = client.get(format!(
            "http://{address}/api/v1/ledgers/{LEDGER}/blocks?order=oldest_first&limit={PAGE}&from={number}"
        ));
        let answer = answer.send().await.expect("the server answers");
        assert_eq!(answer.status(), 200);
        let body = answer.bytes().await.expect("the server answers");
        let page: Page = serde_json::from_slice(&body).expect("a page of blocks");
        for block in page.blocks {
            assert_eq!((block.number, block.previous_hash), (due, previous));
            previous = block.hash;
            due += 1;
            all += block.transaction_count;
            valid += block.valid_count;
        }
        from = page.next;
    }
    let taken = start.elapsed();
    assert!(due >= end && valid <= all, "{due} blocks, {valid} of {all}");
    taken
}
