use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A node that a ledger talks to, and what it last did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PeerReport {
    /// Its address, `host:port`.
    pub address: String,
    /// What it is, on a channel of Fabric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<PeerRole>,
    /// The MSP id of its organization, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
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

/// What a node of a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeerRole {
    /// Endorses, and sends blocks.
    Peer,
    /// Puts transactions in order.
    Orderer,
}

impl PeerReport {
    /// The code of a channel's node that answered.
    pub const ANSWERED: &str = "answered";

    /// Why the node is of no use now; `None` where it answered, or was not asked.
    pub fn away(&self) -> Option<&str> {
        let outcome = self.outcome.as_ref()?;
        (outcome.code != Self::ANSWERED).then_some(outcome.detail.as_str())
    }
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
