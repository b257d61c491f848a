use std::collections::BTreeMap;
use std::fmt;
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

impl Call {
    /// A call of this function of a contract; the one that the ledger means where `contract` is empty.
    pub fn new<A: Into<Payload>>(
        contract: impl Into<String>,
        function: impl Into<String>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            contract: contract.into(),
            function: function.into(),
            args: args.into_iter().map(Into::into).collect(),
        }
    }
}

/// How a call is to be carried out, be it a query or an invocation. A ledger refuses what it cannot do.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// Data for those who run the call, by name. They never stand on the ledger.
    pub transient: BTreeMap<String, Payload>,
    /// The organizations (MSP ids) whose peers are to run it; empty leaves it to the ledger.
    pub organizations: Vec<String>,
    /// The peers that are asked, by address or by name, in this order; empty leaves it to the ledger.
    pub peers: Vec<String>,
    /// Whether it is the call with which the contract begins.
    pub is_init: bool,
    /// How long it may take, the wait for a block included; the ledger's own limit where absent or longer.
    pub timeout: Option<Duration>,
}

impl fmt::Debug for CallOptions {
    /// Of the transient data only the names: the values are secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            transient,
            organizations,
            peers,
            is_init,
            timeout,
        } = self;
        let names: Vec<&String> = transient.keys().collect();
        formatter
            .debug_struct("CallOptions")
            .field("transient", &names)
            .field("organizations", organizations)
            .field("peers", peers)
            .field("is_init", is_init)
            .field("timeout", timeout)
            .finish()
    }
}

/// How `invoke` is to be carried out.
#[derive(Debug, Clone, Default)]
pub struct InvokeOptions {
    /// What holds for every call.
    pub call: CallOptions,
    /// What to wait for; the ledger's own default where absent.
    pub wait: Option<Wait>,
    /// The same key gives the same answer and submits nothing again as long as the ledger remembers it: 24 hours, where its
    /// configuration says nothing else.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_values_are_not_printed() {
        let options = InvokeOptions {
            call: CallOptions {
                transient: [("price".to_owned(), "1250".into())].into(),
                ..CallOptions::default()
            },
            ..InvokeOptions::default()
        };
        let printed = format!("{options:?}");
        assert!(printed.contains("price"), "{printed}");
        assert!(!printed.contains("1250"), "{printed}");
        // Nor as the numbers of their bytes.
        assert!(!printed.contains("49, 50"), "{printed}");
    }
}
