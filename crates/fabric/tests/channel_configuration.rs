//! The configuration of a real channel, what changes it, and the contracts that are committed on it.

mod caller;
mod config_update;

use caller::connected;
use chainloom_devnet::{Consensus, FabricVersion, Network, Options};
use chainloom_fabric::Mode;
use chainloom_ledger::{ConfigVersion, Ledger, LedgerConfig};
use config_update::update;

#[tokio::test]
async fn what_an_update_changed_is_told() {
    for (version, consensus) in [
        (FabricVersion::V2_5, Consensus::Raft),
        (FabricVersion::V3_1, Consensus::Bft),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let options = Options {
            fabric: Some(version),
            consensus: Some(consensus),
            ..Options::in_directory(folder.path().join("net"))
        };
        let network = Network::start(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));
        let ledger = connected(&network, "org1", "probe", Mode::Gateway).await;

        let first = ledger.config(Some(0)).await.expect("there is a first one");
        check_first(&first, consensus);
        let history = ledger.config_history(None, 10).await;
        let history = history.expect("it can be walked");
        let blocks =
            |changes: &[ConfigVersion]| changes.iter().map(|c| c.block).collect::<Vec<_>>();
        assert_eq!((blocks(&history.changes), history.next), (vec![0], None));
        assert_eq!(history.changes[0].differences, []);

        // Afterwards nobody but all organizations together may ask for them.
        check_contracts(&ledger).await;
        update(&network, "ALL");
        let height = loop {
            let config = ledger.config(None).await.expect("there is one");
            if config.block > 0 {
                assert_eq!(config.sequence, Some(first.sequence.unwrap_or(0) + 1));
                assert_eq!(
                    config.acls["qscc/GetBlockByHash"],
                    "/Channel/Application/Readers"
                );
                let info = ledger.info().await.expect("the peer answers");
                break info.height;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        };
        let history = ledger.config_history(None, 10).await;
        let changes = history.expect("it can be walked").changes;
        let [newest, oldest] = &changes[..] else {
            panic!("{changes:?}");
        };
        assert!(newest.block > 0 && newest.block <= height && oldest.block == 0);
        let words: Vec<&str> = newest
            .differences
            .iter()
            .map(|d| d.words.as_str())
            .collect();
        assert_eq!(
            words,
            [
                "acls, qscc/GetBlockByHash was added: /Channel/Application/Readers",
                "application policies, Writers was ANY of Writers and is ALL of Writers now",
            ]
        );
        let mut signers: Vec<&str> = newest
            .signers
            .iter()
            .map(|signer| signer.organization.as_str())
            .collect();
        signers.sort_unstable();
        assert_eq!(signers, ["Org1MSP", "Org2MSP"]);
        let creator = newest.creator.as_ref().expect("somebody asked for it");
        assert_eq!(creator.enrollment_id.as_deref(), Some("admin"));
        assert!(newest.time.is_some());

        let page = ledger.config_history(None, 1).await.expect("a page");
        assert_eq!(blocks(&page.changes), [newest.block]);
        let page = ledger.config_history(page.next, 1).await.expect("a page");
        assert_eq!((blocks(&page.changes), page.next), (vec![0], None));
        // What held before holds at the blocks before.
        let before = ledger
            .config(Some(newest.block - 1))
            .await
            .expect("there is one");
        assert_eq!(before, first);
    }
}

fn check_first(config: &LedgerConfig, consensus: Consensus) {
    let orderer = config.orderer.as_ref().expect("there is ordering");
    assert_eq!(config.block, 0);
    assert_eq!(orderer.state, "normal");
    let options = &orderer.consensus_options;
    let consenter = &orderer.consenters[0];
    let capability = match consensus {
        Consensus::Raft => {
            assert_eq!(orderer.consensus_type, "etcdraft");
            assert_eq!(options["election_tick"], "10");
            "V2_0"
        }
        Consensus::Bft => {
            assert_eq!(orderer.consensus_type, "BFT");
            assert!(
                options.contains_key("request_forward_timeout"),
                "{options:?}"
            );
            assert_eq!(consenter.organization.as_deref(), Some("OrdererMSP"));
            assert!(consenter.identity.is_some());
            "V3_0"
        }
    };
    assert_eq!(config.capabilities, [capability]);
    let certificate = consenter.server_tls_certificate.as_ref();
    assert!(certificate.is_some_and(|certificate| certificate.sha256.len() == 64));
    assert_eq!(orderer.organizations[0].id, "OrdererMSP");
    assert_eq!(config.policies["Admins"], "MAJORITY of Admins");
    assert_eq!(config.application_policies["Writers"], "ANY of Writers");
    let ids: Vec<&str> = config.organizations.iter().map(|o| o.id.as_str()).collect();
    assert_eq!(ids, ["Org1MSP", "Org2MSP"]);
    let organization = &config.organizations[0];
    let membership = organization.membership.as_ref().expect("it has an MSP");
    assert_eq!((membership.roots.len(), membership.tls_roots.len()), (1, 1));
    assert!(membership.roles_by_unit && membership.unreadable.is_empty());
    assert_eq!(
        organization.policies["Readers"],
        "OR(Org1MSP.admin, Org1MSP.peer, Org1MSP.client)"
    );
}

async fn check_contracts(ledger: &impl Ledger) {
    let contracts = ledger.contracts().await.expect("the peer answers");
    let names: Vec<&str> = contracts.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["probe", "probe-all"]);
    let all = &contracts[1];
    assert_eq!(
        all.endorsement_policy.as_deref(),
        Some("AND(Org1MSP.member, Org2MSP.member)")
    );
    assert_eq!(all.sequence, 1);
    assert!(!contracts[0].collections.is_empty());
    let collection = &contracts[0].collections[0];
    assert!(collection.members.contains("Org1MSP"), "{collection:?}");
}
