//! What is unknown, broken or changed: it is said, and the rest is shown.

use bytes::Bytes;
use chainloom_ledger::TransactionKind;
use proptest::prelude::*;
use prost::Message as _;

use super::super::block;
use super::{ALL, bytes, names, shown};
use crate::wire::Block;
use crate::wire::proto::{common, protos};

#[test]
fn the_time_of_a_block_is_its_last_transactions_own() {
    let block = shown(bytes("raft-015-conflict"));
    let last = block.transactions.last().unwrap();
    assert!(block.time.is_some());
    assert_eq!(block.time, last.time);
    let json = serde_json::to_value(&block).unwrap();
    assert_eq!(json["time_source"], "client");
}

/// A block whose first transaction is this envelope, and whose second is a good one.
fn with_envelope(envelope: Vec<u8>) -> chainloom_ledger::Block {
    let mut block = common::Block::decode(&bytes("raft-015-conflict")[..]).unwrap();
    block.data.as_mut().unwrap().data[0] = envelope.into();
    shown(block.encode_to_vec())
}

fn envelope(kind: i32, creator: &'static [u8], data: &[u8]) -> Vec<u8> {
    let channel = common::ChannelHeader {
        r#type: kind,
        channel_id: "mychannel".to_owned(),
        tx_id: "an id".to_owned(),
        ..Default::default()
    };
    let signature = common::SignatureHeader {
        creator: Bytes::from_static(creator),
        nonce: Bytes::from_static(&[0xab]),
    };
    let payload = common::Payload {
        header: Some(common::Header {
            channel_header: channel.encode_to_vec().into(),
            signature_header: signature.encode_to_vec().into(),
        }),
        data: data.to_vec().into(),
    };
    let payload = payload.encode_to_vec().into();
    common::Envelope {
        payload,
        ..Default::default()
    }
    .encode_to_vec()
}

#[test]
fn every_header_type_is_shown_and_unknown_ones_raw() {
    for (kind, name, shows_raw) in [
        (0, "MESSAGE", true),
        (2, "CONFIG_UPDATE", true),
        (4, "ORDERER_TRANSACTION", true),
        (5, "DELIVER_SEEK_INFO", true),
        (6, "CHAINCODE_PACKAGE", true),
        (77, "UNKNOWN(77)", true),
        (-1, "UNKNOWN(-1)", true),
        (1, "CONFIG", true),
        (3, "ENDORSER_TRANSACTION", true),
    ] {
        let block = with_envelope(envelope(kind, b"", b"data"));
        let [first, second] = &block.transactions[..] else {
            panic!("two transactions");
        };
        let endorsed = first.endorsed.as_ref().unwrap();
        let header = endorsed.header.as_ref().unwrap();
        assert_eq!((header.kind.as_str(), first.id.as_str()), (name, "an id"));
        assert_eq!(
            (header.nonce.as_str(), header.channel.as_str()),
            ("ab", "mychannel")
        );
        assert_eq!(endorsed.raw == Some("data".into()), shows_raw, "{name}");
        // These three have a form of their own, which `data` has not.
        assert_eq!(
            endorsed.undecodable.is_some(),
            [1, 2, 3].contains(&kind),
            "{name}"
        );
        assert_eq!(first.kind, TransactionKind::Unknown);
        assert_eq!(second.kind, TransactionKind::Endorser);
    }
}

#[test]
fn what_cannot_be_read_is_marked_and_the_rest_is_shown() {
    let undecodable = |block: &chainloom_ledger::Block| {
        let endorsed = block.transactions[0].endorsed.clone().unwrap();
        (endorsed.undecodable.unwrap(), endorsed.raw)
    };
    let block = with_envelope(b"\xff\xff".to_vec());
    let (reason, raw) = undecodable(&block);
    assert!(reason.starts_with("block 15, transaction 0: "), "{reason}");
    assert_eq!(raw, Some(chainloom_ledger::Payload(vec![0xff, 0xff])));
    assert_eq!(block.transactions[0].id.len(), 64);
    assert_eq!(block.transactions[1].kind, TransactionKind::Endorser);
    // A creator that cannot be read does not hide the call, nor an empty call the creator.
    let (reason, _) = undecodable(&with_envelope(envelope(3, b"\xff", b"")));
    assert_eq!(reason, "it holds no call");
    let (reason, _) = undecodable(&with_envelope(envelope(4, b"\xff", b"")));
    assert!(
        reason.starts_with("block 15, transaction 0, creator: "),
        "{reason}"
    );
    let many = protos::Transaction {
        actions: [real_actions(), real_actions()].concat(),
    };
    let block = with_envelope(envelope(3, b"", &many.encode_to_vec()));
    let (reason, raw) = undecodable(&block);
    assert_eq!(reason, "it holds 2 calls, of which the first is told");
    assert!(raw.is_some() && block.transactions[0].call.is_some());
}

fn real_actions() -> Vec<protos::TransactionAction> {
    let block = Block::decode(bytes("raft-005-add").into()).unwrap();
    let envelope = block.transaction(0).unwrap().decode().unwrap();
    protos::Transaction::decode(envelope.data).unwrap().actions
}

/// Shows all that can be shown. Whatever cannot be read names its place.
fn show_all(bytes: Vec<u8>) {
    let Ok(decoded) = Block::decode(bytes.into()) else {
        return;
    };
    let block = block(&decoded, ALL);
    assert_eq!(block.transactions.len() as u64, block.transaction_count);
    for (index, transaction) in block.transactions.iter().enumerate() {
        serde_json::to_string(transaction).unwrap();
        let undecodable = transaction
            .endorsed
            .as_ref()
            .and_then(|endorsed| endorsed.undecodable.as_deref());
        if let Some(reason) = undecodable.filter(|reason| !reason.starts_with("it holds ")) {
            let place = format!("block {}, transaction {index}", block.number);
            assert!(reason.starts_with(&place), "{reason}");
        }
    }
}

#[test]
fn a_block_with_any_one_byte_changed_is_shown_or_refused_and_never_a_panic() {
    for name in ["raft-009-key-policy", "raft-013-private-put"] {
        let whole = bytes(name);
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] = [0x00, 0xff, whole[at] ^ 0x01, whole[at] ^ 0x80][at % 4];
            show_all(changed);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn blocks_changed_in_several_places_never_panic(
        which in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
        cut in prop::bool::weighted(0.2),
    ) {
        let names = names();
        let mut bytes = bytes(&names[which.index(names.len())]);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        show_all(bytes);
    }
}
