use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::CertificateSummary;

/// An organization of a ledger, and by what its people and nodes are known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Organization {
    /// Its MSP id; the name of its group where the kind of MSP is not known.
    pub id: String,
    /// The name of its group in the configuration.
    pub name: String,
    /// The certificates that make somebody its member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership: Option<Membership>,
    /// Peers that other organizations' peers ask first, `host:port`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub anchor_peers: Vec<String>,
    /// Its orderers, `host:port`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub orderer_endpoints: Vec<String>,
    /// Its policies in words, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub policies: BTreeMap<String, String>,
}

/// The certificates that make somebody a member of an organization.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Membership {
    /// Those of its root CAs.
    pub roots: Vec<CertificateSummary>,
    /// Those of its intermediate CAs.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub intermediates: Vec<CertificateSummary>,
    /// Those of its administrators, where they are listed one by one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub administrators: Vec<CertificateSummary>,
    /// Those of the root CAs for its connections.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tls_roots: Vec<CertificateSummary>,
    /// Those of the intermediate CAs for its connections.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tls_intermediates: Vec<CertificateSummary>,
    /// Whether a certificate's organizational unit says its role.
    pub roles_by_unit: bool,
    /// The organizational unit for each role: `client`, `peer`, `admin`, `orderer`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub units_by_role: BTreeMap<String, String>,
    /// The organizational units one of which a member must have; any where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub units: Vec<String>,
    /// Its lists of revoked certificates.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub revocation_lists: Vec<RevocationListSummary>,
    /// How signatures and identities are hashed, such as `SHA2` and `SHA256`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub hashing: BTreeMap<String, String>,
    /// What cannot be read, in words.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unreadable: Vec<String>,
}

/// What there is to know of a list of revoked certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RevocationListSummary {
    /// Who gave it out.
    pub issuer: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub issued_at: Timestamp,
    /// The numbers of the revoked certificates with the one who gave them out, in lower-case hex.
    pub serials: Vec<String>,
}
