//! The stream on a real peer, where callers from outside cannot look.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chainloom_devnet::{FabricVersion, Network, Options};
use chainloom_index::{Index, IndexedLedger};
use chainloom_ledger::{Ledger, LedgerError, TransactionSelector, Version};
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::connect::{
    Connection, ConnectionOptions, Mode, connect_from_folder, identity_in_folder,
};
use crate::flow::Flow;
use crate::gateway::Gateway;
use crate::identity::CurrentIdentity;
use crate::ledger::FabricLedger;

/// Before a connection's sign of life, once a minute, would tell that the peer is gone.
const BEFORE_KEEPALIVE: Duration = Duration::from_secs(45);

/// What nobody has used yet.
pub(super) fn shared() -> Arc<Shared> {
    Arc::new(Shared::new(outbox()))
}

fn outbox() -> Outbox {
    Outbox::in_memory("devnet")
}

struct Connected {
    _folder: tempfile::TempDir,
    network: Network,
    gateway: Gateway,
    source: Source,
}

fn connected(version: FabricVersion, peers_per_organization: u16) -> Connected {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        fabric: Some(version),
        peers_per_organization: Some(peers_per_organization),
        ..Options::in_directory(folder.path().join("net"))
    };
    let network = Network::start(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));
    let Connection {
        identity,
        channel,
        peers,
        flow,
        ..
    } = tokio::runtime::Handle::current()
        .block_on(connect_from_folder(&options_of(&network)))
        .unwrap();
    let Flow::Gateway(gateway) = flow else {
        panic!("{flow:?}");
    };
    Connected {
        _folder: folder,
        network,
        gateway,
        source: Source::new(identity, channel, peers),
    }
}

fn options_of(network: &Network) -> ConnectionOptions {
    let directory = network.layout().directory();
    ConnectionOptions {
        profile: directory.join("connection-org1.yaml"),
        channel: "devnet".to_owned(),
        contract: None,
        wallet: directory.join("wallets").join("org1"),
        identity: "alice".to_owned(),
        mode: Mode::Gateway,
    }
}

/// The index above the ledger knows where else an id stands whose transaction the peer tells.
async fn listed_with_its_duplicates(connected: &Connected, id: &str, first: Version) {
    let ledger = FabricLedger::connect(options_of(&connected.network)).await;
    let ledger: Arc<dyn Ledger> = Arc::new(ledger.unwrap());
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path().join("index.redb"), 4 << 20).unwrap();
    let (follower, followed) = (index.clone(), ledger.clone());
    let following = tokio::spawn(async move {
        follower.follow(followed, std::future::pending()).await;
    });
    let above = IndexedLedger::new(ledger, index);
    let found = || above.transaction(TransactionSelector::Id(id.to_owned()));
    // The last of them may not have been ordered yet.
    let listed = async {
        loop {
            let found = found().await.unwrap();
            if found.duplicates.len() == 2 {
                return found;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    let listed = timeout(Duration::from_secs(60), listed).await;
    let found = listed.expect("it stands three times");
    following.abort();
    assert_eq!(found.version, Some(first));
    assert!(found.validation_code.unwrap().is_valid());
    for version in found.duplicates {
        let again = above.transaction(TransactionSelector::Version(version));
        let again = again.await.unwrap();
        assert_eq!(again.id, id);
        assert_eq!(again.validation_code.unwrap().name, "DUPLICATE_TXID");
    }
}

fn put(key: &'static str) -> ChannelCall {
    let args = ["put", key, "1"].map(Bytes::from).to_vec();
    ChannelCall::plain("probe", args, Instant::now() + Duration::from_secs(60))
}

/// Awaits a transaction as soon as the stream is open, which callers wait for only so long.
async fn expectation(commits: &Commits, id: &str, deadline: Instant) -> Expectation {
    loop {
        match commits.expect(id, deadline).await.unwrap() {
            Some(expectation) => return expectation,
            None => {
                assert!(Instant::now() < deadline, "no peer sends blocks");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Two networks, one after the other: the machine has other tests to run too.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_stands_twice_is_told_as_it_stands_first() {
    let mut stranger: Option<Source> = None;
    for version in [FabricVersion::V2_5, FabricVersion::V3_1] {
        let connected = tokio::task::spawn_blocking(move || connected(version, 1));
        let connected = connected.await.unwrap();
        let gateway = &connected.gateway;
        let flow = Flow::Gateway(gateway.clone());
        let commits = Commits::new(connected.source.clone(), outbox());
        let call = put("twice");
        let endorsed = gateway.endorse(&call).await.unwrap();
        let id = &endorsed.transaction_id;
        let unknown = ById::find(&flow, id, Instant::now() + Duration::from_secs(60))
            .await
            .unwrap_err();
        assert!(matches!(unknown, LedgerError::NotFound { .. }), "{unknown}");

        // The same envelope twice in a row, and once more when it stands on the ledger.
        let mut first = expectation(&commits, id, call.deadline).await;
        let mut second = expectation(&commits, id, call.deadline).await;
        gateway.submit(&endorsed, call.deadline).await.unwrap();
        gateway.submit(&endorsed, call.deadline).await.unwrap();
        let placed = first.wait(call.deadline).await.unwrap();
        assert!(placed.code.is_valid());
        assert_eq!(second.wait(call.deadline).await, Ok(placed));
        let mut third = expectation(&commits, id, call.deadline).await;
        gateway.submit(&endorsed, call.deadline).await.unwrap();
        let duplicate = third.wait(call.deadline).await.unwrap();
        assert!(duplicate.code.is_duplicate());
        assert!(duplicate.version > placed.version);

        let found = ById::find(&flow, id, Instant::now() + Duration::from_secs(60))
            .await
            .unwrap();
        assert_eq!(found.transaction.version, placed.version);
        assert_eq!(found.transaction.validation_code, Some(placed.code));
        let commit = gateway.commit(id, call.deadline).await.unwrap();
        assert_eq!(
            (commit.block, commit.code),
            (placed.version.block, placed.code)
        );

        listed_with_its_duplicates(&connected, id, placed.version).await;

        drop((first, second, third));
        let shared = commits.0.shared.clone();
        assert!(!shared.is_needed());
        let is_running = || {
            shared
                .running()
                .as_ref()
                .is_some_and(|running| !running.is_over())
        };
        assert!(is_running());
        // A clone keeps it.
        drop(commits.clone());
        assert!(is_running());
        drop(commits);
        assert!(!is_running());
        // The task is gone and holds nothing any more.
        while Arc::strong_count(&shared) > 1 {
            sleep(Duration::from_millis(5)).await;
        }

        no_stream(&connected).await;
        // Somebody of another network, with an organization of the same name.
        if let Some(stranger) = &stranger {
            refused(Source {
                peers: connected.source.peers.clone(),
                ..stranger.clone()
            })
            .await;
        }
        // Read anew: the one that the connection follows is withdrawn when the network's folder goes away.
        let options = options_of(&connected.network);
        let identity = identity_in_folder(&options.wallet, &options.identity).unwrap();
        stranger = Some(Source {
            identity: CurrentIdentity::new(identity),
            ..connected.source.clone()
        });
    }
}

/// Peers that refuse tell those who wait already.
async fn refused(source: Source) {
    let commits = Commits::new(source, outbox());
    let mut waits = Expectation::new(&commits.0.shared, "a").unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    assert!(commits.expect("b", deadline).await.unwrap().is_none());
    assert_eq!(waits.wait(deadline).await, Err(NotSeen::NoBlocks));
}

/// While the first peer hangs, whoever wants blocks gets them from the second, and it is noted why. Both have block 0.
async fn the_next_one_is_asked(source: &Source) {
    let from_block_0 = async |passed_over: BTreeSet<usize>| {
        let opened = timeout(BEFORE_KEEPALIVE, source.follow_at(0, &passed_over)).await;
        let opened = opened.expect("another peer is asked in time").unwrap();
        let (peer, mut blocks) = opened;
        let block = timeout(BEFORE_KEEPALIVE, blocks.next()).await.unwrap();
        (peer, block.unwrap().unwrap().number)
    };
    assert_eq!(from_block_0(BTreeSet::from([0])).await, (1, 0));
    assert_eq!(source.trouble(0), None, "only the second was asked");
    assert_eq!(from_block_0(BTreeSet::new()).await, (1, 0));
    let trouble = source.trouble(0).expect("it is noted").detail;
    // Readers have a connection of their own, which it does not take; or it takes it, and says nothing.
    let is_told = ["did not accept a connection", "did not answer in time"]
        .iter()
        .any(|reason| trouble.contains(reason));
    assert!(is_told, "{trouble}");
    assert!(trouble.contains(&source.peers[0].address), "{trouble}");
    assert_eq!(source.trouble(1), None);
}

/// A peer that hangs breaks no connection: it is left because somebody waits and nothing comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_hangs_is_left_for_the_next() {
    let connected = tokio::task::spawn_blocking(|| connected(FabricVersion::V2_5, 2));
    let connected = connected.await.unwrap();
    let network = &connected.network;
    let [first, _] = &*connected.source.peers else {
        panic!("two peers are expected");
    };
    let (_, peer) = network
        .topology()
        .peers()
        .find(|(_, peer)| first.address.ends_with(&format!(":{}", peer.port)))
        .unwrap();
    let commits = Commits::new(connected.source.clone(), outbox());
    let call = put("hangs");
    let gateway = Gateway {
        targets: Arc::new([connected.gateway.targets[1].clone()]),
        ..connected.gateway.clone()
    };
    let endorsed = gateway.endorse(&call).await.unwrap();
    let id = &endorsed.transaction_id;
    let mut expected = expectation(&commits, id, call.deadline).await;
    network.freeze(&peer.name).unwrap();
    gateway.submit(&endorsed, call.deadline).await.unwrap();
    let placed = expected.wait(call.deadline).await;
    // What the stream of blocks noted of the peers is another matter.
    let source = Source::new(
        connected.source.identity.clone(),
        connected.source.channel.clone(),
        connected.source.peers.clone(),
    );
    the_next_one_is_asked(&source).await;
    network.thaw(&peer.name).unwrap();
    assert!(placed.unwrap().code.is_valid());
}

/// Where peers send no blocks, callers are told so before they submit, and learn of the commit in another way.
async fn no_stream(connected: &Connected) {
    let elsewhere = Source {
        channel: "elsewhere".to_owned(),
        ..connected.source.clone()
    };
    let elsewhere = Commits::new(elsewhere, outbox());
    let call = put("unseen");
    let gateway = &connected.gateway;
    let endorsed = gateway.endorse(&call).await.unwrap();
    let id = &endorsed.transaction_id;
    let expectation = elsewhere.expect(id, call.deadline).await.unwrap();
    assert!(expectation.is_none());
    assert!(!elsewhere.0.shared.is_needed());
    let submission = || gateway.submit(&endorsed, call.deadline);
    let settled = settle(id, expectation, submission, None, call.deadline).await;
    assert_eq!(settled, Ok(Settled::Unseen));
    let commit = gateway.commit(id, call.deadline).await.unwrap();
    assert!(commit.code.is_valid());
}
