use chainloom_ledger::LedgerError;

use super::signature::SignatureFault;
use super::steps::{BYTES_MAX, STEPS_MAX};
use crate::identity::{CertificateError, IdentityError};

/// Why a step of a call that is signed elsewhere was not taken. But for [`OutsideError::Ledger`], no peer was asked to run anything.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OutsideError {
    /// The certificate cannot be read.
    #[error("certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// The certificate does not hold now, or its key does not sign for Fabric, or the organization is empty.
    #[error("{0}")]
    Identity(#[from] IdentityError),
    /// The channel does not know the organization.
    #[error(
        "organization: the channel has none with the MSP id `{organization}`; it has {}",
        known.join(", ")
    )]
    UnknownOrganization {
        /// The MSP id.
        organization: String,
        /// Those that the channel has.
        known: Vec<String>,
    },
    /// The certificate is none of that organization's.
    #[error("the channel does not take the certificate of {subject}: {reason}")]
    NotAMember {
        /// Whose certificate it is.
        subject: String,
        /// Which of the organization's rules it breaks.
        reason: String,
    },
    /// Peers would refuse Ed25519.
    #[error(
        "the certificate of {subject} holds an Ed25519 key, which channels take with the capability V3_0 only, and this one has {}: use a \
         P-256 key",
        capabilities.join(", ")
    )]
    Ed25519NotTaken {
        /// Whose certificate it is.
        subject: String,
        /// The channel's capabilities.
        capabilities: Vec<String>,
    },
    /// Nothing is prepared under that id, or no longer.
    #[error(
        "nothing is prepared under the transaction id `{0}`: what is prepared waits {wait_s} s for each signature, and does not survive a \
         restart; prepare the call anew",
        wait_s = super::steps::EXPIRES_AFTER.as_secs()
    )]
    Unknown(String),
    /// Another step is due.
    #[error("`{asked}` is not the step that is due for this transaction, but `{due}`")]
    WrongStep {
        /// What was asked for.
        asked: &'static str,
        /// What is due.
        due: &'static str,
    },
    /// The same step is under way.
    #[error("another request takes this step just now; wait for its answer")]
    Running,
    /// It was submitted before.
    #[error("the transaction was submitted before: ask for its outcome by its id")]
    Submitted,
    /// See [`SignatureFault`].
    #[error("the signature is refused, and nothing was sent: {0}")]
    Signature(#[from] SignatureFault),
    /// Too much waits for signatures.
    #[error(
        "{STEPS_MAX} calls, or {BYTES_MAX} bytes of calls, wait for signatures already; try again in a minute"
    )]
    Full,
    /// It could never be kept.
    #[error("the call takes {0} bytes while it waits, and {BYTES_MAX} are kept for all calls")]
    TooLarge(usize),
    /// What the ledger or its peers say.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// After how many seconds to try again where too much waits.
const FULL_RETRY_AFTER_S: u32 = 60;

impl From<OutsideError> for LedgerError {
    fn from(error: OutsideError) -> Self {
        let detail = error.to_string();
        let invalid = |code| Self::InvalidCall {
            code,
            detail: detail.clone(),
        };
        let conflict = |code| Self::Conflict {
            code,
            detail: detail.clone(),
            retry_after_s: None,
        };
        match error {
            OutsideError::Certificate(_) => invalid("certificate_unreadable"),
            OutsideError::Identity(IdentityError::Expired { .. }) => invalid("certificate_expired"),
            OutsideError::Identity(IdentityError::NotYetValid { .. }) => {
                invalid("certificate_not_yet_valid")
            }
            OutsideError::Identity(IdentityError::NoMspId { .. }) => {
                invalid("organization_missing")
            }
            // Of the others no other arises where there is no private key.
            OutsideError::Identity(_) => invalid("key_unsupported"),
            OutsideError::UnknownOrganization { .. } => invalid("unknown_organization"),
            OutsideError::NotAMember { .. } => invalid("certificate_not_accepted"),
            OutsideError::Ed25519NotTaken { .. } => invalid("ed25519_unsupported"),
            OutsideError::Unknown(_) => Self::NotFound {
                code: "prepared_not_found",
                detail,
            },
            OutsideError::WrongStep { .. } => conflict("wrong_step"),
            OutsideError::Running => conflict("step_running"),
            OutsideError::Submitted => conflict("already_submitted"),
            OutsideError::Signature(SignatureFault::Unreadable(_)) => {
                invalid("signature_unreadable")
            }
            OutsideError::Signature(_) => invalid("signature_mismatch"),
            OutsideError::Full => Self::Overloaded {
                code: "prepared_full",
                detail,
                retry_after_s: FULL_RETRY_AFTER_S,
            },
            OutsideError::TooLarge(_) => invalid("call_too_large"),
            OutsideError::Ledger(error) => error,
        }
    }
}

#[cfg(test)]
mod tests;
