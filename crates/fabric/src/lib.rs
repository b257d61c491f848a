//! Hyperledger Fabric as a ledger: identities, the transaction flow, decoding.

#![forbid(unsafe_code)]

mod call;
mod commit;
mod connect;
mod deliver;
mod direct;
mod endpoint;
mod failure;
mod flow;
mod gateway;
pub mod identity;
mod ledger;
pub mod outside;
mod present;
mod profile;
mod proposal;
mod submit;
mod target;
pub mod wire;

pub use connect::{ConnectError, ConnectionOptions, Mode};
pub use ledger::FabricLedger;
pub use profile::ProfileError;
