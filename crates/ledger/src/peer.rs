use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A node that a ledger talks to, and what it last did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PeerReport {
    /// Its address, `host:port`.
    pub address: String,
    /// When it was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub asked_at: Option<Timestamp>,
    /// What came of it; absent while it has not been asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<PeerOutcome>,
}

/// What came of asking a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PeerOutcome {
    /// A stable word: `adopted`, `not_longer`, or the reason for which it was refused.
    pub code: String,
    /// A sentence that says what happened and what can be done.
    pub detail: String,
    /// How many of its blocks were verified.
    pub verified_blocks: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}
