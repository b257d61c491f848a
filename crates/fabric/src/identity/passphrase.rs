//! What private keys are encrypted with.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use super::certificate::hexadecimal;
use super::file::{self, FileError};
use super::random::{self, NoRandomness};

/// The longest passphrase, in bytes.
const BYTES_MAX: usize = 1024;

/// What private keys are encrypted with. Wiped from memory when dropped, and never shown.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

/// Why a text is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// There is nothing in it.
    #[error("the passphrase is empty: keys are never stored without one")]
    Empty,
    /// It is too long.
    #[error("the passphrase has {0} bytes, and {BYTES_MAX} are the most")]
    TooLong(usize),
    /// The key file cannot be read or made.
    #[error("the key file: {0}")]
    KeyFile(#[from] FileError),
    /// See [`NoRandomness`].
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl Passphrase {
    /// A passphrase that somebody typed.
    ///
    /// # Errors
    /// [`PassphraseError::Empty`] and [`PassphraseError::TooLong`].
    pub fn new(text: impl Into<String>) -> Result<Self, PassphraseError> {
        let text = Zeroizing::new(text.into());
        match text.len() {
            0 => Err(PassphraseError::Empty),
            length if length > BYTES_MAX => Err(PassphraseError::TooLong(length)),
            _ => Ok(Self(text)),
        }
    }

    /// The first line of a key file, as `openssl -passin file:` takes it.
    ///
    /// # Errors
    /// [`PassphraseError`], as of [`Passphrase::new`], or when the file cannot be read.
    pub fn from_key_file(path: &Path) -> Result<Self, PassphraseError> {
        let text = file::read_secret(path, 4 * BYTES_MAX)?;
        Self::new(text.lines().next().unwrap_or_default())
    }

    /// Makes a key file with a random passphrase (256 bits in hex), new and for its owner only.
    ///
    /// # Errors
    /// [`PassphraseError::NoRandomness`]; [`PassphraseError::KeyFile`], where the file is there already too.
    pub fn make_key_file(path: &Path) -> Result<Self, PassphraseError> {
        let text = Zeroizing::new(hexadecimal(&random::bytes::<32>()?[..]));
        file::write_new(path, &format!("{}\n", &*text))?;
        Self::new(text.as_str())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passphrase(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_cannot_encrypt_is_refused() {
        assert!(matches!(Passphrase::new(""), Err(PassphraseError::Empty)));
        let long = "x".repeat(BYTES_MAX + 1);
        assert!(matches!(
            Passphrase::new(long),
            Err(PassphraseError::TooLong(1025))
        ));
    }

    #[test]
    fn a_key_file_gives_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let missing = Passphrase::from_key_file(&path).unwrap_err();
        assert!(missing.to_string().contains("key"), "{missing}");
        std::fs::write(&path, "correct horse\nbattery\n").unwrap();
        let passphrase = Passphrase::from_key_file(&path).unwrap();
        assert_eq!(passphrase.as_bytes(), b"correct horse");
        assert_eq!(format!("{passphrase:?}"), "Passphrase(…)");
    }

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = Passphrase::make_key_file(&path).unwrap();
        assert_eq!(made.as_bytes().len(), 64);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = Passphrase::from_key_file(&path).unwrap();
        assert_eq!(read.as_bytes(), made.as_bytes());
        let again = Passphrase::make_key_file(&path).unwrap_err();
        assert!(again.to_string().contains("is there already"), "{again}");
    }
}
