use serde::{Deserialize, Serialize};

/// The parameters by which a ledger's blocks are made.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LedgerConfig {
    /// The block from which on they hold.
    pub block: u64,
    /// Those of a chain with proof of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_of_work: Option<ProofOfWorkConfig>,
    /// Those of a ledger whose blocks orderers make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orderer: Option<OrdererConfig>,
    /// The organizations that may take part, by their MSP ids.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub organizations: Vec<String>,
}

/// The parameters of a ledger whose blocks orderers make.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrdererConfig {
    /// How they agree: `etcdraft` or `BFT`.
    pub consensus_type: String,
    /// When a block is full.
    pub batch_size: BatchSize,
    /// How long they wait for a block to fill.
    pub batch_timeout_ms: u64,
    /// The orderers that take part in it.
    pub consenters: Vec<Consenter>,
}

/// When a block is full.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BatchSize {
    /// The most transactions in it.
    pub max_message_count: u32,
    /// The most bytes in it.
    pub absolute_max_bytes: u32,
    /// The bytes above which no further transaction comes into it.
    pub preferred_max_bytes: u32,
}

/// An orderer that takes part in agreeing.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Consenter {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u32,
    /// Its organization, where the ledger says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// The parameters of the tutorial's chain.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
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
