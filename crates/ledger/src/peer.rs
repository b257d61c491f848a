use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A node that a ledger talks to, and what it last did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PeerReport {
    /// Its address, `host:port`.
    pub address: String,
    /// Number of its last block, where it says that and answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// Number of the first block that it has, where the ones before it are missing: it was started from a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_block: Option<u64>,
    /// What last went wrong with it while it was read from, since the program started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<PeerTrouble>,
    /// When it was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub asked_at: Option<Timestamp>,
    /// What came of it; absent while it has not been asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<PeerOutcome>,
}

/// What went wrong with a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PeerTrouble {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// A sentence that says what happened.
    pub detail: String,
}

/// What came of asking a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PeerOutcome {
    /// A stable word: `adopted`, `not_longer`, or the reason for which it was refused; of a channel's peer `answered`, or `peer_unavailable`.
    pub code: String,
    /// A sentence that says what happened and what can be done.
    pub detail: String,
    /// How many of its blocks were verified; 0 for a channel's peer, which is only asked how far it has come.
    pub verified_blocks: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}
