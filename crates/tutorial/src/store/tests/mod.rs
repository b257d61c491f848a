//! The store by itself, without a node: blocks need no valid proofs here.
#![allow(clippy::unwrap_used)]

mod adoption;
mod chores;
mod crash;
mod damage;
mod model;
mod opening;
mod posting;

use std::path::Path;

use chainloom_ledger::Hash;

use super::{
    Adoption, Appended, IdempotencyKey, Mined, NewBlock, OpenError, OpenStore, Posted, Posting,
    Staging, Store, StoredBlock,
};
use crate::json::{Json, compact};
use crate::rules::{Rules, block_hash, new_block, transaction};

pub(crate) const CACHE_BYTES: usize = 4 << 20;

pub(crate) fn try_open(directory: &Path) -> Result<Store, OpenError> {
    open_as(directory, "article", 4)
}

pub(crate) fn open_as(directory: &Path, rules: &str, difficulty: u32) -> Result<Store, OpenError> {
    let options = OpenStore {
        directory,
        rules,
        difficulty,
        cache_bytes: CACHE_BYTES,
    };
    Store::open(&options, || encoded(&Rules::Article.genesis(0.5)))
}

pub(crate) fn open(directory: &Path) -> Store {
    try_open(directory).unwrap()
}

pub(crate) fn encoded(block: &Json) -> NewBlock {
    NewBlock {
        hash: Hash(block_hash(block)),
        compact: compact(block).into_bytes(),
    }
}

/// A transaction that is told from others by its kind only.
pub(crate) fn transfer(kind: u64) -> Json {
    transaction("ann".into(), "bob".into(), kind.into())
}

pub(crate) fn posting(kind: u64, ticket: Option<[u8; 16]>) -> Posting {
    Posting {
        compact: compact(&transfer(kind)).into_bytes(),
        ticket,
        key: None,
    }
}

pub(crate) async fn post(store: &Store, kind: u64, ticket: Option<[u8; 16]>) {
    let posted = store.post(posting(kind, ticket)).await.unwrap();
    assert!(matches!(posted, Posted::Accepted { .. }));
}

pub(crate) async fn mine(store: &Store) -> StoredBlock {
    let mined = Mined {
        parent: store.head().borrow().tip_hash,
        proof: 7,
        timestamp_s: 1.5,
    };
    match store.append_mined(mined).await.unwrap() {
        Appended::Block(block) => block,
        Appended::TipChanged => panic!("nobody else mines"),
    }
}

/// Every block of the chain as it is now.
pub(crate) fn chain(store: &Store) -> Vec<NewBlock> {
    let mut blocks = Vec::new();
    let snapshot = store.snapshot().unwrap();
    snapshot
        .scan(1, |_, hash, compact| {
            blocks.push(NewBlock {
                hash,
                compact: compact.to_vec(),
            });
            super::Scan::On
        })
        .unwrap();
    assert_eq!(blocks.len() as u64, snapshot.head().length);
    blocks
}

/// A foreign chain: the first `shared` of these blocks, then one for each list of transactions.
/// `salt` makes it differ from others.
pub(crate) fn foreign(
    ours: &[NewBlock],
    shared: usize,
    salt: u64,
    blocks: &[Vec<u64>],
) -> Vec<NewBlock> {
    let mut chain = ours[..shared].to_vec();
    for kinds in blocks {
        let index = chain.len() as u64 + 1;
        let transactions = kinds.iter().map(|kind| transfer(*kind)).collect();
        let before = chain.last().map_or([0; 32], |block| block.hash.0);
        chain.push(encoded(&new_block(
            index,
            salt as f64 + 0.25,
            transactions,
            salt,
            &before,
        )));
    }
    chain
}

pub(crate) async fn stage(store: &Store, chain: &[NewBlock]) -> Staging {
    let mut staging = store.begin_staging().await.unwrap();
    for batch in chain.chunks(3) {
        staging.append(batch.to_vec()).await.unwrap();
    }
    assert_eq!(staging.length(), chain.len() as u64);
    staging
}

pub(crate) async fn adopt(store: &Store, chain: &[NewBlock]) -> Adoption {
    let staging = stage(store, chain).await;
    store.adopt(staging).await.unwrap()
}

/// The kinds of the transactions that wait, in order.
pub(crate) fn waiting_kinds(store: &Store) -> Vec<u64> {
    let waiting = store
        .snapshot()
        .unwrap()
        .waiting(None, usize::MAX, usize::MAX)
        .unwrap();
    let kind = |compact: &[u8]| {
        let tree = crate::json::parse(compact, &crate::json::Limits::default()).unwrap();
        tree.get("amount").unwrap().as_u64().unwrap()
    };
    waiting
        .iter()
        .map(|waiting| kind(&waiting.compact))
        .collect()
}

pub(crate) fn key(name: &str, request: &str, now_s: u64) -> IdempotencyKey {
    IdempotencyKey {
        digest: Hash::of(name.as_bytes()),
        request: Hash::of(request.as_bytes()),
        now_s,
    }
}
