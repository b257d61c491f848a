//! What a transaction holds whose call peers ran and endorsed: each part on a line.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::output::{count, shortened, value};

use super::transaction::Version;

/// How much of a key, a value or an argument a line shows.
const BYTES_WIDTH: usize = 200;

/// Bytes on a line.
pub(super) fn bytes(payload: &Value) -> String {
    shortened(&value(payload), BYTES_WIDTH)
}

/// What was called.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Call {
    pub(super) contract: String,
    pub(super) function: String,
    #[serde(default)]
    pub(super) args: Vec<Value>,
}

/// What its maker wrote before all else.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Header {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) channel: String,
    #[serde(default)]
    pub(super) nonce: Option<String>,
}

/// Who made a transaction or endorsed it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Creator {
    organization: String,
    #[serde(default)]
    enrollment_id: Option<String>,
    #[serde(default)]
    pub(super) certificate: Option<Certificate>,
}

impl Creator {
    pub(super) fn line(&self) -> String {
        let name = self.enrollment_id.as_deref().unwrap_or("somebody");
        format!("{name} of {}", self.organization)
    }
}

/// What there is to know of a certificate.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Certificate {
    subject: String,
    issuer: String,
    serial: String,
    not_before: String,
    not_after: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

impl Certificate {
    pub(super) fn line(&self) -> String {
        format!(
            "{}, issued by {}, serial {}, valid {} to {}",
            self.subject, self.issuer, self.serial, self.not_before, self.not_after
        )
    }

    /// What else its CA wrote into it.
    pub(super) fn attributes(&self) -> impl Iterator<Item = String> {
        let attributes = self.attributes.iter();
        attributes.map(|(name, value)| format!("{name} = {value}"))
    }
}

/// What the contract answered.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Response {
    status: i32,
    #[serde(default)]
    message: String,
    pub(super) payload: Value,
    #[serde(default)]
    contract_version: Option<String>,
}

impl Response {
    pub(super) fn line(&self) -> String {
        let mut line = self.status.to_string();
        if let Some(version) = &self.contract_version {
            line.push_str(&format!(", by version {version}"));
        }
        if !self.message.is_empty() {
            line.push_str(&format!(": {}", self.message));
        }
        line
    }
}

/// A key that was read.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct KeyRead {
    contract: String,
    key: Value,
    #[serde(default)]
    version: Option<Version>,
}

impl KeyRead {
    pub(super) fn line(&self) -> String {
        let key = format!("{} {}", self.contract, bytes(&self.key));
        written_by(&key, self.version)
    }
}

fn written_by(key: &str, version: Option<Version>) -> String {
    match version {
        Some(version) => format!("{key}, written by {version}"),
        None => format!("{key}, was not there"),
    }
}

/// A range of keys that was read.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RangeRead {
    contract: String,
    from: Value,
    to: Value,
    exhausted: bool,
    #[serde(default)]
    keys: Vec<RangeKey>,
    #[serde(default)]
    summary: Option<RangeSummary>,
}

/// A key that was there in a range.
#[derive(Debug, Clone, Deserialize)]
struct RangeKey {
    key: Value,
    #[serde(default)]
    version: Option<Version>,
}

#[derive(Debug, Clone, Deserialize)]
struct RangeSummary {
    hashes: Vec<String>,
}

impl RangeRead {
    pub(super) fn line(&self) -> String {
        let keys = match &self.summary {
            Some(summary) => format!(
                "so many keys that {} stand for them",
                count(summary.hashes.len() as u64, "hash value")
            ),
            None => count(self.keys.len() as u64, "key"),
        };
        let end = if self.exhausted {
            ""
        } else {
            ", not to its end"
        };
        let (from, to) = (bytes(&self.from), bytes(&self.to));
        format!("{} from {from} to {to}: {keys}{end}", self.contract)
    }

    /// The keys that were there, a line each.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> {
        self.keys
            .iter()
            .map(|found| written_by(&bytes(&found.key), found.version))
    }
}

/// A key that was written.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct KeyWrite {
    contract: String,
    key: Value,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    delete: bool,
    #[serde(default)]
    endorsement_policy: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
}

impl KeyWrite {
    pub(super) fn line(&self) -> String {
        let mut line = format!("{} {}", self.contract, bytes(&self.key));
        if self.delete {
            line.push_str(", deleted");
        }
        if let Some(value) = &self.value {
            line.push_str(&format!(" = {}", bytes(value)));
        }
        if let Some(policy) = &self.endorsement_policy {
            line.push_str(&format!(", changes endorsed by {policy}"));
        }
        for (name, value) in &self.metadata {
            line.push_str(&format!(", {name} = {}", bytes(value)));
        }
        line
    }
}

/// What was read and written in a private collection.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PrivateCollection {
    contract: String,
    collection: String,
    hash: String,
    reads: u64,
    writes: u64,
    #[serde(default)]
    key_reads: Vec<PrivateRead>,
    #[serde(default)]
    key_writes: Vec<PrivateWrite>,
    #[serde(default)]
    key_policies: Vec<PrivatePolicy>,
}

#[derive(Debug, Clone, Deserialize)]
struct PrivateRead {
    key_hash: String,
    #[serde(default)]
    version: Option<Version>,
}

#[derive(Debug, Clone, Deserialize)]
struct PrivateWrite {
    key_hash: String,
    #[serde(default)]
    value_hash: Option<String>,
    #[serde(default)]
    purge: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct PrivatePolicy {
    key_hash: String,
    endorsement_policy: String,
}

impl PrivateCollection {
    /// What was done in it, and a line for each key.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut line = format!(
            "{} {}: {} read, {} written",
            self.contract, self.collection, self.reads, self.writes
        );
        if !self.hash.is_empty() {
            line.push_str(&format!(", hash {}", self.hash));
        }
        let mut lines = vec![line];
        lines.extend(self.key_reads.iter().map(|read| {
            let key = format!("  read the key of hash {}", read.key_hash);
            written_by(&key, read.version)
        }));
        lines.extend(self.key_writes.iter().map(PrivateWrite::line));
        lines.extend(self.key_policies.iter().map(|write| {
            let PrivatePolicy {
                key_hash,
                endorsement_policy,
            } = write;
            format!("  the key of hash {key_hash}, changes endorsed by {endorsement_policy}")
        }));
        lines
    }
}

impl PrivateWrite {
    fn line(&self) -> String {
        let key = &self.key_hash;
        match &self.value_hash {
            Some(value) => format!("  wrote the key of hash {key} = a value of hash {value}"),
            None if self.purge => format!("  purged the key of hash {key}"),
            None => format!("  deleted the key of hash {key}"),
        }
    }
}

/// What the contract told those who listen.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Event {
    contract: String,
    name: String,
    payload: Value,
}

impl Event {
    pub(super) fn line(&self) -> String {
        format!("{} {}: {}", self.contract, self.name, bytes(&self.payload))
    }
}
