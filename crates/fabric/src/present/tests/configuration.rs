//! Configurations, against what Fabric's own configtxlator says of the same blocks: each fact is taken out of its JSON once it is
//! found here, and nothing may be left of that in the end.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{bytes, folder, names};
use crate::identity::{Certificate, hexadecimal};
use crate::present;
use crate::wire::{Block, Body};

/// Takes a field out.
fn take(value: &mut Value, name: &str) -> Value {
    let fields = value.as_object_mut();
    fields
        .and_then(|fields| fields.remove(name))
        .unwrap_or_default()
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null => Map::new(),
        other => panic!("no object: {other}"),
    }
}

fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        other => panic!("no list: {other}"),
    }
}

/// What is left of the facts: fields that are empty are none.
fn rest(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => items.iter().any(rest),
        Value::Object(fields) => fields.values().any(rest),
        _ => true,
    }
}

fn done(place: &str, value: &Value) {
    assert!(!rest(value), "{place}: nothing is said here of {value}");
}

fn text(base64: &Value) -> String {
    let bytes = BASE64_STANDARD.decode(base64.as_str().unwrap_or_default());
    String::from_utf8(bytes.unwrap()).unwrap()
}

/// The SHA-256 of a certificate; what stands in it is held against openssl elsewhere.
fn certificate(base64: &Value) -> Value {
    let pem = text(base64);
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    hexadecimal(&Sha256::digest(BASE64_STANDARD.decode(body).unwrap())).into()
}

fn certificates(list: Value) -> Value {
    items(list).iter().map(certificate).collect()
}

fn names_of(capabilities: &mut Value) -> Value {
    let named = fields(take(capabilities, "capabilities"));
    done("capabilities", capabilities);
    named
        .into_iter()
        .map(|(name, _)| Value::from(name))
        .collect()
}

fn signature_rule(rule: &Value, principals: &[String]) -> String {
    if let Some(index) = rule.get("signed_by") {
        return principals[usize::try_from(index.as_u64().unwrap()).unwrap()].clone();
    }
    let out_of = &rule["n_out_of"];
    let rules = items(out_of["rules"].clone());
    let told: Vec<String> = rules
        .iter()
        .map(|rule| signature_rule(rule, principals))
        .collect();
    let count = out_of["n"].as_u64().unwrap();
    match count {
        1 if told.len() == 1 => told[0].clone(),
        1 => format!("OR({})", told.join(", ")),
        all if all == told.len() as u64 => format!("AND({})", told.join(", ")),
        _ => format!("OutOf({count}, {})", told.join(", ")),
    }
}

fn principal(principal: &Value) -> String {
    let who = &principal["principal"];
    match principal["principal_classification"].as_str().unwrap() {
        "ROLE" => {
            let role = who["role"].as_str().unwrap().to_lowercase();
            format!("{}.{role}", who["msp_identifier"].as_str().unwrap())
        }
        "IDENTITY" => {
            let hash = certificate(&who["id_bytes"]);
            let hash = &hash.as_str().unwrap()[..8];
            format!("{}.identity {hash}", who["mspid"].as_str().unwrap())
        }
        other => panic!("{other}"),
    }
}

fn policy(policy: &Value) -> String {
    let value = &policy["value"];
    match policy["type"].as_u64().unwrap() {
        3 => format!(
            "{} of {}",
            value["rule"].as_str().unwrap(),
            value["sub_policy"].as_str().unwrap()
        ),
        1 => {
            let principals: Vec<String> = items(value["identities"].clone())
                .iter()
                .map(principal)
                .collect();
            signature_rule(&value["rule"], &principals)
        }
        other => panic!("{other}"),
    }
}

/// Takes who may change a part, and how often it was changed.
fn part(part: &mut Value) -> Value {
    let version: u64 = take(part, "version").as_str().unwrap().parse().unwrap();
    json!({"version": version, "modification_policy": take(part, "mod_policy")})
}

/// A group: its values by name, its policies in words, its groups. The parts of all of it are told by their paths.
struct Group {
    values: Map<String, Value>,
    policies: Map<String, Value>,
    groups: Map<String, Value>,
}

impl Group {
    fn take(path: &str, mut group: Value, parts: &mut Map<String, Value>) -> Self {
        parts.insert(path.to_owned(), part(&mut group));
        let mut values = fields(take(&mut group, "values"));
        for (name, value) in &mut values {
            parts.insert(format!("{path}/{name}"), part(value));
            let inner = take(value, "value");
            done(name, value);
            *value = inner;
        }
        let mut policies = fields(take(&mut group, "policies"));
        for (name, told) in &mut policies {
            parts.insert(format!("{path}/policy {name}"), part(told));
            let inner = take(told, "policy");
            done(name, told);
            *told = policy(&inner).into();
        }
        let groups = fields(take(&mut group, "groups"));
        done(path, &group);
        Self {
            values,
            policies,
            groups,
        }
    }

    fn value(&mut self, name: &str) -> Value {
        self.values.remove(name).unwrap_or_default()
    }

    /// A value's only field.
    fn only(&mut self, name: &str, field: &str) -> Value {
        let mut value = self.value(name);
        let told = take(&mut value, field);
        done(name, &value);
        told
    }

    fn end(self, path: &str) {
        done(path, &Value::Object(self.values));
        done(path, &Value::Object(self.groups));
    }
}

fn address(address: &Value) -> Value {
    format!("{}:{}", address["host"].as_str().unwrap(), address["port"]).into()
}

fn unit(mut identifier: Value) -> Value {
    let name = take(&mut identifier, "organizational_unit_identifier");
    let certifier = Certificate::from_pem(&text(&take(&mut identifier, "certificate")));
    done("unit", &identifier);
    let told = format!(
        "{}, certified by {}",
        name.as_str().unwrap(),
        certifier.unwrap().subject()
    );
    told.into()
}

fn membership(mut msp: Value) -> (Value, Value) {
    assert_eq!(take(&mut msp, "type"), 0);
    let mut config = take(&mut msp, "config");
    done("MSP", &msp);
    let mut units = take(&mut config, "fabric_node_ous");
    let roles_by_unit = take(&mut units, "enable");
    let mut units_by_role = Map::new();
    for role in ["client", "peer", "admin", "orderer"] {
        let identifier = take(&mut units, &format!("{role}_ou_identifier"));
        if !identifier.is_null() {
            units_by_role.insert(role.to_owned(), unit(identifier));
        }
    }
    done("fabric_node_ous", &units);
    let lists = take(&mut config, "revocation_list");
    let membership = json!({
        "roots": certificates(take(&mut config, "root_certs")),
        "intermediates": certificates(take(&mut config, "intermediate_certs")),
        "administrators": certificates(take(&mut config, "admins")),
        "tls_roots": certificates(take(&mut config, "tls_root_certs")),
        "tls_intermediates": certificates(take(&mut config, "tls_intermediate_certs")),
        "roles_by_unit": roles_by_unit,
        "units_by_role": units_by_role,
        "units": items(take(&mut config, "organizational_unit_identifiers")).into_iter().map(unit).collect::<Value>(),
        "revocation_lists": items(lists).len(),
        "hashing": take(&mut config, "crypto_config"),
    });
    let id = take(&mut config, "name");
    done("MSP", &config);
    (id, membership)
}

fn organizations(path: &str, groups: Map<String, Value>, parts: &mut Map<String, Value>) -> Value {
    let told = groups.into_iter().map(|(name, group)| {
        let path = format!("{path}/{name}");
        let mut group = Group::take(&path, group, parts);
        let (id, membership) = membership(group.value("MSP"));
        let anchors = items(group.only("AnchorPeers", "anchor_peers"));
        let organization = json!({
            "id": id,
            "name": name,
            "membership": membership,
            "anchor_peers": anchors.iter().map(address).collect::<Value>(),
            "orderer_endpoints": group.only("Endpoints", "addresses"),
            "policies": std::mem::take(&mut group.policies),
        });
        group.end(&path);
        organization
    });
    told.collect()
}

fn consenter(mut theirs: Value) -> Value {
    let mut told = Map::new();
    for (ours, name) in [
        ("host", "host"),
        ("port", "port"),
        ("organization", "msp_id"),
        ("id", "id"),
    ] {
        told.insert(ours.to_owned(), take(&mut theirs, name));
    }
    for (ours, name) in [
        ("identity", "identity"),
        ("client_tls_certificate", "client_tls_cert"),
        ("server_tls_certificate", "server_tls_cert"),
    ] {
        let pem = take(&mut theirs, name);
        if !pem.is_null() {
            told.insert(ours.to_owned(), certificate(&pem));
        }
    }
    done("consenter", &theirs);
    told.into()
}

fn orderer(group: Value, parts: &mut Map<String, Value>) -> Value {
    let path = "/Channel/Orderer";
    let mut group = Group::take(path, group, parts);
    let mut consensus = group.value("ConsensusType");
    let mut metadata = take(&mut consensus, "metadata");
    // Raft names them beside its options, BFT in a value of its own.
    let raft = items(take(&mut metadata, "consenters"));
    let consenters = match raft.is_empty() {
        true => items(group.only("Orderers", "consenter_mapping")),
        false => raft,
    };
    let options = match take(&mut metadata, "options") {
        Value::Null => std::mem::take(&mut metadata),
        options => options,
    };
    done("metadata", &metadata);
    let options = fields(options).into_iter().map(|(name, value)| {
        let told = match value {
            Value::String(text) => text.trim_start_matches("ROTATION_").to_owned(),
            other => other.to_string(),
        };
        let is_rotation = name == "leader_rotation";
        (
            name,
            Value::from(if is_rotation {
                told.to_lowercase()
            } else {
                told
            }),
        )
    });
    let timeout = group.only("BatchTimeout", "timeout");
    let timeout_ms = timeout.as_str().unwrap().strip_suffix("ms").unwrap();
    let state = take(&mut consensus, "state");
    let mut batch_size = group.value("BatchSize");
    let sizes = [
        "max_message_count",
        "absolute_max_bytes",
        "preferred_max_bytes",
    ];
    let size = sizes.map(|name| (name.to_owned(), take(&mut batch_size, name)));
    done("BatchSize", &batch_size);
    let told = json!({
        "consensus_type": take(&mut consensus, "type"),
        "batch_size": Map::from_iter(size),
        "batch_timeout_ms": timeout_ms.parse::<u64>().unwrap(),
        "consenters": consenters.into_iter().map(consenter).collect::<Value>(),
        "consensus_options": options.collect::<Map<_, _>>(),
        "state": state.as_str().unwrap().trim_start_matches("STATE_").to_lowercase(),
        "channels_max": group.only("ChannelRestrictions", "max_count"),
        "capabilities": names_of(&mut group.value("Capabilities")),
        "organizations": organizations(path, std::mem::take(&mut group.groups), parts),
        "policies": std::mem::take(&mut group.policies),
    });
    done("ConsensusType", &consensus);
    group.end(path);
    told
}

/// What configtxlator says of a configuration, in the words of a ledger.
fn expected(mut theirs: Value, block: u64) -> Value {
    let mut parts = Map::new();
    let sequence = take(&mut theirs, "sequence");
    let mut root = Group::take("/Channel", take(&mut theirs, "channel_group"), &mut parts);
    done("config", &theirs);
    let orderer = root.groups.remove("Orderer").unwrap();
    let orderer = self::orderer(orderer, &mut parts);
    let path = "/Channel/Application";
    let users = root.groups.remove("Application").unwrap();
    let mut users = Group::take(path, users, &mut parts);
    let acls = fields(users.only("ACLs", "acls"));
    let acls = acls
        .into_iter()
        .map(|(resource, mut acl)| (resource, take(&mut acl, "policy_ref")));
    let told = json!({
        "block": block,
        "sequence": sequence.as_str().unwrap().parse::<u64>().unwrap(),
        "orderer": orderer,
        "organizations": organizations(path, std::mem::take(&mut users.groups), &mut parts),
        "capabilities": names_of(&mut root.value("Capabilities")),
        "application_capabilities": names_of(&mut users.value("Capabilities")),
        "policies": std::mem::take(&mut root.policies),
        "application_policies": std::mem::take(&mut users.policies),
        "acls": acls.collect::<Map<_, _>>(),
        "consortium": root.only("Consortium", "name"),
        "orderer_addresses": root.only("OrdererAddresses", "addresses"),
        "hashing_algorithm": root.only("HashingAlgorithm", "name"),
        "block_data_hashing_width": root.only("BlockDataHashingStructure", "width"),
        "parts": parts,
    });
    users.end(path);
    root.end("/Channel");
    told
}

/// The same of ours: a certificate as its SHA-256, of lists of revoked ones how many there are, and nothing that is empty.
fn plain(ours: Value) -> Value {
    match ours {
        Value::Object(fields) => match fields.get("sha256") {
            Some(hash) => hash.clone(),
            None => fields
                .into_iter()
                .map(|(name, value)| match name.as_str() {
                    "revocation_lists" => (name, items_or_count(value)),
                    _ => (name, plain(value)),
                })
                .filter(|(_, value)| match value {
                    Value::Null | Value::Bool(false) => false,
                    Value::Array(items) => !items.is_empty(),
                    Value::Object(fields) => !fields.is_empty(),
                    _ => true,
                })
                .collect::<Map<_, _>>()
                .into(),
        },
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

fn items_or_count(lists: Value) -> Value {
    match lists {
        Value::Array(lists) if lists.is_empty() => Value::Null,
        Value::Array(lists) => lists.len().into(),
        count => Some(count).filter(|count| *count != 0).unwrap_or_default(),
    }
}

#[test]
fn people_are_shown_all_that_configtxlator_says_of_a_configuration() {
    let mut compared = Vec::new();
    for name in names() {
        let theirs = fs::read(folder().join(format!("{name}.json"))).unwrap();
        let mut theirs: Value = serde_json::from_slice(&theirs).unwrap();
        let theirs = theirs["data"]["data"][0]["payload"]["data"]["config"].take();
        if theirs.is_null() {
            continue;
        }
        let block = Block::decode(bytes(&name).into()).unwrap();
        let envelope = block.transaction(0).unwrap().decode().unwrap();
        let Body::Config(transaction) = envelope.body().unwrap() else {
            panic!("{name} holds no configuration");
        };
        let ours = present::config(block.number, &transaction.config);
        let ours = plain(serde_json::to_value(ours).unwrap());
        let expected = plain(expected(theirs, block.number));
        for (field, told) in expected.as_object().unwrap() {
            assert_eq!(&ours[field], told, "{name}: {field}");
        }
        assert_eq!(ours, expected, "{name}");
        assert!(expected["parts"].as_object().unwrap().len() > 30);
        compared.push(name);
    }
    // Of both networks, as they began and after a change.
    assert_eq!(
        compared,
        [
            "bft-022-config",
            "bft-genesis",
            "raft-129-config",
            "raft-genesis"
        ]
    );
}
