//! X.509 certificates: who somebody is for Fabric.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::asn1::{Ia5StringRef, ObjectIdentifier, PrintableStringRef, Utf8StringRef};
use x509_cert::der::{Decode, Tag, Tagged};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::pem;
use super::public_key::PublicKey;

const LABEL: &str = "CERTIFICATE";
/// The largest certificate that is read, in bytes.
const BYTES_MAX: usize = 64 * 1024;
/// The most certificates that one PEM text may hold.
const CHAIN_MAX: usize = 32;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATIONAL_UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
/// Where Fabric's CA puts a JSON object with the identity's attributes.
const ATTRIBUTES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.3.4.5.6.7.8.1");

/// Why a text or bytes are no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is none in the text.
    #[error("there is no certificate in it: a PEM block `{LABEL}` is expected")]
    None,
    /// It cannot be read.
    #[error("the certificate is damaged: {0}")]
    Damaged(String),
    /// It is larger than certificates are.
    #[error("the certificate has {0} bytes, and {BYTES_MAX} are the most")]
    TooLarge(usize),
    /// There are more than any chain has.
    #[error("there are more than {CHAIN_MAX} certificates in it")]
    TooMany,
}

/// Whether a certificate holds at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It does.
    Valid,
    /// Not yet.
    NotYetValid,
    /// Not any more.
    Expired,
}

/// An X.509 certificate.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    issuer: String,
    serial: String,
    not_before: Timestamp,
    not_after: Timestamp,
    public_key: PublicKey,
    common_name: Option<String>,
    organizational_units: Vec<String>,
    attributes: BTreeMap<String, String>,
    authority_key_identifier: Option<String>,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

#[derive(Deserialize)]
struct AttributesExtension {
    attrs: BTreeMap<String, String>,
}

impl Certificate {
    /// The first certificate of a PEM text.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let block = pem::blocks(text).find(|block| block.label == LABEL);
        Self::from_block(&block.ok_or(CertificateError::None)?)
    }

    /// All certificates of a PEM text, at least one.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn chain_from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        let blocks = pem::blocks(text).filter(|block| block.label == LABEL);
        let chain: Vec<Self> = blocks
            .take(CHAIN_MAX + 1)
            .map(|block| Self::from_block(&block))
            .collect::<Result<_, _>>()?;
        match chain.len() {
            0 => Err(CertificateError::None),
            length if length > CHAIN_MAX => Err(CertificateError::TooMany),
            _ => Ok(chain),
        }
    }

    fn from_block(block: &pem::Block<'_>) -> Result<Self, CertificateError> {
        let bytes = block
            .bytes()
            .ok_or_else(|| CertificateError::Damaged("it is not base64".to_owned()))?;
        Self::from_der(&bytes)
    }

    /// The certificate in these bytes.
    ///
    /// # Errors
    /// [`CertificateError::Damaged`] and [`CertificateError::TooLarge`].
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > BYTES_MAX {
            return Err(CertificateError::TooLarge(bytes.len()));
        }
        // Raw, because what Go takes for a certificate is more than what RFC 5280 allows.
        let parsed = CertificateInner::<Raw>::from_der(bytes)
            .map_err(|error| CertificateError::Damaged(error.to_string()))?;
        let body = parsed.tbs_certificate();
        let extension = |identifier| {
            let mut extensions = body.extensions().into_iter().flatten();
            extensions.find(|extension: &&Extension| extension.extn_id == identifier)
        };
        let attributes = extension(ATTRIBUTES).and_then(|extension| {
            serde_json::from_slice::<AttributesExtension>(extension.extn_value.as_bytes()).ok()
        });
        let authority_key_identifier = extension(AUTHORITY_KEY_IDENTIFIER)
            .and_then(|extension| {
                AuthorityKeyIdentifier::from_der(extension.extn_value.as_bytes()).ok()
            })
            .and_then(|identifier| identifier.key_identifier)
            .map(|identifier| hexadecimal(identifier.as_bytes()));
        Ok(Self {
            der: bytes.to_vec(),
            subject: body.subject().to_string(),
            issuer: body.issuer().to_string(),
            serial: serial(body.serial_number().as_bytes()),
            not_before: timestamp(&body.validity().not_before),
            not_after: timestamp(&body.validity().not_after),
            public_key: PublicKey::from_spki(body.subject_public_key_info()),
            common_name: texts(body.subject(), COMMON_NAME).last(),
            organizational_units: texts(body.subject(), ORGANIZATIONAL_UNIT).collect(),
            attributes: attributes.map(|read| read.attrs).unwrap_or_default(),
            authority_key_identifier,
        })
    }

    /// The certificate's bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as Fabric carries it in every transaction.
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.der)
    }

    /// The subject's name (RFC 4514): `CN=alice,OU=client`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The issuer's name, as the subject's.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The serial number in lower-case hex, without leading zeros beyond a whole byte.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// From when on it is valid.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether it is valid at that time.
    pub fn validity_at(&self, time: Timestamp) -> Validity {
        // The last second belongs to it as a whole (RFC 5280, 4.1.2.5).
        if time.as_second() > self.not_after.as_second() {
            Validity::Expired
        } else if time < self.not_before {
            Validity::NotYetValid
        } else {
            Validity::Valid
        }
    }

    /// The subject's public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The attributes that Fabric's CA put in (`hf.EnrollmentID`, `hf.Type`, `hf.Affiliation` and an application's own);
    /// none where that extension is absent or is not Fabric's JSON.
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }

    /// The name under which the CA knows the identity: the attribute `hf.EnrollmentID`, else the subject's last common
    /// name. It survives a renewed certificate.
    pub fn enrollment_id(&self) -> Option<&str> {
        let attribute = self.attributes.get("hf.EnrollmentID");
        attribute.or(self.common_name.as_ref()).map(String::as_str)
    }

    /// The subject's organizational units, which tell Fabric the role: `client`, `peer`, `admin`, `orderer`.
    pub fn organizational_units(&self) -> &[String] {
        &self.organizational_units
    }

    /// Which key of the issuer signed it, in lower-case hex. With the serial number this names a certificate to its CA.
    pub fn authority_key_identifier(&self) -> Option<&str> {
        self.authority_key_identifier.as_deref()
    }

    /// The SHA-256 of the certificate, in lower-case hex.
    pub fn fingerprint(&self) -> String {
        hexadecimal(&Sha256::digest(&self.der))
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = vec![0; bytes.len() * 2];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    String::from_utf8(text).expect("hex digits are ASCII")
}

pub(super) fn serial(bytes: &[u8]) -> String {
    match bytes {
        [0, rest @ ..] if !rest.is_empty() => serial(rest),
        bytes => hexadecimal(bytes),
    }
}

pub(super) fn timestamp(time: &Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    // "No end", 9999-12-31T23:59:59Z, is a day beyond what a Timestamp holds.
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

/// The values of one attribute of a name, in their order.
fn texts(name: &Name, attribute: ObjectIdentifier) -> impl Iterator<Item = String> {
    name.iter()
        .filter(move |entry| entry.oid == attribute)
        .filter_map(text)
}

fn text(entry: &AttributeTypeAndValue) -> Option<String> {
    let value = &entry.value;
    match value.tag() {
        Tag::Utf8String => value
            .decode_as::<Utf8StringRef<'_>>()
            .ok()
            .map(|text| text.to_string()),
        Tag::PrintableString => {
            let text = value.decode_as::<PrintableStringRef<'_>>();
            text.ok().map(|text| text.to_string())
        }
        Tag::Ia5String => value
            .decode_as::<Ia5StringRef<'_>>()
            .ok()
            .map(|text| text.to_string()),
        // The old ones, of 8 and 16 bits a character.
        Tag::TeletexString => Some(value.value().iter().map(|byte| char::from(*byte)).collect()),
        Tag::BmpString => {
            let units = value.value().chunks_exact(2);
            let units: Vec<u16> = units
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}
