//! The ledger that a page is of.

use std::sync::Arc;

use chainloom_index::IndexedLedger;
use chainloom_tutorial::Node;

use super::page::PageError;
use crate::ledgers::{Entry, ServedLedger};
use crate::problem::Problem;
use crate::state::AppState;

/// Where a page stands among the ledgers that are served.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// The ledger's name; empty where none is served.
    pub(super) name: String,
    /// Whether it is a chain of the tutorial.
    pub(super) is_tutorial: bool,
    /// Whether `/` shows it.
    is_first: bool,
    /// The names of all ledgers.
    pub(super) ledgers: Vec<String>,
}

impl Place {
    fn of(state: &AppState, name: &str, entry: &Entry) -> Place {
        let first = state.ledgers.first();
        Place {
            name: name.to_owned(),
            is_tutorial: entry.is_tutorial(),
            is_first: first.is_some_and(|(first, _)| first == name),
            ledgers: state.ledgers.all().keys().cloned().collect(),
        }
    }

    /// The ledger whose page stands at a path, else the one that `/` shows: the links of a page that
    /// says what was wrong lead there.
    pub(super) fn at(state: &AppState, path: &str) -> Place {
        let wanted = path.split('/').nth(2).unwrap_or_default();
        let named = state.ledgers.all().get(wanted).cloned();
        let found = named
            .map(|entry| (wanted.to_owned(), entry))
            .or_else(|| state.ledgers.first());
        found.map_or_else(Place::default, |(name, entry)| {
            Place::of(state, &name, &entry)
        })
    }

    /// Where the ledger's pages live.
    pub(super) fn base(&self) -> String {
        format!("/explorer/{}", self.name)
    }

    /// The ledger's overview.
    pub(super) fn home(&self) -> String {
        match self.is_first || self.name.is_empty() {
            true => "/".to_owned(),
            false => self.base(),
        }
    }
}

/// A ledger that a page is of.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) place: Place,
    pub(super) served: ServedLedger,
}

impl Shown {
    /// The ledger with this name.
    pub(super) fn named(state: &AppState, name: &str) -> Result<Shown, PageError> {
        let served = state.ledgers.get(name)?;
        Ok(Shown {
            place: Place::of(state, name, &Entry::Served(served.clone())),
            served,
        })
    }

    /// The ledger that `/` shows.
    pub(super) fn first(state: &AppState) -> Result<Shown, PageError> {
        let (name, _) = state
            .ledgers
            .first()
            .ok_or_else(|| Problem::not_found("ledger_not_found", "No ledger is served here."))?;
        Shown::named(state, &name)
    }

    /// The ledger with its read model.
    pub(super) fn ledger(&self) -> &IndexedLedger {
        &self.served.ledger
    }

    /// The same, where it is a chain of the tutorial.
    pub(super) fn chain(&self) -> Option<Chain> {
        Some(Chain {
            place: self.place.clone(),
            ledger: Arc::clone(&self.served.ledger),
            node: self.served.node.clone()?,
        })
    }
}

/// A chain of the tutorial.
#[derive(Clone)]
pub(super) struct Chain {
    pub(super) place: Place,
    pub(super) ledger: Arc<IndexedLedger>,
    pub(super) node: Node,
}

/// The chain of the tutorial with this name, for a page that only those have.
pub(super) fn chain(state: &AppState, name: &str) -> Result<Chain, PageError> {
    Shown::named(state, name)?.chain().ok_or_else(|| {
        let detail = format!(
            "The ledger `{name}` is no chain of the tutorial, and only those have this page."
        );
        Problem::not_found("no_such_page", detail).into()
    })
}
