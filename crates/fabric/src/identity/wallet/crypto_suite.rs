//! How new keys are made.

use crate::identity::key::{KeyError, PrivateKey};
use crate::identity::public_key::KeyKind;

/// The kind of the keys that a wallet makes. The third of the three parts of a wallet. (How a key signs follows from its
/// kind alone: see [`Signer`](crate::identity::Signer).)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CryptoSuite {
    kind: KeyKind,
}

impl CryptoSuite {
    /// A suite that makes keys of this kind. The default is P-256.
    pub fn new(kind: KeyKind) -> Self {
        Self { kind }
    }

    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate(&self) -> Result<PrivateKey, KeyError> {
        PrivateKey::generate(self.kind)
    }
}
