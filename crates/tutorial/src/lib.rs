//! The proof-of-work chain of the tutorial "Learn Blockchains by Building One", compatible with it byte for byte.

#![forbid(unsafe_code)]

pub mod json;
mod node;
mod peers;
pub mod rules;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod verify;

pub use node::{
    ChainSnapshot, MINING_WAITING_MAX, MinedBlock, MiningStatus, Node, NodeOptions,
    PendingTransaction, TRANSACTION_BYTES_MAX,
};
pub use peers::{
    ADDRESS_BYTES_MAX, AddressProblem, FenceReason, Fenced, Import, ImportError, PeerLimits,
    RegisterError, Resolution,
};
pub use store::{Head, OpenError};
