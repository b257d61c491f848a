//! A peer that was started from a real snapshot lacks the blocks before it: another peer is asked for them, and where there is none the index begins
//! where that peer does.

mod caller;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use caller::{connected, invoke};
use chainloom_devnet::{FabricVersion, Network, Options};
use chainloom_fabric::identity::CurrentIdentity;
use chainloom_fabric::{
    AuthorityParameters, FabricLedger, Mode, NodeUrls, Nodes, Parameters, PemSource, PerEndpoint,
    identity_in_folder,
};
use chainloom_index::{Index, IndexedLedger, Order};
use chainloom_ledger::{BlockEvent, BlockSelector, Ledger, Position, TransactionRange};
use futures_util::StreamExt;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// The peer that is started anew.
const NAME: &str = "peer1.org1";

fn peer_command(network: &Network, script: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new("bash");
    command
        .args([
            "-c",
            &format!("set -e\n. \"$ENV_SH\"\ndevnet_as org1 admin\n{script}"),
        ])
        .env("ENV_SH", network.layout().directory().join("env.sh"));
    for (name, value) in variables {
        command.env(name, value);
    }
    let ran = command.output().expect("there is a bash");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{script}: {said}");
    format!("{}{said}", String::from_utf8_lossy(&ran.stdout))
}

/// Waits until a condition holds.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("never: {what}");
}

/// Takes a snapshot on the second peer of the first organization, empties that peer and starts it from there.
fn start_from_snapshot(network: &Network) {
    let organization = &network.topology().organizations[0];
    let peer = &organization.peers[1];
    let address = format!("127.0.0.1:{}", peer.port);
    let variables = [("PEER", address.as_str())];
    peer_command(
        network,
        "peer snapshot submitrequest -c devnet -b 0 --peerAddress \"$PEER\" --tlsRootCertFile \"$CORE_PEER_TLS_ROOTCERT_FILE\"",
        &variables,
    );
    let node = network.layout().directory().join("nodes").join(&peer.name);
    let completed = node.join("snapshots/completed/devnet");
    let taken = || {
        let mut entries = std::fs::read_dir(&completed).ok()?;
        entries.next()?.ok().map(|entry| entry.path())
    };
    eventually("a snapshot to be taken", || taken().is_some());
    let snapshot = taken().expect("it was just there");
    let kept = network.layout().directory().join("snapshot");
    network.stop(&peer.name).expect("the peer can be stopped");
    std::fs::rename(snapshot, &kept).expect("a folder can be moved");
    for folder in ["data", "snapshots"] {
        std::fs::remove_dir_all(node.join(folder)).expect("a folder can be removed");
    }
    network
        .start_process(&peer.name)
        .expect("the peer can be started");
    let kept = kept.to_str().expect("the folder's name is text");
    let variables = [("PEER", address.as_str()), ("SNAPSHOT", kept)];
    let join = "export CORE_PEER_ADDRESS=\"$PEER\"\npeer channel joinbysnapshot --snapshotpath \"$SNAPSHOT\"";
    peer_command(network, join, &variables);
    eventually("the peer to have joined", || {
        let list = "export CORE_PEER_ADDRESS=\"$PEER\"\npeer channel list";
        peer_command(network, list, &variables).contains("devnet")
    });
}

/// Alice, connected to these peers of her organization alone.
async fn at(network: &Network, peers: &[usize]) -> FabricLedger {
    let organization = &network.topology().organizations[0];
    let root = std::fs::read_to_string(network.layout().tls_root(organization));
    let url = |peer: &usize| format!("grpcs://127.0.0.1:{}", organization.peers[*peer].port);
    let parameters = Parameters {
        channel: "devnet".to_owned(),
        contract: None,
        mode: Mode::Gateway,
        nodes: Nodes::Urls(NodeUrls {
            peers: peers.iter().map(url).collect(),
            orderers: Vec::new(),
            tls_ca_certs: Some(PerEndpoint::All(PemSource::Text(
                root.expect("it is there"),
            ))),
            ssl_target_name_override: None,
        }),
        authority: AuthorityParameters::default(),
        client_tls: None,
    };
    let wallet = network.layout().directory().join("wallets").join("org1");
    let alice = identity_in_folder(&wallet, "alice").unwrap_or_else(|error| panic!("{error}"));
    let ledger = FabricLedger::connect_as(CurrentIdentity::new(alice), &parameters).await;
    ledger.unwrap_or_else(|error| panic!("{error}"))
}

/// An index that follows a ledger until it has all of it from that block on.
async fn indexed(path: &Path, ledger: &FabricLedger, first: u64) -> Index {
    let index = Index::open(path, 4 << 20).unwrap_or_else(|error| panic!("{error}"));
    let (stop, stopped) = oneshot::channel::<()>();
    let follower = {
        let (index, ledger) = (index.clone(), Arc::new(ledger.clone()));
        tokio::spawn(async move {
            let end = async {
                let _ = stopped.await;
            };
            index.follow(ledger, end).await;
        })
    };
    let height = ledger.info().await.expect("the peer answers").height;
    let mut has_all = false;
    for _ in 0..600 {
        let page = index.blocks(None, 1, Order::OldestFirst).await;
        // Not while it is begun anew.
        has_all = page.is_ok_and(|page| {
            let begins = page.blocks.first().map(|block| block.number);
            begins == Some(first) && page.indexed_height >= height
        });
        if has_all {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!(has_all, "{:?}", index.health());
    let _ = stop.send(());
    follower.await.expect("it does not panic");
    index
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_from_a_snapshot_is_read_from_where_it_begins() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let options = Options {
        fabric: Some(FabricVersion::V2_5),
        peers_per_organization: Some(2),
        ..Options::in_directory(folder.path().join("net"))
    };
    let network = Network::start(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(network.topology().organizations[0].peers[1].name, NAME);
    let user = connected(&network, "org1", "probe-all", Mode::Gateway).await;
    for value in ["1", "2", "3"] {
        let receipt = invoke(&user, "put", &["before", value]).await;
        receipt.unwrap_or_else(|error| panic!("{error}"));
    }
    start_from_snapshot(&network);
    let receipt = invoke(&user, "put", &["after", "1"]).await;
    let receipt = receipt.unwrap_or_else(|error| panic!("{error}"));
    let last = receipt.version.expect("it stands in a block").block;

    let alone = at(&network, &[1]).await;
    let info = loop {
        let info = alone.info().await.expect("the peer answers");
        if info.height >= last {
            break info;
        }
        sleep(Duration::from_millis(100)).await;
    };
    let first = info.first_block.expect("the peer says");
    assert!(first > 1 && first <= last, "{info:?}");
    let reports = alone.peers().await.expect("there is a report");
    assert_eq!(
        (reports[0].height, reports[0].first_block),
        (Some(info.height), Some(first))
    );

    // What it does not have is said with where it begins.
    let position = |number| Position {
        generation: 0,
        number,
    };
    let error = alone.blocks(position(0), 0).next().await;
    let error = error
        .expect("the stream does not end")
        .expect_err("it has none");
    assert_eq!(
        error.to_string(),
        format!(
            "no peer has block 0: they were started from a snapshot and have blocks from {first} on"
        )
    );
    let by_number = alone
        .block(BlockSelector::Number(0), TransactionRange::NONE)
        .await;
    assert_eq!(
        by_number.expect_err("it has none").code(),
        "block_not_found"
    );

    // The index begins there.
    let path = folder.path().join("index.redb");
    let index = indexed(&path, &alone, first).await;
    let page = index.blocks(None, 1_000, Order::OldestFirst).await;
    let page = page.expect("it can be read");
    assert_eq!(page.blocks[0].number, first);
    assert_eq!(page.totals.blocks, info.height - first + 1);
    drop(index);

    // Signatures are verified from there on, by the configuration that another peer has.
    let both = at(&network, &[1, 0]).await;
    let verifying = both.clone().verifying(folder.path().join("journal.json"));
    let mut blocks = verifying.blocks(position(first), 0);
    for number in first..=last {
        match blocks.next().await {
            Some(Ok(BlockEvent::Block { block, .. })) => assert_eq!(block.number, number),
            other => panic!("{other:?}"),
        }
    }
    // Alone it cannot say by what its blocks are to be verified, and that is told.
    let verifying = alone.verifying(folder.path().join("alone.json"));
    let error = verifying.blocks(position(first), 0).next().await;
    let error = error
        .expect("the stream does not end")
        .expect_err("nobody has it");
    assert!(error.to_string().contains("no peer has block"), "{error}");

    // Another peer has what it lacks; the index is built again, since early blocks can be read now.
    assert_eq!(both.info().await.expect("they answer").first_block, Some(0));
    let index = indexed(&path, &both, 0).await;
    let page = index.blocks(None, 1_000, Order::OldestFirst).await;
    assert_eq!(page.expect("it can be read").blocks[0].number, 0);
    let health = index.health();
    let reason = health.other_ledger.expect("it was begun anew");
    assert!(reason.contains("can be read from 0 on now"), "{reason}");

    // A transaction is found by its id wherever it stands.
    let ledger = IndexedLedger::new(Arc::new(both), index);
    let early = ledger
        .block(BlockSelector::Number(1), TransactionRange::first(1))
        .await;
    let early = early.expect("another peer has it");
    assert_eq!(early.number, 1);
}
