use std::collections::BTreeMap;

use bytes::Bytes;

use super::application::ApplicationConfig;
use super::group::Group;
use super::orderer::OrdererConfig;
use crate::wire::error::{DecodeError, Fault, Within};
use crate::wire::policy::Policy;
use crate::wire::proto::common;

/// The whole configuration of a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelConfig {
    /// Counts the updates.
    pub sequence: u64,
    /// What every node of the channel must be able to do, such as `V2_0`.
    pub capabilities: Vec<String>,
    /// Name of the hash function; Fabric knows `SHA256` only.
    pub hashing_algorithm: Option<String>,
    /// Width of the tree that hashes a block's data; Fabric knows 2^32 - 1 only, which is no tree.
    pub block_data_hashing_width: Option<u32>,
    /// Orderers of the channel, `host:port`; since Fabric 3.0 organizations name their own.
    pub orderer_addresses: Vec<String>,
    /// Name of the consortium that created the channel, up to Fabric 2.
    pub consortium: Option<String>,
    /// Ordering.
    pub orderer: Option<OrdererConfig>,
    /// Who uses the channel. Without it, it is a system channel.
    pub application: Option<ApplicationConfig>,
    /// Policies of the root group by name.
    pub policies: BTreeMap<String, Policy>,
    /// Values of the root group that this program does not know, raw.
    pub other_values: BTreeMap<String, Bytes>,
    /// The tree as it stands on the chain, with versions and modification policies.
    pub source: common::Config,
}

impl ChannelConfig {
    pub(super) fn new(source: common::Config) -> Result<Self, DecodeError> {
        let root = source
            .channel_group
            .clone()
            .ok_or(Fault::Missing("the root group"))?;
        let mut root = Group::from(root);
        let hashing: Option<common::HashingAlgorithm> = root.value("HashingAlgorithm")?;
        let structure: Option<common::BlockDataHashingStructure> =
            root.value("BlockDataHashingStructure")?;
        let addresses: Option<common::OrdererAddresses> = root.value("OrdererAddresses")?;
        let consortium: Option<common::Consortium> = root.value("Consortium")?;
        let orderer = root
            .groups
            .remove("Orderer")
            .map(OrdererConfig::new)
            .transpose();
        let application = root
            .groups
            .remove("Application")
            .map(ApplicationConfig::new)
            .transpose();
        Ok(Self {
            sequence: source.sequence,
            capabilities: root.capabilities()?,
            hashing_algorithm: hashing.map(|hashing| hashing.name),
            block_data_hashing_width: structure.map(|structure| structure.width),
            orderer_addresses: addresses.unwrap_or_default().addresses,
            consortium: consortium.map(|consortium| consortium.name),
            orderer: orderer.within(|| "group Orderer".to_owned())?,
            application: application.within(|| "group Application".to_owned())?,
            policies: root.policies()?,
            other_values: root.rest(),
            source,
        })
    }
}
