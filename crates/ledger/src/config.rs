use serde::{Deserialize, Serialize};

/// The parameters by which a ledger's blocks are made.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LedgerConfig {
    /// The block from which on they hold.
    pub block: u64,
    /// Those of a chain with proof of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_of_work: Option<ProofOfWorkConfig>,
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
