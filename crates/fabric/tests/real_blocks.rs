//! Blocks that real networks made, decoded and compared with what Fabric's own configtxlator says of them.

#![allow(clippy::unwrap_used)]

mod configtxlator;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use chainloom_fabric::wire::config::{ConfigTransaction, Consensus};
use chainloom_fabric::wire::proto::protos::{ChaincodeAction, ProposalResponsePayload};
use chainloom_fabric::wire::{
    Action, Block, BlockSigner, Body, EndorserTransaction, Namespace, RangeResults, ValidationCode,
    check_data_hash, check_number, check_previous_hash, decode_namespaces, definition_changes,
};
use configtxlator::assert_same;
use proptest::prelude::*;
use prost::Message as _;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".block").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() >= 20);
    names
}

fn bytes(name: &str) -> Bytes {
    fs::read(folder().join(format!("{name}.block")))
        .unwrap()
        .into()
}

fn block(name: &str) -> Block {
    Block::decode(bytes(name)).unwrap()
}

/// The only action of a block's only transaction.
fn action(name: &str) -> Action {
    let block = block(name);
    let Body::Endorser(mut transaction) = block
        .transaction(0)
        .unwrap()
        .decode()
        .unwrap()
        .body()
        .unwrap()
    else {
        panic!("{name} holds no endorser transaction");
    };
    assert_eq!((block.envelopes.len(), transaction.actions.len()), (1, 1));
    transaction.actions.remove(0)
}

/// What `probe` itself read and wrote.
fn probe(name: &str) -> Namespace {
    action(name)
        .namespaces
        .into_iter()
        .find(|namespace| namespace.name == "probe")
        .unwrap()
}

#[test]
fn every_fact_is_configtxlators_and_none_is_missing() {
    for name in names() {
        let theirs = fs::read(folder().join(format!("{name}.json"))).unwrap();
        let mut theirs: Value = serde_json::from_slice(&theirs).unwrap();
        configtxlator::cut_to_skeletons(&mut theirs);
        let ours = configtxlator::normalize(configtxlator::block(&block(&name)));
        assert_same(&name, "", &ours, &configtxlator::normalize(theirs));
    }
}

#[test]
fn hashes_chain() {
    for names in [
        &[
            "raft-005-add",
            "raft-006-range",
            "raft-007-delete",
            "raft-008-event",
            "raft-009-key-policy",
        ][..],
        &[
            "bft-016-private-put",
            "bft-017-private-get",
            "bft-018-add",
            "bft-019-conflict",
        ],
    ] {
        let blocks: Vec<Block> = names.iter().map(|name| block(name)).collect();
        for pair in blocks.windows(2) {
            assert_eq!(check_number(&pair[1], pair[0].number + 1), Ok(()));
            assert_eq!(check_previous_hash(&pair[1], Some(pair[0].hash())), Ok(()));
        }
    }
    for name in names() {
        let mut block = block(&name);
        assert_eq!(check_data_hash(&block), Ok(()), "{name}");
        if block.number == 0 {
            assert_eq!(check_previous_hash(&block, None), Ok(()));
        }
        block.envelopes.push(Bytes::from_static(b"more"));
        check_data_hash(&block).expect_err("other data");
    }
}

#[test]
fn ids_are_the_hash_of_nonce_and_creator() {
    for name in names() {
        for transaction in block(&name).transactions() {
            let envelope = transaction.decode().unwrap();
            // The orderer leaves the id of its own configuration transactions empty.
            if !envelope.header.transaction_id.is_empty() {
                assert_eq!(envelope.check_transaction_id(), Ok(()), "{name}");
            }
        }
    }
}

#[test]
fn creators_and_endorsers_have_certificates() {
    let envelope = block("raft-010-two-endorsers")
        .transaction(0)
        .unwrap()
        .decode()
        .unwrap();
    let creator = envelope.header.creator().unwrap().unwrap();
    assert_eq!(creator.organization, "Org1MSP");
    // A DER sequence with two bytes of length.
    assert_eq!(creator.certificate_der().unwrap()[..2], [0x30, 0x82]);
    let mut endorsers: Vec<String> = action("raft-010-two-endorsers")
        .endorsements
        .iter()
        .map(|endorsement| {
            endorsement.endorser.certificate_der().unwrap();
            endorsement.endorser.organization.clone()
        })
        .collect();
    endorsers.sort();
    assert_eq!(endorsers, ["Org1MSP", "Org2MSP"]);
}

#[test]
fn verdicts_are_those_that_the_network_gave() {
    let codes = |name: &str| {
        block(name)
            .transactions()
            .map(|transaction| transaction.validation_code.unwrap().name())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("raft-005-add"), ["VALID"]);
    assert_eq!(
        codes("raft-011-policy-failure"),
        ["ENDORSEMENT_POLICY_FAILURE"]
    );
    assert_eq!(codes("raft-015-conflict"), ["VALID", "MVCC_READ_CONFLICT"]);
    // A block that no peer has seen has none.
    assert_eq!(
        block("raft-genesis")
            .transaction(0)
            .unwrap()
            .validation_code,
        None::<ValidationCode>
    );
}

#[test]
fn calls_tell_what_was_done() {
    let add = action("raft-005-add");
    assert_eq!(add.call.function(), b"add");
    assert_eq!(add.call.arguments(), [&b"count"[..], b"2"]);
    assert_eq!(add.call.chaincode.unwrap().name, "probe");
    assert_eq!(add.response.unwrap().payload, "3");
    let event = action("raft-008-event").event.unwrap();
    assert_eq!(
        (event.name.as_str(), &event.payload[..]),
        ("painted", &br#"{"colour":"red"}"#[..])
    );
    assert!(probe("raft-007-delete").writes[0].delete);
    let RangeResults::Reads(reads) = &probe("raft-006-range").range_reads[0].results else {
        panic!("few keys")
    };
    assert_eq!(
        reads
            .iter()
            .map(|read| read.key.as_str())
            .collect::<Vec<_>>(),
        ["colour", "count"]
    );
    let RangeResults::Merkle { hashes, .. } = &probe("raft-128-merkle").range_reads[0].results
    else {
        panic!("many keys")
    };
    assert_eq!(hashes.len(), 3);
    let private = &probe("raft-013-private-put").collections[0];
    assert_eq!(
        (private.name.as_str(), private.private_set_hash.len()),
        ("both", 32)
    );
    assert_eq!(
        private.writes[0].key_hash,
        chainloom_ledger::Hash::of(b"key1").0[..]
    );
    assert_eq!(
        private.writes[0].value_hash,
        chainloom_ledger::Hash::of(b"secret").0[..]
    );
    let read = &probe("raft-014-private-get").collections[0].reads[0];
    assert_eq!(read.version.map(|version| version.block), Some(13));
}

#[test]
fn a_keys_own_policy_is_told_in_words() {
    let entry = &probe("raft-009-key-policy").metadata_writes[0].entries[0];
    let policy = entry.endorsement_policy().unwrap().unwrap();
    assert_eq!(policy.to_string(), "AND(Org1MSP.member, Org2MSP.member)");
}

#[test]
fn definitions_are_read_from_what_was_written() {
    let block = block("raft-002-definitions");
    let mut changes = Vec::new();
    for transaction in block.transactions() {
        let Body::Endorser(transaction) = transaction.decode().unwrap().body().unwrap() else {
            panic!("a commit")
        };
        for namespace in &transaction.actions[0].namespaces {
            changes.extend(definition_changes(namespace).unwrap());
        }
    }
    changes.sort_by(|left, right| left.name.cmp(&right.name));
    let policies: Vec<_> = changes
        .iter()
        .map(|change| {
            assert_eq!(change.sequence, Some(1));
            assert_eq!(change.endorsement.as_ref().unwrap().version, "1");
            let policy = change
                .validation
                .as_ref()
                .unwrap()
                .endorsement_policy
                .as_ref()
                .unwrap();
            (change.name.as_str(), policy.to_string())
        })
        .collect();
    assert_eq!(
        policies,
        [
            ("probe", "OR(Org1MSP.member, Org2MSP.member)".to_owned()),
            (
                "probe-all",
                "AND(Org1MSP.member, Org2MSP.member)".to_owned()
            ),
        ]
    );
    let collections = changes[0].collections.as_ref().unwrap();
    assert_eq!(
        collections
            .iter()
            .map(|one| one.name.as_str())
            .collect::<Vec<_>>(),
        ["both", "first"]
    );
    assert_eq!(
        collections[0].members.to_string(),
        "OR(Org1MSP.member, Org2MSP.member)"
    );
    assert_eq!(
        (
            collections[0].maximum_peer_count,
            collections[0].member_only_read
        ),
        (3, true)
    );
}

#[test]
fn configurations_are_told_in_words() {
    for (name, consensus, consenters) in
        [("raft-genesis", "etcdraft", 3), ("bft-genesis", "BFT", 4)]
    {
        let envelope = block(name).transaction(0).unwrap().decode().unwrap();
        assert_eq!(envelope.header.creator(), Ok(None));
        let Body::Config(transaction) = envelope.body().unwrap() else {
            panic!("a configuration")
        };
        assert_eq!(transaction.last_update, None);
        let config = transaction.config;
        let orderer = config.orderer.unwrap();
        assert_eq!(orderer.batch_timeout.unwrap().as_millis(), 200);
        let agreed = orderer.consensus.unwrap();
        assert_eq!(
            (agreed.name(), agreed.consenters().len()),
            (consensus, consenters)
        );
        if let Consensus::Bft { consenters, .. } = agreed {
            assert_eq!(consenters[3].id, Some(4));
            // Three of these four certificates.
            let policy = orderer.policies["BlockValidation"].to_string();
            assert!(
                policy.starts_with("OutOf(3, OrdererMSP.identity "),
                "{policy}"
            );
        }
        let application = config.application.unwrap();
        let words = |name: &str| application.policies[name].to_string();
        assert_eq!(words("Admins"), "MAJORITY of Admins");
        assert_eq!(
            words("Endorsement"),
            "OutOf(2, Org1MSP.peer, Org2MSP.peer, AND(Org1MSP.admin, Org2MSP.client))"
        );
        assert_eq!(
            application.acls["peer/Propose"],
            "/Channel/Application/Writers"
        );
        let organization = &application.organizations["Org1"];
        assert_eq!(organization.msp.as_ref().unwrap().id(), Some("Org1MSP"));
        assert_eq!(organization.anchor_peers[0].host, "peer0.org1.test");
        assert_eq!(organization.policies["Admins"].to_string(), "Org1MSP.admin");
    }
}

#[test]
fn an_update_names_who_agreed() {
    for name in ["raft-129-config", "bft-022-config"] {
        let Body::Config(transaction) = block(name)
            .transaction(0)
            .unwrap()
            .decode()
            .unwrap()
            .body()
            .unwrap()
        else {
            panic!("a configuration")
        };
        assert_eq!(transaction.config.sequence, 1);
        let update = transaction.last_update.unwrap();
        assert_eq!(
            update.header.creator().unwrap().unwrap().organization,
            "Org2MSP"
        );
        let Body::ConfigUpdate(update) = update.body().unwrap() else {
            panic!("an update")
        };
        assert_eq!(
            (update.channel.as_str(), update.signatures.len()),
            ("devnet", 2)
        );
        assert!(
            update.write_set.groups["Application"]
                .values
                .contains_key("ACLs")
        );
    }
}

#[test]
fn orderers_sign_by_identity_or_by_number() {
    let signers = |name: &str| {
        let orderer = block(name).metadata.orderer().unwrap();
        orderer
            .signatures
            .into_iter()
            .map(|signature| signature.signer)
            .collect::<Vec<_>>()
    };
    assert!(matches!(
        &signers("raft-005-add")[..],
        [BlockSigner::Creator { .. }]
    ));
    let bft = signers("bft-018-add");
    // A quorum of four.
    assert!(bft.len() >= 3, "{bft:?}");
    assert!(
        bft.iter()
            .all(|signer| matches!(signer, BlockSigner::Consenter { id: 1..=4, .. })),
        "{bft:?}"
    );
}

/// Reads all that can be read; the errors are counted.
fn read_all(bytes: Bytes) -> usize {
    let Ok(block) = Block::decode(bytes) else {
        return 1;
    };
    let mut errors = 0;
    errors += usize::from(block.metadata.orderer().is_err())
        + usize::from(block.metadata.commit_hash().is_err());
    let _ = (check_data_hash(&block).is_ok(), block.hash());
    let mut seen = 0;
    for transaction in block.transactions() {
        seen += 1;
        let place = format!(
            "block {}, transaction {}",
            block.number, transaction.version.index
        );
        let body = transaction.decode().and_then(|envelope| {
            let _ = (
                envelope.check_transaction_id().is_ok(),
                envelope.header.creator().is_ok(),
            );
            envelope.body()
        });
        match body {
            Ok(Body::Endorser(transaction)) => {
                for namespace in transaction
                    .actions
                    .iter()
                    .flat_map(|action| &action.namespaces)
                {
                    errors += usize::from(definition_changes(namespace).is_err());
                    for entry in namespace
                        .metadata_writes
                        .iter()
                        .flat_map(|write| &write.entries)
                    {
                        errors += usize::from(
                            entry
                                .endorsement_policy()
                                .is_some_and(|policy| policy.is_err()),
                        );
                    }
                }
            }
            Ok(Body::Config(transaction)) => {
                for policy in transaction.config.policies.values() {
                    assert!(!policy.to_string().is_empty());
                }
            }
            Ok(_) => {}
            Err(error) => {
                assert!(error.to_string().starts_with(&place), "{error}");
                errors += 1;
            }
        }
    }
    assert_eq!(seen, block.envelopes.len());
    errors
}

#[test]
fn whole_blocks_have_no_errors() {
    for name in names() {
        assert_eq!(read_all(bytes(&name)), 0, "{name}");
    }
}

#[test]
fn a_broken_transaction_leaves_the_rest_of_its_block() {
    let mut block = block("raft-015-conflict");
    block.envelopes[0] = Bytes::from_static(b"\xff");
    let error = block
        .transaction(0)
        .unwrap()
        .decode()
        .expect_err("no envelope");
    assert!(
        error
            .to_string()
            .starts_with("block 15, transaction 0: the bytes are no Envelope"),
        "{error}"
    );
    assert!(matches!(
        block.transaction(1).unwrap().decode().unwrap().body(),
        Ok(Body::Endorser(_))
    ));
    assert_eq!(block.transactions().count(), 2);
}

#[test]
fn whatever_is_cut_off_is_missed() {
    for name in names() {
        let whole = block(&name).transaction(0).unwrap().decode().unwrap();
        let body = whole.body().unwrap();
        // Each length of the data, and of the read and write sets, which are messages of their own inside them.
        for end in 0..whole.data.len() {
            let cut = whole.data.slice(..end);
            let same = match &body {
                Body::Endorser(all) => {
                    EndorserTransaction::decode(cut).is_ok_and(|read| read == *all)
                }
                Body::Config(all) => ConfigTransaction::decode(cut).is_ok_and(|read| read == **all),
                _ => panic!("no fixture holds another kind"),
            };
            assert!(
                !same,
                "{name}: {end} of {} bytes say it all",
                whole.data.len()
            );
        }
        for action in actions(&body) {
            let response =
                ProposalResponsePayload::decode(action.response_payload.clone()).unwrap();
            let results = ChaincodeAction::decode(response.extension).unwrap().results;
            assert_eq!(
                decode_namespaces(results.clone()).as_ref(),
                Ok(&action.namespaces)
            );
            for end in 0..results.len() {
                let read = decode_namespaces(results.slice(..end));
                assert!(
                    read.is_err() || read.as_ref() != Ok(&action.namespaces),
                    "{name}: {end}"
                );
            }
        }
    }
}

fn actions(body: &Body) -> &[Action] {
    match body {
        Body::Endorser(transaction) => &transaction.actions,
        _ => &[],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_never_panic(
        which in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in any::<prop::sample::Index>(),
        cut in prop::bool::weighted(0.2),
    ) {
        let names = names();
        let mut bytes = bytes(&names[which.index(names.len())]).to_vec();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        read_all(bytes.into());
    }
}
