//! Users are connected to a real network by the paper's seven parameters: peers and orderers by their URLs, and no profile.

mod away;
#[path = "../caller/mod.rs"]
mod caller;
mod expiry;
mod frozen;

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use caller::{invoke, query};
use chainloom_devnet::{FabricVersion, Network, Options};
use chainloom_fabric::identity::{Credentials, CurrentIdentity, Identity};
use chainloom_fabric::{
    AuthorityParameters, ClientTls, ConnectError, FabricLedger, Mode, NodeRole, NodeUrls, Nodes,
    Parameters, PemSource, PerEndpoint, ProfileSource, Stage, ask, identity_in_folder,
};
use chainloom_ledger::{
    BlockEvent, BlockSelector, BoxStream, Ledger, LedgerError, Position, TransactionRange,
};
use futures_util::StreamExt;
use jiff::Timestamp;
use tempfile::TempDir;

/// One network for all tests of this file.
fn network() -> &'static Network {
    static NETWORK: OnceLock<(TempDir, Network)> = OnceLock::new();
    let (_, network) = NETWORK.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let options = Options {
            fabric: Some(FabricVersion::V2_5),
            peers_per_organization: Some(2),
            ..Options::in_directory(folder.path().join("net"))
        };
        let network = Network::start(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));
        (folder, network)
    });
    network
}

fn alice(network: &Network) -> CurrentIdentity {
    CurrentIdentity::new(identity_of_alice(network))
}

fn identity_of_alice(network: &Network) -> Identity {
    let wallet = network.layout().directory().join("wallets").join("org1");
    let identity = identity_in_folder(&wallet, "alice");
    identity.unwrap_or_else(|error| panic!("{error}"))
}

/// The first peer of each organization, and all orderers, by their URLs.
fn urls(network: &Network) -> NodeUrls {
    let topology = network.topology();
    let layout = network.layout();
    let read = |path: std::path::PathBuf| fs::read_to_string(path).expect("a root is there");
    let mut bundle = read(layout.orderer_tls_root());
    let mut peers = Vec::new();
    for organization in &topology.organizations {
        bundle.push_str(&read(layout.tls_root(organization)));
        peers.push(format!("grpcs://127.0.0.1:{}", organization.peers[0].port));
    }
    let orderers = topology.orderers.iter();
    NodeUrls {
        peers,
        orderers: orderers
            .map(|orderer| format!("grpcs://localhost:{}", orderer.port))
            .collect(),
        tls_ca_certs: Some(PerEndpoint::All(PemSource::Text(bundle))),
        ssl_target_name_override: None,
    }
}

fn parameters(urls: NodeUrls, mode: Mode) -> Parameters {
    Parameters {
        channel: "devnet".to_owned(),
        contract: Some("probe-all".to_owned()),
        mode,
        nodes: Nodes::Urls(urls),
        authority: AuthorityParameters::default(),
        client_tls: None,
    }
}

async fn refused(network: &Network, parameters: &Parameters) -> ConnectError {
    ask(&alice(network), parameters)
        .await
        .expect_err("it cannot be connected")
}

#[tokio::test]
async fn seven_parameters_are_enough_for_both_ways() {
    let network = network();
    // Given in the other order: the user's own organization comes first all the same.
    let mut urls = urls(network);
    urls.peers.reverse();
    for (mode, color) in [(Mode::Gateway, "blue"), (Mode::Direct, "green")] {
        let parameters = parameters(urls.clone(), mode);
        let asked = ask(&alice(network), &parameters)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let peers: Vec<_> = asked
            .nodes
            .iter()
            .filter(|node| node.role == NodeRole::Peer)
            .map(|node| node.organization.as_deref())
            .collect();
        assert_eq!(peers, [Some("Org2MSP"), Some("Org1MSP")]);
        assert_eq!(asked.nodes.len(), 2 + 3);
        assert!(
            asked.nodes.iter().all(|node| node.problem.is_none()),
            "{asked:?}"
        );
        assert!(asked.warnings.is_empty());

        let ledger = FabricLedger::connect_as(alice(network), &parameters)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let receipt = invoke(&ledger, "put", &["seven", color]).await;
        let receipt = receipt.unwrap_or_else(|error| panic!("{error}"));
        assert!(receipt.validation_code.is_some_and(|code| code.is_valid()));
        assert_eq!(
            query(&ledger, "get", &["seven"]).await.as_deref(),
            Ok(color)
        );
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_by_parameter_and_endpoint() {
    let network = network();
    let good = urls(network);
    let one = |url: &str| NodeUrls {
        peers: vec![url.to_owned()],
        ..good.clone()
    };
    let port = network.topology().organizations[0].peers[0].port;
    let closed = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        listener.local_addr().expect("it is bound").port()
    };
    let orderers_root =
        fs::read_to_string(network.layout().orderer_tls_root()).expect("it is there");
    let cases = [
        (
            "peer_url",
            "nothing listens there",
            false,
            one(&format!("grpcs://127.0.0.1:{closed}")),
        ),
        (
            "peer_url",
            "is not known",
            // It may be known later.
            false,
            one("grpcs://no-such-host.invalid:7051"),
        ),
        (
            "peer_url",
            "grpc:// rather than grpcs://",
            true,
            // The operations service speaks plain HTTP.
            one(&format!(
                "grpcs://127.0.0.1:{}",
                network.topology().organizations[0].peers[0].operations_port
            )),
        ),
        (
            "tls_ca_certs",
            "not trusted",
            true,
            NodeUrls {
                tls_ca_certs: Some(PerEndpoint::All(PemSource::Text(orderers_root))),
                ..one(&format!("grpcs://127.0.0.1:{port}"))
            },
        ),
        (
            "ssl_target_name_override",
            "set `ssl_target_name_override`",
            true,
            NodeUrls {
                ssl_target_name_override: Some(PerEndpoint::All("elsewhere.example".to_owned())),
                ..one(&format!("grpcs://127.0.0.1:{port}"))
            },
        ),
    ];
    for (parameter, telling, is_lasting, urls) in cases {
        let url = urls.peers[0].clone();
        let error = refused(network, &parameters(urls, Mode::Gateway)).await;
        assert_eq!(
            (error.stage(), error.parameter()),
            (Stage::Nodes, parameter),
            "{error}"
        );
        assert_eq!(error.is_lasting(), is_lasting, "{error}");
        let told = error.to_string();
        let address = url.split_once("://").expect("it has a scheme").1;
        assert!(
            told.contains(telling) && told.contains(address),
            "{url}: {told}"
        );
    }
    // An address in the certificate is as good as a name.
    let named = NodeUrls {
        ssl_target_name_override: Some(PerEndpoint::All("localhost".to_owned())),
        ..one(&format!("grpcs://127.0.0.1:{port}"))
    };
    ask(&alice(network), &parameters(named, Mode::Gateway))
        .await
        .unwrap_or_else(|error| panic!("{error}"));

    let elsewhere = Parameters {
        channel: "elsewhere".to_owned(),
        ..parameters(good.clone(), Mode::Gateway)
    };
    let error = refused(network, &elsewhere).await;
    assert_eq!(error.parameter(), "channel_id", "{error}");
    assert!(error.is_lasting(), "{error}");

    // An orderer's address as a peer's, and the other way round.
    let orderer = good.orderers[0].clone();
    let peer = good.peers[0].clone();
    let swapped = NodeUrls {
        orderers: vec![peer],
        ..one(&orderer)
    };
    let error = refused(network, &parameters(swapped.clone(), Mode::Gateway)).await;
    assert!(error.to_string().contains("is it an orderer?"), "{error}");
    assert!(error.is_lasting() && error.parameter() == "peer_url");
    let swapped = NodeUrls {
        peers: good.peers.clone(),
        ..swapped
    };
    let error = refused(network, &parameters(swapped, Mode::Direct)).await;
    assert!(error.to_string().contains("is it a peer?"), "{error}");
    assert!(error.is_lasting() && error.parameter() == "order_url");

    // Who names another organization's MSP id than that of the CA.
    let stranger = {
        let organization = &network.topology().organizations[0];
        let folder = network.layout().user_msp(organization, "alice");
        let credentials = Credentials::from_msp_folder(&folder, "Org2MSP");
        let credentials = credentials.unwrap_or_else(|error| panic!("{error}"));
        Identity::new(&credentials, Timestamp::now()).expect("it holds")
    };
    let stranger = CurrentIdentity::new(stranger);
    let asked = ask(&stranger, &parameters(good.clone(), Mode::Gateway)).await;
    let error = asked.expect_err("it is no identity of Org2MSP");
    assert!(
        error.is_lasting() && error.parameter() == "userid",
        "{error}"
    );
    assert!(error.to_string().contains("ca.org1.example.com"), "{error}");

    for (url, telling) in [
        ("https://127.0.0.1:7051", "speak gRPC"),
        ("grpcs://127.0.0.1", "host:port"),
        ("grpcs://169.254.169.254:7051", "metadata"),
    ] {
        let error = refused(network, &parameters(one(url), Mode::Gateway)).await;
        assert_eq!(
            (error.stage(), error.parameter()),
            (Stage::Parameters, "peer_url")
        );
        assert!(error.to_string().contains(telling), "{error}");
    }
}

#[tokio::test]
async fn one_that_is_away_is_told_and_the_others_are_used() {
    let network = network();
    let mut some = urls(network);
    let closed = "grpcs://127.0.0.1:1".to_owned();
    some.peers.push(closed.clone());
    some.orderers.insert(0, closed);
    let asked = ask(&alice(network), &parameters(some.clone(), Mode::Gateway)).await;
    let asked = asked.unwrap_or_else(|error| panic!("{error}"));
    let away: Vec<_> = asked
        .nodes
        .iter()
        .filter(|node| node.problem.is_some())
        .collect();
    assert_eq!(away.len(), 2, "{asked:?}");
    assert!(away.iter().all(|node| node.address == "127.0.0.1:1"));

    // No orderer at all: nothing could be submitted in mode `direct`.
    some.peers.pop();
    some.orderers.truncate(1);
    let error = refused(network, &parameters(some, Mode::Direct)).await;
    assert_eq!(
        (error.stage(), error.parameter()),
        (Stage::Nodes, "order_url"),
        "{error}"
    );
}

#[tokio::test]
async fn a_profile_of_the_test_networks_shape_says_what_it_lacks() {
    let network = network();
    let path = network
        .layout()
        .directory()
        .join("connection-full-org1.yaml");
    let text = fs::read_to_string(path).expect("it is there");
    let profile = |text: String| Parameters {
        nodes: Nodes::Profile(ProfileSource::Text(text)),
        ..parameters(urls(network), Mode::Direct)
    };
    let asked = ask(&alice(network), &profile(text.clone())).await;
    let asked = asked.unwrap_or_else(|error| panic!("{error}"));
    assert!(asked.warnings.is_empty(), "{:?}", asked.warnings);

    // As the CAs of Fabric's own samples have it.
    let unverified = text.replace("verify: true", "verify: false");
    let asked = ask(&alice(network), &profile(unverified)).await;
    let asked = asked.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(asked.warnings.len(), 2, "{:?}", asked.warnings);
    let is_ignored = |warning: &String| warning.contains("`httpOptions.verify: false`");
    assert!(asked.warnings.iter().all(is_ignored));

    let path = network.layout().directory().join("connection-org1.yaml");
    let text = fs::read_to_string(path).expect("it is there");
    let error = refused(network, &profile(text)).await;
    assert!(error.to_string().contains("names no orderers"), "{error}");
}

#[tokio::test]
async fn a_stream_goes_on_with_the_identity_that_took_the_others_place() {
    let network = network();
    let identity = alice(network);
    let parameters = parameters(urls(network), Mode::Gateway);
    let ledger = FabricLedger::connect_as(identity.clone(), &parameters).await;
    let ledger = ledger.unwrap_or_else(|error| panic!("{error}"));
    let mut blocks = ledger.blocks(
        Position {
            generation: 0,
            number: 0,
        },
        0,
    );
    let mut number = 0;
    let next = async |blocks: &mut BoxStream<_>| match blocks.next().await {
        Some(Ok(BlockEvent::Block { block, .. })) => block.number,
        other => panic!("{other:?}"),
    };
    for round in ["a", "b", "c"] {
        let receipt = invoke(&ledger, "put", &["stream", round]).await;
        let receipt = receipt.unwrap_or_else(|error| panic!("{error}"));
        let committed = receipt.version.expect("it is committed").block;
        while number < committed {
            let seen = next(&mut blocks).await;
            assert!(seen == 0 || seen == number + 1, "{seen} after {number}");
            number = seen;
        }
        // As a renewal does; the stream waits for the next block meanwhile.
        let renewed = identity_of_alice(network);
        identity
            .replace(renewed)
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Last by its name: it changes how a peer listens.
#[tokio::test]
async fn a_peer_that_asks_for_mutual_tls_gets_it() {
    let network = network();
    let organization = &network.topology().organizations[0];
    // Not the one that the other tests use.
    let peer = &organization.peers[1];
    let configuration = network
        .layout()
        .directory()
        .join("nodes")
        .join(&peer.name)
        .join("core.yaml");
    let text = fs::read_to_string(&configuration).unwrap_or_else(|error| {
        panic!("{}: {error}", configuration.display());
    });
    network.stop(&peer.name).expect("it runs");
    let (off, on) = ("clientAuthRequired: false", "clientAuthRequired: true");
    assert!(text.contains(off));
    fs::write(&configuration, text.replacen(off, on, 1)).expect("it can be written");
    network.start_process(&peer.name).expect("it starts again");

    let only = NodeUrls {
        peers: vec![format!("grpcs://127.0.0.1:{}", peer.port)],
        ..urls(network)
    };
    let without = parameters(only, Mode::Gateway);
    let error = refused(network, &without).await;
    assert_eq!(error.parameter(), "client_tls", "{error}");

    // Any certificate of the organization's TLS CA will do, such as a node's.
    let identity = network
        .layout()
        .peer_identity(organization, peer)
        .join("tls");
    let with = Parameters {
        client_tls: Some(ClientTls {
            certificate: PemSource::File(identity.join("server.crt")),
            key: PemSource::File(identity.join("server.key")),
        }),
        ..without
    };
    let asked = ask(&alice(network), &with).await;
    asked.unwrap_or_else(|error| panic!("{error}"));
    let ledger = FabricLedger::connect_as(alice(network), &with).await;
    let ledger = ledger.unwrap_or_else(|error| panic!("{error}"));
    // A peer that was started again does not know the others' contracts at once.
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match invoke(&ledger, "put", &["mutual", "yes"]).await {
            Ok(_) => break,
            Err(LedgerError::Unavailable { .. }) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    // A peer that asks for a certificate sends blocks only where the request names the one that was shown.
    let info = ledger
        .info()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let newest = ledger
        .block(
            BlockSelector::Number(info.height),
            TransactionRange::first(1),
        )
        .await;
    let newest = newest.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(newest.hash, info.tip_hash);
    let position = Position {
        generation: 0,
        number: 0,
    };
    let mut blocks = ledger.blocks(position, 0);
    let first = blocks.next().await;
    assert!(
        matches!(first, Some(Ok(BlockEvent::Block { .. }))),
        "{first:?}"
    );

    let wrong = Parameters {
        client_tls: Some(ClientTls {
            certificate: PemSource::File(identity.join("none.crt")),
            key: PemSource::File(identity.join("server.key")),
        }),
        ..with
    };
    let error = refused(network, &wrong).await;
    assert_eq!(
        (error.stage(), error.parameter()),
        (Stage::Parameters, "client_tls"),
        "{error}"
    );
}
