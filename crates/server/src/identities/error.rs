//! Why something could not be done with an identity.

use chainloom_fabric::identity::authority::AuthorityError;
use chainloom_fabric::identity::wallet::{Label, LabelError, WalletError};
use chainloom_fabric::identity::{
    CertificateError, IdentityError, KeyError, MspContextError, PassphraseError, ReplaceError,
    Withdrawn,
};
use http::StatusCode;
use tokio::task::JoinError;

use crate::problem::Problem;

/// After how many seconds to ask again for what a CA could not do now.
const RETRY_AUTHORITY_S: u32 = 5;
/// After how many seconds to ask again for what is being changed.
const RETRY_CHANGE_S: u32 = 1;

/// Why something could not be done with an identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentitiesError {
    /// A name that no identity can have.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// The wallet.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The CA.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// Nobody said which CA.
    #[error(
        "the wallet does not know the CA of `{0}`, which was imported without one: name it with `ca` (--ca-url and --tls-ca-certs)"
    )]
    NoAuthority(Label),
    /// The CA is another organization's.
    #[error(
        "the channel of the ledger `{ledger}` knows this CA as that of {}, not of `{msp_id}`: give that MSP id (--msp-id {}), or the CA of `{msp_id}`; \
         nothing was enrolled",
        organizations.join(", "), organizations.join("|")
    )]
    ForeignOrganization {
        /// The MSP id that was given.
        msp_id: String,
        /// Those whose CA it is.
        organizations: Vec<String>,
        /// The ledger whose channel says so.
        ledger: String,
    },
    /// Registered, but with no certificate.
    #[error(
        "`{enrollment_id}` is registered now, but was not enrolled: {source}; enroll it with its secret if you gave one, \
         else register another name, for the secret that the CA made is not kept"
    )]
    RegisteredOnly {
        /// Who is registered.
        enrollment_id: String,
        /// Why there is no certificate.
        source: Box<IdentitiesError>,
    },
    /// Nobody could enroll what would be registered.
    #[error(
        "`enroll` is false and there is no `secret`: give the secret with which it is to enroll elsewhere, for secrets \
         are never answered"
    )]
    NoSecret,
    /// Ledgers sign with it.
    #[error(
        "`{label}` is in use by the ledgers {}: remove them first, or forget it all the same with force=true (--force)",
        ledgers.join(", ")
    )]
    InUse {
        /// Which identity.
        label: Label,
        /// The ledgers.
        ledgers: Vec<String>,
    },
    /// Somebody else changes it.
    #[error("`{0}` is being changed by another request: try again in a moment")]
    Busy(Label),
    /// No reason of RFC 5280.
    #[error("`{0}` is no reason to revoke: one of {reasons} is expected", reasons = super::revoke::REASONS.join(", "))]
    Reason(String),
    /// The certificate to import.
    #[error("`certificate`: {0}")]
    Certificate(#[from] CertificateError),
    /// The private key to import.
    #[error("`private_key`: {0}")]
    Key(#[from] KeyError),
    /// The passphrase of a key that comes or goes.
    #[error("`passphrase`: {0}")]
    Passphrase(#[from] PassphraseError),
    /// What else an MSP folder holds.
    #[error("the certificates of the CA: {0}")]
    Context(#[from] MspContextError),
    /// The parts make no identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The renewed one is another organization's.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    /// It was forgotten while it was to be used.
    #[error(transparent)]
    Withdrawn(#[from] Withdrawn),
    /// A mistake in this program.
    #[error("a part of the server broke off ({0}); please report it")]
    Panicked(JoinError),
}

impl IdentitiesError {
    /// A certificate that does not hold now.
    pub(super) fn not_valid(label: &Label, source: IdentityError) -> Self {
        WalletError::Identity {
            label: label.clone(),
            source,
        }
        .into()
    }

    /// What it answers: status, code, and after how many seconds it can succeed.
    pub(super) fn answer(&self) -> (StatusCode, &'static str, Option<u32>) {
        let (status, code) = match self {
            Self::Wallet(error) => of_wallet(error),
            Self::Authority(error) => return of_authority(error),
            Self::RegisteredOnly { source, .. } => (source.answer().0, "registered_only"),
            Self::Label(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_label"),
            Self::NoAuthority(_) => (StatusCode::UNPROCESSABLE_ENTITY, "authority_unknown"),
            Self::ForeignOrganization { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "foreign_organization")
            }
            Self::NoSecret => (StatusCode::UNPROCESSABLE_ENTITY, "secret_missing"),
            Self::InUse { .. } => (StatusCode::CONFLICT, "identity_in_use"),
            Self::Busy(_) => {
                return (StatusCode::CONFLICT, "identity_busy", Some(RETRY_CHANGE_S));
            }
            Self::Reason(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_reason"),
            Self::Certificate(_) | Self::Context(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid_certificate")
            }
            Self::Key(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_key"),
            Self::Passphrase(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_passphrase"),
            Self::Identity(error) => of_identity(error),
            Self::Replace(_) => (StatusCode::CONFLICT, "other_organization"),
            Self::Withdrawn(_) => (StatusCode::CONFLICT, "identity_withdrawn"),
            Self::Panicked(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        };
        (status, code, None)
    }
}

fn of_identity(error: &IdentityError) -> (StatusCode, &'static str) {
    match error {
        IdentityError::Expired { .. } => (StatusCode::CONFLICT, "certificate_expired"),
        IdentityError::NotYetValid { .. } => (StatusCode::CONFLICT, "certificate_not_yet_valid"),
        IdentityError::KeyMismatch { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "key_mismatch"),
        IdentityError::UnsupportedKey { .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, "unsupported_key")
        }
        IdentityError::NoMspId { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_msp_id"),
        IdentityError::NoRandomness(_) => (StatusCode::SERVICE_UNAVAILABLE, "no_randomness"),
    }
}

fn of_wallet(error: &WalletError) -> (StatusCode, &'static str) {
    match error {
        WalletError::LabelTaken(_) => (StatusCode::CONFLICT, "label_taken"),
        WalletError::NoSuchIdentity(_) => (StatusCode::NOT_FOUND, "identity_not_found"),
        WalletError::Full(_) => (StatusCode::CONFLICT, "wallet_full"),
        WalletError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "identity_too_large"),
        WalletError::WrongPassphrase(_) => (StatusCode::SERVICE_UNAVAILABLE, "wrong_passphrase"),
        WalletError::Damaged { .. } | WalletError::File(_) | WalletError::Key { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "wallet_failed")
        }
        WalletError::Identity { source, .. } => of_identity(source),
    }
}

fn of_authority(error: &AuthorityError) -> (StatusCode, &'static str, Option<u32>) {
    let (status, code) = match error {
        AuthorityError::Url { .. }
        | AuthorityError::Insecure(_)
        | AuthorityError::Roots(_)
        | AuthorityError::UnusableRoot(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid_authority")
        }
        AuthorityError::Fenced { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "address_fenced"),
        AuthorityError::Request(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_enrollment_id"),
        // Nothing was sent.
        AuthorityError::Unreachable { .. } => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return (status, "authority_unavailable", Some(RETRY_AUTHORITY_S));
        }
        AuthorityError::TimedOut { .. } | AuthorityError::Broken { .. } => {
            (StatusCode::GATEWAY_TIMEOUT, "authority_outcome_unknown")
        }
        AuthorityError::Tls { .. } => (StatusCode::BAD_GATEWAY, "authority_not_proven"),
        AuthorityError::AnswerTooLarge { .. }
        | AuthorityError::NotAnAuthority { .. }
        | AuthorityError::Unusable(_) => (StatusCode::BAD_GATEWAY, "not_an_authority"),
        AuthorityError::AuthenticationFailed { .. } => (StatusCode::FORBIDDEN, "authority_denied"),
        AuthorityError::Locked { .. } => (StatusCode::FORBIDDEN, "enrollment_locked"),
        AuthorityError::NotAllowed { .. } => (StatusCode::FORBIDDEN, "registrar_not_allowed"),
        AuthorityError::NoSuchAuthority { .. } => (StatusCode::NOT_FOUND, "authority_not_found"),
        AuthorityError::AlreadyRegistered(_) => (StatusCode::CONFLICT, "already_registered"),
        AuthorityError::NoSuchIdentity(_) => (StatusCode::NOT_FOUND, "not_registered"),
        AuthorityError::AlreadyRevoked => (StatusCode::CONFLICT, "already_revoked"),
        AuthorityError::Refused { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "authority_refused"),
        AuthorityError::NoRandomness(_) => (StatusCode::SERVICE_UNAVAILABLE, "no_randomness"),
    };
    (status, code, None)
}

impl From<IdentitiesError> for Problem {
    fn from(error: IdentitiesError) -> Problem {
        let (status, code, retry_after_s) = error.answer();
        if let IdentitiesError::Wallet(error) = &error
            && status == StatusCode::SERVICE_UNAVAILABLE
        {
            tracing::error!("the wallet failed: {error}");
        }
        match retry_after_s {
            Some(seconds) => Problem::retryable(status, code, error.to_string()).after(seconds),
            None => Problem::new(status, code, error.to_string()),
        }
    }
}
