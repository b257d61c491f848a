//! The configuration of a channel, typed.

mod application;
mod channel;
mod group;
mod orderer;
mod organization;
mod transaction;

pub use application::ApplicationConfig;
pub use channel::ChannelConfig;
pub use orderer::{BatchSize, Consensus, ConsensusState, Consenter, OrdererConfig};
pub use organization::{Address, Msp, Organization};
pub use transaction::{ConfigSignature, ConfigTransaction, ConfigUpdate};
