//! Why a connection cannot be made, or not be forgotten.

use chainloom_fabric::identity::wallet::WalletError;
use chainloom_fabric::{AuthorityParameters, ConnectError, Parameters, Stage};
use http::StatusCode;
use tokio::task::JoinError;

use super::CONNECTIONS_MAX;
use super::source::IdentitySource;
use super::store::StoreError;
use crate::identities::IdentitiesError;
use crate::problem::Problem;

/// Why a connection cannot be made, or not be forgotten.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddError {
    /// No name of a ledger.
    #[error("name: `{0}` is no name of a ledger: 1 to 64 characters of a-z, 0-9, `-` and `_`")]
    Name(String),
    /// Another ledger has the name.
    #[error(
        "name: a ledger named `{0}` is served already: choose another name, or delete it first"
    )]
    Taken(String),
    /// There are as many as there may be.
    #[error("{CONNECTIONS_MAX} connections are kept already, which is the limit: delete one first")]
    TooMany,
    /// The wallet does not give the identity.
    #[error("{}, userid: {source}{advice}", Stage::Wallet)]
    Identity {
        /// Why not.
        source: IdentitiesError,
        /// How to enroll, where that helps.
        advice: String,
    },
    /// The channel cannot be connected.
    #[error("{stage}, {0}", stage = .0.stage())]
    Connect(#[from] ConnectError),
    /// It cannot be kept.
    #[error("the connection cannot be kept: {0}")]
    Store(#[from] StoreError),
    /// There is none.
    #[error("no connection is named `{0}`")]
    Unknown(String),
    /// It stands in the configuration.
    #[error(
        "`{0}` stands in the configuration: take [ledgers.{0}] out of chainloom.toml, and start the server again"
    )]
    Configured(String),
    /// A mistake in this program.
    #[error("a part of this program broke off ({0}); please report it")]
    Panicked(JoinError),
}

impl From<IdentitiesError> for AddError {
    fn from(source: IdentitiesError) -> Self {
        Self::Identity {
            source,
            advice: String::new(),
        }
    }
}

impl AddError {
    /// Says how the user is enrolled.
    pub(super) fn with_advice(self, identity: &IdentitySource, parameters: &Parameters) -> Self {
        match self {
            Self::Identity {
                source: source @ IdentitiesError::Wallet(WalletError::NoSuchIdentity(_)),
                ..
            } => Self::Identity {
                advice: format!(
                    "; enroll the user first: {}",
                    enroll_command(identity.user(), &parameters.authority)
                ),
                source,
            },
            other => other,
        }
    }
}

/// The command that enrolls a user.
fn enroll_command(user: &str, authority: &AuthorityParameters) -> String {
    let (name, msp_id) = user.split_once('@').unwrap_or((user, "MSPID"));
    let url = authority.url.as_deref().unwrap_or("https://HOST:PORT");
    let id = authority.id.as_ref().map(|id| format!(" --ca-name {id}"));
    format!(
        "chainloom identity enroll {name} --msp-id {msp_id} --ca-url {url}{}",
        id.unwrap_or_default()
    )
}

impl From<AddError> for Problem {
    fn from(error: AddError) -> Problem {
        let detail = error.to_string();
        match error {
            AddError::Name(_) => Problem::bad_request("invalid_name", detail),
            AddError::Taken(_) => Problem::new(StatusCode::CONFLICT, "name_taken", detail),
            AddError::TooMany => Problem::new(StatusCode::CONFLICT, "connections_full", detail),
            AddError::Configured(_) => {
                Problem::new(StatusCode::CONFLICT, "connection_configured", detail)
            }
            AddError::Unknown(_) => Problem::not_found("connection_not_found", detail),
            AddError::Identity { advice, .. } => {
                let code = match advice.is_empty() {
                    true => "identity_unusable",
                    false => "not_enrolled",
                };
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
            }
            AddError::Connect(error) => match error.is_lasting() {
                true => Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "invalid_connection",
                    detail,
                ),
                false => {
                    Problem::retryable(StatusCode::SERVICE_UNAVAILABLE, "nodes_unavailable", detail)
                }
            },
            AddError::Store(_) | AddError::Panicked(_) => {
                tracing::error!("a connection failed: {detail}");
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "storage_failed", detail)
            }
        }
    }
}
