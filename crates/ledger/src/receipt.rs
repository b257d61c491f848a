use serde::{Deserialize, Serialize};

use crate::{Payload, ValidationCode, Version};

/// What `invoke` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Receipt {
    /// The id under which the transaction can be asked for from now on.
    pub transaction_id: String,
    /// How far it has come.
    pub status: ReceiptStatus,
    /// Where it stands, once committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The verdict, once committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_code: Option<ValidationCode>,
    /// What the contract returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Payload>,
}

/// How far a transaction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// Accepted and stored, waiting for a block.
    Pending,
    /// Given to the orderers.
    Ordered,
    /// In a block.
    Committed,
}
