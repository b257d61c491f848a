//! Requests for certificates (PKCS#10): made and signed here, so that the key never leaves.

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{Any, BitString, ObjectIdentifier};
use x509_cert::der::{Decode, Encode, Error, Tag};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::request::{CertReq, CertReqInfo, Version};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::key::PrivateKey;
use super::pem;
use super::public_key::KeyKind;
use super::random::NoRandomness;
use super::signer::Signer;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The longest common name that certificates hold, in characters (RFC 5280, appendix A).
const COMMON_NAME_MAX: usize = 64;

/// Why there is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Certificates hold no such name.
    #[error(
        "`{0}` cannot stand in a certificate: an enrollment id has 1 to {COMMON_NAME_MAX} characters"
    )]
    EnrollmentId(String),
    /// See [`NoRandomness`].
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// A request, in PEM, for a certificate of `enrollment_id` with this key. Signed over SHA-256 (P-256 and P-384) or as it
/// is (Ed25519). Nothing but the name is asked for: a Fabric CA sets the organizational units by itself, and attributes
/// are asked for beside the request.
///
/// # Errors
/// [`RequestError`].
pub fn certificate_request(enrollment_id: &str, key: &PrivateKey) -> Result<String, RequestError> {
    if !(1..=COMMON_NAME_MAX).contains(&enrollment_id.chars().count()) {
        return Err(RequestError::EnrollmentId(enrollment_id.to_owned()));
    }
    const ENCODES: &str = "a name within its limit and a key that is valid can be written in DER";
    let info = CertReqInfo {
        version: Version::V1,
        subject: subject(enrollment_id).expect(ENCODES),
        public_key: key.public_key().spki().clone(),
        attributes: Default::default(),
    };
    let signature = Signer::new(key)?.sign(&info.to_der().expect(ENCODES))?;
    let request = CertReq {
        info,
        algorithm: AlgorithmIdentifierOwned {
            oid: match key.kind() {
                KeyKind::P256 | KeyKind::P384 => ECDSA_WITH_SHA256,
                KeyKind::Ed25519 => ED25519,
            },
            parameters: None,
        },
        signature: BitString::from_bytes(&signature).expect(ENCODES),
    };
    let request = request.to_der().expect(ENCODES);
    Ok(pem::encode("CERTIFICATE REQUEST", &request))
}

fn subject(common_name: &str) -> Result<Name, Error> {
    let mut part = RelativeDistinguishedName::default();
    part.insert(AttributeTypeAndValue {
        oid: COMMON_NAME,
        value: Any::new(Tag::Utf8String, common_name.as_bytes())?,
    })?;
    let mut name = RdnSequence::default();
    name.push(part);
    Name::from_der(&name.to_der()?)
}
