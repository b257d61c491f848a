use serde::{Deserialize, Serialize};

/// A contract as the members of a ledger agreed on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ContractDefinition {
    /// Its name.
    pub name: String,
    /// The version that they gave it.
    pub version: String,
    /// Counts the definitions of that name.
    pub sequence: i64,
    /// Who must endorse its transactions, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endorsement_policy: Option<String>,
    /// Whether it has to be initialized before it is used.
    #[serde(default)]
    pub init_required: bool,
    /// What endorses, where the ledger says it; as a rule `escc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endorsement_plugin: Option<String>,
    /// What validates, where the ledger says it; as a rule `vscc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_plugin: Option<String>,
    /// Its collections of private data.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub collections: Vec<Collection>,
}

/// A collection of private data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Collection {
    /// Its name.
    pub name: String,
    /// Whose peers keep the data, in words.
    pub members: String,
    /// How many other peers must have the data before an endorsement is given.
    pub required_peer_count: i32,
    /// How many other peers are sent the data at endorsement.
    pub maximum_peer_count: i32,
    /// Blocks after which the data are purged; 0 keeps them.
    pub block_to_live: u64,
    /// Whether only members' clients may read.
    pub member_only_read: bool,
    /// Whether only members' clients may write.
    pub member_only_write: bool,
    /// Who must endorse what is written to it, in words; who endorses the contract where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endorsement_policy: Option<String>,
}
