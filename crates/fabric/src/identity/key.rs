//! Private keys: made here, read from PEM, written encrypted. All of them wipe their memory when dropped.

use std::fmt;

use pkcs8::pkcs5::pbes2::{self, Kdf};
use pkcs8::pkcs5::{self, scrypt};
use pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

use super::passphrase::Passphrase;
use super::pem;
use super::public_key::{KeyKind, PublicKey};
use super::random::{self, NoRandomness};

/// The costs of scrypt for a key that is written: 16 MiB, five times over, some 0.2 s. More memory in one go is
/// beyond what openssl takes when it reads a key.
const SCRYPT_LOG_N: u8 = 14;
const SCRYPT_R: u32 = 8;
const SCRYPT_P: u32 = 5;

/// The most that a key which somebody else encrypted may cost to open: a file must not stop the program.
const SCRYPT_BYTES_MAX: u64 = 256 * 1024 * 1024;
const SCRYPT_P_MAX: u16 = 16;
const PBKDF2_ITERATIONS_MAX: u32 = 10_000_000;

const PKCS8: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const SEC1: &str = "EC PRIVATE KEY";

/// Why a private key could not be made, read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no key in the text.
    #[error(
        "there is no private key in it: a PEM block `{PKCS8}`, `{ENCRYPTED}` or `{SEC1}` is expected"
    )]
    None,
    /// It is encrypted, and there is no passphrase.
    #[error("the private key is encrypted: give its passphrase")]
    Encrypted,
    /// The passphrase is another.
    #[error("the passphrase is not that of the private key")]
    WrongPassphrase,
    /// It is encrypted in a way that is not read here.
    #[error(
        "the private key is encrypted in a way that is not read here: convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc`"
    )]
    UnsupportedEncryption,
    /// It would take too long or too much memory to open.
    #[error(
        "opening the private key is made too costly: convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000`"
    )]
    TooCostly,
    /// It is not what its label says.
    #[error("the private key is damaged: it cannot be read as what its PEM label says")]
    Damaged,
    /// It is of a kind that does not sign for Fabric.
    #[error(
        "the private key is of kind {0}, which does not sign for Fabric: P-256, P-384 and Ed25519 do"
    )]
    UnsupportedKind(String),
    /// See [`NoRandomness`].
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// A private key.
#[derive(Clone)]
pub struct PrivateKey(pub(super) Inner);

#[derive(Clone)]
pub(super) enum Inner {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl PrivateKey {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        // Not every number is a key of its curve. One in 2^32 (P-256) is none, so this ends.
        loop {
            let key = match kind {
                KeyKind::P256 => {
                    p256::SecretKey::from_slice(&*random::bytes::<32>()?).map(Inner::P256)
                }
                KeyKind::P384 => {
                    p384::SecretKey::from_slice(&*random::bytes::<48>()?).map(Inner::P384)
                }
                KeyKind::Ed25519 => Ok(Inner::Ed25519(ed25519_dalek::SigningKey::from_bytes(
                    &*random::bytes::<32>()?,
                ))),
            };
            if let Ok(key) = key {
                return Ok(Self(key));
            }
        }
    }

    /// The first private key of a PEM text: PKCS#8, encrypted or not, or SEC1.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::Encrypted`] where a passphrase is needed.
    pub fn from_pem(text: &str, passphrase: Option<&Passphrase>) -> Result<Self, KeyError> {
        let block = pem::blocks(text)
            .find(|block| block.label.ends_with(PKCS8))
            .ok_or(KeyError::None)?;
        // openssl's old way of encrypting leaves the label as it is and adds headers.
        if block.text().contains("DEK-Info") {
            return Err(KeyError::UnsupportedEncryption);
        }
        let bytes = block.bytes().ok_or(KeyError::Damaged)?;
        match (block.label, passphrase) {
            (PKCS8, _) => Self::from_pkcs8(&bytes),
            (ENCRYPTED, Some(passphrase)) => Self::decrypt(&bytes, passphrase),
            (ENCRYPTED, None) => Err(KeyError::Encrypted),
            (SEC1, _) => Self::from_sec1(&bytes),
            (other, _) => Err(KeyError::UnsupportedKind(other.replace(" PRIVATE KEY", ""))),
        }
    }

    fn from_pkcs8(bytes: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::try_from(bytes).map_err(|_| KeyError::Damaged)?;
        let curve = info.algorithm.parameters_oid().ok();
        let kind = match (info.algorithm.oid, curve) {
            (p256::elliptic_curve::ALGORITHM_OID, Some(curve)) => curve.to_string(),
            (algorithm, _) => algorithm.to_string(),
        };
        let key = match kind.as_str() {
            "1.2.840.10045.3.1.7" => p256::SecretKey::from_pkcs8_der(bytes).map(Inner::P256),
            "1.3.132.0.34" => p384::SecretKey::from_pkcs8_der(bytes).map(Inner::P384),
            "1.3.101.112" => ed25519_dalek::SigningKey::from_pkcs8_der(bytes).map(Inner::Ed25519),
            _ => return Err(KeyError::UnsupportedKind(kind)),
        };
        key.map(Self).map_err(|_| KeyError::Damaged)
    }

    fn from_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = sec1::EcPrivateKey::try_from(bytes).map_err(|_| KeyError::Damaged)?;
        let curve = key
            .parameters
            .and_then(|parameters| parameters.named_curve())
            .map(|curve| curve.to_string());
        let key = match curve.as_deref() {
            Some("1.2.840.10045.3.1.7") => p256::SecretKey::from_sec1_der(bytes).map(Inner::P256),
            Some("1.3.132.0.34") => p384::SecretKey::from_sec1_der(bytes).map(Inner::P384),
            Some(other) => return Err(KeyError::UnsupportedKind(other.to_owned())),
            None => return Err(KeyError::Damaged),
        };
        key.map(Self).map_err(|_| KeyError::Damaged)
    }

    fn decrypt(bytes: &[u8], passphrase: &Passphrase) -> Result<Self, KeyError> {
        // What is not read at all is a scheme of PKCS#12, as a rule.
        let info = EncryptedPrivateKeyInfoRef::try_from(bytes)
            .map_err(|_| KeyError::UnsupportedEncryption)?;
        let parameters = match &info.encryption_algorithm {
            pkcs5::EncryptionScheme::Pbes2(parameters) => parameters,
            _ => return Err(KeyError::UnsupportedEncryption),
        };
        let affordable = match &parameters.kdf {
            Kdf::Pbkdf2(costs) => costs.iteration_count <= PBKDF2_ITERATIONS_MAX,
            Kdf::Scrypt(costs) => {
                let memory = costs
                    .cost_parameter
                    .saturating_mul(128)
                    .saturating_mul(costs.block_size.into());
                memory <= SCRYPT_BYTES_MAX && costs.parallelization <= SCRYPT_P_MAX
            }
            _ => return Err(KeyError::UnsupportedEncryption),
        };
        if !affordable {
            return Err(KeyError::TooCostly);
        }
        // A wrong passphrase shows in bad padding or, one time in 256, in bytes that are no key.
        let opened = info
            .decrypt(passphrase.as_bytes())
            .map_err(|error| match error {
                pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::UnsupportedAlgorithm {
                    ..
                }) => KeyError::UnsupportedEncryption,
                _ => KeyError::WrongPassphrase,
            })?;
        match Self::from_pkcs8(opened.as_bytes()) {
            Err(KeyError::Damaged) => Err(KeyError::WrongPassphrase),
            read => read,
        }
    }

    fn to_pkcs8(&self) -> SecretDocument {
        match &self.0 {
            Inner::P256(key) => key.to_pkcs8_der(),
            Inner::P384(key) => key.to_pkcs8_der(),
            // Without the public key, which openssl 3.0 does not take in a PKCS#8 file.
            Inner::Ed25519(key) => ed25519_dalek::pkcs8::KeypairBytes {
                secret_key: key.to_bytes(),
                public_key: None,
            }
            .to_pkcs8_der(),
        }
        .expect("a key that was made or read can be written")
    }

    /// The key as PKCS#8, **not encrypted**, as Fabric's own tools keep it.
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem::encode(PKCS8, self.to_pkcs8().as_bytes()))
    }

    /// The key as encrypted PKCS#8: PBES2 with scrypt and AES-256-CBC, which `openssl pkcs8` reads.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn to_encrypted_pem(&self, passphrase: &Passphrase) -> Result<String, KeyError> {
        let costs = scrypt::Params::new(SCRYPT_LOG_N, SCRYPT_R, SCRYPT_P)
            .expect("these are costs that scrypt takes");
        let salt = random::bytes::<16>()?;
        let vector = random::bytes::<16>()?;
        let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(costs, &salt[..], *vector)
            .expect("16 bytes are a salt");
        let document = self.to_pkcs8();
        let sealed = PrivateKeyInfoRef::try_from(document.as_bytes())
            .expect("what was written can be read")
            .encrypt_with_params(parameters, passphrase.as_bytes())
            .expect("these parameters encrypt anything");
        Ok(pem::encode(ENCRYPTED, sealed.as_bytes()))
    }

    /// What kind of key it is.
    pub fn kind(&self) -> KeyKind {
        match &self.0 {
            Inner::P256(_) => KeyKind::P256,
            Inner::P384(_) => KeyKind::P384,
            Inner::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// The public key that belongs to it.
    pub fn public_key(&self) -> PublicKey {
        match &self.0 {
            Inner::P256(key) => key.public_key().to_public_key_der(),
            Inner::P384(key) => key.public_key().to_public_key_der(),
            Inner::Ed25519(key) => key.verifying_key().to_public_key_der(),
        }
        .ok()
        .and_then(|document| PublicKey::from_document(document.as_bytes()))
        .expect("every private key has a public key that can be written and read")
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey({})", self.kind())
    }
}
