//! What a transaction holds whose call peers ran and endorsed: each part on a line.

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
}

impl Certificate {
    pub(super) fn line(&self) -> String {
        format!(
            "{}, issued by {}, serial {}, valid {} to {}",
            self.subject, self.issuer, self.serial, self.not_before, self.not_after
        )
    }
}

/// What the contract answered.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Response {
    status: i32,
    #[serde(default)]
    message: String,
    pub(super) payload: Value,
}

impl Response {
    pub(super) fn line(&self) -> String {
        format!("{} {}", self.status, self.message)
            .trim_end()
            .to_owned()
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
        let written = match self.version {
            Some(version) => format!("written by {version}"),
            None => "was not there".to_owned(),
        };
        format!("{} {}, {written}", self.contract, bytes(&self.key))
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
    keys: Vec<Value>,
}

impl RangeRead {
    pub(super) fn line(&self) -> String {
        let keys = count(self.keys.len() as u64, "key");
        let end = if self.exhausted {
            ""
        } else {
            ", not to its end"
        };
        let (from, to) = (bytes(&self.from), bytes(&self.to));
        format!("{} from {from} to {to}: {keys}{end}", self.contract)
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
}

impl PrivateCollection {
    pub(super) fn line(&self) -> String {
        format!(
            "{} {}: {} read, {} written, hash {}",
            self.contract, self.collection, self.reads, self.writes, self.hash
        )
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
