//! What calls of a ledger do not reach, on a real network: transient data, and the peers that are chosen.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use chainloom_devnet::{FabricVersion, Network, Options};
use tokio::time::sleep;

use super::testing::{TestAuthority, target};
use super::*;
use crate::connect::{Connection, ConnectionOptions, Mode, connect_from_folder};
use crate::flow::Flow;
use crate::wire::{Body, Envelope};

fn started() -> (tempfile::TempDir, Network) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        fabric: Some(FabricVersion::V2_5),
        ..Options::in_directory(folder.path().join("net"))
    };
    let network = Network::start_without_gateway(&options);
    (folder, network.unwrap_or_else(|error| panic!("{error}")))
}

async fn connected(network: &Network) -> Direct {
    let directory = network.layout().directory();
    let options = ConnectionOptions {
        profile: directory.join("connection-full-org1.yaml"),
        channel: "devnet".to_owned(),
        contract: None,
        wallet: directory.join("wallets").join("org1"),
        identity: "alice".to_owned(),
        mode: Mode::Direct,
    };
    match connect_from_folder(&options).await.unwrap() {
        Connection {
            flow: Flow::Direct(direct),
            ..
        } => direct,
        other => panic!("{other:?}"),
    }
}

/// A call that writes a secret, for whom nothing more is said.
fn secret() -> ChannelCall {
    let mut call = plain(["putPrivate", "secret"]);
    let value = Bytes::from_static(b"blue");
    call.invocation.transient = [("value".to_owned(), value)].into();
    call
}

fn plain(args: [&'static str; 2]) -> ChannelCall {
    let args = args.map(Bytes::from).to_vec();
    ChannelCall::plain("probe", args, Instant::now() + Duration::from_secs(60))
}

fn endorsers(endorsed: &Endorsed) -> Vec<String> {
    let envelope = Envelope::from_message(endorsed.envelope.clone()).unwrap();
    let Body::Endorser(transaction) = envelope.body().unwrap() else {
        panic!("a call is expected");
    };
    let endorsements = transaction.actions[0].endorsements.iter();
    let mut organizations: Vec<String> = endorsements
        .map(|endorsement| endorsement.endorser.organization.clone())
        .collect();
    organizations.sort_unstable();
    organizations
}

#[tokio::test(flavor = "multi_thread")]
async fn transient_data_go_to_the_own_organization_unless_others_are_named() {
    let (_folder, network) = tokio::task::spawn_blocking(started).await.unwrap();
    let direct = connected(&network).await;
    let endorsed = direct.endorse(&secret()).await.unwrap();
    assert_eq!(endorsers(&endorsed), ["Org1MSP"]);
    let text = String::from_utf8_lossy(&endorsed.envelope.payload).into_owned();
    assert!(
        !text.contains("blue"),
        "the secret would stand on the chain"
    );
    direct.submit(&endorsed, secret().deadline).await.unwrap();
    let question = plain(["getPrivate", "secret"]);
    // It is written once its block is there.
    let read = loop {
        match direct.evaluate(&question).await {
            Ok(value) if !value.is_empty() => break value,
            outcome => assert!(
                Instant::now() < question.deadline,
                "it is never read: {outcome:?}"
            ),
        }
        sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(read, "blue");

    let named = ChannelCall {
        organizations: vec!["Org1MSP".to_owned(), "Org2MSP".to_owned()],
        ..secret()
    };
    let endorsed = direct.endorse(&named).await.unwrap();
    assert_eq!(endorsers(&endorsed), ["Org1MSP", "Org2MSP"]);
    let other = ChannelCall {
        peers: vec!["peer0.org2.example.com".to_owned()],
        ..secret()
    };
    let endorsed = direct.endorse(&other).await.unwrap();
    assert_eq!(endorsers(&endorsed), ["Org2MSP"]);
    let nobody = ChannelCall {
        organizations: vec!["Org9MSP".to_owned()],
        ..secret()
    };
    let error = direct.endorse(&nobody).await.unwrap_err();
    assert_eq!(error.code(), "unknown_organization");

    // Had it been asked, its absence would be told.
    network.kill("peer0.org2").unwrap();
    let endorsed = direct.endorse(&secret()).await.unwrap();
    assert_eq!(endorsers(&endorsed), ["Org1MSP"]);
    let error = direct.endorse(&named).await.unwrap_err();
    assert_eq!(error.code(), "peer_unavailable", "{error}");
}

#[tokio::test]
async fn the_configuration_is_asked_of_the_connections_own_peers_whoever_calls() {
    let root = TestAuthority::root("root");
    let member = |organization| CurrentIdentity::new(root.member(organization, "/CN=somebody"));
    let direct = |owner: &CurrentIdentity| {
        let targets = vec![target("Org2MSP"), target("Org1MSP")];
        Direct::new(owner.clone(), "trade".to_owned(), targets, Vec::new())
    };
    let asked = |direct: &Direct| -> Vec<String> {
        let peers = direct.configuration_peers().into_iter();
        peers.map(|peer| peer.organization.to_string()).collect()
    };
    let connected = direct(&member("Org1MSP"));
    assert_eq!(asked(&connected), ["Org1MSP"]);
    for caller in ["Org2MSP", "Org3MSP"] {
        let acting = connected.acting_as(member(caller));
        assert_eq!(asked(&acting), ["Org1MSP"], "{caller}");
    }
    // Without any of its own all will do.
    assert_eq!(asked(&direct(&member("Org3MSP"))).len(), 2);
}
