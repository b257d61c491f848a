//! What has to be remembered of a CA to ask it again.

use serde::{Deserialize, Serialize};

use super::Authority;
use super::error::AuthorityError;
use super::types::EnrollmentOptions;

/// Where a CA is and how it proves itself, as it is kept with an identity. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityAddress {
    /// Where its server listens: `https://localhost:7054`.
    pub url: String,
    /// The CA's name on that server; the server's default one where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The certificates in PEM that prove the server on TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_ca_certs: Option<String>,
    /// The name to expect in the server's certificate, where that is not the host of the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_target_name_override: Option<String>,
}

impl AuthorityAddress {
    /// A client of the CA. Nothing is sent yet.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn connect(&self) -> Result<Authority, AuthorityError> {
        Authority::new(
            &self.url,
            self.name.as_deref(),
            self.tls_ca_certs.as_deref(),
            self.ssl_target_name_override.as_deref(),
        )
    }
}

/// How an identity was enrolled, which is how it is enrolled again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrollment {
    /// The CA.
    pub authority: AuthorityAddress,
    /// What was asked for.
    #[serde(default)]
    pub options: EnrollmentOptions,
}
