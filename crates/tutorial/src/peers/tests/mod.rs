//! The whole way, from registering to adopting, with peers that behave and peers that do not.
#![allow(clippy::unwrap_used)]

mod fetching;
mod importing;
mod node;
mod refusals;
mod registering;
mod replaced_meanwhile;
mod resolving;
mod server;
mod side_by_side;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use chainloom_ledger::{Hash, PeerOutcome};
use futures_util::stream;
use tempfile::TempDir;

use super::resolver::{Lookup, Resolver};
use super::{Import, ImportError, PeerLimits, Peers, Resolution};
use crate::json::{Json, compact};
use crate::rules::{Rules, transaction};
use crate::store::{NewBlock, OpenStore, Store};
use crate::testing::{ChainMaker, body};

const DIFFICULTY: u32 = 2;

/// Peers over a store of their own.
struct Fixture {
    directory: TempDir,
    limits: PeerLimits,
    store: Store,
    peers: Peers,
}

fn open_store(directory: &TempDir) -> Store {
    let genesis = || {
        let genesis = Rules::Article.genesis(1.5);
        NewBlock {
            hash: Hash(crate::rules::block_hash(&genesis)),
            compact: compact(&genesis).into_bytes(),
        }
    };
    let options = OpenStore {
        directory: directory.path(),
        rules: "article",
        difficulty: DIFFICULTY,
        cache_bytes: 4 << 20,
    };
    Store::open(&options, genesis).unwrap()
}

impl Fixture {
    /// Our chain is a genesis block of our own.
    fn new() -> Fixture {
        Fixture::with_limits(PeerLimits::default())
    }

    fn with_limits(limits: PeerLimits) -> Fixture {
        Fixture::with(limits, Resolver::of_the_system())
    }

    /// With names that are what the test says.
    fn with_names(lookup: Lookup) -> Fixture {
        Fixture::with(PeerLimits::default(), Resolver::new(lookup))
    }

    fn with(limits: PeerLimits, resolver: Resolver) -> Fixture {
        let directory = TempDir::new().unwrap();
        let store = open_store(&directory);
        let peers =
            Peers::with_resolver(&store, Rules::Article, DIFFICULTY, limits, resolver).unwrap();
        Fixture {
            directory,
            limits,
            store,
            peers,
        }
    }

    /// As after a restart of the program.
    fn reopened(self) -> Fixture {
        drop((self.peers, self.store));
        let store = open_store(&self.directory);
        let peers = Peers::open(&store, Rules::Article, DIFFICULTY, self.limits).unwrap();
        Fixture {
            store,
            peers,
            ..self
        }
    }

    async fn register(&self, address: impl ToString) {
        let address = Json::from(address.to_string());
        self.peers.register(&[address]).await.unwrap();
    }

    /// Makes this our chain.
    async fn begin_with(&self, chain: &[Json]) {
        assert!(self.import(chain).await.unwrap().replaced);
    }

    async fn import(&self, chain: &[Json]) -> Result<Import, ImportError> {
        let pieces = stream::iter([Ok::<_, String>(Bytes::from(body(chain)))]);
        self.peers.import(pieces).await
    }

    async fn resolve(&self) -> Resolution {
        self.peers.resolve().await.unwrap()
    }

    /// Our blocks.
    fn chain(&self) -> Vec<String> {
        let mut blocks = Vec::new();
        let snapshot = self.store.snapshot().unwrap();
        snapshot
            .scan(1, |_, _, compact| {
                blocks.push(String::from_utf8(compact.to_vec()).unwrap());
                crate::store::Scan::On
            })
            .unwrap();
        blocks
    }
}

/// How each peer ended, in order.
fn codes(resolution: &Resolution) -> Vec<&str> {
    let outcomes = resolution.reports.iter().map(|report| &report.outcome);
    outcomes
        .map(|outcome| outcome.as_ref().unwrap().code.as_str())
        .collect()
}

/// How the only peer ended.
fn only(resolution: &Resolution) -> PeerOutcome {
    let [report] = &resolution.reports[..] else {
        panic!("{resolution:?}");
    };
    report.outcome.clone().unwrap()
}

/// A valid chain; chains of different tastes have different blocks, but for the first.
fn chain(rules: Rules, length: usize, taste: &str) -> Vec<Json> {
    let mut maker = ChainMaker::new(rules, DIFFICULTY);
    (0..length)
        .map(|_| maker.next(vec![transaction(taste.into(), "bob".into(), 1u64.into())]))
        .collect()
}

/// A valid chain under the article's rules.
fn article(length: usize, taste: &str) -> Vec<Json> {
    chain(Rules::Article, length, taste)
}

fn texts(chain: &[Json]) -> Vec<String> {
    chain.iter().map(compact).collect()
}

/// Names that have this address.
fn names_for(address: &str) -> Lookup {
    let address: IpAddr = address.parse().unwrap();
    Arc::new(move |_| Ok(vec![address]))
}
