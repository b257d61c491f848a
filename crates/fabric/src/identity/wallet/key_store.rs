//! Private keys at rest: never written but encrypted.

use crate::identity::key::{KeyError, PrivateKey};
use crate::identity::passphrase::Passphrase;

/// Encrypts private keys on their way to the state store, and decrypts them on their way back. The second of the three
/// parts of a wallet.
#[derive(Debug, Clone)]
pub struct KeyStore {
    passphrase: Passphrase,
}

impl KeyStore {
    /// A key store that uses this passphrase.
    pub fn new(passphrase: Passphrase) -> Self {
        Self { passphrase }
    }

    /// The key as encrypted PKCS#8. Slow on purpose: some 0.2 s.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub(super) fn seal(&self, key: &PrivateKey) -> Result<String, KeyError> {
        key.to_encrypted_pem(&self.passphrase)
    }

    /// The key in an encrypted PKCS#8 text. Slow likewise.
    ///
    /// # Errors
    /// [`KeyError`], of which [`KeyError::WrongPassphrase`] is the one to expect.
    pub(super) fn open(&self, sealed: &str) -> Result<PrivateKey, KeyError> {
        PrivateKey::from_pem(sealed, Some(&self.passphrase))
    }
}
