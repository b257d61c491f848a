//! Our server over a ledger and its index, as `chainloom up` has it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use chainloom_index::{Index, IndexedLedger};
use chainloom_ledger::Ledger;
use chainloom_server::{Ledgers, ServedLedger, Server, ServerOptions};

/// The ledger's name in the server.
pub(crate) const LEDGER: &str = "bench";

/// What `chainloom up` holds of an index in memory where nothing else is configured.
const CACHE_BYTES: usize = 32 << 20;

/// A server that runs as long as the process; its index does not follow the ledger yet.
#[derive(Clone)]
pub(crate) struct Served {
    ledger: Arc<dyn Ledger>,
    pub(crate) index: Index,
    pub(crate) address: SocketAddr,
}

impl Served {
    /// With the index in this file.
    pub(crate) fn start(ledger: Arc<dyn Ledger>, index: &Path) -> Self {
        let index = Index::open(index, CACHE_BYTES).expect("a place for the index");
        let indexed = Arc::new(IndexedLedger::new(ledger.clone(), index.clone()));
        let served = ServedLedger::fabric(indexed, None);
        let options = ServerOptions {
            listen: vec!["127.0.0.1:0".parse().expect("an address")],
            ..ServerOptions::default()
        };
        let ledgers = Ledgers::from_iter([(LEDGER.to_owned(), served)]);
        let server = Server::bind(options, ledgers).expect("a free port");
        let address = server.addresses()[0];
        tokio::spawn(server.run(std::future::pending()));
        Self {
            ledger,
            index,
            address,
        }
    }

    /// The index follows the ledger from now on.
    pub(crate) fn follow(&self) {
        let (ledger, follower) = (self.ledger.clone(), self.index.clone());
        tokio::spawn(async move { follower.follow(ledger, std::future::pending()).await });
    }
}
