//! Our typed blocks in the shape of configtxlator's JSON, so that whole blocks can be compared: a fact that our
//! types lose is a difference.

#![allow(clippy::unwrap_used)]

mod compare;
mod config;

pub(crate) use compare::assert_same;
pub(crate) use config::cut_to_skeletons;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chainloom_fabric::wire::{
    Action, Block, Body, Chaincode, Collection, Creator, Envelope, Kind, MetadataEntry, Namespace,
    RangeResults, Read,
    proto::{common, kvrwset, protos},
};
use chainloom_ledger::Version;
use prost::Message as _;
use serde_json::{Map, Value, json};

/// A block as configtxlator shows it.
pub(crate) fn block(block: &Block) -> Value {
    let data: Vec<Value> = block
        .transactions()
        .map(|transaction| envelope(&transaction.decode().unwrap()))
        .collect();
    json!({
        "header": {
            "number": block.number.to_string(),
            "previous_hash": base64(&block.previous_hash),
            "data_hash": base64(&block.data_hash),
        },
        "data": {"data": data},
        "metadata": {"metadata": metadata(block)},
    })
}

/// Facts only: null, empty and zero are the same as absent in protobuf.
pub(crate) fn normalize(value: Value) -> Value {
    let is_fact = |value: &Value| match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(text) => !text.is_empty() && text != "0",
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    };
    match value {
        Value::Array(items) => items.into_iter().map(normalize).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| is_fact(value))
            .map(|(name, value)| (name, normalize(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// configtxlator shows the metadata as they are, so ours are encoded again.
fn metadata(block: &Block) -> Vec<String> {
    let orderer = block.metadata.orderer().unwrap();
    let signed = common::OrdererBlockMetadata {
        last_config: Some(common::LastConfig {
            index: orderer.last_config,
        }),
        consenter_metadata: orderer.consenter_metadata.clone(),
    };
    assert_eq!(signed.encode_to_vec(), orderer.value);
    let signatures = orderer.signatures.iter().map(|signature| {
        let header = signature.header.clone();
        match &signature.signer {
            chainloom_fabric::wire::BlockSigner::Creator { creator, nonce } => {
                let named = common::SignatureHeader {
                    creator: creator.clone(),
                    nonce: nonce.clone(),
                };
                assert_eq!(named.encode_to_vec(), header);
                common::MetadataSignature {
                    signature_header: header,
                    signature: signature.signature.clone(),
                    ..Default::default()
                }
            }
            chainloom_fabric::wire::BlockSigner::Consenter { id, nonce } => {
                let named = common::IdentifierHeader {
                    identifier: *id,
                    nonce: nonce.clone(),
                };
                assert_eq!(named.encode_to_vec(), header);
                common::MetadataSignature {
                    identifier_header: header,
                    signature: signature.signature.clone(),
                    ..Default::default()
                }
            }
        }
    });
    let signatures = common::Metadata {
        value: orderer.value.clone(),
        signatures: signatures.collect(),
    };
    let commit_hash = common::Metadata {
        value: block.metadata.commit_hash().unwrap(),
        ..Default::default()
    };
    // Orderers write the number a second time into the configuration blocks themselves.
    let own = orderer.last_config == block.number && block.number > 0;
    let value = common::LastConfig {
        index: orderer.last_config,
    }
    .encode_to_vec()
    .into();
    let last_config = common::Metadata {
        value,
        ..Default::default()
    };
    vec![
        base64(&signatures.encode_to_vec()),
        if own {
            base64(&last_config.encode_to_vec())
        } else {
            String::new()
        },
        base64(&block.metadata.validation_codes()),
        String::new(),
        base64(&commit_hash.encode_to_vec()),
    ]
}

fn envelope(envelope: &Envelope) -> Value {
    let header = &envelope.header;
    let extension = match header.kind {
        Kind::EndorserTransaction => {
            let extension =
                protos::ChaincodeHeaderExtension::decode(header.extension.clone()).unwrap();
            json!({"chaincode_id": extension.chaincode_id.map(|id| json!({
                "name": id.name, "version": id.version, "path": id.path}))})
        }
        _ => json!(base64(&header.extension)),
    };
    let data = match envelope.body().unwrap() {
        Body::Endorser(transaction) => {
            json!({"actions": transaction.actions.iter().map(action).collect::<Vec<_>>()})
        }
        Body::Config(transaction) => json!({
            "config": config::channel(&transaction.config),
            "last_update": transaction.last_update.as_ref().map(self::envelope),
        }),
        Body::ConfigUpdate(update) => config::update(&update),
        Body::Other { kind, .. } => panic!("no fixture holds {kind}"),
    };
    json!({
        "payload": {
            "header": {
                "channel_header": {
                    "type": header.kind.number(),
                    "version": header.version,
                    "timestamp": header.time.map(|time| time.to_string()),
                    "channel_id": header.channel,
                    "tx_id": header.transaction_id,
                    "epoch": header.epoch.to_string(),
                    "extension": extension,
                    "tls_cert_hash": base64(&header.tls_certificate_hash),
                },
                "signature_header": {
                    "creator": header.creator().unwrap().as_ref().map(creator),
                    "nonce": base64(&header.nonce),
                },
            },
            "data": data,
        },
        "signature": base64(&envelope.signature),
    })
}

fn creator(creator: &Creator) -> Value {
    json!({"mspid": creator.organization, "id_bytes": base64(&creator.certificate_pem)})
}

fn chaincode(chaincode: &Chaincode) -> Value {
    json!({"name": chaincode.name, "version": chaincode.version, "path": chaincode.path})
}

fn action(action: &Action) -> Value {
    let call = &action.call;
    let response =
        protos::ProposalResponsePayload::decode(action.response_payload.clone()).unwrap();
    assert_eq!(response.proposal_hash, action.proposal_hash);
    json!({
        "header": {
            "creator": creator(&Creator::decode(action.creator.clone()).unwrap()),
            "nonce": base64(&action.nonce),
        },
        "payload": {
            "chaincode_proposal_payload": {"input": {"chaincode_spec": {
                "chaincode_id": call.chaincode.as_ref().map(chaincode),
                "input": {
                    "args": call.args.iter().map(|argument| base64(argument)).collect::<Vec<_>>(),
                    "is_init": call.is_init,
                    "decorations": call.decorations.iter()
                        .map(|(name, value)| (name.clone(), json!(base64(value)))).collect::<Map<_, _>>(),
                },
                "type": protos::chaincode_spec::Type::try_from(call.language).unwrap().as_str_name(),
            }}},
            "action": {
                "endorsements": action.endorsements.iter().map(|endorsement| {
                    assert_eq!(Creator::decode(endorsement.endorser_bytes.clone()).unwrap(), endorsement.endorser);
                    json!({
                        "endorser": base64(&endorsement.endorser_bytes),
                        "signature": base64(&endorsement.signature),
                    })
                }).collect::<Vec<_>>(),
                "proposal_response_payload": {
                    "proposal_hash": base64(&action.proposal_hash),
                    "extension": {
                        "chaincode_id": action.chaincode.as_ref().map(chaincode),
                        "response": action.response.as_ref().map(|response| json!({
                            "status": response.status,
                            "message": response.message,
                            "payload": base64(&response.payload),
                        })),
                        "events": action.event.as_ref().map(|event| json!({
                            "chaincode_id": event.chaincode,
                            "tx_id": event.transaction_id,
                            "event_name": event.name,
                            "payload": base64(&event.payload),
                        })),
                        "results": {
                            "data_model": "KV",
                            "ns_rwset": action.namespaces.iter().map(namespace).collect::<Vec<_>>(),
                        },
                    },
                },
            },
        },
    })
}

fn version(version: Version) -> Value {
    json!({"block_num": version.block.to_string(), "tx_num": version.index.to_string()})
}

fn read(read: &Read) -> Value {
    json!({"key": read.key, "version": read.version.map(version)})
}

fn namespace(namespace: &Namespace) -> Value {
    let ranges = namespace.range_reads.iter().map(|range| {
        let mut shown = json!({
            "start_key": range.start_key,
            "end_key": range.end_key,
            "itr_exhausted": range.exhausted,
        });
        match &range.results {
            RangeResults::Absent => {}
            RangeResults::Reads(reads) => {
                shown["raw_reads"] =
                    json!({"kv_reads": reads.iter().map(read).collect::<Vec<_>>()});
            }
            RangeResults::Merkle {
                max_degree,
                max_level,
                hashes,
            } => {
                shown["reads_merkle_hashes"] = json!({
                    "max_degree": max_degree,
                    "max_level": max_level,
                    "max_level_hashes": hashes.iter().map(|hash| base64(hash)).collect::<Vec<_>>(),
                });
            }
        }
        shown
    });
    let public = json!({
        "reads": namespace.reads.iter().map(read).collect::<Vec<_>>(),
        "range_queries_info": ranges.collect::<Vec<_>>(),
        "writes": namespace.writes.iter().map(|write| json!({
            "key": write.key, "value": base64(&write.value), "is_delete": write.delete,
        })).collect::<Vec<_>>(),
        "metadata_writes": namespace.metadata_writes.iter().map(|write| json!({
            "key": write.key,
            "entries": write.entries.iter().map(|entry| json!({
                "name": entry.name, "value": base64(&entry.value),
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    });
    let is_empty = normalize(public.clone()) == json!({});
    json!({
        "namespace": namespace.name,
        // A namespace that was touched in its collections only has no public set.
        "rwset": if is_empty { Value::Null } else { public },
        "collection_hashed_rwset": namespace.collections.iter().map(collection).collect::<Vec<_>>(),
    })
}

/// configtxlator shows the hashed set as it is, so ours is encoded again.
fn collection(collection: &Collection) -> Value {
    let version = |version: Version| kvrwset::Version {
        block_num: version.block,
        tx_num: version.index.into(),
    };
    let entry = |entry: &MetadataEntry| kvrwset::KvMetadataEntry {
        name: entry.name.clone(),
        value: entry.value.clone(),
    };
    let hashed = kvrwset::HashedRwSet {
        hashed_reads: collection
            .reads
            .iter()
            .map(|read| kvrwset::KvReadHash {
                key_hash: read.key_hash.clone(),
                version: read.version.map(version),
            })
            .collect(),
        hashed_writes: collection
            .writes
            .iter()
            .map(|write| kvrwset::KvWriteHash {
                key_hash: write.key_hash.clone(),
                is_delete: write.delete,
                value_hash: write.value_hash.clone(),
                is_purge: write.purge,
            })
            .collect(),
        metadata_writes: collection
            .metadata_writes
            .iter()
            .map(|write| kvrwset::KvMetadataWriteHash {
                key_hash: write.key_hash.clone(),
                entries: write.entries.iter().map(entry).collect(),
            })
            .collect(),
    };
    json!({
        "collection_name": collection.name,
        "hashed_rwset": base64(&hashed.encode_to_vec()),
        "pvt_rwset_hash": base64(&collection.private_set_hash),
    })
}
