//! What only a chain of the tutorial has.

use chainloom_tutorial::Node;

use crate::problem::Problem;
use crate::state::AppState;

/// The node behind a ledger.
pub(super) fn node(state: &AppState, name: &str) -> Result<Node, Problem> {
    let served = state.ledgers.get(name)?;
    served.node.ok_or_else(|| {
        Problem::not_found(
            "not_supported",
            format!("the ledger `{name}` is no chain of the tutorial, and only those have this"),
        )
    })
}
