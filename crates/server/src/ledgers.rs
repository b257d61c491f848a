use std::collections::BTreeMap;
use std::sync::Arc;

use chainloom_index::IndexedLedger;
use chainloom_ledger::{Call, Payload};
use chainloom_tutorial::Node;
use http::StatusCode;

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
}

impl ServedLedger {
    /// A chain of the tutorial; `ledger` stands above `node`.
    pub fn tutorial(ledger: Arc<IndexedLedger>, node: Node) -> ServedLedger {
        ServedLedger {
            ledger,
            node: Some(node),
            default_contract: Some(COIN.to_owned()),
        }
    }

    /// A channel of Fabric, with the contract that is meant where a call names none.
    pub fn fabric(ledger: Arc<IndexedLedger>, default_contract: Option<String>) -> ServedLedger {
        ServedLedger {
            ledger,
            node: None,
            default_contract,
        }
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

/// The ledgers that a server serves, by name.
///
/// The first that is a chain of the tutorial answers the tutorial's routes at the root, and the
/// explorer begins with it; where none is, with the first.
#[derive(Clone, Default)]
pub struct Ledgers {
    served: BTreeMap<String, ServedLedger>,
}

impl Ledgers {
    /// The ledgers in the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &ServedLedger)> {
        self.served
            .iter()
            .map(|(name, served)| (name.as_str(), served))
    }

    /// The ledger of this name.
    pub(crate) fn get(&self, name: &str) -> Result<&ServedLedger, Problem> {
        self.served.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.served.keys().map(String::as_str).collect();
            Problem::not_found(
                "ledger_not_found",
                format!(
                    "no ledger is named `{}`; served here: {}",
                    name.chars().take(80).collect::<String>(),
                    known.join(", ")
                ),
            )
        })
    }

    /// The one with which the explorer begins.
    pub(crate) fn first(&self) -> Option<(&str, &ServedLedger)> {
        let tutorial = self.iter().find(|(_, served)| served.node.is_some());
        tutorial.or_else(|| self.iter().next())
    }

    /// The node that answers the tutorial's routes.
    pub(crate) fn tutorial(&self) -> Option<&Node> {
        self.served.values().find_map(|served| served.node.as_ref())
    }
}

impl FromIterator<(String, ServedLedger)> for Ledgers {
    fn from_iter<I: IntoIterator<Item = (String, ServedLedger)>>(ledgers: I) -> Ledgers {
        Ledgers {
            served: ledgers.into_iter().collect(),
        }
    }
}
