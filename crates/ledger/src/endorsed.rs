use serde::Serialize;

use crate::{Creator, Payload, Version};

/// What a transaction holds on a ledger whose peers run the call first and endorse what it read and wrote, as Fabric's do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Endorsed {
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<Creator>,
    /// What the contract answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<ContractResponse>,
    /// The keys that it read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<KeyRead>,
    /// The ranges of keys that it read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub range_reads: Vec<RangeRead>,
    /// The keys that it wrote; they took effect if the transaction is valid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<KeyWrite>,
    /// What it read and wrote in private: hashes alone stand on the ledger.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub private_collections: Vec<PrivateCollection>,
    /// The peers that endorsed it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endorsers: Vec<Creator>,
    /// What the contract told those who listen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ContractEvent>,
}

/// What a contract answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ContractResponse {
    /// 200 to 399 where it went well.
    pub status: i32,
    /// What it said beside it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The result.
    pub payload: Payload,
}

/// A key that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct KeyRead {
    /// Whose key it is.
    pub contract: String,
    /// The key.
    pub key: Payload,
    /// The transaction that had written it; absent where there was no such key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
}

/// A range of keys that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RangeRead {
    /// Whose keys they are.
    pub contract: String,
    /// The first key that could be in it.
    pub from: Payload,
    /// The first key behind it; empty for no end.
    pub to: Payload,
    /// Whether it was read to its end.
    pub exhausted: bool,
    /// The keys that were there, where they stand one by one; of many only hashes do.
    pub keys: Vec<Payload>,
}

/// A key that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct KeyWrite {
    /// Whose key it is.
    pub contract: String,
    /// The key.
    pub key: Payload,
    /// The value; absent where the key was deleted, or only something about it was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Payload>,
    /// Whether the key was deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delete: bool,
    /// Who has to endorse changes of this key from now on, in words, where that was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endorsement_policy: Option<String>,
}

/// What was read and written in one private collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PrivateCollection {
    /// Whose collection it is.
    pub contract: String,
    /// Its name.
    pub collection: String,
    /// SHA-256 of all that was read and written in it, in lower-case hex.
    pub hash: String,
    /// How many keys were read.
    pub reads: usize,
    /// How many keys were written.
    pub writes: usize,
    /// The keys that were written, by their hashes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_writes: Vec<PrivateWrite>,
}

/// A private key that was written. Who knows key and value can tell by the hashes that it was these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PrivateWrite {
    /// SHA-256 of the key, in lower-case hex.
    pub key_hash: String,
    /// SHA-256 of the value, in lower-case hex; absent where the key was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_hash: Option<String>,
    /// Whether the key was deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delete: bool,
    /// Whether the key was deleted with its history, wherever its values are kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub purge: bool,
}

/// What a contract told those who listen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ContractEvent {
    /// Who told it.
    pub contract: String,
    /// Its name.
    pub name: String,
    /// What it says.
    pub payload: Payload,
}
