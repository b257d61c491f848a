//! The HTTP interface: the tutorial's routes, `/api/v1`, the explorer, metrics.
//!
//! [`Server::bind`] takes the ports, [`Server::run`] serves. A request passes
//! * `serve`: a connection with its limits (bytes and time of the head, a reader that stalls),
//! * `gate`: from where it may be asked (`safety`), who may ask (`access`), how long the answer may take, how it is counted,
//! * one handler: `tutorial_routes` (the five routes, in Flask's words), `api` (JSON, errors as
//!   problem+json), `explorer` (pages), `operations` (health and metrics).
#![forbid(unsafe_code)]

mod access;
mod api;
mod area;
mod body;
mod body_room;
mod connections;
mod explorer;
mod gate;
mod identities;
mod ledgers;
mod operations;
mod options;
mod problem;
mod routes;
mod safety;
mod serve;
mod server;
mod state;
mod transaction_value;
mod tutorial_routes;

pub use access::{
    InvalidToken, LedgerScope, NewToken, Permission, Secret, Token, TokenFile, TokenFileError,
    TokenState, UnknownPermission,
};
pub use connections::{ChannelOptions, Connections, IdentitySource, StoreError, Verification};
pub use identities::{Identities, IdentitiesError, OpenWalletError, WalletOptions, WalletSecret};
pub use ledgers::{Ledgers, ServedLedger, is_ledger_name};
pub use options::{Limits, ServerOptions};
pub use serve::{BindError, TlsError, TlsFiles};
pub use server::Server;
