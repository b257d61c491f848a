//! The node's peers: who they are, and taking over their chains.

use std::fmt::Display;
use std::net::SocketAddr;

use bytes::Bytes;
use chainloom_ledger::{LedgerError, PeerReport};
use futures_core::Stream;

use super::Node;
use crate::json::Json;
use crate::peers::{Import, ImportError, RegisterError, Resolution};

impl Node {
    /// Registers the nodes at these addresses, all or none, and answers the addresses of all that are registered now,
    /// in the order in which they came. On the disk when it returns.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register(&self, addresses: &[Json]) -> Result<Vec<String>, RegisterError> {
        self.core().peers.register(addresses).await
    }

    /// Forgets a node; false if none is registered at this address.
    ///
    /// # Errors
    /// The store's.
    pub async fn unregister(&self, address: &str) -> Result<bool, LedgerError> {
        self.core().peers.unregister(address).await
    }

    /// The registered nodes, in the order in which they came, and what each did when it was last asked.
    pub fn peers(&self) -> Vec<PeerReport> {
        self.core().peers.reports()
    }

    /// Asks all registered nodes for their chains, side by side, and takes over the longest valid one if it is longer
    /// than ours. A node that misbehaves costs its own answer only.
    ///
    /// Calls at the same time share runs: one goes on, and one waits whose result all later callers get. A run ends
    /// when all its callers went away.
    ///
    /// # Errors
    /// [`LedgerError::ShuttingDown`] and the store's.
    pub async fn resolve(&self) -> Result<Resolution, LedgerError> {
        tokio::select! {
            biased;
            () = self.core().stopped() => Err(LedgerError::ShuttingDown),
            resolution = self.core().peers.resolve() => resolution,
        }
    }

    /// Takes a chain over that comes as the body which `GET /chain` answers, in pieces of any size: under the same
    /// rules and limits as another node's, and only if it is longer than ours.
    ///
    /// # Errors
    /// [`ImportError`]; the chain is then as it was.
    pub async fn import<S, E>(&self, pieces: S) -> Result<Import, ImportError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send + Unpin,
        E: Display,
    {
        tokio::select! {
            biased;
            () = self.core().stopped() => Err(LedgerError::ShuttingDown.into()),
            import = self.core().peers.import(pieces) => import,
        }
    }

    /// Says where this node listens, so that it does not ask itself when it is registered with itself.
    pub fn set_listen_addresses(&self, addresses: Vec<SocketAddr>) {
        self.core().peers.set_listen_addresses(addresses);
    }
}
