use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who made a transaction or endorsed it, on a ledger with identities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Creator {
    /// The organization: its MSP id.
    pub organization: String,
    /// The name under which the organization's CA enrolled them, which a renewed certificate keeps; absent where the certificate
    /// cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment_id: Option<String>,
    /// The certificate; absent where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateSummary>,
}

/// What there is to know of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CertificateSummary {
    /// Whose it is.
    pub subject: String,
    /// Who gave it out.
    pub issuer: String,
    /// Its number with the one who gave it out, in lower-case hex.
    pub serial: String,
    /// From when on it holds.
    #[schema(value_type = String, format = DateTime)]
    pub not_before: Timestamp,
    /// Until when it holds.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: Timestamp,
    /// SHA-256 of the certificate, in lower-case hex.
    pub sha256: String,
}
