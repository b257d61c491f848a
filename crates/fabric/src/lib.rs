//! Hyperledger Fabric as a ledger: identities, the transaction flow, decoding.

#![forbid(unsafe_code)]

mod call;
mod channel;
mod commit;
mod config_difference;
mod configuration;
mod connect;
mod contracts;
mod definition;
mod deliver;
mod description;
mod dial;
mod direct;
mod endpoint;
mod endpoint_url;
mod failure;
mod first_answer;
mod flow;
mod gateway;
pub mod identity;
mod ledger;
mod outbox;
pub mod outside;
mod pem_source;
mod present;
mod profile;
mod proposal;
mod resend;
mod submit;
mod target;
mod window;
pub mod wire;

pub use connect::{
    Asked, AuthorityParameters, ConnectError, ConnectionOptions, Mode, NodeProblem, NodeReport,
    NodeRole, NodeUrls, Nodes, Parameters, PerEndpoint, Stage, ask, identity_in_folder,
};
pub use dial::ClientTls;
pub use endpoint_url::UrlProblem;
pub use ledger::FabricLedger;
pub use outbox::{IDEMPOTENCY_KEEP, OutboxError, OutboxOptions};
pub use pem_source::{PemSource, is_pem};
pub use profile::{ProfileError, ProfileSource};
