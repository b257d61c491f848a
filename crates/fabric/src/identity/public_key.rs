//! Public keys, and the signatures that they prove.

use std::fmt;

use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ED25519};
use ring::signature::{UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::signature::{self, SignatureError};

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The kinds of keys that sign for Fabric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeyKind {
    /// ECDSA on the curve P-256 over SHA-256: what Fabric uses where nothing else is said.
    #[default]
    P256,
    /// ECDSA on the curve P-384, over SHA-256 too: Fabric hashes with its MSP's hash, whatever the curve.
    P384,
    /// Ed25519 over the message itself. Channels take it with the capability V3_0.
    Ed25519,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::Ed25519 => "Ed25519",
        })
    }
}

/// What kind of key a certificate holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PublicKeyKind {
    /// One that signs for Fabric.
    Supported(KeyKind),
    /// Another; its algorithm's object identifier, with the curve's where it has one.
    Other(String),
}

impl fmt::Display for PublicKeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supported(kind) => kind.fmt(formatter),
            Self::Other(identifier) => formatter.write_str(identifier),
        }
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: PublicKeyKind,
    /// The uncompressed point of a curve, or Ed25519's 32 bytes.
    raw: Vec<u8>,
    spki: SubjectPublicKeyInfoOwned,
}

impl PublicKey {
    pub(crate) fn from_spki(spki: &SubjectPublicKeyInfoOwned) -> Self {
        let curve = spki
            .algorithm
            .parameters
            .as_ref()
            .and_then(|parameters| parameters.decode_as::<ObjectIdentifier>().ok());
        let kind = match (spki.algorithm.oid, curve) {
            (EC_PUBLIC_KEY, Some(P256)) => PublicKeyKind::Supported(KeyKind::P256),
            (EC_PUBLIC_KEY, Some(P384)) => PublicKeyKind::Supported(KeyKind::P384),
            (ED25519_KEY, None) => PublicKeyKind::Supported(KeyKind::Ed25519),
            (algorithm, Some(curve)) => PublicKeyKind::Other(format!("{algorithm} ({curve})")),
            (algorithm, None) => PublicKeyKind::Other(algorithm.to_string()),
        };
        Self {
            kind,
            raw: spki.subject_public_key.raw_bytes().to_vec(),
            spki: spki.clone(),
        }
    }

    /// The key in the document that [`p256`] and its like write.
    pub(crate) fn from_document(document: &[u8]) -> Option<Self> {
        let spki = SubjectPublicKeyInfoOwned::from_der(document).ok()?;
        Some(Self::from_spki(&spki))
    }

    /// What kind of key it is.
    pub fn kind(&self) -> &PublicKeyKind {
        &self.kind
    }

    /// The uncompressed point of a curve, or Ed25519's 32 bytes.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub(crate) fn spki(&self) -> &SubjectPublicKeyInfoOwned {
        &self.spki
    }

    /// The key as `openssl pkey -pubin` reads it.
    pub fn to_pem(&self) -> String {
        let der = self.spki.to_der();
        let der = der.expect("what was read as DER can be written as DER");
        super::pem::encode("PUBLIC KEY", &der)
    }

    /// The kind, where it is one that signs for Fabric.
    ///
    /// # Errors
    /// [`SignatureError::UnsupportedKey`] for all others.
    pub fn supported_kind(&self) -> Result<KeyKind, SignatureError> {
        match &self.kind {
            PublicKeyKind::Supported(kind) => Ok(*kind),
            PublicKeyKind::Other(_) => Err(SignatureError::UnsupportedKey(self.kind.clone())),
        }
    }

    /// Proves that this key's owner signed `message`, as Fabric's nodes would: ECDSA in DER and with a low s, over the
    /// message's SHA-256; Ed25519 over the message.
    ///
    /// # Errors
    /// [`SignatureError`] says what is wrong with the signature or with this key.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        // `ring`, because it takes 54 us for P-256 where the crate `p256` takes 314; see `signer`.
        let algorithm: &dyn VerificationAlgorithm = match self.supported_kind()? {
            KeyKind::P256 => &ECDSA_P256_SHA256_ASN1,
            KeyKind::P384 => &ECDSA_P384_SHA256_ASN1,
            KeyKind::Ed25519 => &ED25519,
        };
        signature::check_low_s(self.supported_kind()?, signature)?;
        UnparsedPublicKey::new(algorithm, &self.raw)
            .verify(message, signature)
            .map_err(|_| SignatureError::Mismatch)
    }
}
