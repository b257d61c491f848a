//! The vocabulary that every ledger and every part of Chainloom speaks.
//!
//! No I/O and no runtime here: types, their JSON spelling, and the trait [`Ledger`]. What a word
//! means is said on its type; the JSON of `/api/v1` is the `serde` form of these types.
#![forbid(unsafe_code)]

mod account;
mod block;
mod call;
mod config;
mod config_history;
mod contract;
mod creator;
mod endorsed;
mod error;
pub mod fence;
mod hash;
mod info;
mod ledger;
mod organization;
mod payload;
mod peer;
mod position;
mod receipt;
mod transaction;
mod validation_code;
mod version;

pub use account::Account;
pub use block::{Block, BlockSelector, ProofOfWork, TimeSource, TransactionRange};
pub use call::{Call, CallOptions, InvokeOptions, QueryAnswer, Wait};
pub use config::{
    BatchSize, ConfigPart, Consenter, LedgerConfig, OrdererConfig, ProofOfWorkConfig,
};
pub use config_history::{ConfigDifference, ConfigHistory, ConfigVersion};
pub use contract::{Collection, ContractDefinition};
pub use creator::{CertificateSummary, Creator, CreatorName, CreatorNameParseError};
pub use endorsed::{
    ContractEvent, ContractResponse, Endorsed, Header, KeyRead, KeyWrite, PrivateCollection,
    PrivatePolicy, PrivateRead, PrivateWrite, RangeKey, RangeRead, RangeSummary,
};
pub use error::{Advice, Endorser, LedgerError};
pub use hash::{Hash, HashParseError};
pub use info::{LedgerInfo, LedgerKind};
pub use ledger::{BoxFuture, BoxStream, Ledger};
pub use organization::{Membership, Organization, RevocationListSummary};
pub use payload::{Payload, PayloadError, RESULT_JSON_BYTES_MAX};
pub use peer::{PeerOutcome, PeerReport, PeerRole, PeerTrouble};
pub use position::{BlockEvent, Position, PositionParseError};
pub use receipt::{Receipt, ReceiptStatus};
pub use transaction::{Transaction, TransactionKind, TransactionSelector, Transfer};
pub use validation_code::ValidationCode;
pub use version::Version;
