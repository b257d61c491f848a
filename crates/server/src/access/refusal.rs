use http::StatusCode;

use super::permission::Permission;
use crate::problem::Problem;

/// Why a token does not let a request in. No text of it repeats what the caller sent as a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// There is none.
    #[error(
        "this server asks for a token: send `Authorization: Bearer …` (the command line: --token \
         or CHAINLOOM_TOKEN; the browser: /sign-in); who runs the server makes one with `chainloom \
         token create`"
    )]
    Missing,
    /// There is one that cannot be read.
    #[error(
        "the request's token has not the form of one: `Authorization: Bearer chainloom_` and 64 \
         hex digits, once"
    )]
    Malformed,
    /// Nobody made it.
    #[error("this server does not know the token: was it made for another one?")]
    Unknown,
    /// Its time is over.
    #[error("the token {0} has expired: ask who runs the server for a new one")]
    Expired(String),
    /// It was taken back.
    #[error("the token {0} has been revoked: ask who runs the server for a new one")]
    Revoked(String),
    /// The file of the tokens cannot be used.
    #[error(
        "the server cannot read its tokens, and lets nobody in until that is mended; its log says why"
    )]
    TokensUnusable,
    /// It is good for other things.
    #[error("the token {token} may not {permission}: a token with --may {permission} is needed")]
    Permission {
        /// The token.
        token: String,
        /// What is needed.
        permission: Permission,
    },
    /// It is good for other ledgers.
    #[error("the token {token} is not for the ledger `{ledger}`")]
    Ledger {
        /// The token.
        token: String,
        /// The ledger that is asked for.
        ledger: String,
    },
    /// It is good for some ledgers, and all are meant.
    #[error(
        "the token {0} is for some ledgers, and this is about all of them: one with --ledger '*' is needed"
    )]
    EveryLedger(String),
    /// No rule says who may do this.
    #[error("no token lets anybody do this here")]
    NoRule,
    /// It stands for nobody, and a transaction is somebody's.
    #[error(
        "the token {0} has no identity, and a transaction on this ledger is signed by somebody: \
         one with --identity is needed"
    )]
    NoIdentity(String),
    /// The ledger is used as one user only.
    #[error("this ledger has no wallet in which the token's identity could be")]
    NoWallet,
    /// The request says for whom it speaks, and nobody is asked who they are.
    #[error(
        "this server asks for no tokens and submits as each ledger's own identity: leave \
         `identity` out"
    )]
    NoTokens,
    /// The request speaks for somebody else.
    #[error("the token {token} is for the identity {own}, and the request is for another one")]
    OtherIdentity {
        /// The token.
        token: String,
        /// Its own identity.
        own: String,
    },
}

impl Refusal {
    /// The status to answer with.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Refusal::Missing
            | Refusal::Malformed
            | Refusal::Unknown
            | Refusal::Expired(_)
            | Refusal::Revoked(_) => StatusCode::UNAUTHORIZED,
            Refusal::TokensUnusable => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Permission { .. }
            | Refusal::Ledger { .. }
            | Refusal::EveryLedger(_)
            | Refusal::NoRule
            | Refusal::NoIdentity(_)
            | Refusal::NoWallet
            | Refusal::NoTokens
            | Refusal::OtherIdentity { .. } => StatusCode::FORBIDDEN,
        }
    }

    /// The stable word for it.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Refusal::Missing => "token_missing",
            Refusal::Malformed => "token_malformed",
            Refusal::Unknown => "token_unknown",
            Refusal::Expired(_) => "token_expired",
            Refusal::Revoked(_) => "token_revoked",
            Refusal::TokensUnusable => "tokens_unusable",
            Refusal::Permission { .. } => "permission_missing",
            Refusal::Ledger { .. } => "ledger_not_permitted",
            Refusal::EveryLedger(_) => "every_ledger_needed",
            Refusal::NoRule => "not_permitted",
            Refusal::NoIdentity(_) => "identity_missing",
            Refusal::NoWallet => "no_wallet",
            Refusal::NoTokens => "tokens_off",
            Refusal::OtherIdentity { .. } => "other_identity",
        }
    }

    /// What `WWW-Authenticate` says with a 401 (RFC 6750, section 3).
    pub(crate) fn challenge(&self) -> Option<&'static str> {
        match self {
            _ if self.status() != StatusCode::UNAUTHORIZED => None,
            Refusal::Missing => Some("Bearer realm=\"chainloom\""),
            _ => Some("Bearer realm=\"chainloom\", error=\"invalid_token\""),
        }
    }

    /// Writes it down, without what was sent. That no token came is every browser's first step.
    pub(crate) fn log(&self, method: &http::Method, route: &str) {
        let code = self.code();
        match self {
            Refusal::Missing => tracing::debug!(code, %method, route, "refused: {self}"),
            _ => tracing::warn!(code, %method, route, "refused: {self}"),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        Problem::new(refusal.status(), refusal.code(), refusal.to_string())
    }
}
