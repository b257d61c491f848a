//! Opening the wallet when the server starts.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chainloom_fabric::identity::wallet::{CryptoSuite, KeyStore, StateStore, WalletError};
use chainloom_fabric::identity::{Passphrase, PassphraseError, Wallet};
use tokio::sync::{Mutex as AsyncMutex, Notify, watch};

use super::Identities;
use super::renewal::Failures;

/// Where the wallet is, and what its keys are encrypted with.
#[derive(Debug, Clone)]
pub struct WalletOptions {
    /// The folder; it is made if it is not there.
    pub directory: PathBuf,
    /// What private keys are encrypted with.
    pub secret: WalletSecret,
    /// How long before its end a certificate is renewed, in days; 0 for never by itself.
    pub reenroll_before_days: u32,
}

/// What private keys are encrypted with.
#[derive(Debug, Clone)]
pub enum WalletSecret {
    /// This passphrase.
    Passphrase(Passphrase),
    /// The first line of this file.
    KeyFile(PathBuf),
    /// The same, of a file that is made for a wallet that is empty.
    OwnKeyFile(PathBuf),
}

/// Why the wallet cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenWalletError {
    /// The folder cannot be read or made.
    #[error("the wallet: {0}")]
    Wallet(#[from] WalletError),
    /// There is no passphrase to use.
    #[error("the wallet's passphrase: {0}")]
    Passphrase(#[from] PassphraseError),
    /// The key file of a wallet that is in use is not there.
    #[error(
        "the wallet {} holds {count} identities, but its key file {} is gone: put it back, or name another with \
         wallet.key_file; without it the keys cannot be read", directory.display(), key_file.display()
    )]
    KeyFileGone {
        /// The wallet's folder.
        directory: PathBuf,
        /// The file.
        key_file: PathBuf,
        /// How many identities there are.
        count: usize,
    },
    /// The passphrase is another one.
    #[error(
        "the wallet {}: {source}; give the one with which it was made (wallet.key_file, or CHAINLOOM_WALLET_PASSPHRASE)",
        directory.display()
    )]
    WrongPassphrase {
        /// The wallet's folder.
        directory: PathBuf,
        /// Which key does not open.
        source: WalletError,
    },
}

impl Identities {
    /// Opens the wallet. The passphrase is tried on one of the keys. It reads files and decrypts, so it belongs on a
    /// thread for blocking work.
    ///
    /// # Errors
    /// [`OpenWalletError`].
    pub fn open(options: &WalletOptions) -> Result<Self, OpenWalletError> {
        let directory = &options.directory;
        let state_store = StateStore::open(directory)?;
        let listing = state_store.list()?;
        for damaged in &listing.damaged {
            tracing::warn!("the wallet: {damaged}");
        }
        let count = listing.identities.len() + listing.damaged.len();
        let passphrase = match &options.secret {
            WalletSecret::Passphrase(passphrase) => passphrase.clone(),
            WalletSecret::KeyFile(path) => Passphrase::from_key_file(path)?,
            WalletSecret::OwnKeyFile(path) if path.exists() => Passphrase::from_key_file(path)?,
            WalletSecret::OwnKeyFile(path) if count == 0 => Passphrase::make_key_file(path)?,
            WalletSecret::OwnKeyFile(path) => {
                return Err(OpenWalletError::KeyFileGone {
                    directory: directory.clone(),
                    key_file: path.clone(),
                    count,
                });
            }
        };
        let wallet = Wallet::new(
            state_store.clone(),
            KeyStore::new(passphrase),
            CryptoSuite::default(),
        );
        if let Some(first) = listing.identities.first() {
            wallet
                .credentials(&first.label)
                .map_err(|source| match source {
                    WalletError::WrongPassphrase(_) => OpenWalletError::WrongPassphrase {
                        directory: directory.clone(),
                        source,
                    },
                    source => source.into(),
                })?;
        }
        Ok(Self(Arc::new(super::Shared {
            state_store,
            wallet: Arc::new(AsyncMutex::new(wallet)),
            lent: Mutex::default(),
            changing: Mutex::default(),
            failures: Mutex::new(Failures::default()),
            reenroll_before_days: options.reenroll_before_days,
            changed: Notify::new(),
            added: watch::channel(()).0,
        })))
    }
}
