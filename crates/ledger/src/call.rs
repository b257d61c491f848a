use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Account, Payload};

/// A call of a contract's function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Call {
    /// The contract; the tutorial's chain has one, `coin`.
    pub contract: String,
    /// The function.
    pub function: String,
    /// Its arguments.
    pub args: Vec<Payload>,
}

/// How `invoke` is to be carried out.
#[derive(Debug, Clone, Default)]
pub struct InvokeOptions {
    /// What to wait for; the ledger's own default where absent.
    pub wait: Option<Wait>,
    /// How long to wait for it; the ledger's own limit where absent or longer.
    pub timeout: Option<Duration>,
    /// The same key within 24 hours gives the same answer and submits nothing again.
    pub idempotency_key: Option<String>,
    /// How often the call is submitted anew, as another transaction, where others changed what it had read. Of no effect where the
    /// commit is not waited for, and on ledgers without such conflicts.
    pub retries: u32,
}

/// What an `invoke` waits for before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// Until the transaction is accepted for a block.
    Ordered,
    /// Until it stands in a block.
    Committed,
}

/// What a ledger answers to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryAnswer {
    /// The result.
    Result(Payload),
    /// The balance of this account, which the read model holds.
    Balance(Account),
}
