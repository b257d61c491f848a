//! Hyperledger Fabric as a ledger: identities, the transaction flow, decoding.
//!
//! ```no_run
//! use chainloom_fabric::{ConnectionOptions, FabricLedger};
//! use chainloom_ledger::{Call, InvokeOptions, Ledger};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let alice = ConnectionOptions::new("connection-org1.yaml", "mychannel", "wallet", "alice");
//! let ledger = FabricLedger::connect(alice).await?;
//! let call = Call::new("basic", "put", ["color", "blue"]);
//! let receipt = ledger.invoke(call, InvokeOptions::default()).await?;
//! println!("{} stands at {:?}", receipt.transaction_id, receipt.version);
//! # Ok(())
//! # }
//! ```
//!
//! A user is connected in three [stages](Stage):
//!
//! 1. the wallet, which gives an [`Identity`](identity::Identity) out of its state store, key store and crypto suite;
//! 2. the [`Parameters`], each of them checked, by name or read from a connection profile;
//! 3. the peers one by one, then the orderers.
//!
//! What comes of it is a [`FabricLedger`]. It reads, queries and invokes by the trait [`Ledger`](chainloom_ledger::Ledger), whose words are the
//! same for every ledger; errors are [`LedgerError`](chainloom_ledger::LedgerError), and each says whether trying again can help.
//!
//! - [`identity`]: keys, certificates, the wallet, the client of a Fabric CA.
//! - [`outside`]: calls whose key is elsewhere, signed between the steps.
//! - [`wire`]: Fabric's messages and their decoding, without I/O.
//! - [`block_in_words`] and [`transaction_in_words`]: a block that is at hand, in the words that every ledger has.
//! - [`OutboxOptions`]: the file by which what was sent survives a restart, and a call takes effect once.
//! - [`ask`]: which nodes a connection reaches, and what is wrong with the others.

#![forbid(unsafe_code)]

#[cfg(test)]
mod block_server;
mod by_hash;
mod call;
mod chain_info;
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
mod kept;
mod ledger;
mod newest;
mod outbox;
pub mod outside;
mod parts;
mod peer_reports;
mod pem_source;
mod present;
mod profile;
mod proposal;
mod reader;
mod resend;
mod same_channel;
mod submit;
mod target;
mod transport;
mod troubles;
mod verified;
pub mod verify;
mod window;
pub mod wire;

pub use connect::{
    Asked, AuthorityParameters, ConnectError, ConnectionOptions, FileStamp, Mode, NodeProblem,
    NodeReport, NodeRole, NodeUrls, Nodes, Parameters, PerEndpoint, Stage, ask,
    current_identity_in_folder, identity_in_folder,
};
pub use dial::ClientTls;
pub use endpoint_url::UrlProblem;
pub use ledger::FabricLedger;
pub use outbox::{IDEMPOTENCY_KEEP, OutboxError, OutboxOptions, waiting_in_outbox};
pub use pem_source::{PemSource, is_pem};
pub use present::{block as block_in_words, transaction as transaction_in_words};
pub use profile::{ProfileError, ProfileSource};
pub use verified::{VerifiedBlock, VerifiedBlocks};
