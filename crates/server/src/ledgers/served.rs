//! A ledger that is open.

use std::sync::Arc;

use chainloom_index::IndexedLedger;
use chainloom_ledger::{Call, Payload};
use chainloom_tutorial::Node;
use http::StatusCode;
use tokio::sync::watch;

use crate::problem::Problem;

/// The contract of a chain of the tutorial.
const COIN: &str = "coin";

/// A ledger that the server serves.
#[derive(Clone)]
pub struct ServedLedger {
    /// The ledger with its read model, which is to follow it already.
    pub(crate) ledger: Arc<IndexedLedger>,
    /// The node behind it, where it is a chain of the tutorial.
    pub(crate) node: Option<Node>,
    /// The contract that is meant where a call names none.
    pub(crate) default_contract: Option<String>,
    /// Becomes true when the server serves it no longer.
    ended: Arc<watch::Sender<bool>>,
}

impl ServedLedger {
    /// A chain of the tutorial; `ledger` stands above `node`.
    pub fn tutorial(ledger: Arc<IndexedLedger>, node: Node) -> ServedLedger {
        ServedLedger {
            ledger,
            node: Some(node),
            default_contract: Some(COIN.to_owned()),
            ended: Arc::default(),
        }
    }

    /// A channel of Fabric, with the contract that is meant where a call names none.
    pub fn fabric(ledger: Arc<IndexedLedger>, default_contract: Option<String>) -> ServedLedger {
        ServedLedger {
            ledger,
            node: None,
            default_contract,
            ended: Arc::default(),
        }
    }

    /// Ends the event streams that read it.
    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Becomes true when the server serves it no longer.
    pub(crate) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    /// A call as a request names it, for queries, invocations and the explorer's forms.
    pub(crate) fn call(
        &self,
        contract: Option<String>,
        function: String,
        args: Vec<Payload>,
    ) -> Result<Call, Problem> {
        let contract = contract.or_else(|| self.default_contract.clone());
        let contract = contract.ok_or_else(|| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "contract_missing",
                "the call names no contract, and no contract is configured for this ledger: add \
                 `contract` to the call, or to the ledger's configuration",
            )
        })?;
        Ok(Call {
            contract,
            function,
            args,
        })
    }
}
