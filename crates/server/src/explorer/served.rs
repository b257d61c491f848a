//! The chain that a page is of.

use std::sync::Arc;

use chainloom_index::IndexedLedger;
use chainloom_tutorial::Node;

use super::page::PageError;
use crate::problem::Problem;
use crate::state::AppState;

/// A ledger of the kind that the explorer's pages are made for.
#[derive(Clone)]
pub(super) struct Chain {
    pub(super) name: String,
    pub(super) ledger: Arc<IndexedLedger>,
    pub(super) node: Node,
}

/// The chain with this name.
pub(super) fn chain(state: &AppState, name: &str) -> Result<Chain, PageError> {
    let served = state.ledgers.get(name)?;
    let node = served.node.clone().ok_or_else(|| {
        Problem::not_found(
            "no_such_page",
            format!("the ledger `{name}` has no such page"),
        )
    })?;
    Ok(Chain {
        name: name.to_owned(),
        ledger: served.ledger.clone(),
        node,
    })
}

/// The name of the chain whose page stands at a path, else of the chain that `/` shows: the links
/// of a page that says what was wrong lead there. Empty where no chain is served.
pub(super) fn name_of<'a>(state: &'a AppState, path: &str) -> &'a str {
    let wanted = path.split('/').nth(2);
    let chains = || {
        let served = state.ledgers.iter();
        served.filter_map(|(name, served)| served.node.as_ref().map(|_| name))
    };
    let named = chains().find(|name| Some(*name) == wanted);
    named.or_else(|| chains().next()).unwrap_or_default()
}

/// The chain that `/` shows.
pub(super) fn first_chain(state: &AppState) -> Result<Chain, PageError> {
    let tutorial = state
        .ledgers
        .iter()
        .find(|(_, served)| served.node.is_some());
    let (name, _) = tutorial.ok_or_else(|| {
        Problem::not_found(
            "ledger_not_found",
            "no chain of the tutorial is served here",
        )
    })?;
    chain(state, name)
}
