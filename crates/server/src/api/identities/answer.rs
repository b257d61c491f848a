//! What is answered of an identity. Never a secret.

use std::collections::{BTreeMap, BTreeSet};

use chainloom_fabric::identity::Certificate;
use chainloom_fabric::identity::wallet::Record;
use jiff::Timestamp;
use serde::Serialize;

use crate::identities::{Identities, days_left};

/// An identity in the server's wallet.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct IdentityAnswer {
    /// Its name in the wallet, by which ledgers and requests name it.
    label: String,
    /// The organization's MSP id.
    msp_id: String,
    /// The name under which the CA knows it.
    enrollment_id: Option<String>,
    /// Its role as the certificate says: `client`, `admin`, `peer`, `orderer`.
    #[serde(rename = "type")]
    role: Option<String>,
    /// Its affiliation as the certificate says.
    affiliation: Option<String>,
    /// The kind of its key.
    key: String,
    /// When its certificate ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whole days until then, negative once it has ended.
    days_left: i64,
    /// When it is renewed by itself; absent where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    renews_at: Option<Timestamp>,
    /// Why it could not be renewed lately.
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal_error: Option<String>,
    /// When it was revoked through this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// When the wallet took the certificate in.
    #[schema(value_type = String, format = DateTime)]
    stored_at: Timestamp,
    /// The CA by which it is renewed and revoked; absent where the wallet does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<AuthorityAnswer>,
    /// The ledgers that sign with it.
    ledgers: BTreeSet<String>,
    /// What somebody should know.
    warnings: Vec<String>,
}

/// The CA of an identity.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct AuthorityAnswer {
    /// Where its server listens.
    pub(super) url: String,
    /// Its name on that server; the server's default one where there is none.
    pub(super) name: Option<String>,
}

/// The same with the certificate.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct IdentityDetails {
    #[serde(flatten)]
    identity: IdentityAnswer,
    /// The certificate.
    certificate: CertificateAnswer,
    /// The attributes in it.
    attributes: BTreeMap<String, String>,
}

/// A certificate.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct CertificateAnswer {
    /// Whose it is.
    subject: String,
    /// Who gave it out.
    issuer: String,
    /// Its number with the one who gave it out, in lower-case hex.
    serial: String,
    /// From when on it holds.
    #[schema(value_type = String, format = DateTime)]
    not_before: Timestamp,
    /// Until when it holds.
    #[schema(value_type = String, format = DateTime)]
    not_after: Timestamp,
    /// SHA-256 of the certificate, in lower-case hex.
    sha256: String,
    /// The certificate itself.
    pem: String,
}

impl From<&Certificate> for CertificateAnswer {
    fn from(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject().to_owned(),
            issuer: certificate.issuer().to_owned(),
            serial: certificate.serial().to_owned(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            sha256: certificate.fingerprint(),
            pem: certificate.to_pem(),
        }
    }
}

impl IdentityAnswer {
    /// What there is to say of a record now.
    pub(super) fn of(record: &Record, identities: &Identities) -> Self {
        let now = Timestamp::now();
        let certificate = &record.certificate;
        let state = identities.state(record, now);
        let attribute = |name: &str| certificate.attributes().get(name).cloned();
        let ca = record
            .enrollment
            .as_ref()
            .map(|enrollment| AuthorityAnswer {
                url: enrollment.authority.url.clone(),
                name: enrollment.authority.name.clone(),
            });
        Self {
            label: record.label.to_string(),
            msp_id: record.msp_id.clone(),
            enrollment_id: certificate.enrollment_id().map(str::to_owned),
            role: attribute("hf.Type").or_else(|| role(certificate)),
            affiliation: attribute("hf.Affiliation"),
            key: certificate.public_key().kind().to_string(),
            expires_at: certificate.not_after(),
            days_left: days_left(certificate.not_after(), now),
            renews_at: state.renews_at,
            renewal_error: state.renewal_error,
            revoked_at: record.revoked_at,
            stored_at: record.stored_at,
            ca,
            ledgers: identities.ledgers_of(&record.label),
            warnings: state.warnings,
        }
    }
}

/// The role as Fabric tells it, by an organizational unit.
fn role(certificate: &Certificate) -> Option<String> {
    let mut units = certificate.organizational_units().iter();
    let role = units.find(|unit| ["client", "peer", "admin", "orderer"].contains(&unit.as_str()));
    role.cloned()
}

impl IdentityDetails {
    /// What there is to say of a record now, with its certificate.
    pub(super) fn of(record: &Record, identities: &Identities) -> Self {
        Self {
            identity: IdentityAnswer::of(record, identities),
            certificate: (&record.certificate).into(),
            attributes: record.certificate.attributes().clone(),
        }
    }
}
