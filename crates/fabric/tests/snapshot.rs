//! A peer that was started from a real snapshot lacks the blocks before it: another peer is asked for them, and where there is none the index begins
//! where that peer does.

mod caller;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use caller::{at_peers, connected, invoke};
use chainloom_devnet::{FabricVersion, Network, Options};
use chainloom_fabric::{FabricLedger, Mode};
use chainloom_index::{Index, IndexedLedger, Order};
use chainloom_ledger::{
    BlockEvent, BlockSelector, Hash, Ledger, Position, TransactionRange, TransactionSelector,
};
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

    let alone = at_peers(&network, &[1]).await;
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
    let both = at_peers(&network, &[1, 0]).await;
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

    found_without_an_index(&both, folder.path(), last).await;
}

/// While an index holds nothing, the peers' own indexes answer by hash and by id.
async fn found_without_an_index(ledger: &FabricLedger, folder: &Path, last: u64) {
    let index = Index::open(folder.join("empty.redb"), 4 << 20);
    let index = index.unwrap_or_else(|error| panic!("{error}"));
    let ledger = IndexedLedger::new(Arc::new(ledger.clone()), index);
    let block = ledger
        .block(BlockSelector::Number(last), TransactionRange::first(1))
        .await;
    let block = block.expect("it is there");
    let same = ledger
        .block(BlockSelector::Hash(block.hash), TransactionRange::NONE)
        .await;
    assert_eq!(same.expect("the peer knows its hash").number, last);
    let id = block.transactions[0].id.clone();
    let found = ledger.transaction(TransactionSelector::Id(id)).await;
    let found = found.expect("the peer knows its id");
    assert_eq!(found.version.map(|version| version.block), Some(last));
    let unknown = BlockSelector::Hash(Hash([7; 32]));
    let unknown = ledger.block(unknown, TransactionRange::NONE).await;
    assert_eq!(
        unknown.expect_err("there is none").code(),
        "block_not_found"
    );
}
