//! Signing, as Fabric's nodes verify it.
//!
//! On P-256, the kind that nearly everybody has and that has to be fast, `ring` signs: 18 us with the hash, where the
//! crate `p256` takes 111 (one core of the machine that the benchmarks run on). `ring` is in the program anyhow, for
//! TLS. It cannot sign SHA-256 digests on P-384, so there the crate `p384` does (253 us), and `ed25519-dalek` is the
//! faster of the two on Ed25519 (24 us against 29).

use std::fmt;
use std::hint::black_box;

use p256::elliptic_curve::sec1::ToSec1Point;
use p384::ecdsa::signature::Signer as _;
use p384::ecdsa::signature::hazmat::PrehashSigner;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::key::{Inner, PrivateKey};
use super::public_key::{KeyKind, PublicKey};
use super::random::NoRandomness;
use super::signature;

/// A private key that is ready to sign, for any number of threads at once.
pub struct Signer {
    public_key: PublicKey,
    key: Ready,
}

enum Ready {
    P256(FastP256),
    P384(Box<p384::ecdsa::SigningKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl Signer {
    /// Makes a key ready.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn new(key: &PrivateKey) -> Result<Self, NoRandomness> {
        let public_key = key.public_key();
        let key = match &key.0 {
            Inner::P256(key) => Ready::P256(FastP256::new(key)?),
            Inner::P384(key) => Ready::P384(Box::new(key.into())),
            Inner::Ed25519(key) => Ready::Ed25519(Box::new(key.clone())),
        };
        Ok(Self { public_key, key })
    }

    /// The public key that proves the signatures.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Signs `message`: ECDSA over its SHA-256, in DER and with a low s; Ed25519 over the message itself.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        match &self.key {
            Ready::P256(key) => key.sign(message),
            Ready::P384(key) => {
                let signature: p384::ecdsa::Signature = key
                    .sign_prehash(&Sha256::digest(message))
                    .expect("a digest of 32 bytes is long enough for P-384");
                let signature = signature.normalize_s();
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Ready::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signer({})", self.public_key.kind())
    }
}

/// A P-256 key in `ring`, which does not wipe its keys. So it stays at one place in memory, and another key, which is no
/// secret, is written over it in the end.
struct FastP256 {
    pair: Box<EcdsaKeyPair>,
    random: SystemRandom,
}

impl FastP256 {
    fn new(key: &p256::SecretKey) -> Result<Self, NoRandomness> {
        let random = SystemRandom::new();
        let pair = Box::new(pair(key, &random)?);
        Ok(Self { pair, random })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let signature = self
            .pair
            .sign(&self.random, message)
            .map_err(|_| NoRandomness)?;
        let signature = signature::normalize(KeyKind::P256, signature.as_ref());
        Ok(signature.expect("what ring signs is a signature"))
    }
}

impl Drop for FastP256 {
    fn drop(&mut self) {
        let no_secret = p256::SecretKey::from_slice(&[1; 32]);
        if let Some(no_secret) = no_secret.ok().and_then(|key| pair(&key, &self.random).ok()) {
            *self.pair = no_secret;
            // The compiler may leave out writing what nobody reads, so somebody does.
            black_box(&*self.pair);
        }
    }
}

fn pair(key: &p256::SecretKey, random: &SystemRandom) -> Result<EcdsaKeyPair, NoRandomness> {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let number = Zeroizing::new(<[u8; 32]>::from(key.to_bytes()));
    let point = key.public_key().to_sec1_point(false);
    // The key fits its point and both are on the curve, so only the random numbers can fail it.
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, &number[..], point.as_bytes(), random)
        .map_err(|_| NoRandomness)
}
