//! Mode `direct` on real networks: the peers and orderers one by one, also where peers have no gateway service.

mod caller;

use std::ops::Deref;
use std::sync::OnceLock;
use std::time::Duration;

use caller::{call, connected, invoke, options, query, unconfirmed, within};
use chainloom_devnet::{Consensus, FabricVersion, Network, Options};
use chainloom_fabric::{ConnectError, ConnectionOptions, FabricLedger, Mode, ProfileError};
use chainloom_ledger::{
    InvokeOptions, Ledger, LedgerError, ReceiptStatus, TransactionSelector, Wait,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// How long a thing may take on a machine that is busy with much else.
const PATIENCE: Duration = Duration::from_secs(90);

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Fabric 2.5 by raft, its peers without the gateway service.
    Raft,
    /// Fabric 3.1 by BFT.
    Bft,
}

const KINDS: [Kind; 2] = [Kind::Raft, Kind::Bft];

struct TestNetwork {
    network: Network,
    // Dropped after the network has ended.
    _folder: TempDir,
}

impl TestNetwork {
    fn start(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (fabric, consensus) = match kind {
            Kind::Raft => (FabricVersion::V2_5, Consensus::Raft),
            Kind::Bft => (FabricVersion::V3_1, Consensus::Bft),
        };
        let options = Options {
            fabric: Some(fabric),
            consensus: Some(consensus),
            ..Options::in_directory(folder.path().join("net"))
        };
        let network = match kind {
            Kind::Raft => Network::start_without_gateway(&options),
            Kind::Bft => Network::start(&options, &|_| ()),
        };
        Self {
            network: network.unwrap_or_else(|error| panic!("{error}")),
            _folder: folder,
        }
    }

    /// One that tests share which stop none of its processes.
    fn shared(kind: Kind) -> &'static Self {
        static NETWORKS: [OnceLock<TestNetwork>; 2] = [OnceLock::new(), OnceLock::new()];
        NETWORKS[kind as usize].get_or_init(|| Self::start(kind))
    }

    fn orderers(&self) -> Vec<&str> {
        let orderers = self.topology().orderers.iter();
        orderers.map(|orderer| orderer.name.as_str()).collect()
    }

    async fn connect(&self, organization: &str, contract: &str) -> FabricLedger {
        connected(self, organization, contract, Mode::Direct).await
    }
}

impl Deref for TestNetwork {
    type Target = Network;

    fn deref(&self) -> &Network {
        &self.network
    }
}

/// Tries again until it is so.
async fn eventually<T, E: std::fmt::Debug>(
    what: &str,
    attempt: impl AsyncFn() -> Result<T, E>,
) -> T {
    let start = Instant::now();
    loop {
        match attempt().await {
            Ok(answer) => return answer,
            Err(error) => assert!(
                start.elapsed() < PATIENCE,
                "waited in vain for {what}: {error:?}"
            ),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn see(ledger: &FabricLedger, key: &str, value: &str) {
    eventually("the value to be there", async || {
        match query(ledger, "get", &[key]).await {
            Ok(found) if found == value => Ok(()),
            other => Err(other),
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_invoked_is_committed_and_endorsed_by_all_peers() {
    for kind in KINDS {
        let network = TestNetwork::shared(kind);
        for (organization, other) in [("org1", "org2"), ("org2", "org1")] {
            for contract in ["probe", "probe-all"] {
                let ledger = network.connect(organization, contract).await;
                let key = format!("direct-{organization}");
                let receipt = invoke(&ledger, "put", &[&key, contract])
                    .await
                    .unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(receipt.status, ReceiptStatus::Committed);
                let place = receipt.version.expect("it is committed");
                let transaction = ledger
                    .transaction(TransactionSelector::Version(place))
                    .await
                    .expect("it is there");
                assert_eq!(transaction.id, receipt.transaction_id);
                let endorsed = transaction.endorsed.expect("it was endorsed");
                let mut endorsers: Vec<&str> = endorsed
                    .endorsers
                    .iter()
                    .map(|endorser| endorser.organization.as_str())
                    .collect();
                endorsers.sort_unstable();
                assert_eq!(endorsers, ["Org1MSP", "Org2MSP"]);
                let found = ledger
                    .transaction(TransactionSelector::Id(receipt.transaction_id.clone()))
                    .await
                    .expect("it is found by its id");
                assert_eq!(found.version, Some(place));
                see(&network.connect(other, contract).await, &key, contract).await;
            }
        }
    }
}

#[tokio::test]
async fn the_result_of_a_call_that_reads_and_writes_is_told() {
    for kind in KINDS {
        let ledger = TestNetwork::shared(kind).connect("org1", "probe-all").await;
        let first = invoke(&ledger, "add", &["direct-sum", "2"])
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(first.result, Some("2".into()));
        // A peer that is a block behind answers as of the block before.
        let second = eventually("both peers to have the block", async || {
            invoke(&ledger, "add", &["direct-sum", "3"]).await
        })
        .await;
        assert_eq!(second.result, Some("5".into()));
    }
}

#[tokio::test]
async fn peers_that_do_not_agree_are_named_with_the_part() {
    for kind in KINDS {
        let network = TestNetwork::shared(kind);
        let ledger = network.connect("org1", "probe").await;
        let error = invoke(&ledger, "random", &[])
            .await
            .expect_err("they draw different numbers");
        let LedgerError::Refused {
            code,
            detail,
            endorsers,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((code, endorsers.len()), ("endorsements_differ", 2));
        let topology = network.topology();
        for (organization, peer) in topology.peers() {
            let named = format!("localhost:{} ({})", peer.port, organization.msp_id);
            assert!(detail.contains(&named), "{detail}");
        }
        assert!(detail.contains("the response: 200 `"), "{detail}");
    }
}

#[tokio::test]
async fn refusals_say_who_and_why() {
    for kind in KINDS {
        let network = TestNetwork::shared(kind);
        let ledger = network.connect("org1", "probe").await;
        let words = "no, not \"today\", thanks";
        let refused = query(&ledger, "fail", &[words])
            .await
            .expect_err("the contract refuses");
        assert_eq!(
            (refused.code(), refused.to_string().as_str()),
            ("contract_refused", words)
        );
        let refused = invoke(&ledger, "fail", &[words])
            .await
            .expect_err("the contract refuses");
        let LedgerError::Refused {
            code,
            detail,
            endorsers,
            ..
        } = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!((code, detail.as_str()), ("contract_refused", words));
        assert_eq!(endorsers.len(), 2);
        assert!(endorsers.iter().all(|endorser| endorser.message == words));

        let ledger = network.connect("org1", "no-such-contract").await;
        for unknown in [
            query(&ledger, "get", &["a"]).await.err(),
            invoke(&ledger, "put", &["a", "b"]).await.err(),
        ] {
            let unknown = unknown.expect("there is none");
            assert_eq!(unknown.code(), "contract_not_found", "{unknown}");
        }
        let elsewhere = ConnectionOptions {
            channel: "elsewhere".to_owned(),
            ..options(network, "org1", "probe", Mode::Direct)
        };
        let ledger = FabricLedger::connect(elsewhere)
            .await
            .expect("nothing is sent yet");
        for unknown in [
            query(&ledger, "get", &["a"]).await.err(),
            invoke(&ledger, "put", &["a", "b"]).await.err(),
        ] {
            let unknown = unknown.expect("there is none");
            assert_eq!(unknown.code(), "channel_not_found", "{unknown}");
        }
    }
}

#[tokio::test]
async fn a_profile_without_orderers_is_refused() {
    let network = TestNetwork::shared(Kind::Raft);
    let directory = network.layout().directory();
    let error = FabricLedger::connect(ConnectionOptions {
        profile: directory.join("connection-org1.yaml"),
        ..options(network, "org1", "probe", Mode::Direct)
    })
    .await
    .expect_err("nobody takes transactions");
    assert!(
        matches!(error, ConnectError::Profile(ProfileError::NoOrderers(_))),
        "{error}"
    );
}

#[tokio::test]
async fn without_any_one_orderer_transactions_are_ordered() {
    for kind in KINDS {
        let network = TestNetwork::start(kind);
        let ledger = network.connect("org1", "probe").await;
        invoke(&ledger, "put", &["before", "1"])
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        for orderer in network.orderers() {
            network.kill(orderer).expect("it is a process");
            // Raft and BFT may have to find another leader, which no answer hides: the same transaction is sent until it is in.
            let receipt = invoke(&ledger, "put", &[orderer, "killed"])
                .await
                .unwrap_or_else(|error| panic!("without {orderer}: {error}"));
            assert_eq!(receipt.status, ReceiptStatus::Committed);
            network.start_process(orderer).expect("it starts again");
            let receipt = invoke(&ledger, "put", &[orderer, "back"])
                .await
                .unwrap_or_else(|error| panic!("with {orderer} again: {error}"));
            assert_eq!(receipt.status, ReceiptStatus::Committed);
        }
    }
}

#[tokio::test]
async fn an_orderer_that_hangs_is_left_for_the_next() {
    for kind in KINDS {
        let network = TestNetwork::start(kind);
        // By name the first that is asked; it takes connections and says nothing.
        let first = network.orderers()[0];
        network.freeze(first).expect("it is a process");
        let ledger = network.connect("org1", "probe").await;
        // Peers that had their blocks from it may see the next one late, so the orderers' word is enough here.
        let ordered = InvokeOptions {
            wait: Some(Wait::Ordered),
            ..InvokeOptions::default()
        };
        let receipt = ledger.invoke(call("put", &["hangs", "1"]), ordered).await;
        network.thaw(first).expect("it is a process");
        let receipt = receipt.unwrap_or_else(|error| panic!("{first} hangs: {error}"));
        assert_eq!(receipt.status, ReceiptStatus::Ordered);
        invoke(&ledger, "put", &["goes on", "1"])
            .await
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

#[tokio::test]
async fn without_orderers_nothing_is_proposed_and_what_was_may_be_unknown() {
    for kind in KINDS {
        let network = TestNetwork::start(kind);
        let ledger = network.connect("org1", "probe").await;
        invoke(&ledger, "put", &["before", "1"])
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let orderers = network.orderers();
        for orderer in &orderers {
            network.kill(orderer).expect("it is a process");
        }
        let unready = ledger.check_orderers().await.expect_err("none is there");
        assert_eq!(unready.code(), "orderers_unavailable", "{unready}");
        let error = invoke(&ledger, "put", &["without", "1"])
            .await
            .expect_err("nobody orders it");
        assert_eq!(error.code(), "orderers_unavailable", "{error}");
        assert!(
            error.to_string().contains("nothing was proposed"),
            "{error}"
        );

        // One alone takes connections, and cannot know whether the others would follow it.
        network.start_process(orderers[0]).expect("it starts again");
        let alone = async |soon: Duration| {
            ledger
                .invoke(call("put", &["alone", "1"]), within(soon))
                .await
        };
        match kind {
            Kind::Raft => drop(unconfirmed(alone).await),
            Kind::Bft => {
                let error = alone(Duration::from_secs(4)).await;
                let error = error.expect_err("one is not enough");
                assert_eq!(error.code(), "orderers_unavailable", "{error}");
            }
        }
        for orderer in &orderers {
            network.start_process(orderer).expect("it starts again");
        }
        let receipt = eventually("the orderers to agree again", async || {
            invoke(&ledger, "put", &["after", "1"]).await
        })
        .await;
        assert_eq!(receipt.status, ReceiptStatus::Committed);
        assert_eq!(query(&ledger, "get", &["after"]).await.as_deref(), Ok("1"));
    }
}

#[tokio::test]
async fn a_contract_that_is_away_is_said_and_works_again_when_it_is_back() {
    let network = TestNetwork::start(Kind::Raft);
    let ledger = network.connect("org1", "probe").await;
    invoke(&ledger, "put", &["before", "1"])
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    network.kill("probe").expect("it is a process");
    for error in [
        query(&ledger, "get", &["before"]).await.err(),
        invoke(&ledger, "put", &["without", "1"]).await.err(),
    ] {
        let error = error.expect("the contract is away");
        assert_eq!(error.code(), "contract_unavailable", "{error}");
    }
    network.start_process("probe").expect("it starts again");
    eventually("the contract to answer", async || {
        invoke(&ledger, "put", &["with", "1"]).await
    })
    .await;
}

#[tokio::test]
async fn peers_that_are_not_there_are_said_and_a_query_goes_to_the_next() {
    let network = TestNetwork::start(Kind::Raft);
    let ledger = network.connect("org1", "probe").await;
    invoke(&ledger, "put", &["before", "1"])
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    see(&network.connect("org2", "probe").await, "before", "1").await;
    network.kill("peer0.org1").expect("it is a process");
    assert_eq!(query(&ledger, "get", &["before"]).await.as_deref(), Ok("1"));
    let error = invoke(&ledger, "put", &["without", "1"])
        .await
        .expect_err("one of two peers is missing");
    assert_eq!(error.code(), "peer_unavailable", "{error}");
    assert!(error.to_string().contains("Org1MSP"), "{error}");
    network
        .start_process("peer0.org1")
        .expect("it starts again");
    eventually("the peer to endorse again", async || {
        invoke(&ledger, "put", &["with", "1"]).await
    })
    .await;
}

/// The user's connection to the peers of the own organization only, which can endorse alone what needs no other.
async fn connect_own_peers(network: &Network, folder: &TempDir) -> FabricLedger {
    let options = options(network, "org1", "probe", Mode::Direct);
    let text = std::fs::read_to_string(options.profile.with_extension("json"))
        .expect("the network has written it");
    let mut profile: Value = serde_json::from_str(&text).expect("it is JSON");
    let peers = profile["channels"]["devnet"]["peers"].as_object_mut();
    peers
        .expect("it lists the channel's peers")
        .retain(|name, _| name.ends_with(".org1.example.com"));
    let path = folder.path().join("own.json");
    std::fs::write(&path, profile.to_string()).expect("it can be written");
    FabricLedger::connect(ConnectionOptions {
        profile: path,
        ..options
    })
    .await
    .unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_misses_a_block_is_told_from_one_that_disagrees() {
    for kind in KINDS {
        let network = TestNetwork::start(kind);
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let own = connect_own_peers(&network, &folder).await;
        let all = network.connect("org1", "probe").await;
        let others = network.connect("org2", "probe").await;
        let start = Instant::now();
        let error = loop {
            assert!(start.elapsed() < PATIENCE, "the peer never missed a block");
            invoke(&own, "put", &["step", "5"])
                .await
                .unwrap_or_else(|error| panic!("{error}"));
            see(&others, "step", "5").await;
            network.freeze("peer0.org2").expect("it is a process");
            // The same value in another block.
            invoke(&own, "put", &["step", "5"])
                .await
                .unwrap_or_else(|error| panic!("{error}"));
            // The proposal waits at the peer like the block; as a rule it is the faster of the two once the peer goes on.
            let sum = tokio::spawn({
                let all = all.clone();
                async move { invoke(&all, "add", &["step", "1"]).await }
            });
            sleep(Duration::from_millis(300)).await;
            network.thaw("peer0.org2").expect("it is a process");
            match sum.await.expect("it does not panic") {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        let LedgerError::Unavailable {
            code, endorsers, ..
        } = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!(
            (*code, endorsers.len()),
            ("peers_out_of_step", 2),
            "{error}"
        );
        let receipt = eventually("the peer to catch up", async || {
            invoke(&all, "add", &["step", "1"]).await
        })
        .await;
        assert_eq!(receipt.result, Some("6".into()));
    }
}
