//! The same through a node's handle.

use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::{Ledger, LedgerError};
use futures_util::stream;
use tempfile::TempDir;

use super::server::{Act, Server};
use super::{article, codes};
use crate::json::Json;
use crate::peers::{ImportError, PeerLimits};
use crate::rules::Rules;
use crate::testing::body;
use crate::{Node, NodeOptions};

fn options(directory: &TempDir) -> NodeOptions {
    NodeOptions {
        directory: directory.path().to_owned(),
        rules: Rules::Article,
        difficulty: super::DIFFICULTY,
        cache_bytes: 4 << 20,
        mining_threads: 1,
        peer_limits: PeerLimits::default(),
        resolve_interval: None,
        mine_every: None,
        mine_on_transaction: false,
    }
}

async fn register(node: &Node, server: &Server) {
    let address = server.address.to_string();
    let all = node.register(&[Json::from(address.as_str())]).await;
    assert_eq!(all.unwrap().last(), Some(&address));
}

#[tokio::test]
async fn a_node_asks_its_peers() {
    let directory = TempDir::new().unwrap();
    let node = Node::open(&options(&directory)).unwrap();
    let server = Server::with_chain(&article(7, "alice")).await;
    register(&node, &server).await;
    assert_eq!(node.peers()[0].outcome, None);
    // Callers run it as a task of its own.
    let caller = node.clone();
    let resolving = tokio::spawn(async move { caller.resolve().await });
    let resolution = resolving.await.unwrap().unwrap();
    assert_eq!(codes(&resolution), ["adopted"]);
    assert_eq!((node.head().length, node.head().generation), (7, 1));
    assert_eq!(node.peers(), resolution.reports);
    assert_eq!(Ledger::peers(&node).await.unwrap(), resolution.reports);
    assert!(node.unregister(&server.address.to_string()).await.unwrap());
    assert!(node.peers().is_empty());
}

#[tokio::test]
async fn a_node_does_not_ask_itself() {
    let directory = TempDir::new().unwrap();
    let node = Node::open(&options(&directory)).unwrap();
    let server = Server::with_chain(&article(7, "alice")).await;
    register(&node, &server).await;
    node.set_listen_addresses(vec![server.address]);
    assert_eq!(codes(&node.resolve().await.unwrap()), ["own_address"]);
}

#[tokio::test]
async fn a_node_takes_a_chain_from_a_file() {
    let directory = TempDir::new().unwrap();
    let node = Node::open(&options(&directory)).unwrap();
    let pieces = stream::iter([Ok::<_, String>(Bytes::from(body(&article(7, "alice"))))]);
    let caller = node.clone();
    let importing = tokio::spawn(async move { caller.import(pieces).await });
    assert!(importing.await.unwrap().unwrap().replaced);
    assert_eq!(node.head().length, 7);
}

#[tokio::test]
async fn a_node_that_shuts_down_waits_for_no_peer() {
    let directory = TempDir::new().unwrap();
    let node = Node::open(&NodeOptions {
        resolve_interval: Some(Duration::from_millis(5)),
        ..options(&directory)
    })
    .unwrap();
    let dead = Server::doing(vec![Act::Hang]).await;
    register(&node, &dead).await;
    let caller = node.clone();
    let resolving = tokio::spawn(async move { caller.resolve().await });
    let caller = node.clone();
    let endless = stream::pending::<Result<Bytes, String>>();
    let importing = tokio::spawn(async move { caller.import(endless).await });
    while dead.asked() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    node.shutdown().await;
    assert_eq!(resolving.await.unwrap(), Err(LedgerError::ShuttingDown));
    let imported = importing.await.unwrap();
    assert_eq!(
        imported,
        Err(ImportError::Ledger(LedgerError::ShuttingDown))
    );
}

#[tokio::test]
async fn a_node_asks_by_itself_at_an_interval() {
    let directory = TempDir::new().unwrap();
    let node = Node::open(&NodeOptions {
        resolve_interval: Some(Duration::from_millis(5)),
        ..options(&directory)
    })
    .unwrap();
    let server = Server::with_chain(&article(7, "alice")).await;
    register(&node, &server).await;
    let mut head = node.subscribe();
    head.wait_for(|head| head.length == 7).await.unwrap();
    node.shutdown().await;
}

#[tokio::test]
async fn a_node_with_a_damaged_peer_does_not_open() {
    let directory = TempDir::new().unwrap();
    drop(Node::open(&options(&directory)).unwrap());
    {
        let store = super::open_store(&directory);
        let row = ("a:1".to_owned(), Some(b"no JSON".to_vec()));
        store.write_peer_rows(vec![row]).await.unwrap();
    }
    let error = Node::open(&options(&directory)).err().unwrap();
    assert!(matches!(error, crate::OpenError::Damaged { .. }), "{error}");
}
