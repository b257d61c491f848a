use std::collections::BTreeMap;

use bytes::Bytes;
use chainloom_ledger as ledger;
use sha2::{Digest, Sha256};

use super::organization::{certificate_of, organizations};
use crate::identity::hexadecimal;
use crate::wire::Policy;
use crate::wire::config::{ChannelConfig, Consensus, ConsensusState, Consenter, OrdererConfig};
use crate::wire::proto::common;
use crate::wire::proto::etcdraft;
use crate::wire::proto::orderer::smartbft;

/// The configuration that a block brought into force.
pub(crate) fn config(block: u64, config: &ChannelConfig) -> ledger::LedgerConfig {
    let application = config.application.as_ref();
    ledger::LedgerConfig {
        block,
        sequence: Some(config.sequence),
        proof_of_work: None,
        orderer: config.orderer.as_ref().map(orderer),
        organizations: application
            .map(|application| organizations(&application.organizations))
            .unwrap_or_default(),
        capabilities: config.capabilities.clone(),
        application_capabilities: application
            .map(|application| application.capabilities.clone())
            .unwrap_or_default(),
        policies: policies(&config.policies),
        application_policies: application
            .map(|application| policies(&application.policies))
            .unwrap_or_default(),
        acls: application
            .map(|application| application.acls.clone())
            .unwrap_or_default(),
        consortium: config.consortium.clone(),
        orderer_addresses: config.orderer_addresses.clone(),
        hashing_algorithm: config.hashing_algorithm.clone(),
        block_data_hashing_width: config.block_data_hashing_width,
        parts: parts(config),
        other_values: other_values(config),
    }
}

/// Every group, value and policy, by its path.
fn parts(config: &ChannelConfig) -> BTreeMap<String, ledger::ConfigPart> {
    let mut parts = BTreeMap::new();
    if let Some(root) = &config.source.channel_group {
        add_parts("/Channel", root, &mut parts);
    }
    parts
}

fn add_parts(
    path: &str,
    group: &common::ConfigGroup,
    parts: &mut BTreeMap<String, ledger::ConfigPart>,
) {
    let mut add = |path: String, version: u64, modification_policy: &String| {
        let part = ledger::ConfigPart {
            version,
            modification_policy: modification_policy.clone(),
        };
        parts.insert(path, part);
    };
    add(path.to_owned(), group.version, &group.mod_policy);
    for (name, value) in &group.values {
        add(format!("{path}/{name}"), value.version, &value.mod_policy);
    }
    for (name, policy) in &group.policies {
        add(
            format!("{path}/policy {name}"),
            policy.version,
            &policy.mod_policy,
        );
    }
    for (name, group) in &group.groups {
        add_parts(&format!("{path}/{name}"), group, parts);
    }
}

fn orderer(config: &OrdererConfig) -> ledger::OrdererConfig {
    let size = config.batch_size.as_ref();
    let consensus = config.consensus.as_ref();
    let consenters = consensus.map_or(&[][..], Consensus::consenters);
    ledger::OrdererConfig {
        consensus_type: consensus.map_or("", Consensus::name).to_owned(),
        batch_size: ledger::BatchSize {
            max_message_count: size.map_or(0, |size| size.max_message_count),
            absolute_max_bytes: size.map_or(0, |size| size.absolute_max_bytes),
            preferred_max_bytes: size.map_or(0, |size| size.preferred_max_bytes),
        },
        batch_timeout_ms: config.batch_timeout.map_or(0, |timeout| {
            u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)
        }),
        consenters: consenters.iter().map(consenter).collect(),
        consensus_options: consensus.map(consensus_options).unwrap_or_default(),
        state: match config.state {
            ConsensusState::Normal => "normal".to_owned(),
            ConsensusState::Maintenance => "maintenance".to_owned(),
            ConsensusState::Unknown(number) => format!("unknown ({number})"),
        },
        // Fabric spells "no limit" as 0.
        channels_max: config.channels_max.filter(|max| *max > 0),
        capabilities: config.capabilities.clone(),
        organizations: organizations(&config.organizations),
        policies: policies(&config.policies),
    }
}

fn consenter(consenter: &Consenter) -> ledger::Consenter {
    ledger::Consenter {
        host: consenter.host.clone(),
        port: consenter.port,
        organization: consenter.organization.clone(),
        id: consenter.id,
        identity: consenter.identity.as_ref().and_then(certificate_of),
        client_tls_certificate: certificate_of(&consenter.client_tls_certificate),
        server_tls_certificate: certificate_of(&consenter.server_tls_certificate),
    }
}

/// Names as Fabric's own tools spell them in JSON.
fn consensus_options(consensus: &Consensus) -> BTreeMap<String, String> {
    let options = match consensus {
        Consensus::Etcdraft { options, .. } => raft_options(options),
        Consensus::Bft { options, .. } => bft_options(options),
        Consensus::Other { metadata, .. } => vec![("metadata_sha256", digest(metadata))],
    };
    let options = options.into_iter();
    options
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn raft_options(options: &etcdraft::Options) -> Vec<(&'static str, String)> {
    vec![
        ("tick_interval", options.tick_interval.clone()),
        ("election_tick", options.election_tick.to_string()),
        ("heartbeat_tick", options.heartbeat_tick.to_string()),
        (
            "max_inflight_blocks",
            options.max_inflight_blocks.to_string(),
        ),
        (
            "snapshot_interval_size",
            options.snapshot_interval_size.to_string(),
        ),
    ]
}

fn bft_options(options: &smartbft::Options) -> Vec<(&'static str, String)> {
    use smartbft::options::Rotation;
    let rotation = match Rotation::try_from(options.leader_rotation) {
        Ok(Rotation::Unspecified) => "unspecified".to_owned(),
        Ok(Rotation::Off) => "off".to_owned(),
        Ok(Rotation::On) => "on".to_owned(),
        Err(_) => options.leader_rotation.to_string(),
    };
    let o = options;
    vec![
        (
            "request_batch_max_count",
            o.request_batch_max_count.to_string(),
        ),
        (
            "request_batch_max_bytes",
            o.request_batch_max_bytes.to_string(),
        ),
        (
            "request_batch_max_interval",
            o.request_batch_max_interval.clone(),
        ),
        (
            "incoming_message_buffer_size",
            o.incoming_message_buffer_size.to_string(),
        ),
        ("request_pool_size", o.request_pool_size.to_string()),
        ("request_forward_timeout", o.request_forward_timeout.clone()),
        (
            "request_complain_timeout",
            o.request_complain_timeout.clone(),
        ),
        (
            "request_auto_remove_timeout",
            o.request_auto_remove_timeout.clone(),
        ),
        ("request_max_bytes", o.request_max_bytes.to_string()),
        (
            "view_change_resend_interval",
            o.view_change_resend_interval.clone(),
        ),
        ("view_change_timeout", o.view_change_timeout.clone()),
        (
            "leader_heartbeat_timeout",
            o.leader_heartbeat_timeout.clone(),
        ),
        (
            "leader_heartbeat_count",
            o.leader_heartbeat_count.to_string(),
        ),
        ("collect_timeout", o.collect_timeout.clone()),
        ("sync_on_start", o.sync_on_start.to_string()),
        ("speed_up_view_change", o.speed_up_view_change.to_string()),
        ("leader_rotation", rotation),
        ("decisions_per_leader", o.decisions_per_leader.to_string()),
    ]
}

/// Policies in words.
pub(super) fn policies(policies: &BTreeMap<String, Policy>) -> BTreeMap<String, String> {
    policies
        .iter()
        .map(|(name, policy)| (name.clone(), policy.to_string()))
        .collect()
}

/// The values of every group that this program has no words for.
fn other_values(config: &ChannelConfig) -> BTreeMap<String, String> {
    let mut others = BTreeMap::new();
    let mut add = |group: &str, values: &BTreeMap<String, Bytes>| {
        for (name, value) in values {
            others.insert(format!("{group}/{name}"), digest(value));
        }
    };
    add("/Channel", &config.other_values);
    if let Some(orderer) = &config.orderer {
        add("/Channel/Orderer", &orderer.other_values);
        for (name, organization) in &orderer.organizations {
            add(
                &format!("/Channel/Orderer/{name}"),
                &organization.other_values,
            );
        }
    }
    if let Some(application) = &config.application {
        add("/Channel/Application", &application.other_values);
        for (name, organization) in &application.organizations {
            add(
                &format!("/Channel/Application/{name}"),
                &organization.other_values,
            );
        }
    }
    others
}

fn digest(bytes: &Bytes) -> String {
    hexadecimal(&Sha256::digest(bytes))
}
