//! The wallet's settings, and what its keys are encrypted with.

use std::path::PathBuf;

use chainloom_fabric::identity::{Passphrase, PassphraseError};
use chainloom_server::{WalletOptions, WalletSecret};
use serde::{Deserialize, Serialize};

use super::SettingsError;
use crate::folder::DataFolder;

/// The variable that holds the wallet's passphrase. It is no key, so that nobody writes it into a file of settings.
pub(super) const PASSPHRASE: &str = "CHAINLOOM_WALLET_PASSPHRASE";
/// The folder in the data folder where none is named.
const DIRECTORY: &str = "wallet";
/// The key file beside it where none is named.
const KEY_FILE: &str = "wallet.key";
/// The longest time before a certificate's end that can be named, in days: ten years.
const REENROLL_BEFORE_DAYS_MAX: u32 = 3650;

/// Who can act through this server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(crate) struct WalletSettings {
    /// The folder of the identities; `wallet` in the data folder where absent.
    pub(crate) directory: Option<PathBuf>,
    /// The file whose first line encrypts the private keys; one is made beside the folder where absent.
    pub(crate) key_file: Option<PathBuf>,
    /// How long before its end a certificate is renewed; 0 for never by itself.
    pub(crate) reenroll_before_days: u32,
}

impl Default for WalletSettings {
    fn default() -> WalletSettings {
        WalletSettings {
            directory: None,
            key_file: None,
            reenroll_before_days: 30,
        }
    }
}

impl WalletSettings {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let refused = |key: &str, value: String, reason: String| SettingsError::Value {
            key: format!("wallet.{key}"),
            value,
            reason,
        };
        for (key, path) in [("directory", &self.directory), ("key_file", &self.key_file)] {
            if path
                .as_ref()
                .is_some_and(|path| path.as_os_str().is_empty())
            {
                let reason = "it must not be empty".to_owned();
                return Err(refused(key, "\"\"".to_owned(), reason));
            }
        }
        if self.reenroll_before_days > REENROLL_BEFORE_DAYS_MAX {
            return Err(refused(
                "reenroll_before_days",
                self.reenroll_before_days.to_string(),
                format!("it must be 0 to {REENROLL_BEFORE_DAYS_MAX}"),
            ));
        }
        Ok(())
    }

    /// What the server opens. The passphrase of the environment wins over any file.
    pub(crate) fn options(&self, folder: &DataFolder) -> Result<WalletOptions, PassphraseError> {
        let secret = match (std::env::var(PASSPHRASE), &self.key_file) {
            (Ok(text), _) => WalletSecret::Passphrase(Passphrase::new(text)?),
            (Err(_), Some(path)) => WalletSecret::KeyFile(path.clone()),
            (Err(_), None) => WalletSecret::OwnKeyFile(folder.path().join(KEY_FILE)),
        };
        let default = || folder.path().join(DIRECTORY);
        Ok(WalletOptions {
            directory: self.directory.clone().unwrap_or_else(default),
            secret,
            reenroll_before_days: self.reenroll_before_days,
        })
    }
}
