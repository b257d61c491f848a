use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CertificateSummary, Organization};

/// The parameters by which a ledger's blocks are made, and who may do what on it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LedgerConfig {
    /// The block from which on they hold.
    pub block: u64,
    /// How often they had been changed by then, where the ledger counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Those of a chain with proof of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_of_work: Option<ProofOfWorkConfig>,
    /// Those of a ledger whose blocks orderers make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orderer: Option<OrdererConfig>,
    /// The organizations that use the ledger.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub organizations: Vec<Organization>,
    /// What every node must be able to do, such as `V2_0`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub capabilities: Vec<String>,
    /// What every node of those organizations must be able to do, such as `V2_5`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub application_capabilities: Vec<String>,
    /// The policies of the whole ledger in words, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub policies: BTreeMap<String, String>,
    /// The policies of those who use it in words, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub application_policies: BTreeMap<String, String>,
    /// The policy that guards a resource, where it is not the default, by the resource's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub acls: BTreeMap<String, String>,
    /// The consortium that made the ledger, where it says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consortium: Option<String>,
    /// Addresses of orderers that the whole ledger has, `host:port`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub orderer_addresses: Vec<String>,
    /// The function by which blocks are hashed, such as `SHA256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashing_algorithm: Option<String>,
    /// Width of the tree by which a block's data are hashed; 2^32 - 1 is no tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_data_hashing_width: Option<u32>,
    /// Who may change each part of the configuration, and how often it was changed, by its path, such as `/Channel/Orderer/BatchSize`; a policy
    /// stands there as `/Channel/policy Admins`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub parts: BTreeMap<String, ConfigPart>,
    /// Values that have no field here: SHA-256 of each in lower-case hex, by where it stands.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub other_values: BTreeMap<String, String>,
}

/// Who may change a part of a configuration, and how often it was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConfigPart {
    /// How often it was changed.
    pub version: u64,
    /// The name of the policy by which it can be changed: of the same group where it is no path. Empty where nobody may.
    pub modification_policy: String,
}

/// The parameters of a ledger whose blocks orderers make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrdererConfig {
    /// How they agree: `etcdraft` or `BFT`.
    pub consensus_type: String,
    /// When a block is full.
    pub batch_size: BatchSize,
    /// How long they wait for a block to fill.
    pub batch_timeout_ms: u64,
    /// The orderers that take part in it.
    pub consenters: Vec<Consenter>,
    /// The settings of the protocol by which they agree, as the ledger spells them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub consensus_options: BTreeMap<String, String>,
    /// `normal`, or `maintenance` while nothing but the configuration can be changed.
    pub state: String,
    /// How many ledgers the orderers may serve; no limit where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels_max: Option<u64>,
    /// What every orderer must be able to do.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub capabilities: Vec<String>,
    /// The organizations that run orderers.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub organizations: Vec<Organization>,
    /// The policies of ordering in words, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub policies: BTreeMap<String, String>,
}

/// When a block is full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BatchSize {
    /// The most transactions in it.
    pub max_message_count: u32,
    /// The most bytes in it.
    pub absolute_max_bytes: u32,
    /// The bytes above which no further transaction comes into it.
    pub preferred_max_bytes: u32,
}

/// An orderer that takes part in agreeing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Consenter {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u32,
    /// Its organization, where the ledger says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The number by which its signatures name it, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// The certificate by which it signs blocks, where the ledger says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<CertificateSummary>,
    /// The certificate with which it connects to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_tls_certificate: Option<CertificateSummary>,
    /// The certificate with which it serves others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_tls_certificate: Option<CertificateSummary>,
}

/// The parameters of the tutorial's chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProofOfWorkConfig {
    /// `article` or `repository`.
    pub rules: String,
    /// How many hex zeros a proof's digest begins with.
    pub difficulty: u32,
    /// How much the maker of a block is paid.
    pub reward: u64,
    /// What is hashed, in words.
    pub proof_input: String,
}
