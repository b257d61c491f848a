use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

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
    /// What else the CA wrote into it, by name: `hf.EnrollmentID`, `hf.Type`, `hf.Affiliation` and an application's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// Someone who makes transactions: an organization's MSP id and the enrollment id that its CA gave them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreatorName {
    /// The MSP id.
    pub organization: String,
    /// The enrollment id, which a renewed certificate keeps.
    pub enrollment_id: String,
}

/// A text that names no creator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no creator: an MSP id, `/` and an enrollment id are expected, such as Org1MSP/alice"
)]
pub struct CreatorNameParseError(String);

impl FromStr for CreatorName {
    type Err = CreatorNameParseError;

    fn from_str(text: &str) -> Result<CreatorName, CreatorNameParseError> {
        // An MSP id holds no slash; an enrollment id may.
        match text.split_once('/') {
            Some((organization, enrollment_id))
                if !organization.is_empty() && !enrollment_id.is_empty() =>
            {
                Ok(CreatorName {
                    organization: organization.to_owned(),
                    enrollment_id: enrollment_id.to_owned(),
                })
            }
            _ => Err(CreatorNameParseError(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for CreatorName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.organization, self.enrollment_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_creator_is_an_organization_and_a_name() {
        let creator: CreatorName = "Org1MSP/a/b".parse().expect("it names one");
        assert_eq!(
            (
                creator.organization.as_str(),
                creator.enrollment_id.as_str()
            ),
            ("Org1MSP", "a/b")
        );
        assert_eq!(creator.to_string(), "Org1MSP/a/b");
        for text in ["", "alice", "/alice", "Org1MSP/"] {
            let error = text.parse::<CreatorName>().expect_err(text);
            assert!(error.to_string().contains("Org1MSP/alice"), "{error}");
        }
    }
}
