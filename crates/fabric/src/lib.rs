//! Hyperledger Fabric as a ledger: identities, the transaction flow, decoding.

#![forbid(unsafe_code)]

pub mod identity;
pub mod wire;
