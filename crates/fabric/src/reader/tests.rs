//! Reading from peers of which one cannot be believed.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chainloom_index::Index;
use chainloom_ledger::Ledger;
use tokio::time::timeout;

use super::*;
use crate::block_server::{BlockServer, chain, ledger};

/// For a machine under load; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// The chain with another envelope in one block than its header says.
fn corrupt(mut blocks: Vec<common::Block>, number: usize) -> Vec<common::Block> {
    let data = blocks[number].data.as_mut().unwrap();
    data.data[0] = Bytes::from_static(b"something else");
    blocks
}

#[tokio::test]
async fn an_index_goes_on_at_another_peer_where_the_first_sends_a_corrupt_block() {
    let bad = BlockServer::start(corrupt(chain("a", 9), 5)).await;
    let good = BlockServer::start(chain("a", 9)).await;
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path().join("index.redb"), 4 << 20).unwrap();
    let followed: Arc<dyn Ledger> = Arc::new(ledger(&[&bad, &good]));
    let follower = index.clone();
    let following = tokio::spawn(async move {
        follower.follow(followed, std::future::pending()).await;
    });
    let indexed = index.wait_for(0, 8, PATIENCE).await;
    assert_eq!((indexed.height, indexed.blocks), (8, 9));
    assert_eq!(index.health().error, None);
    following.abort();
}

#[tokio::test]
async fn an_index_goes_on_at_another_peer_where_the_first_gets_no_blocks() {
    let stuck = BlockServer::start(chain("a", 5)).await;
    let other = BlockServer::start(chain("a", 5)).await;
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path().join("index.redb"), 4 << 20).unwrap();
    let followed: Arc<dyn Ledger> = Arc::new(ledger(&[&stuck, &other]));
    let follower = index.clone();
    let following = tokio::spawn(async move {
        follower.follow(followed, std::future::pending()).await;
    });
    assert_eq!(index.wait_for(0, 4, PATIENCE).await.height, 4);
    // The first goes on answering, and its stream stays open.
    other.exchange(chain("a", 8));
    assert_eq!(index.wait_for(0, 7, PATIENCE).await.height, 7);
    following.abort();
}

#[tokio::test]
async fn a_channel_that_was_made_anew_ends_the_wait_for_its_next_block() {
    let servers = [
        BlockServer::start(chain("a", 5)).await,
        BlockServer::start(chain("a", 5)).await,
    ];
    let mut reader = Reader::new(ledger(&[&servers[0], &servers[1]]).source, 4, 0, None);
    assert!(reader.next().await.is_ok());
    for server in &servers {
        server.exchange(chain("b", 2));
    }
    let ended = timeout(PATIENCE, reader.next()).await.unwrap();
    let error = ended.unwrap_err().to_string();
    assert!(error.contains("was the channel reset?"), "{error}");
}

#[tokio::test]
async fn a_block_that_one_lacks_and_another_cannot_be_asked_for_is_not_said_to_be_nowhere() {
    let behind = BlockServer::start(chain("a", 3)).await;
    let further = BlockServer::start(chain("a", 6)).await;
    let mut source = ledger(&[&behind, &further]).source;
    assert_eq!(source.newest().await.unwrap().unwrap().number, 5);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    drop(silent);
    let entry = crate::profile::NodeEntry {
        name: "gone".to_owned(),
        url: format!("grpc://{address}"),
        tls_roots: None,
        server_name: None,
    };
    let gone = crate::endpoint::Peer::new(&entry, None).unwrap();
    source.peers = Arc::new([behind.peer(), gone]);
    let unknown = source.block(Which::Number(4)).await.unwrap_err();
    assert!(
        matches!(unknown, LedgerError::Unavailable { .. }),
        "{unknown}"
    );
    // Nobody was ever seen to have come so far.
    assert_eq!(source.block(Which::Number(6)).await.unwrap(), None);
    // The one that failed a moment ago is asked last.
    assert_eq!(source.in_turn(), [0, 1]);
    source.peers = Arc::new([source.peers[1].clone(), source.peers[0].clone()]);
    source.troubles = Default::default();
    source.note(0, &unknown);
    assert_eq!(source.in_turn(), [1, 0]);
}

#[tokio::test]
async fn an_error_is_told_when_no_peer_gives_the_block_as_it_should_be() {
    let bad = BlockServer::start(corrupt(chain("a", 4), 2)).await;
    let worse = BlockServer::start(corrupt(chain("a", 4), 2)).await;
    let source = ledger(&[&bad, &worse]).source;
    let mut reader = Reader::new(source.clone(), 0, 0, None);
    for expected in 0..2 {
        let BlockEvent::Block { block, .. } = reader.next().await.unwrap() else {
            panic!("a channel is not replaced");
        };
        assert_eq!(block.number, expected);
    }
    for round in 1..=3 {
        let error = reader.next().await.unwrap_err().to_string();
        let first = &source.peers[0].address;
        assert!(
            error.starts_with(&format!("{first} sent a block that cannot be trusted")),
            "{error}"
        );
        // Each of them was asked, each time.
        assert_eq!((bad.asked_count(), worse.asked_count()), (round, round));
    }
    // Whoever is right now is believed.
    worse.exchange(chain("a", 4));
    let next = timeout(PATIENCE, reader.next()).await.unwrap();
    assert!(matches!(next, Ok(BlockEvent::Block { block, .. }) if block.number == 2));
}
