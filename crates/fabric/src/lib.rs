//! Hyperledger Fabric as a ledger: identities, the transaction flow, decoding.

#![forbid(unsafe_code)]

mod commit;
mod connect;
mod deliver;
mod endpoint;
mod failure;
mod gateway;
pub mod identity;
mod ledger;
mod present;
mod profile;
mod proposal;
pub mod wire;

pub use connect::{ConnectError, ConnectionOptions};
pub use ledger::FabricLedger;
pub use profile::ProfileError;
