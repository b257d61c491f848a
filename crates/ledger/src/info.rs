use serde::{Deserialize, Serialize};

use crate::Hash;

/// What a ledger says of itself.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LedgerInfo {
    /// Its kind.
    pub kind: LedgerKind,
    /// Number of the last block.
    pub height: u64,
    /// How many times the chain has been replaced.
    pub generation: u64,
    /// Hash of the last block.
    #[schema(value_type = String)]
    pub tip_hash: Hash,
    /// Number of the first block that can be read, where that is known. It is not the chain's first where all peers of a channel were
    /// started from a snapshot: they do not have the ones before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_block: Option<u64>,
    /// How many transactions wait for a block here, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_count: Option<u64>,
    /// The account that is paid for blocks made here, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
}

/// The kinds of ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKind {
    /// The tutorial's proof-of-work chain.
    Tutorial,
    /// A channel of Hyperledger Fabric.
    Fabric,
}
