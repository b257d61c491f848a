//! Registering peers, as callers ask for it.

use chainloom_ledger::LedgerError;

use super::Peers;
use super::address::{AddressProblem, PeerAddress, excerpt};
use super::book::{AddError, Peer};
use crate::json::Json;

/// How many addresses one list may have; more only if more nodes can be registered.
const ADDRESSES_MAX: usize = 4096;

/// Why addresses were not registered. None of the list was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The list is longer than is read.
    #[error(
        "the list has {given} addresses, and at most {limit} are read at once; give it in parts"
    )]
    ListTooLong {
        /// How many it has.
        given: usize,
        /// How many are read.
        limit: usize,
    },
    /// One of the list is no text.
    #[error(
        "address {position} of the list is {kind}; an address is a text such as \"http://127.0.0.1:5001\""
    )]
    NotText {
        /// Its position in the list, from 1.
        position: usize,
        /// What it is.
        kind: &'static str,
    },
    /// One of the list is no address of a node.
    #[error("address {position} of the list, `{address}`, cannot be registered: {problem}")]
    Address {
        /// Its position in the list, from 1.
        position: usize,
        /// What was given, shortened.
        address: String,
        /// What is wrong with it.
        problem: AddressProblem,
    },
    /// There would be too many peers.
    #[error(
        "at most {limit} nodes can be registered: {registered} are, and {new} more were given; remove some first, or raise `peers_max`"
    )]
    TooMany {
        /// How many are registered.
        registered: usize,
        /// How many of the list are not.
        new: usize,
        /// How many can be.
        limit: usize,
    },
    /// The list could not be kept.
    #[error(transparent)]
    Ledger(LedgerError),
}

impl RegisterError {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            RegisterError::ListTooLong { .. } => "too_many_addresses",
            RegisterError::NotText { .. } => "invalid_address",
            RegisterError::Address { problem, .. } => problem.code(),
            RegisterError::TooMany { .. } => "too_many_peers",
            RegisterError::Ledger(error) => error.code(),
        }
    }
}

impl From<RegisterError> for LedgerError {
    fn from(error: RegisterError) -> LedgerError {
        match error {
            RegisterError::Ledger(error) => error,
            error => LedgerError::InvalidCall {
                code: error.code(),
                detail: error.to_string(),
            },
        }
    }
}

impl Peers {
    /// Registers all of these addresses or none, each once, and answers all that are registered now, in the order in
    /// which they came. On the disk when it returns.
    pub(crate) async fn register(&self, addresses: &[Json]) -> Result<Vec<String>, RegisterError> {
        let peers_max = self.shared.limits.peers_max;
        let limit = ADDRESSES_MAX.max(peers_max);
        if addresses.len() > limit {
            let given = addresses.len();
            return Err(RegisterError::ListTooLong { given, limit });
        }
        let addresses = addresses
            .iter()
            .zip(1..)
            .map(|(address, position)| read_address(address, position))
            .collect::<Result<_, _>>()?;
        match self.shared.book.add(addresses, peers_max).await {
            Ok(peers) => Ok(addresses_of(&peers)),
            Err(AddError::TooMany { registered, new }) => Err(RegisterError::TooMany {
                registered,
                new,
                limit: peers_max,
            }),
            Err(AddError::Store(error)) => Err(RegisterError::Ledger(error)),
        }
    }

    /// Removes a peer, however its address is written; false if it was not registered.
    pub(crate) async fn unregister(&self, address: &str) -> Result<bool, LedgerError> {
        match PeerAddress::parse_unfenced(address) {
            Ok(address) => self.shared.book.remove(address).await,
            Err(_) => Ok(false),
        }
    }
}

fn read_address(given: &Json, position: usize) -> Result<PeerAddress, RegisterError> {
    let text = given.as_text().ok_or(RegisterError::NotText {
        position,
        kind: given.kind(),
    })?;
    // A lone surrogate becomes a character that no host has.
    let text = text.to_lossy();
    PeerAddress::parse(&text).map_err(|problem| RegisterError::Address {
        position,
        address: excerpt(&text),
        problem,
    })
}

fn addresses_of(peers: &[Peer]) -> Vec<String> {
    peers
        .iter()
        .map(|peer| peer.address.as_str().to_owned())
        .collect()
}
