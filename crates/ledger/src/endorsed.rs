use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::{Creator, Payload, Version};

/// What a transaction holds on a ledger whose peers run the call first and endorse what it read and wrote, as Fabric's do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Endorsed {
    /// What its maker wrote before all else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// Why it cannot be read, and which part of it, where that is so; what can be read is shown all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undecodable: Option<String>,
    /// What it holds as it stands, where that cannot be told in other fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Payload>,
    /// Who made it. Few make and endorse very many, so each is there once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Creator>)]
    pub creator: Option<Arc<Creator>>,
    /// Whether it is the call that initializes the contract.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_init: bool,
    /// SHA-256 of the proposal that the endorsers answered, in lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal_hash: Option<String>,
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
    #[schema(value_type = Vec<Creator>)]
    pub endorsers: Vec<Arc<Creator>>,
    /// What the contract told those who listen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ContractEvent>,
}

/// What the maker of a transaction wrote before all else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Header {
    /// What it is to be, by Fabric's name: `ENDORSER_TRANSACTION`, `CONFIG`, … `UNKNOWN(77)`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The channel that it names.
    pub channel: String,
    /// The bytes that make its id unique, in lower-case hex: the id is the SHA-256 of them and of its maker.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub nonce: String,
    /// Of the header's form.
    #[serde(skip_serializing_if = "is_zero")]
    pub version: i32,
    /// 0, and then left out, up to Fabric 3.1.
    #[serde(skip_serializing_if = "is_no_epoch")]
    pub epoch: u64,
    /// SHA-256 of the certificate of the maker's connection, in lower-case hex, where both ends showed one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tls_certificate_hash: String,
}

fn is_zero(version: &i32) -> bool {
    *version == 0
}

fn is_no_epoch(epoch: &u64) -> bool {
    *epoch == 0
}

/// What a contract answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractResponse {
    /// 200 to 399 where it went well.
    pub status: i32,
    /// What it said beside it.
    pub message: String,
    /// The result.
    pub payload: Payload,
    /// The version of the contract that answered.
    pub contract_version: String,
}

impl Serialize for ContractResponse {
    /// With the result as JSON beside it, where it is that.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ShownResponse {
            status: self.status,
            message: &self.message,
            payload: &self.payload,
            result_json: self.payload.to_json(),
            contract_version: &self.contract_version,
        }
        .serialize(serializer)
    }
}

impl utoipa::PartialSchema for ContractResponse {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        ShownResponse::schema()
    }
}

impl utoipa::ToSchema for ContractResponse {
    fn schemas(
        schemas: &mut Vec<(
            String,
            utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>,
        )>,
    ) {
        <ShownResponse<'_> as utoipa::ToSchema>::schemas(schemas);
    }
}

/// What a contract answered.
#[derive(Serialize, utoipa::ToSchema)]
struct ShownResponse<'a> {
    /// 200 to 399 where it went well.
    status: i32,
    /// What it said beside it.
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    /// The result.
    payload: &'a Payload,
    /// The same, where it is a JSON object or array of at most 1 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    result_json: Option<Box<serde_json::value::RawValue>>,
    /// The version of the contract that answered.
    #[serde(skip_serializing_if = "str::is_empty")]
    contract_version: &'a str,
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
    /// The keys that were there, where they stand one by one.
    pub keys: Vec<RangeKey>,
    /// What stands in their place where they are many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<RangeSummary>,
}

/// A key that was there in a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RangeKey {
    /// The key.
    pub key: Payload,
    /// The transaction that had written it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
}

/// Hashes (a Merkle tree's) that stand for the keys of a range and their versions, too many to be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RangeSummary {
    /// How many hashes are put together to one at most.
    pub max_degree: u32,
    /// The level of the tree on which the hashes are.
    pub level: u32,
    /// The hashes, in lower-case hex.
    pub hashes: Vec<String>,
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
    /// What else was said about the key, by name, where that was changed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Payload>,
}

/// What was read and written in one private collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PrivateCollection {
    /// Whose collection it is.
    pub contract: String,
    /// Its name.
    pub collection: String,
    /// SHA-256 of all that was written in it, in lower-case hex; empty where it was only read.
    pub hash: String,
    /// How many keys were read.
    pub reads: usize,
    /// How many keys were written.
    pub writes: usize,
    /// The keys that were read, by their hashes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_reads: Vec<PrivateRead>,
    /// The keys that were written, by their hashes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_writes: Vec<PrivateWrite>,
    /// The keys of which something else than the value was changed, by their hashes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_policies: Vec<PrivatePolicy>,
}

/// A private key that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PrivateRead {
    /// SHA-256 of the key, in lower-case hex.
    pub key_hash: String,
    /// The transaction that had written it; absent where there was no such key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
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

/// A private key of which it was changed who has to endorse changes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PrivatePolicy {
    /// SHA-256 of the key, in lower-case hex.
    pub key_hash: String,
    /// Who has to endorse changes of this key from now on, in words.
    pub endorsement_policy: String,
    /// What else was said about the key, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Payload>,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_that_is_json_is_shown_as_that_too() {
        let shown = |payload: &str| {
            let response = ContractResponse {
                status: 200,
                message: String::new(),
                payload: payload.into(),
                contract_version: "1".to_owned(),
            };
            serde_json::to_value(response).expect("it is plain JSON")
        };
        assert_eq!(
            shown(r#"{ "a": [1] }"#),
            json!({"status": 200, "payload": r#"{ "a": [1] }"#, "result_json": {"a": [1]}, "contract_version": "1"})
        );
        assert_eq!(shown("blue").get("result_json"), None);
    }
}
