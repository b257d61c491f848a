//! What is in the file of an identity.
//!
//! One line of JSON (label, MSP id, when it was stored, what the MSP folder held, how it was enrolled, a checksum), then the certificate and the
//! encrypted private key as PEM. So `openssl x509` and `openssl pkcs8` read the file as it is. The checksum tells a
//! damaged file from a wrong passphrase.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::label::Label;
use crate::identity::authority::Enrollment;
use crate::identity::certificate::{Certificate, hexadecimal};
use crate::identity::credentials::MspContext;

const VERSION: u32 = 1;

/// An identity as it is stored; its key only encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name in the wallet.
    pub label: Label,
    /// The organization's MSP id.
    pub msp_id: String,
    /// The certificate.
    pub certificate: Certificate,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// How it was enrolled, and so how it is renewed; none for one that was imported without saying so.
    pub enrollment: Option<Enrollment>,
    /// Whether the certificate took another one's place.
    pub is_renewed: bool,
    /// When it was revoked through this wallet.
    pub revoked_at: Option<Timestamp>,
    /// The private key as encrypted PKCS#8.
    pub(super) sealed_key: String,
    pub(super) context: MspContext,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u32,
    label: String,
    msp_id: String,
    stored_at: Timestamp,
    /// Certificates in PEM by the names of their files.
    roots: BTreeMap<String, String>,
    intermediates: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enrollment: Option<Enrollment>,
    #[serde(default, skip_serializing_if = "is_false")]
    is_renewed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
    /// Of this header without it, and of all that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

impl Header {
    fn line(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are JSON")
    }

    fn checksum(&self, rest: &str) -> String {
        let hash = Sha256::new().chain_update(self.line()).chain_update(rest);
        hexadecimal(&hash.finalize())
    }
}

impl Record {
    /// What the MSP folder held beside certificate and key.
    pub fn context(&self) -> &MspContext {
        &self.context
    }

    /// The text of the file.
    pub(super) fn to_text(&self) -> String {
        let rest = format!("{}{}", self.certificate.to_pem(), self.sealed_key);
        let mut header = Header {
            version: VERSION,
            label: self.label.to_string(),
            msp_id: self.msp_id.clone(),
            stored_at: self.stored_at,
            roots: to_texts(&self.context.roots),
            intermediates: to_texts(&self.context.intermediates),
            configuration: self.context.configuration.clone(),
            enrollment: self.enrollment.clone(),
            is_renewed: self.is_renewed,
            revoked_at: self.revoked_at,
            sha256: None,
        };
        header.sha256 = Some(header.checksum(&rest));
        format!("{}\n{rest}", header.line())
    }

    /// The record in the text of a file that should hold `label`, or what is wrong with it.
    pub(super) fn from_text(text: &str, label: &Label) -> Result<Self, String> {
        let (line, rest) = text.split_once('\n').ok_or("its first line is missing")?;
        let mut header: Header = serde_json::from_str(line).map_err(|error| {
            format!(
                "its first line is not as it was written (column {})",
                error.column()
            )
        })?;
        if header.version != VERSION {
            let version = header.version;
            return Err(format!(
                "it has version {version}, and this program reads {VERSION}"
            ));
        }
        let checksum = header.sha256.take();
        if checksum != Some(header.checksum(rest)) {
            return Err("its checksum does not fit".to_owned());
        }
        if header.label != label.as_str() {
            return Err(format!("it holds `{}`", header.label));
        }
        let key = rest
            .find("-----BEGIN ENCRYPTED PRIVATE KEY-----")
            .ok_or("it holds no encrypted key")?;
        let certificate = Certificate::from_pem(rest).map_err(|error| error.to_string())?;
        Ok(Self {
            label: label.clone(),
            msp_id: header.msp_id,
            certificate,
            stored_at: header.stored_at,
            enrollment: header.enrollment,
            is_renewed: header.is_renewed,
            revoked_at: header.revoked_at,
            sealed_key: rest[key..].to_owned(),
            context: MspContext {
                roots: to_certificates(header.roots)?,
                intermediates: to_certificates(header.intermediates)?,
                configuration: header.configuration,
            },
        })
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn to_texts(certificates: &BTreeMap<String, Certificate>) -> BTreeMap<String, String> {
    let texts = certificates.iter();
    texts
        .map(|(name, certificate)| (name.clone(), certificate.to_pem()))
        .collect()
}

fn to_certificates(
    texts: BTreeMap<String, String>,
) -> Result<BTreeMap<String, Certificate>, String> {
    let read = texts
        .into_iter()
        .map(|(name, text)| match Certificate::from_pem(&text) {
            Ok(certificate) => Ok((name, certificate)),
            Err(error) => Err(format!("{name}: {error}")),
        });
    read.collect()
}
