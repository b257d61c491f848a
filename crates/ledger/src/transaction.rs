use bigdecimal::BigDecimal;
use jiff::Timestamp;
use serde::Serialize;

use crate::{Account, Call, Endorsed, ValidationCode, Version};

/// A transaction, in a block or waiting for one.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Transaction {
    /// Its id: the ledger's own, or on the tutorial's chain the ticket it was accepted under, else
    /// the SHA-256 of `{block_hash}:{index}`.
    pub id: String,
    /// Where it stands; absent while it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Where its id stands again: on Fabric as `DUPLICATE_TXID`, without effect. Told where a transaction is looked up by its id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<Version>,
    /// When it was made, by its maker's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// What sort it is.
    pub kind: TransactionKind,
    /// The call that it records, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// The transfer that it is, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
    /// The transaction as it stands in its block, on a ledger whose transactions are JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<serde_json::Value>,
    /// What stands in it on a ledger whose peers endorse.
    #[serde(flatten)]
    pub endorsed: Option<Box<Endorsed>>,
    /// The verdict; absent while it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_code: Option<ValidationCode>,
}

/// What sort a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransactionKind {
    /// A transfer between accounts.
    Transfer,
    /// A reward for a block: a transfer from the account `"0"`.
    Reward,
    /// A call of a contract that peers endorsed.
    Endorser,
    /// A change of the channel's configuration.
    Config,
    /// Something that this program cannot read as a call; its content is shown as it is.
    Unknown,
}

/// A transfer between two accounts. What a foreign transaction lacks is absent.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Transfer {
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub sender: Option<Account>,
    /// Who is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub recipient: Option<Account>,
    /// The amount as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<serde_json::Value>,
    /// The amount exactly, where it is a finite number; anything else moves nothing.
    #[serde(skip)]
    pub amount_exact: Option<BigDecimal>,
}

/// How a caller names a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionSelector {
    /// By its id.
    Id(String),
    /// By where it stands.
    Version(Version),
}
