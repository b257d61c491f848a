//! The node through its handle.
#![allow(clippy::unwrap_used)]

mod background;
mod calls;
mod chain;
mod decoding;
mod mining;
mod stream;

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Node, NodeOptions};
use crate::rules::Rules;
use chainloom_ledger::TransactionRange;

/// All of a block's transactions.
const ALL: TransactionRange = TransactionRange::first(usize::MAX);

fn options(directory: &Path) -> NodeOptions {
    NodeOptions {
        directory: directory.to_owned(),
        rules: Rules::Article,
        difficulty: 2,
        cache_bytes: 4 << 20,
        mining_threads: 2,
        peer_limits: crate::PeerLimits::default(),
        resolve_interval: None,
        mine_every: None,
        mine_on_transaction: false,
    }
}

fn open(directory: &Path) -> Node {
    Node::open(&options(directory)).unwrap()
}

/// A node whose searches never find anything.
fn open_hopeless(directory: &Path) -> Node {
    Node::open(&NodeOptions {
        difficulty: 40,
        ..options(directory)
    })
    .unwrap()
}

async fn post(node: &Node, amount: u64) -> String {
    node.post_transaction("ann".into(), "bob".into(), amount.into())
        .await
        .unwrap()
}

/// Waits until something has come about.
async fn until(what: &str, done: impl Fn() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
