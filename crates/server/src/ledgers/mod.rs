//! What is served, by name. It changes while the server runs: connections come and go.

mod served;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use chainloom_index::Progress;
use chainloom_ledger::LedgerKind;
use chainloom_tutorial::Node;
use http::StatusCode;

pub(crate) use self::served::ChannelUsers;
pub use self::served::ServedLedger;
use crate::problem::Problem;

/// How long a ledger's name can be, in characters.
const NAME_LENGTH_MAX: usize = 64;

/// Whether a ledger can have this name, which stands in addresses, in the names of files and in those of variables: 1 to 64 characters of `a`-`z`,
/// `0`-`9`, `-` and `_`.
pub fn is_ledger_name(name: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=NAME_LENGTH_MAX).contains(&name.len()) && name.bytes().all(allowed)
}

/// What stands under a name.
#[derive(Clone)]
pub(crate) enum Entry {
    /// A ledger that is open.
    Served(Box<ServedLedger>),
    /// One that cannot be opened now.
    Unavailable(Unavailable),
}

/// A ledger that cannot be opened now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unavailable {
    /// What it would be.
    pub(crate) kind: LedgerKind,
    /// Why not, and what to do.
    pub(crate) reason: String,
}

impl Entry {
    /// What kind of ledger it is.
    pub(crate) fn kind(&self) -> LedgerKind {
        match self {
            Entry::Served(served) if served.node.is_some() => LedgerKind::Tutorial,
            Entry::Served(_) => LedgerKind::Fabric,
            Entry::Unavailable(unavailable) => unavailable.kind,
        }
    }

    /// Whether it is a chain of the tutorial.
    pub(crate) fn is_tutorial(&self) -> bool {
        self.kind() == LedgerKind::Tutorial
    }

    /// Tells those who read it on that it is served no longer.
    fn end(&self) {
        if let Entry::Served(served) = self {
            served.end();
        }
    }
}

/// The entries at one moment, in the order of their names.
pub(crate) type Entries = Arc<BTreeMap<String, Entry>>;

/// The ledgers that a server serves, by name. A cheap handle: clones share them.
///
/// The first that is a chain of the tutorial answers the tutorial's routes at the root, and the
/// explorer begins with it; where none is, with the first.
#[derive(Clone, Default)]
pub struct Ledgers(Arc<RwLock<Entries>>);

impl Ledgers {
    /// The ledgers whose read models still read what was there before, with how far each is.
    pub fn catching_up(&self) -> Vec<(String, Progress)> {
        let entries = self.all();
        let progress = entries.iter().filter_map(|(name, entry)| match entry {
            Entry::Served(served) => Some((name.clone(), served.ledger.index().health().progress?)),
            Entry::Unavailable(_) => None,
        });
        progress.collect()
    }

    /// Serves a ledger under this name, in the place of what stood there.
    pub fn insert(&self, name: &str, served: ServedLedger) {
        self.put(name, Entry::Served(Box::new(served)));
    }

    /// Says why the ledger of this name is not served. Whether that is news.
    pub(crate) fn set_unavailable(&self, name: &str, unavailable: Unavailable) -> bool {
        let before = self.put(name, Entry::Unavailable(unavailable.clone()));
        !matches!(before, Some(Entry::Unavailable(before)) if before == unavailable)
    }

    /// Serves nothing under this name any more; event streams of what stood there end.
    pub fn remove(&self, name: &str) {
        if let Some(before) = self.change(|entries| entries.remove(name)) {
            before.end();
        }
    }

    /// All of them, as they are now.
    pub(crate) fn all(&self) -> Entries {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&entries)
    }

    /// The ledger of this name.
    pub(crate) fn get(&self, name: &str) -> Result<ServedLedger, Problem> {
        match self.entry(name)? {
            Entry::Served(served) => Ok(*served),
            Entry::Unavailable(Unavailable { reason, .. }) => Err(Problem::retryable(
                StatusCode::SERVICE_UNAVAILABLE,
                "ledger_unavailable",
                format!("the ledger `{name}` is not open: {reason}"),
            )),
        }
    }

    /// What stands under this name.
    pub(crate) fn entry(&self, name: &str) -> Result<Entry, Problem> {
        let entries = self.all();
        entries.get(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = entries.keys().map(String::as_str).collect();
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
    pub(crate) fn tutorial(&self) -> Option<Node> {
        self.all().values().find_map(|entry| match entry {
            Entry::Served(served) => served.node.clone(),
            Entry::Unavailable(_) => None,
        })
    }

    /// The name of the ledger that answers them.
    pub(crate) fn tutorial_name(&self) -> Option<String> {
        let entries = self.all();
        let mut names = entries.iter().filter(|(_, entry)| entry.is_tutorial());
        names.next().map(|(name, _)| name.clone())
    }

    fn put(&self, name: &str, entry: Entry) -> Option<Entry> {
        let before = self.change(|entries| entries.insert(name.to_owned(), entry));
        before.inspect(Entry::end)
    }

    /// Readers keep what they had; no reader waits while a ledger is used.
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Entry>) -> T) -> T {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut entries))
    }
}

impl FromIterator<(String, ServedLedger)> for Ledgers {
    fn from_iter<I: IntoIterator<Item = (String, ServedLedger)>>(ledgers: I) -> Ledgers {
        let served = ledgers.into_iter();
        let entries = served.map(|(name, served)| (name, Entry::Served(Box::new(served))));
        Ledgers(Arc::new(RwLock::new(Arc::new(entries.collect()))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn away() -> Unavailable {
        Unavailable {
            kind: LedgerKind::Fabric,
            reason: "alice is not enrolled".to_owned(),
        }
    }

    #[test]
    fn what_is_not_open_says_why_and_what_is_not_there_what_is() {
        let ledgers = Ledgers::default();
        assert!(ledgers.set_unavailable("trade", away()));
        assert!(!ledgers.set_unavailable("trade", away()));
        let problem = ledgers.get("trade").err().unwrap();
        assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(problem.detail().contains("alice is not enrolled"));
        let problem = ledgers.get("other").err().unwrap();
        assert_eq!(problem.status(), StatusCode::NOT_FOUND);
        assert!(problem.detail().contains("served here: trade"));
        assert!(!ledgers.entry("trade").unwrap().is_tutorial());
        assert!(ledgers.tutorial_name().is_none());
        assert!(ledgers.tutorial().is_none());
    }

    #[test]
    fn a_clone_sees_what_comes_and_goes_and_a_reader_keeps_what_it_had() {
        let ledgers = Ledgers::default();
        let other = ledgers.clone();
        ledgers.set_unavailable("trade", away());
        let seen = other.all();
        ledgers.remove("trade");
        ledgers.remove("trade");
        assert!(seen.contains_key("trade") && other.all().is_empty());
    }
}
