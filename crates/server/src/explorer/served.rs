//! The ledger that a page is of.

use std::sync::Arc;

use chainloom_index::IndexedLedger;
use chainloom_tutorial::Node;

use super::page::PageError;
use crate::access::{Caller, Permission};
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
    /// The names of all ledgers that the caller may read.
    pub(super) ledgers: Vec<String>,
    /// What the caller's token is called, where the server asks for one.
    pub(super) token: Option<String>,
}

impl Place {
    fn of(state: &AppState, caller: &Caller, name: &str, entry: &Entry) -> Place {
        let first = first(state, caller);
        Place {
            name: name.to_owned(),
            is_tutorial: entry.is_tutorial(),
            is_first: first.is_some_and(|(first, _)| first == name),
            ledgers: readable(state, caller).map(|(name, _)| name).collect(),
            token: token_of(caller),
        }
    }

    /// The ledger whose page stands at a path, else the one that `/` shows: the links of a page that
    /// says what was wrong lead there.
    pub(super) fn at(state: &AppState, caller: &Caller, path: &str) -> Place {
        let wanted = path.split('/').nth(2).unwrap_or_default();
        let named = readable(state, caller).find(|(name, _)| name == wanted);
        match named.or_else(|| first(state, caller)) {
            Some((name, entry)) => Place::of(state, caller, &name, &entry),
            None => Place {
                token: token_of(caller),
                ..Place::default()
            },
        }
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

/// The ledgers that a caller may read, in the order of their names.
fn readable(state: &AppState, caller: &Caller) -> impl Iterator<Item = (String, Entry)> {
    let entries = state.ledgers.all();
    let readable = entries
        .iter()
        .filter(|(name, _)| caller.may(Permission::Read, name));
    let readable = readable.map(|(name, entry)| (name.clone(), entry.clone()));
    readable.collect::<Vec<_>>().into_iter()
}

/// The ledger that `/` shows to a caller: of those that the caller may read a chain of the tutorial, else any.
fn first(state: &AppState, caller: &Caller) -> Option<(String, Entry)> {
    let tutorial = readable(state, caller).find(|(_, entry)| entry.is_tutorial());
    tutorial.or_else(|| readable(state, caller).next())
}

fn token_of(caller: &Caller) -> Option<String> {
    let token = caller.token()?;
    Some(token.name().map_or_else(|| token.id(), str::to_owned))
}

/// A ledger that a page is of.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) place: Place,
    pub(super) served: ServedLedger,
}

impl Shown {
    /// The ledger with this name.
    pub(super) fn named(state: &AppState, caller: &Caller, name: &str) -> Result<Shown, PageError> {
        let served = state.ledgers.get(name)?;
        Ok(Shown {
            place: Place::of(
                state,
                caller,
                name,
                &Entry::Served(Box::new(served.clone())),
            ),
            served,
        })
    }

    /// The ledger that `/` shows.
    pub(super) fn first(state: &AppState, caller: &Caller) -> Result<Shown, PageError> {
        let (name, _) = first(state, caller).ok_or_else(|| {
            let detail = match caller.token() {
                Some(_) => "Your token may read no ledger that is served here.",
                None => "No ledger is served here.",
            };
            Problem::not_found("ledger_not_found", detail)
        })?;
        Shown::named(state, caller, &name)
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
pub(super) fn chain(state: &AppState, caller: &Caller, name: &str) -> Result<Chain, PageError> {
    Shown::named(state, caller, name)?.chain().ok_or_else(|| {
        let detail = format!(
            "The ledger `{name}` is no chain of the tutorial, and only those have this page."
        );
        Problem::not_found("no_such_page", detail).into()
    })
}
