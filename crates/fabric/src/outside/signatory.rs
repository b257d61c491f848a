//! Who signs elsewhere: an organization and a certificate, and nothing secret.

use bytes::Bytes;
use jiff::Timestamp;

use super::error::OutsideError;
use crate::identity::{Certificate, IdentityError, KeyKind, PublicKeyKind};
use crate::proposal::creator;

/// Somebody whose key is somewhere else.
#[derive(Debug, Clone)]
pub(super) struct Signatory {
    pub(super) msp_id: String,
    pub(super) certificate: Certificate,
    pub(super) kind: KeyKind,
    /// As transactions carry it: a serialized `msp.SerializedIdentity`.
    pub(super) creator: Bytes,
}

impl Signatory {
    /// The first certificate of a PEM text, for an organization, at `now`.
    ///
    /// # Errors
    /// [`OutsideError::Certificate`] and [`OutsideError::Identity`].
    pub(super) fn new(pem: &str, msp_id: &str, now: Timestamp) -> Result<Self, OutsideError> {
        let certificate = Certificate::from_pem(pem)?;
        let subject = || certificate.subject().to_owned();
        if msp_id.is_empty() {
            return Err(IdentityError::NoMspId { subject: subject() }.into());
        }
        let kind = match certificate.public_key().kind() {
            PublicKeyKind::Supported(kind) => *kind,
            other => {
                return Err(IdentityError::UnsupportedKey {
                    subject: subject(),
                    kind: other.clone(),
                }
                .into());
            }
        };
        certificate.check_validity(now)?;
        Ok(Self {
            msp_id: msp_id.to_owned(),
            creator: creator(msp_id, &certificate.to_pem()),
            certificate,
            kind,
        })
    }
}

#[cfg(test)]
mod tests;
