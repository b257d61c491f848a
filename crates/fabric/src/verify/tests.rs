//! Real blocks as their orderers signed them, and what becomes of them when a byte is changed.
#![allow(clippy::unwrap_used)]

use std::fs;

use bytes::Bytes;
use prost::Message as _;

use super::{Beginning, BlockRules, Unverified, Verifier, VerifyError};
use crate::wire::config::ChannelConfig;
use crate::wire::proto::common;
use crate::wire::{Block, Body};

fn message(name: &str) -> common::Block {
    let path = format!("{}/tests/data/{name}.block", env!("CARGO_MANIFEST_DIR"));
    common::Block::decode(&fs::read(path).unwrap()[..]).unwrap()
}

fn block(name: &str) -> Block {
    Block::from_message(message(name)).unwrap()
}

fn config(block: &Block) -> ChannelConfig {
    let envelope = block.transaction(0).unwrap().decode().unwrap();
    match envelope.body().unwrap() {
        Body::Config(transaction) => transaction.config,
        _ => panic!("block {} holds no configuration", block.number),
    }
}

/// The rules of a network's configuration block; its orderers are those of the blocks before it.
fn rules(name: &str) -> BlockRules {
    let block = block(name);
    BlockRules::new(block.number, &config(&block)).unwrap()
}

const RAFT: &str = "raft-129-config";
const BFT: &str = "bft-022-config";

/// The block with other signatures.
fn with_signatures(name: &str, change: impl FnOnce(&mut common::Metadata)) -> Block {
    let mut message = message(name);
    let entries = &mut message.metadata.as_mut().unwrap().metadata;
    let mut metadata = common::Metadata::decode(&entries[0][..]).unwrap();
    change(&mut metadata);
    entries[0] = metadata.encode_to_vec().into();
    Block::from_message(message).unwrap()
}

fn flipped(bytes: &Bytes, at: usize) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes.into()
}

/// The faults of a block that is not signed as it should be.
fn faults(rules: &BlockRules, block: &Block) -> Vec<String> {
    match rules.check_signatures(block).unwrap_err() {
        Unverified::NotSigned { number, faults, .. } => {
            assert_eq!(number, block.number);
            faults
        }
        other => panic!("{other}"),
    }
}

#[test]
fn real_blocks_are_signed_as_their_configurations_ask() {
    let mut checked = 0;
    for (network, configuration) in [("raft", RAFT), ("bft", BFT)] {
        let rules = rules(configuration);
        for file in fs::read_dir(format!("{}/tests/data", env!("CARGO_MANIFEST_DIR"))).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let Some(name) = name.strip_suffix(".block") else {
                continue;
            };
            if name.starts_with(network) && !name.ends_with("genesis") {
                rules.check_signatures(&block(name)).unwrap();
                checked += 1;
            }
        }
    }
    assert!(checked >= 20, "{checked}");
}

#[test]
fn the_orderers_of_another_network_are_nobody_here() {
    let faults = faults(&rules(BFT), &block("raft-003-put"));
    assert!(
        faults[0].contains("does not come from a CA of OrdererMSP"),
        "{faults:?}"
    );
}

#[test]
fn a_changed_signature_is_refused() {
    for (name, configuration) in [("raft-003-put", RAFT), ("bft-018-add", BFT)] {
        let rules = rules(configuration);
        let count = with_signatures(name, |_| ())
            .metadata
            .orderer()
            .unwrap()
            .signatures
            .len();
        // The last byte belongs to s, which stays a number of the same length.
        let changed = with_signatures(name, |metadata| {
            for signature in &mut metadata.signatures {
                let last = signature.signature.len() - 1;
                signature.signature = flipped(&signature.signature, last);
            }
        });
        let faults = faults(&rules, &changed);
        assert_eq!(faults.len(), count);
        assert!(faults[0].contains("does not fit"), "{faults:?}");
        assert!(faults[0].contains("OrdererMSP"), "{faults:?}");
    }
}

#[test]
fn changed_metadata_and_headers_are_refused() {
    for (name, configuration) in [("raft-003-put", RAFT), ("bft-018-add", BFT)] {
        let rules = rules(configuration);
        let other_configuration = with_signatures(name, |metadata| {
            let mut signed = common::OrdererBlockMetadata::decode(&metadata.value[..]).unwrap();
            signed.last_config = Some(common::LastConfig { index: 1 });
            metadata.value = signed.encode_to_vec().into();
        });
        assert!(!faults(&rules, &other_configuration).is_empty());
        let good = block(name);
        let other_number = Block {
            number: good.number + 1,
            ..good.clone()
        };
        assert!(!faults(&rules, &other_number).is_empty());
        let other_data = Block {
            data_hash: flipped(&good.data_hash, 0),
            ..good.clone()
        };
        assert!(!faults(&rules, &other_data).is_empty());
        let other_past = Block {
            previous_hash: flipped(&good.previous_hash, 31),
            ..good
        };
        assert!(!faults(&rules, &other_past).is_empty());
    }
}

#[test]
fn every_byte_of_what_is_signed_counts() {
    let rules = rules(RAFT);
    let good = block("raft-005-add").metadata.orderer().unwrap();
    let signature = &good.signatures[0];
    for (part, bytes) in [("metadata", &good.value), ("header", &signature.header)] {
        for at in 0..bytes.len() {
            let changed = flipped(bytes, at);
            let block = with_signatures("raft-005-add", |metadata| match part {
                "metadata" => metadata.value = changed,
                _ => metadata.signatures[0].signature_header = changed,
            });
            // Some no longer read as messages at all; none is taken.
            let error = rules.check_signatures(&block).unwrap_err();
            assert!(
                error.to_string().contains("block 5 "),
                "{part} {at}: {error}"
            );
        }
    }
}

#[test]
fn somebody_else_who_signs_does_not_count() {
    let rules = rules(RAFT);
    let put = block("raft-003-put");
    let client = put.transaction(0).unwrap().decode().unwrap().header.creator;
    let by_a_client = with_signatures("raft-003-put", |metadata| {
        let header = &mut metadata.signatures[0].signature_header;
        let mut read = common::SignatureHeader::decode(&header[..]).unwrap();
        read.creator = client;
        *header = read.encode_to_vec().into();
    });
    let said = faults(&rules, &by_a_client);
    assert!(
        said[0].contains("the channel has no organization with the MSP id Org1MSP"),
        "{said:?}"
    );
    let unsigned = with_signatures("raft-003-put", |metadata| metadata.signatures.clear());
    let error = rules.check_signatures(&unsigned).unwrap_err().to_string();
    assert_eq!(
        error,
        "block 3 is not signed as the configuration asks (ANY of Writers): nobody signed it"
    );
    let unreadable = with_signatures("raft-003-put", |metadata| {
        metadata.value = Bytes::from_static(b"\xff");
    });
    let error = rules.check_signatures(&unreadable).unwrap_err();
    assert!(
        matches!(error, Unverified::Metadata { number: 3, .. }),
        "{error}"
    );
}

#[test]
fn bft_takes_a_quorum_of_different_consenters() {
    let rules = rules(BFT);
    let name = "bft-018-add";
    // Four orderers: three have to sign.
    let two = with_signatures(name, |metadata| metadata.signatures.truncate(2));
    let said = faults(&rules, &two);
    assert_eq!(said.len(), 2);
    assert!(
        said.iter().all(|fault| fault.ends_with("signed it")),
        "{said:?}"
    );
    let one_thrice = with_signatures(name, |metadata| {
        let first = metadata.signatures[0].clone();
        metadata.signatures = vec![first.clone(), first.clone(), first];
    });
    assert_eq!(faults(&rules, &one_thrice).len(), 1);
    let renamed = |id: u32| {
        with_signatures(name, |metadata| {
            metadata.signatures.truncate(3);
            let header = &mut metadata.signatures[0].identifier_header;
            let mut read = common::IdentifierHeader::decode(&header[..]).unwrap();
            read.identifier = id;
            *header = read.encode_to_vec().into();
        })
    };
    let said = faults(&rules, &renamed(9));
    assert!(
        said.iter()
            .any(|fault| fault == "the configuration has no consenter 9"),
        "{said:?}"
    );
    // In another's name, whose key did not sign it.
    let good = block(name).metadata.orderer().unwrap();
    let id = |index: usize| match good.signatures[index].signer {
        crate::wire::BlockSigner::Consenter { id, .. } => id,
        crate::wire::BlockSigner::Creator { .. } => panic!("by number"),
    };
    let other = (1..=4).find(|other| *other != id(0)).unwrap();
    assert!(!faults(&rules, &renamed(other)).is_empty());
    // Without the mapping nobody is known by a number.
    let raft = faults(&self::rules(RAFT), &block(name));
    assert!(raft[0].contains("no consenter"), "{raft:?}");
}

#[test]
fn a_configuration_without_orderers_rules_is_refused() {
    let block = block(RAFT);
    let mut none = config(&block);
    none.orderer.as_mut().unwrap().policies.clear();
    let error = BlockRules::new(7, &none).unwrap_err().to_string();
    assert_eq!(
        error,
        "the configuration in block 7 does not say who signs blocks: its orderers have no policy BlockValidation"
    );
    none.orderer = None;
    let error = BlockRules::new(7, &none).unwrap_err();
    assert!(error.to_string().ends_with("no group Orderer"), "{error}");
    // Nobody can sign where there is no organization.
    let mut empty = config(&block);
    empty.orderer.as_mut().unwrap().organizations.clear();
    let empty = BlockRules::new(7, &empty).unwrap();
    assert!(!faults(&empty, &self::block("raft-003-put")).is_empty());
}

/// A configuration block as if it were another one.
fn renumbered(name: &str, number: u64) -> Block {
    Block {
        number,
        ..block(name)
    }
}

#[test]
fn each_block_is_checked_by_the_configuration_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let (mut verifier, beginning) = Verifier::open(&journal, 0).unwrap();
    assert_eq!(beginning, Beginning::Ready);
    // Block 0 is believed; this stands for it.
    verifier.check(&renumbered(RAFT, 0)).unwrap();
    verifier.check(&block("raft-003-put")).unwrap();
    verifier.check(&block("raft-128-merkle")).unwrap();
    verifier.check(&block(RAFT)).unwrap();
    let skipped = verifier.check(&block("raft-015-conflict")).unwrap_err();
    assert_eq!(
        skipped.to_string(),
        "the orderers of block 15 name block 0 as the last configuration, which is block 129"
    );

    // After a restart, too.
    let (mut verifier, beginning) = Verifier::open(&journal, 130).unwrap();
    assert_eq!(beginning, Beginning::Ready);
    assert!(verifier.check(&block("raft-003-put")).is_err());
    // Where the configuration itself is read again, the one before it counts.
    let (mut verifier, _) = Verifier::open(&journal, 129).unwrap();
    verifier.check(&block("raft-003-put")).unwrap();
    // Another network's block is no next one.
    let foreign = verifier.check(&block("bft-018-add")).unwrap_err();
    let VerifyError::Unverified(Unverified::NotSigned { .. }) = foreign else {
        panic!("{foreign}");
    };
}

#[test]
fn reading_that_begins_late_asks_for_the_configuration_before() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let (mut verifier, beginning) = Verifier::open(&journal, 13).unwrap();
    assert_eq!(beginning, Beginning::Configuration);
    let none = verifier.believe(13, &block("bft-018-add")).unwrap_err();
    assert_eq!(
        none.to_string(),
        "the configuration in block 18 cannot be read: it holds none"
    );
    let empty = Block {
        envelopes: Vec::new(),
        ..block(BFT)
    };
    let none = verifier.believe(13, &empty).unwrap_err();
    assert!(none.to_string().ends_with("it is empty"), "{none}");
    verifier.believe(13, &renumbered(BFT, 0)).unwrap();
    verifier.check(&block("bft-013-two-endorsers")).unwrap();
    let (_, beginning) = Verifier::open(&journal, 14).unwrap();
    assert_eq!(beginning, Beginning::Ready);
    // What comes before was not verified.
    let (_, beginning) = Verifier::open(&journal, 12).unwrap();
    assert_eq!(beginning, Beginning::Configuration);
    fs::write(&journal, "x").unwrap();
    let error = Verifier::open(&journal, 14).unwrap_err();
    assert!(matches!(error, VerifyError::Journal(_)), "{error}");
}

#[test]
fn no_peer_has_another_channel_believed_where_one_was_verified_from_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let (mut verifier, _) = Verifier::open(&journal, 0).unwrap();
    verifier.check(&renumbered(RAFT, 0)).unwrap();
    let kept = fs::read(&journal).unwrap();
    // The index is built anew, as it is where a peer tells of another chain.
    let (mut verifier, _) = Verifier::open(&journal, 0).unwrap();
    let error = verifier.check(&renumbered(BFT, 0)).unwrap_err().to_string();
    assert!(
        error.contains("begins otherwise") && error.contains(&journal.display().to_string()),
        "{error}"
    );
    let (mut verifier, _) = Verifier::open(&journal, 0).unwrap();
    let late = verifier.believe(13, &renumbered(BFT, 0)).unwrap_err();
    assert!(late.to_string().contains("begins otherwise"), "{late}");
    assert_eq!(fs::read(&journal).unwrap(), kept);
    // The right one is taken again.
    let (mut verifier, _) = Verifier::open(&journal, 0).unwrap();
    verifier.check(&renumbered(RAFT, 0)).unwrap();
    verifier.check(&block("raft-003-put")).unwrap();
    // Who removes the file means it.
    fs::remove_file(&journal).unwrap();
    let (mut verifier, _) = Verifier::open(&journal, 0).unwrap();
    verifier.check(&renumbered(BFT, 0)).unwrap();
}
