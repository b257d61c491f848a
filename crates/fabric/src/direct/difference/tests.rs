#![allow(clippy::unwrap_used)]

use prost::Message as _;

use super::*;
use crate::wire::proto::{kvrwset, rwset};

fn read(key: &str, block: Option<u64>) -> kvrwset::KvRead {
    kvrwset::KvRead {
        key: key.to_owned(),
        version: block.map(|block_num| kvrwset::Version {
            block_num,
            tx_num: 0,
        }),
    }
}

fn write(key: &str, value: &'static [u8]) -> kvrwset::KvWrite {
    kvrwset::KvWrite {
        key: key.to_owned(),
        value: Bytes::from_static(value),
        ..kvrwset::KvWrite::default()
    }
}

/// A transaction that reads `a`, a range from `b` on and a private key, and writes `c`.
#[derive(Clone)]
struct Parts {
    action: protos::ChaincodeAction,
    event: protos::ChaincodeEvent,
    public: kvrwset::KvrwSet,
    private: kvrwset::HashedRwSet,
}

fn parts(block: Option<u64>) -> Parts {
    let reads = kvrwset::QueryReads {
        kv_reads: vec![read("b", block)],
    };
    let range = kvrwset::RangeQueryInfo {
        start_key: "b".to_owned(),
        reads_info: Some(kvrwset::range_query_info::ReadsInfo::RawReads(reads)),
        ..kvrwset::RangeQueryInfo::default()
    };
    let hashes = kvrwset::QueryReadsMerkleSummary {
        max_level_hashes: vec![Bytes::from(format!("{block:?}"))],
        ..kvrwset::QueryReadsMerkleSummary::default()
    };
    let long_range = kvrwset::RangeQueryInfo {
        start_key: "d".to_owned(),
        reads_info: Some(kvrwset::range_query_info::ReadsInfo::ReadsMerkleHashes(
            hashes,
        )),
        ..kvrwset::RangeQueryInfo::default()
    };
    Parts {
        action: protos::ChaincodeAction {
            response: Some(protos::Response {
                status: 200,
                payload: Bytes::from_static(b"1"),
                ..protos::Response::default()
            }),
            chaincode_id: Some(protos::ChaincodeId {
                version: "1.0".to_owned(),
                ..protos::ChaincodeId::default()
            }),
            ..protos::ChaincodeAction::default()
        },
        event: protos::ChaincodeEvent::default(),
        public: kvrwset::KvrwSet {
            reads: vec![read("a", block)],
            range_queries_info: vec![range, long_range],
            writes: vec![write("c", b"1")],
            ..kvrwset::KvrwSet::default()
        },
        private: kvrwset::HashedRwSet {
            hashed_reads: vec![kvrwset::KvReadHash {
                key_hash: Bytes::from_static(b"p"),
                version: read("p", block).version,
            }],
            ..kvrwset::HashedRwSet::default()
        },
    }
}

fn outcome(parts: Parts) -> Outcome {
    let namespace = rwset::NsReadWriteSet {
        namespace: "probe".to_owned(),
        rwset: parts.public.encode_to_vec().into(),
        collection_hashed_rwset: vec![rwset::CollectionHashedReadWriteSet {
            collection_name: "both".to_owned(),
            hashed_rwset: parts.private.encode_to_vec().into(),
            ..rwset::CollectionHashedReadWriteSet::default()
        }],
    };
    let results = rwset::TxReadWriteSet {
        ns_rwset: vec![namespace],
        ..rwset::TxReadWriteSet::default()
    };
    let action = protos::ChaincodeAction {
        results: results.encode_to_vec().into(),
        events: parts.event.encode_to_vec().into(),
        ..parts.action
    };
    let payload = protos::ProposalResponsePayload {
        proposal_hash: Bytes::from_static(b"hash"),
        extension: action.encode_to_vec().into(),
    };
    Outcome::decode(&payload.encode_to_vec().into()).unwrap()
}

fn difference(change: impl FnOnce(&mut Parts)) -> Difference {
    let mut other = parts(Some(3));
    change(&mut other);
    outcome(other).difference(&outcome(parts(Some(3))))
}

fn part(change: impl FnOnce(&mut Parts)) -> String {
    match difference(change) {
        Difference::Part(part) => part,
        Difference::ReadVersions => panic!("more than versions differs"),
    }
}

#[test]
fn a_peer_that_misses_blocks_differs_in_versions_only() {
    let new = outcome(parts(Some(3)));
    for old in [Some(2), None] {
        let old = outcome(parts(old));
        assert_eq!(new.difference(&old), Difference::ReadVersions);
        assert_eq!(old.difference(&new), Difference::ReadVersions);
    }
}

#[test]
fn the_part_that_differs_is_named() {
    let changed = part(|parts| {
        parts.action.response.as_mut().unwrap().payload = Bytes::from_static(b"2");
        // Named first, whatever else differs.
        parts.public.writes = vec![write("c", b"2")];
    });
    assert_eq!(changed, "the response: 200 `2` and 200 `1`");
    let changed = part(|parts| parts.event.event_name = "sold".to_owned());
    assert_eq!(changed, "the event: `sold` and none");
    let changed = part(|parts| {
        let id = parts.action.chaincode_id.as_mut().unwrap();
        id.version = "2.0".to_owned();
    });
    assert_eq!(changed, "the contract's version: `2.0` and `1.0`");
    let changed = part(|parts| parts.public.writes = vec![write("c", b"2")]);
    assert_eq!(changed, "the key `c` (written) of `probe`");
    let changed = part(|parts| parts.public.writes = Vec::new());
    assert_eq!(changed, "the key `c` (written) of `probe`");
    let changed = part(|parts| parts.public.reads.push(read("e", None)));
    assert_eq!(changed, "the key `e` (read) of `probe`");
    let changed = part(|parts| parts.public.range_queries_info[0].itr_exhausted = true);
    assert_eq!(changed, "the keys from `b` on (read) of `probe`");
    let changed = part(|parts| parts.private.hashed_reads.clear());
    assert_eq!(changed, "a key of the private collection `both` of `probe`");
    let changed = part(|parts| {
        parts.public.metadata_writes = vec![kvrwset::KvMetadataWrite {
            key: "c".to_owned(),
            ..kvrwset::KvMetadataWrite::default()
        }];
    });
    assert_eq!(changed, "the key `c` (given another policy) of `probe`");
}

#[test]
fn the_content_of_an_event_is_a_part_too() {
    let sold = |payload: &'static [u8]| {
        let mut parts = parts(None);
        parts.event.event_name = "sold".to_owned();
        parts.event.payload = Bytes::from_static(payload);
        outcome(parts)
    };
    assert_eq!(
        sold(b"1").difference(&sold(b"2")),
        Difference::Part("the content of the event `sold`".to_owned())
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let error = Outcome::decode(&Bytes::from_static(b"\xff")).unwrap_err();
    assert!(error.starts_with("no ProposalResponsePayload"), "{error}");
}
