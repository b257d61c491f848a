use chainloom_index::CreatorSummary;
use chainloom_ledger::Creator;

use super::super::format::{moment, printable};

/// How many attributes of a certificate a page shows.
const ATTRIBUTES_MAX: usize = 100;

/// Who made a transaction or endorsed it, as a page shows them.
pub(super) struct Identity {
    pub(super) organization: String,
    /// The name that their CA gave them; `?` where the certificate cannot be read.
    pub(super) name: String,
    pub(super) certificate: Option<Certificate>,
}

/// What a page says of a certificate.
pub(super) struct Certificate {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) serial: String,
    pub(super) validity: String,
    pub(super) sha256: String,
    /// What else the CA wrote into it.
    pub(super) attributes: Vec<(String, String)>,
}

impl Identity {
    pub(super) fn of(creator: &Creator) -> Identity {
        let name = creator.enrollment_id.as_deref().unwrap_or("?");
        Identity {
            organization: printable(&creator.organization),
            name: printable(name),
            certificate: creator.certificate.as_ref().map(|certificate| Certificate {
                subject: printable(&certificate.subject),
                issuer: printable(&certificate.issuer),
                serial: certificate.serial.clone(),
                validity: format!(
                    "{} to {}",
                    moment(Some(certificate.not_before)),
                    moment(Some(certificate.not_after))
                ),
                sha256: certificate.sha256.clone(),
                attributes: certificate
                    .attributes
                    .iter()
                    .take(ATTRIBUTES_MAX)
                    .map(|(name, value)| (printable(name), printable(value)))
                    .collect(),
            }),
        }
    }

    /// Somebody in a list of the index.
    pub(super) fn listed(creator: &CreatorSummary) -> Identity {
        let name = creator.enrollment_id.as_deref().unwrap_or("?");
        Identity {
            organization: printable(&creator.organization),
            name: printable(name),
            certificate: None,
        }
    }
}
