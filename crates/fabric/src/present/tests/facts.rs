//! Against what Fabric's own configtxlator says of the same blocks.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use prost::Message as _;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{bytes, folder, names, shown};
use crate::identity::hexadecimal;
use crate::wire::proto::{kvrwset, msp, protos};
use crate::wire::{ApplicationPolicy, Kind, SignaturePolicy, ValidationCode};

/// The same value without nulls and empty fields: in Fabric's messages these are what is absent.
fn facts(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(facts).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, facts(value)))
            .filter(|(_, value)| match value {
                Value::Null => false,
                Value::Bool(value) => *value,
                Value::Number(number) => number.as_i64() != Some(0),
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Object(fields) => !fields.is_empty(),
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

fn raw(base64: &Value) -> Vec<u8> {
    let text = base64.as_str().unwrap_or_default();
    BASE64_STANDARD.decode(text).unwrap()
}

fn hex(base64: &Value) -> String {
    hexadecimal(&raw(base64))
}

/// Bytes as the ledger's vocabulary writes them.
fn payload(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({"base64": BASE64_STANDARD.encode(bytes)}),
    }
}

fn number(text: &Value) -> Option<u64> {
    text.as_str()?.parse().ok()
}

fn version(theirs: &Value) -> Value {
    match theirs.is_object() {
        // Zeros are facts here: the first block is 0.
        true => format!(
            "{}.{}",
            number(&theirs["block_num"]).unwrap(),
            number(&theirs["tx_num"]).unwrap()
        )
        .into(),
        false => Value::Null,
    }
}

/// Our versions in the same writing.
fn with_plain_versions(ours: Value) -> Value {
    match ours {
        Value::Array(items) => items.into_iter().map(with_plain_versions).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| match name.as_str() {
                "version" if value.is_object() => {
                    let text = format!("{}.{}", value["block"], value["index"]);
                    (name, text.into())
                }
                _ => (name, with_plain_versions(value)),
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// Organization and certificate; what stands in the certificate is held against openssl elsewhere.
fn identity(organization: &str, pem: &[u8]) -> Value {
    let text = String::from_utf8(pem.to_vec()).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64_STANDARD.decode(body).unwrap();
    json!({"organization": organization, "sha256": hexadecimal(&Sha256::digest(der))})
}

fn our_identity(ours: &Value) -> Value {
    json!({"organization": ours["organization"], "sha256": ours["certificate"]["sha256"]})
}

fn policy(entries: &[(String, Vec<u8>)]) -> String {
    let told = entries.iter().find_map(|(name, value)| {
        let value = Bytes::from(value.clone());
        match name.as_str() {
            _ if value.is_empty() => None,
            "VALIDATION_PARAMETER" => {
                let policy = SignaturePolicy::decode(value).unwrap();
                Some(ApplicationPolicy::Signature(policy).to_string())
            }
            "VALIDATION_PARAMETER_V2" => {
                Some(ApplicationPolicy::decode(value).unwrap().to_string())
            }
            _ => None,
        }
    });
    told.unwrap_or_else(|| "the contract's own again".to_owned())
}

/// A namespace's part of the lists that a transaction shows.
fn add_namespace(expected: &mut Map<String, Value>, namespace: &Value) {
    let contract = &namespace["namespace"];
    let set = &namespace["rwset"];
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut add = |list: &str, items: Vec<Value>| {
        let list = expected.entry(list).or_insert_with(|| json!([]));
        list.as_array_mut().unwrap().extend(items);
    };
    let read = |read: &Value| json!({"contract": contract, "key": read["key"], "version": version(&read["version"])});
    add("reads", items(&set["reads"]).iter().map(read).collect());
    let ranges = items(&set["range_queries_info"]);
    let range = |range: &Value| {
        let summary = &range["reads_merkle_hashes"];
        json!({
            "contract": contract,
            "from": range["start_key"],
            "to": range["end_key"],
            "exhausted": range["itr_exhausted"],
            "keys": items(&range["raw_reads"]["kv_reads"]).iter()
                .map(|read| json!({"key": read["key"], "version": version(&read["version"])}))
                .collect::<Vec<_>>(),
            "summary": {
                "max_degree": summary["max_degree"],
                "level": summary["max_level"],
                "hashes": items(&summary["max_level_hashes"]).iter().map(hex).collect::<Vec<_>>(),
            },
        })
    };
    add("range_reads", ranges.iter().map(range).collect());
    let write = |write: &Value| {
        let value = (write["is_delete"] != true).then(|| payload(&raw(&write["value"])));
        json!({"contract": contract, "key": write["key"], "value": value, "delete": write["is_delete"]})
    };
    add("writes", items(&set["writes"]).iter().map(write).collect());
    let metadata = |write: &Value| {
        let entries: Vec<_> = items(&write["entries"])
            .iter()
            .map(|entry| {
                let name = entry["name"].as_str().unwrap();
                (name.to_owned(), raw(&entry["value"]))
            })
            .collect();
        json!({"contract": contract, "key": write["key"], "endorsement_policy": policy(&entries)})
    };
    let metadata = items(&set["metadata_writes"])
        .iter()
        .map(metadata)
        .collect();
    add("writes", metadata);
    let collections = items(&namespace["collection_hashed_rwset"]);
    let collection = |collection: &Value| private(contract, collection);
    let collections = collections.iter().map(collection).collect();
    add("private_collections", collections);
}

fn private(contract: &Value, collection: &Value) -> Value {
    let set = kvrwset::HashedRwSet::decode(&raw(&collection["hashed_rwset"])[..]).unwrap();
    let version = |version: kvrwset::Version| format!("{}.{}", version.block_num, version.tx_num);
    json!({
        "contract": contract,
        "collection": collection["collection_name"],
        "hash": hex(&collection["pvt_rwset_hash"]),
        "reads": set.hashed_reads.len(),
        "writes": set.hashed_writes.len(),
        "key_reads": set.hashed_reads.iter().map(|read| json!({
            "key_hash": hexadecimal(&read.key_hash), "version": read.version.map(version),
        })).collect::<Vec<_>>(),
        "key_writes": set.hashed_writes.iter().map(|write| json!({
            "key_hash": hexadecimal(&write.key_hash),
            "value_hash": hexadecimal(&write.value_hash),
            "delete": write.is_delete,
            "purge": write.is_purge,
        })).collect::<Vec<_>>(),
        "key_policies": set.metadata_writes.iter().map(|write| {
            let entries: Vec<_> = write.entries.iter()
                .map(|entry| (entry.name.clone(), entry.value.to_vec())).collect();
            json!({"key_hash": hexadecimal(&write.key_hash), "endorsement_policy": policy(&entries)})
        }).collect::<Vec<_>>(),
    })
}

/// What configtxlator says of a transaction, in the words of a ledger.
fn expected(theirs: &Value, block: u64, index: usize, code: Option<u8>) -> Value {
    let payload_of = &theirs["payload"];
    let header = &payload_of["header"]["channel_header"];
    let signer = &payload_of["header"]["signature_header"];
    let kind = Kind::from(i32::try_from(header["type"].as_i64().unwrap()).unwrap());
    let mut shown = json!({
        "id": header["tx_id"],
        "version": format!("{block}.{index}"),
        "time": header["timestamp"],
        "kind": match kind { Kind::EndorserTransaction => "endorser", _ => "config" },
        "header": {
            "type": kind.to_string(),
            "channel": header["channel_id"],
            "nonce": hex(&signer["nonce"]),
            "version": header["version"],
            "epoch": number(&header["epoch"]),
            "tls_certificate_hash": hex(&header["tls_cert_hash"]),
        },
        "creator": match &signer["creator"] {
            Value::Null => Value::Null,
            creator => identity(creator["mspid"].as_str().unwrap(), &raw(&creator["id_bytes"])),
        },
        "validation_code": code.map(|code| json!({
            "code": code,
            "name": protos::TxValidationCode::try_from(i32::from(code)).unwrap().as_str_name(),
            "meaning": ValidationCode(code).meaning(),
        })),
    });
    if kind != Kind::EndorserTransaction {
        return shown;
    }
    let actions = payload_of["data"]["actions"].as_array().unwrap();
    assert_eq!(actions.len(), 1);
    // Said twice in every valid transaction, and shown once.
    assert_eq!(actions[0]["header"], *signer);
    let action = &actions[0]["payload"]["action"];
    let spec = &actions[0]["payload"]["chaincode_proposal_payload"]["input"]["chaincode_spec"];
    let args: Vec<Vec<u8>> = spec["input"]["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(raw)
        .collect();
    let answer = &action["proposal_response_payload"];
    let results = &answer["extension"];
    let response = &results["response"];
    let fields = shown.as_object_mut().unwrap();
    let result = raw(&response["payload"]);
    for (name, value) in [
        (
            "call",
            json!({
                "contract": spec["chaincode_id"]["name"],
                "function": String::from_utf8(args[0].clone()).unwrap(),
                "args": args[1..].iter().map(|argument| payload(argument)).collect::<Vec<_>>(),
            }),
        ),
        ("is_init", spec["input"]["is_init"].clone()),
        ("proposal_hash", hex(&answer["proposal_hash"]).into()),
        (
            "response",
            json!({
                "status": response["status"],
                "message": response["message"],
                "payload": payload(&result),
                "result_json": serde_json::from_slice::<Value>(&result)
                    .ok().filter(|json| json.is_object() || json.is_array()),
                "contract_version": results["chaincode_id"]["version"],
            }),
        ),
    ] {
        fields.insert(name.to_owned(), value);
    }
    if let Value::Object(event) = &results["events"] {
        // It is the transaction's own id.
        assert_eq!(event["tx_id"], header["tx_id"]);
        let event = json!([{
            "contract": event["chaincode_id"],
            "name": event["event_name"],
            "payload": payload(&raw(&event["payload"])),
        }]);
        fields.insert("events".to_owned(), event);
    }
    let endorsers = action["endorsements"].as_array().unwrap().iter();
    let endorsers = endorsers.map(|endorsement| {
        let endorser = raw(&endorsement["endorser"]);
        let endorser = msp::SerializedIdentity::decode(&endorser[..]).unwrap();
        identity(&endorser.mspid, &endorser.id_bytes)
    });
    fields.insert("endorsers".to_owned(), endorsers.collect());
    for namespace in results["results"]["ns_rwset"].as_array().unwrap() {
        add_namespace(fields, namespace);
    }
    shown
}

#[test]
fn people_are_shown_all_that_configtxlator_says_of_a_transaction() {
    let mut seen = BTreeSet::new();
    for name in names() {
        let theirs = fs::read(folder().join(format!("{name}.json"))).unwrap();
        let theirs: Value = serde_json::from_slice(&theirs).unwrap();
        let ours = shown(bytes(&name));
        let header = &theirs["header"];
        assert_eq!(Some(ours.number), number(&header["number"]).or(Some(0)));
        assert_eq!(ours.previous_hash, hex(&header["previous_hash"]), "{name}");
        let data_hash = ours.data_hash.unwrap().to_string();
        assert_eq!(data_hash, hex(&header["data_hash"]), "{name}");
        let codes = raw(&theirs["metadata"]["metadata"][2]);
        let data = theirs["data"]["data"].as_array().unwrap();
        assert_eq!(data.len(), ours.transactions.len());
        for (index, (theirs, ours)) in data.iter().zip(&ours.transactions).enumerate() {
            let mut expected = expected(
                theirs,
                block_number(header),
                index,
                codes.get(index).copied(),
            );
            let mut ours = with_plain_versions(serde_json::to_value(ours).unwrap());
            if expected["id"] == "" {
                // Orderers leave it empty in their own; then it is the place's.
                expected["id"] = ours["id"].clone();
                assert_eq!(ours["id"].as_str().map(str::len), Some(64));
            }
            let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
            assert_eq!(time(&ours["time"]), time(&expected["time"]), "{name}");
            ours["time"] = expected["time"].clone();
            if !ours["creator"].is_null() {
                ours["creator"] = our_identity(&ours["creator"]);
            }
            if let Some(endorsers) = ours["endorsers"].as_array_mut() {
                for endorser in endorsers {
                    *endorser = our_identity(endorser);
                }
            }
            let (ours, expected) = (facts(ours), facts(expected));
            seen.extend(ours.as_object().unwrap().keys().cloned());
            assert_eq!(ours, expected, "{name}, transaction {index}");
        }
    }
    // The comparison was about something.
    for part in [
        "reads",
        "range_reads",
        "writes",
        "private_collections",
        "events",
        "endorsers",
        "response",
    ] {
        assert!(seen.contains(part), "no block has {part}");
    }
}

fn block_number(header: &Value) -> u64 {
    number(&header["number"]).unwrap_or(0)
}
