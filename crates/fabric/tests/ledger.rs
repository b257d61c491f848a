//! A real channel as a ledger: what is asked and submitted through it, and what stands on the chain.

mod caller;

use std::sync::OnceLock;

use caller::{call, connected, invoke, options, query};
use chainloom_devnet::{FabricVersion, Network, Options};
use chainloom_fabric::identity::{CurrentIdentity, Identity};
use chainloom_fabric::{ConnectError, ConnectionOptions, FabricLedger, Mode, ProfileError};
use chainloom_ledger::{
    BlockEvent, BlockSelector, InvokeOptions, Ledger, LedgerError, Position, ReceiptStatus,
    TransactionKind, TransactionRange, TransactionSelector, Version, Wait,
};
use futures_util::StreamExt;
use jiff::Timestamp;
use tempfile::TempDir;

const VERSIONS: [FabricVersion; 2] = [FabricVersion::V2_5, FabricVersion::V3_1];

/// One network of each version for all tests of this file; what one test writes is under keys of its own.
fn network(version: FabricVersion) -> &'static Network {
    static NETWORKS: [OnceLock<(TempDir, Network)>; 2] = [OnceLock::new(), OnceLock::new()];
    let index = VERSIONS
        .iter()
        .position(|other| *other == version)
        .expect("it is one of the two");
    let (_, network) = NETWORKS[index].get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let options = Options {
            fabric: Some(version),
            ..Options::in_directory(folder.path().join("net"))
        };
        let network = Network::start(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));
        (folder, network)
    });
    network
}

#[tokio::test]
async fn what_is_invoked_is_committed_and_can_be_queried_by_all() {
    for version in VERSIONS {
        let network = network(version);
        for (organization, other) in [("org1", "org2"), ("org2", "org1")] {
            for contract in ["probe", "probe-all"] {
                let ledger = connected(network, organization, contract, Mode::Gateway).await;
                let key = format!("committed-{organization}");
                let receipt = invoke(&ledger, "put", &[&key, "blue"])
                    .await
                    .unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(receipt.status, ReceiptStatus::Committed);
                assert!(
                    receipt
                        .validation_code
                        .as_ref()
                        .is_some_and(|code| code.is_valid())
                );
                assert!(receipt.version.is_some());
                let ledger = connected(network, other, contract, Mode::Gateway).await;
                // The other organization's peer may be a block behind.
                let info = invoke(&ledger, "put", &["committed-after", "x"]).await;
                assert!(info.is_ok(), "{info:?}");
                assert_eq!(query(&ledger, "get", &[&key]).await.as_deref(), Ok("blue"));
            }
        }
    }
}

#[tokio::test]
async fn another_user_of_the_channel_submits_in_its_own_name() {
    for mode in [Mode::Gateway, Mode::Direct] {
        let network = network(FabricVersion::V2_5);
        let ledger = connected(network, "org1", "probe-all", mode).await;
        for (organization, msp_id) in [("org1", "Org1MSP"), ("org2", "Org2MSP")] {
            let wallet = network.layout().directory().join("wallets");
            let file = wallet.join(organization).join("admin.id");
            let admin = Identity::from_id_file(&file, Timestamp::now()).expect("it is there");
            let acting = ledger.acting_as(CurrentIdentity::new(admin));
            let receipt = invoke(&acting, "put", &["acted", msp_id]).await;
            let receipt = receipt.unwrap_or_else(|error| panic!("{mode:?}, {msp_id}: {error}"));
            let selector = TransactionSelector::Id(receipt.transaction_id);
            let transaction = ledger.transaction(selector).await.expect("it is there");
            let endorsed = transaction.endorsed.expect("it was endorsed");
            let creator = endorsed.creator.expect("it has a creator");
            assert_eq!(
                (
                    creator.organization.as_str(),
                    creator.enrollment_id.as_deref()
                ),
                (msp_id, Some("admin"))
            );
        }
    }
}

#[tokio::test]
async fn a_transaction_is_shown_with_all_that_stands_in_it() {
    for version in VERSIONS {
        let ledger = connected(network(version), "org1", "probe-all", Mode::Gateway).await;
        invoke(&ledger, "put", &["shown", "1"])
            .await
            .expect("it is committed");
        let receipt = invoke(&ledger, "add", &["shown", "4"])
            .await
            .expect("it is committed");
        assert_eq!(receipt.result, Some("5".into()));
        let place = receipt.version.expect("it is committed");
        let selector = TransactionSelector::Version(place);
        let transaction = ledger.transaction(selector).await.expect("it is there");
        assert_eq!(transaction.id, receipt.transaction_id);
        assert_eq!(transaction.kind, TransactionKind::Endorser);
        let called = transaction.call.expect("it is a call");
        assert_eq!(
            (called.contract.as_str(), called.function.as_str()),
            ("probe-all", "add")
        );
        assert_eq!(called.args, ["shown".into(), "4".into()]);
        let endorsed = transaction.endorsed.expect("it was endorsed");
        let creator = endorsed.creator.expect("it has a creator");
        assert_eq!(
            (
                creator.organization.as_str(),
                creator.enrollment_id.as_deref()
            ),
            ("Org1MSP", Some("alice"))
        );
        let mut organizations: Vec<&str> = endorsed
            .endorsers
            .iter()
            .map(|endorser| endorser.organization.as_str())
            .collect();
        organizations.sort_unstable();
        assert_eq!(organizations, ["Org1MSP", "Org2MSP"]);
        let read = endorsed
            .reads
            .iter()
            .find(|read| read.key == "shown".into())
            .expect("it read the key");
        assert!(
            read.version
                .is_some_and(|version| version.block < place.block)
        );
        let write = endorsed
            .writes
            .iter()
            .find(|write| write.key == "shown".into())
            .expect("it wrote the key");
        assert_eq!(write.value, Some("5".into()));
    }
}

#[tokio::test]
async fn refusals_say_who_and_why() {
    for version in VERSIONS {
        let network = network(version);
        let ledger = connected(network, "org1", "probe", Mode::Gateway).await;
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
        assert!(
            endorsers
                .iter()
                .all(|endorser| endorser.message.contains(words))
                && !endorsers.is_empty()
        );

        let ledger = connected(network, "org1", "probe-all", Mode::Gateway).await;
        let differ = invoke(&ledger, "random", &[])
            .await
            .expect_err("the peers disagree");
        assert_eq!(differ.code(), "endorsements_differ");
        let ledger = connected(network, "org1", "no-such-contract", Mode::Gateway).await;
        let unknown = query(&ledger, "get", &["a"])
            .await
            .expect_err("there is none");
        assert_eq!(unknown.code(), "contract_not_found");
        let elsewhere = ConnectionOptions {
            channel: "elsewhere".to_owned(),
            ..options(network, "org1", "probe", Mode::Gateway)
        };
        let ledger = FabricLedger::connect(elsewhere)
            .await
            .expect("nothing is sent yet");
        let unknown = query(&ledger, "get", &["a"])
            .await
            .expect_err("there is none");
        assert_eq!(unknown.code(), "channel_not_found");
    }
}

#[tokio::test]
async fn of_two_that_changed_the_same_key_one_is_told_of_the_conflict() {
    let ledger = connected(network(FabricVersion::V2_5), "org1", "probe", Mode::Gateway).await;
    invoke(&ledger, "put", &["contended", "0"])
        .await
        .expect("it is committed");
    let outcomes =
        futures_util::future::join_all((0..5).map(|_| invoke(&ledger, "add", &["contended", "1"])))
            .await;
    let valid = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        let LedgerError::Invalid {
            code,
            version,
            validation_code,
            is_conflict,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!(
            (*code, validation_code.code, *is_conflict),
            ("mvcc_read_conflict", 11, true)
        );
        assert!(version.is_some());
    }
    let value = query(&ledger, "get", &["contended"])
        .await
        .expect("it is there");
    assert_eq!(value, valid.to_string());
    assert!((1..5).contains(&valid), "{valid} of 5 were valid");
}

#[tokio::test]
async fn the_orderers_word_is_enough_for_those_who_say_so() {
    let ledger = connected(network(FabricVersion::V3_1), "org1", "probe", Mode::Gateway).await;
    let options = InvokeOptions {
        wait: Some(Wait::Ordered),
        ..InvokeOptions::default()
    };
    let receipt = ledger
        .invoke(call("put", &["ordered", "1"]), options)
        .await
        .expect("it is ordered");
    assert_eq!(
        (receipt.status, receipt.version),
        (ReceiptStatus::Ordered, None)
    );
}

#[tokio::test]
async fn blocks_come_in_order_from_the_first_on_and_go_on_with_new_ones() {
    for version in VERSIONS {
        let ledger = connected(network(version), "org1", "probe", Mode::Gateway).await;
        let start = Position {
            generation: 0,
            number: 0,
        };
        let mut blocks = ledger.blocks(start, usize::MAX);
        let mut previous: Option<chainloom_ledger::Block> = None;
        let receipt = invoke(&ledger, "put", &["followed", "1"])
            .await
            .expect("it is committed");
        let last = receipt.version.expect("it is committed").block;
        loop {
            let Some(Ok(BlockEvent::Block {
                block,
                generation: 0,
            })) = blocks.next().await
            else {
                panic!("a block is expected");
            };
            assert_eq!(block.transactions.len() as u64, block.transaction_count);
            if let Some(previous) = previous {
                assert_eq!(block.number, previous.number + 1);
                assert_eq!(block.previous_hash, previous.hash.to_string());
            } else {
                assert_eq!(block.number, 0);
                assert_eq!(block.transactions[0].kind, TransactionKind::Config);
            }
            if block.number == last {
                break;
            }
            previous = Some(*block);
        }
        let info = ledger.info().await.expect("the peer answers");
        assert!(info.height >= last);
        let none = ledger
            .block(
                BlockSelector::Number(info.height + 1000),
                TransactionRange::NONE,
            )
            .await;
        assert_eq!(none.expect_err("there is none").code(), "block_not_found");
        let beyond = TransactionSelector::Version(Version {
            block: last,
            index: 999,
        });
        let none = ledger.transaction(beyond).await;
        assert_eq!(
            none.expect_err("there is none").code(),
            "transaction_not_found"
        );
    }
}

#[tokio::test]
async fn the_channels_configuration_is_read() {
    for version in VERSIONS {
        let ledger = connected(network(version), "org1", "probe", Mode::Gateway).await;
        let config = ledger.config(None).await.expect("it can be read");
        let orderer = config.orderer.expect("it has orderers");
        assert_eq!(
            (orderer.consensus_type.as_str(), orderer.consenters.len()),
            ("etcdraft", 3)
        );
        assert_eq!(
            (
                orderer.batch_size.max_message_count,
                orderer.batch_timeout_ms
            ),
            (500, 200)
        );
        let organizations = config.organizations.iter();
        let organizations: Vec<&str> = organizations.map(|member| member.id.as_str()).collect();
        assert_eq!(organizations, ["Org1MSP", "Org2MSP"]);
    }
}

#[tokio::test]
async fn what_cannot_be_connected_is_refused_by_its_parameter() {
    let network = network(FabricVersion::V2_5);
    let good = options(network, "org1", "probe", Mode::Gateway);
    let refused = async |change: fn(&mut ConnectionOptions)| {
        let mut options = good.clone();
        change(&mut options);
        FabricLedger::connect(options)
            .await
            .expect_err("it cannot be connected")
    };
    let error = refused(|options| options.identity = "bob".to_owned()).await;
    assert!(matches!(error, ConnectError::NotEnrolled { .. }), "{error}");
    let error = refused(|options| options.identity = "../org2/alice".to_owned()).await;
    assert!(
        matches!(
            error,
            ConnectError::Parameter {
                parameter: "identity",
                ..
            }
        ),
        "{error}"
    );
    let error = refused(|options| options.channel = "Dev net".to_owned()).await;
    assert!(
        matches!(
            error,
            ConnectError::Parameter {
                parameter: "channel",
                ..
            }
        ),
        "{error}"
    );
    let error = refused(|options| options.profile = "none.yaml".into()).await;
    assert!(
        matches!(error, ConnectError::Profile(ProfileError::File { .. })),
        "{error}"
    );

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::write(folder.path().join("alice.id"), "{}").expect("it can be written");
    let wallet = ConnectionOptions {
        wallet: folder.path().to_owned(),
        ..good.clone()
    };
    let error = FabricLedger::connect(wallet)
        .await
        .expect_err("the file is damaged");
    assert!(matches!(error, ConnectError::Identity(_)), "{error}");
    let profile = folder.path().join("profile.yaml");
    let text = r#"{"organizations": {"Org1": {"mspid": "Org1MSP", "peers": ["p"]}}, "peers": {"p": {"url": "http://p:1"}}}"#;
    std::fs::write(&profile, text).expect("it can be written");
    let error = FabricLedger::connect(ConnectionOptions { profile, ..good })
        .await
        .expect_err("the url is wrong");
    assert!(matches!(error, ConnectError::Node { .. }), "{error}");
}
