use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Creator;

/// The changes of a ledger's configuration, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConfigHistory {
    /// One for each block that changed it.
    pub changes: Vec<ConfigVersion>,
    /// Ask again with `before` set to this for older ones; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A configuration as a block brought it into force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConfigVersion {
    /// The block.
    pub block: u64,
    /// How often the configuration had been changed by then, where the ledger counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// When, by the clock of who made the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// Who asked for it, where the ledger says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<Creator>,
    /// Who agreed to it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub signers: Vec<Creator>,
    /// What changed; empty for the first configuration.
    pub differences: Vec<ConfigDifference>,
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConfigDifference {
    /// What it is, as the fields of the configuration lead to it: `orderer.batch_size.max_message_count`.
    pub path: String,
    /// What it was; absent where it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is now; absent where it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The same in a sentence.
    pub words: String,
}
