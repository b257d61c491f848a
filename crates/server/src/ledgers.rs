use std::collections::BTreeMap;
use std::sync::Arc;

use chainloom_index::IndexedLedger;
use chainloom_tutorial::Node;

use crate::problem::Problem;

/// A ledger that the server serves.
#[derive(Clone)]
pub struct ServedLedger {
    /// The ledger with its read model, which is to follow it already.
    pub ledger: Arc<IndexedLedger>,
    /// The node behind it, where it is a chain of the tutorial.
    pub node: Option<Node>,
}

/// The ledgers that a server serves, by name.
///
/// The first that is a chain of the tutorial answers the tutorial's routes at the root.
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
