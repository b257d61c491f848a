//! Signatures as they come from outside, and the one form that Fabric takes.
//!
//! An ECDSA signature (r, s) has a twin (r, n - s) that proves the same. Fabric takes the one with the smaller s only
//! ("low-S"), while openssl and most key stores emit either. So what comes from outside is put into that form here.

use super::public_key::{KeyKind, PublicKeyKind};

/// What is wrong with a signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is not a signature of that kind of key.
    #[error(
        "{length} bytes that are no {kind} signature: send it in DER as openssl writes it, or raw ({raw_length} bytes)"
    )]
    Malformed {
        /// The kind of key.
        kind: KeyKind,
        /// How long it is.
        length: usize,
        /// How long it is in its raw form.
        raw_length: usize,
    },
    /// It is the twin that Fabric refuses.
    #[error(
        "the signature's s is above half of the curve's order, which Fabric refuses: put n - s in its place"
    )]
    HighS,
    /// Another key made it, or it is over another message.
    #[error(
        "the signature does not fit the message and the certificate: sign exactly these bytes with that key"
    )]
    Mismatch,
    /// The key is of a kind that does not sign for Fabric.
    #[error("a key of kind {0} does not sign for Fabric: P-256, P-384 and Ed25519 do")]
    UnsupportedKey(PublicKeyKind),
}

/// The length of a raw signature, r and s side by side.
const fn raw_length(kind: KeyKind) -> usize {
    match kind {
        KeyKind::P256 | KeyKind::Ed25519 => 64,
        KeyKind::P384 => 96,
    }
}

/// A signature in DER or raw, as Fabric takes it: ECDSA in DER with a low s, Ed25519 in its 64 bytes.
///
/// # Errors
/// [`SignatureError::Malformed`] when it is neither.
pub fn normalize(kind: KeyKind, signature: &[u8]) -> Result<Vec<u8>, SignatureError> {
    let malformed = SignatureError::Malformed {
        kind,
        length: signature.len(),
        raw_length: raw_length(kind),
    };
    match kind {
        KeyKind::P256 => p256::ecdsa::Signature::from_der(signature)
            .or_else(|_| p256::ecdsa::Signature::from_slice(signature))
            .map(|signature| signature.normalize_s().to_der().as_bytes().to_vec())
            .map_err(|_| malformed),
        KeyKind::P384 => p384::ecdsa::Signature::from_der(signature)
            .or_else(|_| p384::ecdsa::Signature::from_slice(signature))
            .map(|signature| signature.normalize_s().to_der().as_bytes().to_vec())
            .map_err(|_| malformed),
        KeyKind::Ed25519 if signature.len() == raw_length(kind) => Ok(signature.to_vec()),
        KeyKind::Ed25519 => Err(malformed),
    }
}

/// Refuses the twin that Fabric refuses.
pub(crate) fn check_low_s(kind: KeyKind, signature: &[u8]) -> Result<(), SignatureError> {
    let malformed = |_| SignatureError::Malformed {
        kind,
        length: signature.len(),
        raw_length: raw_length(kind),
    };
    let low = match kind {
        KeyKind::P256 => {
            let signature = p256::ecdsa::Signature::from_der(signature).map_err(malformed)?;
            signature.normalize_s() == signature
        }
        KeyKind::P384 => {
            let signature = p384::ecdsa::Signature::from_der(signature).map_err(malformed)?;
            signature.normalize_s() == signature
        }
        KeyKind::Ed25519 => true,
    };
    if low {
        Ok(())
    } else {
        Err(SignatureError::HighS)
    }
}
