//! What a CA is asked for and what it answers.

use serde::{Deserialize, Deserializer, Serialize};

use crate::identity::certificate::Certificate;
use crate::identity::secret::Secret;

/// An attribute of an identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether certificates hold it without being asked to.
    #[serde(default, rename = "ecert")]
    pub in_certificates: bool,
}

/// A wish to have an attribute in the certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeRequest {
    /// The attribute's name.
    pub name: String,
    /// Whether there may be a certificate without it.
    pub optional: bool,
}

/// How to enroll.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnrollmentOptions {
    /// The CA's signing profile; its default one where there is none. `tls` makes certificates for TLS.
    pub profile: Option<String>,
    /// Attributes to put into the certificate; those that are registered so where there are none.
    pub attributes: Vec<AttributeRequest>,
}

/// An identity to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The name with which it will enroll.
    pub enrollment_id: String,
    /// Its role: `client`, `peer`, `orderer`, `admin`.
    pub kind: String,
    /// Its affiliation; the registrar's own where it is none.
    pub affiliation: Option<String>,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
    /// How often its secret enrolls: -1 for any number; the CA's default where there is none.
    pub max_enrollments: Option<i64>,
    /// Its secret; the CA makes one where there is none.
    pub secret: Option<Secret>,
}

impl Registration {
    /// A user of an application: of type `client`, with nothing else said.
    pub fn client(enrollment_id: impl Into<String>) -> Self {
        Self {
            enrollment_id: enrollment_id.into(),
            kind: "client".to_owned(),
            affiliation: None,
            attributes: Vec::new(),
            max_enrollments: None,
            secret: None,
        }
    }
}

/// An identity as its CA knows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RegisteredIdentity {
    /// The name with which it enrolls.
    #[serde(rename = "id")]
    pub enrollment_id: String,
    /// Its role.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its affiliation.
    pub affiliation: String,
    /// Its attributes.
    #[serde(default, rename = "attrs", deserialize_with = "none_as_empty")]
    pub attributes: Vec<Attribute>,
    /// How often its secret enrolls; -1 for any number.
    pub max_enrollments: i64,
}

/// An affiliation with those below it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Affiliation {
    /// Its whole name: `org1.department1`.
    pub name: String,
    /// Those below it.
    #[serde(default, deserialize_with = "none_as_empty")]
    pub affiliations: Vec<Affiliation>,
}

/// What to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// An identity with all its certificates. It enrolls no more.
    Identity(String),
    /// One certificate.
    Certificate(Box<Certificate>),
}

/// What a revocation did.
///
/// The channels go on accepting the certificates until a configuration update puts the new list of revoked certificates
/// into the organization's MSP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The serial numbers of the certificates that are revoked now, as [`Certificate::serial`] writes them.
    pub serials: Vec<String>,
    /// The new list of revoked certificates (CRL) in PEM, where there are any.
    pub revocation_list: Option<String>,
}

/// What a CA tells everybody about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityInfo {
    /// Its name on its server.
    pub name: String,
    /// Its certificate, and those that issued it.
    pub chain: Vec<Certificate>,
    /// Its server's version.
    pub version: String,
}

/// The server, being written in Go, sends `null` for some empty lists.
fn none_as_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
