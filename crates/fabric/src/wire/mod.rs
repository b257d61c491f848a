//! Fabric's messages and their decoding, without I/O: for a client as well as for a server.
//!
//! A [`Block`] is read in steps, each of them when it is asked for: its header, the
//! [`Envelope`] of a [`Transaction`], the [`Body`] of that. `bytes` fields are slices of the bytes
//! that came in, not copies; whoever keeps one keeps the whole block in memory. What cannot be
//! read is a [`DecodeError`] that names the place, and leaves the other transactions of the
//! block as they are.

mod block;
mod block_metadata;
mod chaincode_definition;
mod codec;
mod collection_config;
pub mod config;
mod creator;
mod duration;
mod endorser_transaction;
mod envelope;
mod error;
mod policy;
mod principal;
mod private_data;
pub mod proto;
mod quick;
mod read_write_set;
mod state_metadata;
mod transaction;
mod validation_code;

pub use block::{Block, BrokenBlock, check_data_hash, check_number, check_previous_hash};
pub use block_metadata::{BlockMetadata, BlockSignature, BlockSigner, OrdererMetadata};
pub use chaincode_definition::{
    ChaincodeDefinition, DefinitionChange, LIFECYCLE, Validation, definition_changes,
};
pub use collection_config::CollectionConfig;
pub use creator::Creator;
pub use endorser_transaction::{
    Action, Call, Chaincode, Endorsement, EndorserTransaction, Event, Response,
};
pub use envelope::{Envelope, Header, Kind, WrongTransactionId, transaction_id};
pub(crate) use error::Within;
pub use error::{DecodeError, Fault, Place};
pub use policy::{ApplicationPolicy, Policy, RULE_DEPTH_MAX, RULES_MAX, Rule, SignaturePolicy};
pub use principal::{PRINCIPAL_DEPTH_MAX, PRINCIPALS_MAX, Principal, Role};
pub use private_data::{Collection, HashedMetadataWrite, HashedRead, HashedWrite};
pub use read_write_set::{
    MetadataWrite, Namespace, RangeRead, RangeResults, Read, Write, decode_namespaces,
};
pub use state_metadata::MetadataEntry;
pub use transaction::{Body, Transaction};
pub use validation_code::ValidationCode;
