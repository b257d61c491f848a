//! Signatures that were made elsewhere: whether they prove what they have to prove, and where not, which of the usual slips it was.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chainloom_ledger::Hash;
use ring::signature::{
    ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA384_ASN1, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::identity::{Certificate, KeyKind, SignatureError, normalize_signature};

/// Why a signature is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// It is none of that kind of key.
    #[error(transparent)]
    Unreadable(#[from] SignatureError),
    /// An ECDSA signature over the hash of the digest.
    #[error(
        "the digest was hashed once more: sign `bytes` with SHA-256 (openssl dgst -sha256 -sign), or `digest` as it is (openssl pkeyutl -sign)"
    )]
    HashedTwice,
    /// An Ed25519 signature over a digest.
    #[error("a digest of `bytes` was signed, and Ed25519 signs `bytes` themselves")]
    DigestSigned,
    /// The text was signed in which bytes or digest came.
    #[error("the {0} was signed as text: decode it first")]
    TextSigned(&'static str),
    /// The bytes were hashed with SHA-384.
    #[error("`bytes` were hashed with SHA-384: Fabric takes SHA-256, for P-384 keys too")]
    OtherHash,
    /// It is over the proposal, where the transaction is to be signed.
    #[error("it is the signature of the proposal: the transaction's `bytes` are others")]
    OtherStep,
    /// None of these.
    #[error(
        "it is by another key than the certificate's, or over other bytes: sign exactly `bytes` with the key of {0}"
    )]
    Mismatch(String),
}

/// A signature, in DER or raw, as Fabric takes it, once it proves that the certificate's owner signed `bytes`. `before` are the bytes of the
/// step before, where there is one.
///
/// # Errors
/// [`SignatureFault`].
pub(super) fn checked(
    signature: &[u8],
    certificate: &Certificate,
    kind: KeyKind,
    bytes: &[u8],
    before: Option<&[u8]>,
) -> Result<Vec<u8>, SignatureFault> {
    let signature = normalize_signature(kind, signature)?;
    let key = certificate.public_key();
    let proves = |message: &[u8]| key.verify(message, &signature).is_ok();
    if proves(bytes) {
        return Ok(signature);
    }
    let digest = Hash::of(bytes);
    Err(if proves(&digest.0) {
        match kind {
            KeyKind::Ed25519 => SignatureFault::DigestSigned,
            KeyKind::P256 | KeyKind::P384 => SignatureFault::HashedTwice,
        }
    } else if proves(digest.to_string().as_bytes()) {
        SignatureFault::TextSigned("hex of `digest`")
    } else if proves(STANDARD.encode(bytes).as_bytes()) {
        SignatureFault::TextSigned("base64 of `bytes`")
    } else if proves_with_sha384(certificate, kind, bytes, &signature) {
        SignatureFault::OtherHash
    } else if before.is_some_and(proves) {
        SignatureFault::OtherStep
    } else {
        SignatureFault::Mismatch(certificate.subject().to_owned())
    })
}

fn proves_with_sha384(
    certificate: &Certificate,
    kind: KeyKind,
    bytes: &[u8],
    signature: &[u8],
) -> bool {
    let algorithm: &dyn VerificationAlgorithm = match kind {
        KeyKind::P256 => &ECDSA_P256_SHA384_ASN1,
        KeyKind::P384 => &ECDSA_P384_SHA384_ASN1,
        KeyKind::Ed25519 => return false,
    };
    let key = UnparsedPublicKey::new(algorithm, certificate.public_key().raw());
    key.verify(bytes, signature).is_ok()
}

#[cfg(test)]
mod tests;
