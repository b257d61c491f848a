#![allow(clippy::unwrap_used)]
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use chainloom_fabric::{ConnectionOptions, FabricLedger, Mode};
use chainloom_index::{Index, IndexedLedger};
use chainloom_ledger::LedgerKind;
use chainloom_tutorial::rules::Rules;
use chainloom_tutorial::{Node, NodeOptions, PeerLimits};
use serde_json::json;

use super::*;
use crate::ledgers::Unavailable;

/// A channel none of whose nodes answers.
async fn away(folder: &Path, mode: Mode) -> FabricLedger {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=alice", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let alice = json!({
        "credentials": {
            "certificate": fs::read_to_string(certificate).unwrap(),
            "privateKey": fs::read_to_string(key).unwrap(),
        },
        "mspId": "Org1MSP",
        "type": "X.509",
        "version": 1,
    });
    fs::write(folder.join("alice.id"), alice.to_string()).unwrap();
    let profile = json!({
        "organizations": {"Org1": {"mspid": "Org1MSP", "peers": ["peer0"]}},
        "peers": {"peer0": {"url": "grpc://127.0.0.1:1"}},
        "orderers": {"orderer0": {"url": "grpc://127.0.0.1:2"}},
    });
    let file = folder.join("profile.json");
    fs::write(&file, profile.to_string()).unwrap();
    let options = ConnectionOptions {
        mode,
        ..ConnectionOptions::new(file, "trade", folder, "alice")
    };
    FabricLedger::connect(options).await.unwrap()
}

/// What is served of a channel, whose index nobody has follow it.
fn served(folder: &Path, channel: &FabricLedger) -> ServedLedger {
    let index = Index::open(folder.join("index.redb"), 4 << 20).unwrap();
    let ledger = IndexedLedger::new(Arc::new(channel.clone()), index);
    ServedLedger::fabric(Arc::new(ledger), None).signed_outside(channel.clone())
}

fn failing(readiness: Readiness) -> String {
    match readiness {
        Readiness::Failing(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_not_open_says_why() {
    let entry = Entry::Unavailable(Unavailable {
        kind: LedgerKind::Fabric,
        reason: "alice is not enrolled".to_owned(),
    });
    assert_eq!(
        failing(Readiness::of(&entry).await),
        "alice is not enrolled"
    );
}

#[tokio::test]
async fn a_channel_whose_peers_are_away_is_failing() {
    let folder = tempfile::tempdir().unwrap();
    let channel = away(folder.path(), Mode::Gateway).await;
    let entry = Entry::Served(Box::new(served(folder.path(), &channel)));
    let reason = failing(Readiness::of(&entry).await);
    assert!(reason.contains("127.0.0.1:1"), "{reason}");
}

#[tokio::test]
async fn who_speaks_to_orderers_has_to_know_them_and_who_does_not_tells_of_peers_alone() {
    let folder = tempfile::tempdir().unwrap();
    let channel = away(folder.path(), Mode::Direct).await;
    let reason = failing(nodes_of(&served(folder.path(), &channel)).await);
    assert!(
        reason.starts_with("127.0.0.1:1 (Org1MSP) did not answer"),
        "{reason}"
    );

    let folder = tempfile::tempdir().unwrap();
    let channel = away(folder.path(), Mode::Gateway).await;
    let told = nodes_of(&served(folder.path(), &channel)).await;
    let Readiness::Ready(Some(away)) = told else {
        panic!("{told:?}");
    };
    assert!(away.starts_with("away: peer 127.0.0.1:1 ("), "{away}");
}

#[tokio::test]
async fn a_ledger_that_its_read_model_does_not_follow_is_failing() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::open(&NodeOptions {
        directory: folder.path().to_owned(),
        rules: Rules::Article,
        difficulty: 4,
        cache_bytes: 4 << 20,
        mining_threads: 1,
        peer_limits: PeerLimits::default(),
        resolve_interval: None,
        mine_every: None,
        mine_on_transaction: false,
    })
    .unwrap();
    let index = Index::open(folder.path().join("index.redb"), 4 << 20).unwrap();
    let ledger = IndexedLedger::new(Arc::new(node.clone()), index);
    let entry = Entry::Served(Box::new(ServedLedger::tutorial(Arc::new(ledger), node)));
    assert_eq!(
        failing(Readiness::of(&entry).await),
        "its read model does not follow it"
    );
}
