//! The configuration in the shape of configtxlator's JSON.

use std::collections::BTreeMap;

use chainloom_fabric::wire::config::{
    ApplicationConfig, ChannelConfig, ConfigUpdate, Consensus, ConsensusState, Consenter, Msp,
    OrdererConfig, Organization,
};
use chainloom_fabric::wire::proto::{common, msp, orderer::smartbft::options::Rotation};
use chainloom_fabric::wire::{Creator, Policy, Principal, Rule, SignaturePolicy};
use serde_json::{Map, Value, json};

use super::{base64, creator};

type Values = Vec<(&'static str, Value)>;

pub(super) fn channel(config: &ChannelConfig) -> Value {
    assert!(
        config.other_values.is_empty(),
        "{:?}",
        config.other_values.keys()
    );
    let source = config.source.channel_group.as_ref().unwrap();
    let values = vec![
        (
            "HashingAlgorithm",
            json!({"name": config.hashing_algorithm}),
        ),
        (
            "BlockDataHashingStructure",
            json!({"width": config.block_data_hashing_width}),
        ),
        (
            "OrdererAddresses",
            json!({"addresses": config.orderer_addresses}),
        ),
        ("Consortium", json!({"name": config.consortium})),
        capabilities(&config.capabilities),
    ];
    let groups = json!({
        "Orderer": config.orderer.as_ref().map(|orderer| ordering(orderer, &source.groups["Orderer"])),
        "Application": config.application.as_ref().map(|users| application(users, &source.groups["Application"])),
    });
    json!({
        "sequence": config.sequence.to_string(),
        "channel_group": group(source, values, &config.policies, groups),
    })
}

pub(super) fn update(update: &ConfigUpdate) -> Value {
    json!({
        "config_update": {
            "channel_id": update.channel,
            "read_set": skeleton(&update.read_set),
            "write_set": skeleton(&update.write_set),
        },
        "signatures": update.signatures.iter().map(|signature| json!({
            "signature_header": {
                "creator": creator(&Creator::decode(signature.creator.clone()).unwrap()),
                "nonce": base64(&signature.nonce),
            },
            "signature": base64(&signature.signature),
        })).collect::<Vec<_>>(),
    })
}

/// A set of an update without what its values and policies hold: they are the typed ones' messages.
fn skeleton(group: &common::ConfigGroup) -> Value {
    let item =
        |version: u64, policy: &str| json!({"version": version.to_string(), "mod_policy": policy});
    json!({
        "version": group.version.to_string(),
        "mod_policy": group.mod_policy,
        "groups": group.groups.iter().map(|(name, group)| (name.clone(), skeleton(group))).collect::<Map<_, _>>(),
        "values": group.values.iter()
            .map(|(name, value)| (name.clone(), item(value.version, &value.mod_policy))).collect::<Map<_, _>>(),
        "policies": group.policies.iter()
            .map(|(name, policy)| (name.clone(), item(policy.version, &policy.mod_policy))).collect::<Map<_, _>>(),
    })
}

/// The same of configtxlator's JSON of a block.
pub(crate) fn cut_to_skeletons(block: &mut Value) {
    let update = &mut block["data"]["data"][0]["payload"]["data"]["last_update"];
    if !update.is_object() {
        return;
    }
    for set in ["read_set", "write_set"] {
        cut(&mut update["payload"]["data"]["config_update"][set]);
    }
}

fn cut(group: &mut Value) {
    for (part, content) in [("values", "value"), ("policies", "policy")] {
        for (_, item) in group[part].as_object_mut().unwrap() {
            item.as_object_mut().unwrap().remove(content);
        }
    }
    group["groups"]
        .as_object_mut()
        .unwrap()
        .values_mut()
        .for_each(cut);
}

/// Versions and modification policies are the source's, everything else is ours.
fn group(
    source: &common::ConfigGroup,
    values: Values,
    policies: &BTreeMap<String, Policy>,
    groups: Value,
) -> Value {
    let values = values.into_iter().filter_map(|(name, value)| {
        let source = source.values.get(name)?;
        let shown = json!({
            "value": value, "version": source.version.to_string(), "mod_policy": source.mod_policy,
        });
        Some((name.to_owned(), shown))
    });
    let policies = policies.iter().map(|(name, typed)| {
        let source = &source.policies[name];
        let shown = json!({
            "policy": policy(typed), "version": source.version.to_string(), "mod_policy": source.mod_policy,
        });
        (name.clone(), shown)
    });
    json!({
        "version": source.version.to_string(),
        "mod_policy": source.mod_policy,
        "values": values.collect::<Map<_, _>>(),
        "policies": policies.collect::<Map<_, _>>(),
        "groups": groups,
    })
}

fn capabilities(names: &[String]) -> (&'static str, Value) {
    let all: Map<_, _> = names.iter().map(|name| (name.clone(), json!({}))).collect();
    ("Capabilities", json!({"capabilities": all}))
}

fn policy(policy: &Policy) -> Value {
    match policy {
        Policy::Signature(policy) => json!({"type": 1, "value": signature_policy(policy)}),
        Policy::ImplicitMeta { rule, sub_policy } => {
            json!({"type": 3, "value": {"rule": rule.as_str_name(), "sub_policy": sub_policy}})
        }
        Policy::Other { kind, .. } => panic!("no fixture holds a policy of type {kind}"),
    }
}

fn signature_policy(policy: &SignaturePolicy) -> Value {
    json!({
        "rule": rule(&policy.rule),
        "identities": policy.identities.iter().map(|identity| match identity {
            Principal::Role { organization, role } => json!({
                "principal_classification": "ROLE",
                "principal": {"msp_identifier": organization, "role": role.to_string().to_uppercase()},
            }),
            Principal::Identity(identity) => json!({
                "principal_classification": "IDENTITY",
                "principal": creator(identity),
            }),
            other => panic!("no fixture holds {other}"),
        }).collect::<Vec<_>>(),
    })
}

fn rule(node: &Rule) -> Value {
    match node {
        Rule::SignedBy(index) => json!({"signed_by": index}),
        Rule::OutOf { n, rules } => {
            json!({"n_out_of": {"n": n, "rules": rules.iter().map(rule).collect::<Vec<_>>()}})
        }
    }
}

fn ordering(config: &OrdererConfig, source: &common::ConfigGroup) -> Value {
    assert!(
        config.other_values.is_empty(),
        "{:?}",
        config.other_values.keys()
    );
    let consensus = config.consensus.as_ref().unwrap();
    let metadata = match consensus {
        Consensus::Etcdraft {
            consenters,
            options,
        } => json!({
            "consenters": consenters.iter().map(consenter).collect::<Vec<_>>(),
            "options": {
                "tick_interval": options.tick_interval,
                "election_tick": options.election_tick,
                "heartbeat_tick": options.heartbeat_tick,
                "max_inflight_blocks": options.max_inflight_blocks,
                "snapshot_interval_size": options.snapshot_interval_size,
            },
        }),
        Consensus::Bft { options, .. } => json!({
            "request_batch_max_count": options.request_batch_max_count.to_string(),
            "request_batch_max_bytes": options.request_batch_max_bytes.to_string(),
            "request_batch_max_interval": options.request_batch_max_interval,
            "incoming_message_buffer_size": options.incoming_message_buffer_size.to_string(),
            "request_pool_size": options.request_pool_size.to_string(),
            "request_forward_timeout": options.request_forward_timeout,
            "request_complain_timeout": options.request_complain_timeout,
            "request_auto_remove_timeout": options.request_auto_remove_timeout,
            "request_max_bytes": options.request_max_bytes.to_string(),
            "view_change_resend_interval": options.view_change_resend_interval,
            "view_change_timeout": options.view_change_timeout,
            "leader_heartbeat_timeout": options.leader_heartbeat_timeout,
            "leader_heartbeat_count": options.leader_heartbeat_count.to_string(),
            "collect_timeout": options.collect_timeout,
            "sync_on_start": options.sync_on_start,
            "speed_up_view_change": options.speed_up_view_change,
            "leader_rotation": Rotation::try_from(options.leader_rotation).unwrap().as_str_name(),
            "decisions_per_leader": options.decisions_per_leader.to_string(),
        }),
        Consensus::Other { name, .. } => panic!("no fixture orders by {name}"),
    };
    assert_eq!(config.state, ConsensusState::Normal);
    let size = config.batch_size.unwrap();
    let values = vec![
        (
            "BatchSize",
            json!({
                "max_message_count": size.max_message_count,
                "absolute_max_bytes": size.absolute_max_bytes,
                "preferred_max_bytes": size.preferred_max_bytes,
            }),
        ),
        (
            "BatchTimeout",
            json!({"timeout": format!("{}ms", config.batch_timeout.unwrap().as_millis())}),
        ),
        (
            "ConsensusType",
            json!({"type": consensus.name(), "metadata": metadata, "state": "STATE_NORMAL"}),
        ),
        (
            "Orderers",
            json!({"consenter_mapping": consensus.consenters().iter().map(consenter).collect::<Vec<_>>()}),
        ),
        // An empty message, which configtxlator shows as null.
        (
            "ChannelRestrictions",
            match config.channels_max {
                Some(0) => Value::Null,
                maximum => json!({"max_count": maximum.map(|count| count.to_string())}),
            },
        ),
        capabilities(&config.capabilities),
    ];
    group(
        source,
        values,
        &config.policies,
        organizations(&config.organizations, source),
    )
}

fn consenter(consenter: &Consenter) -> Value {
    json!({
        "id": consenter.id,
        "host": consenter.host,
        "port": consenter.port,
        "msp_id": consenter.organization,
        "identity": consenter.identity.as_ref().map(|identity| base64(identity)),
        "client_tls_cert": base64(&consenter.client_tls_certificate),
        "server_tls_cert": base64(&consenter.server_tls_certificate),
    })
}

fn application(config: &ApplicationConfig, source: &common::ConfigGroup) -> Value {
    assert!(
        config.other_values.is_empty(),
        "{:?}",
        config.other_values.keys()
    );
    let acls: Map<_, _> = config
        .acls
        .iter()
        .map(|(resource, policy)| (resource.clone(), json!({"policy_ref": policy})))
        .collect();
    let values = vec![
        ("ACLs", json!({"acls": acls})),
        capabilities(&config.capabilities),
    ];
    group(
        source,
        values,
        &config.policies,
        organizations(&config.organizations, source),
    )
}

fn organizations(all: &BTreeMap<String, Organization>, source: &common::ConfigGroup) -> Value {
    let all = all.iter().map(|(name, organization)| {
        assert!(
            organization.other_values.is_empty(),
            "{:?}",
            organization.other_values.keys()
        );
        let Some(Msp::X509(config)) = &organization.msp else {
            panic!("every fixture's MSP is X.509")
        };
        let anchors = organization
            .anchor_peers
            .iter()
            .map(|peer| json!({"host": peer.host, "port": peer.port}));
        let values = vec![
            ("MSP", json!({"type": 0, "config": x509(config)})),
            (
                "AnchorPeers",
                json!({"anchor_peers": anchors.collect::<Vec<_>>()}),
            ),
            (
                "Endpoints",
                json!({"addresses": organization.orderer_endpoints}),
            ),
        ];
        (
            name.clone(),
            group(
                &source.groups[name],
                values,
                &organization.policies,
                json!({}),
            ),
        )
    });
    Value::Object(all.collect())
}

fn x509(config: &msp::FabricMspConfig) -> Value {
    let list = |all: &[bytes::Bytes]| all.iter().map(|item| base64(item)).collect::<Vec<_>>();
    let unit = |unit: &msp::FabricOuIdentifier| {
        json!({
            "certificate": base64(&unit.certificate),
            "organizational_unit_identifier": unit.organizational_unit_identifier,
        })
    };
    json!({
        "name": config.name,
        "root_certs": list(&config.root_certs),
        "intermediate_certs": list(&config.intermediate_certs),
        "admins": list(&config.admins),
        "revocation_list": list(&config.revocation_list),
        "organizational_unit_identifiers": config.organizational_unit_identifiers.iter().map(unit).collect::<Vec<_>>(),
        "crypto_config": config.crypto_config.as_ref().map(|crypto| json!({
            "signature_hash_family": crypto.signature_hash_family,
            "identity_identifier_hash_function": crypto.identity_identifier_hash_function,
        })),
        "tls_root_certs": list(&config.tls_root_certs),
        "tls_intermediate_certs": list(&config.tls_intermediate_certs),
        "fabric_node_ous": config.fabric_node_ous.as_ref().map(|units| json!({
            "enable": units.enable,
            "client_ou_identifier": units.client_ou_identifier.as_ref().map(unit),
            "peer_ou_identifier": units.peer_ou_identifier.as_ref().map(unit),
            "admin_ou_identifier": units.admin_ou_identifier.as_ref().map(unit),
            "orderer_ou_identifier": units.orderer_ou_identifier.as_ref().map(unit),
        })),
    })
}
