//! The wallet: who can act through this program.
//!
//! It has three parts, as the client of any Fabric network has: a [`StateStore`] that keeps who there is, a [`KeyStore`]
//! that keeps their keys secret, and a [`CryptoSuite`] that makes new ones. Its calls read files and decrypt keys, so an
//! async program makes them on a thread for blocking work.

mod crypto_suite;
mod error;
mod key_store;
mod label;
mod record;
mod state_store;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use crypto_suite::CryptoSuite;
pub use error::WalletError;
pub use key_store::KeyStore;
pub use label::{Label, LabelError};
pub use record::Record;
pub use state_store::{Listing, StateStore};

use super::authority::Enrollment;
use super::credentials::{Credentials, Identity};
use super::key::KeyError;

/// Who can act through this program.
#[derive(Debug, Clone)]
pub struct Wallet {
    state_store: StateStore,
    key_store: KeyStore,
    crypto_suite: CryptoSuite,
}

impl Wallet {
    /// A wallet of these parts.
    pub fn new(state_store: StateStore, key_store: KeyStore, crypto_suite: CryptoSuite) -> Self {
        Self {
            state_store,
            key_store,
            crypto_suite,
        }
    }

    /// Where the identities are kept.
    pub fn state_store(&self) -> &StateStore {
        &self.state_store
    }

    /// How new keys are made.
    pub fn crypto_suite(&self) -> &CryptoSuite {
        &self.crypto_suite
    }

    /// Stores new credentials, and how they were enrolled.
    ///
    /// # Errors
    /// [`WalletError::LabelTaken`] where the label is in use; [`WalletError::Full`], [`WalletError::Key`],
    /// [`WalletError::File`].
    pub fn add(
        &self,
        label: &Label,
        credentials: &Credentials,
        enrollment: Option<&Enrollment>,
        now: Timestamp,
    ) -> Result<Record, WalletError> {
        let mut record = self.record(label, credentials, now)?;
        record.enrollment = enrollment.cloned();
        self.state_store.add(&record)?;
        Ok(record)
    }

    /// Puts renewed credentials in the place of those that are there. How they were enrolled stays, unless
    /// it is said anew.
    ///
    /// # Errors
    /// [`WalletError::NoSuchIdentity`]; [`WalletError::Key`], [`WalletError::Damaged`], [`WalletError::File`].
    pub fn renew(
        &self,
        label: &Label,
        credentials: &Credentials,
        enrollment: Option<&Enrollment>,
        now: Timestamp,
    ) -> Result<Record, WalletError> {
        let before = self.state_store.read(label)?;
        let mut record = self.record(label, credentials, now)?;
        record.enrollment = enrollment.cloned().or(before.enrollment);
        record.is_renewed = true;
        self.state_store.replace(&record)?;
        Ok(record)
    }

    /// Remembers that an identity was revoked.
    ///
    /// # Errors
    /// [`WalletError::NoSuchIdentity`]; [`WalletError::Damaged`], [`WalletError::File`].
    pub fn mark_revoked(&self, label: &Label, now: Timestamp) -> Result<Record, WalletError> {
        let mut record = self.state_store.read(label)?;
        record.revoked_at = Some(now);
        self.state_store.replace(&record)?;
        Ok(record)
    }

    fn record(
        &self,
        label: &Label,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<Record, WalletError> {
        let sealed_key = self
            .key_store
            .seal(credentials.private_key())
            .map_err(bad_key(label))?;
        Ok(Record {
            label: label.clone(),
            msp_id: credentials.msp_id().to_owned(),
            certificate: credentials.certificate().clone(),
            stored_at: now,
            enrollment: None,
            is_renewed: false,
            revoked_at: None,
            sealed_key,
            context: credentials.context().clone(),
        })
    }

    /// The credentials with that label, expired or not, as renewal and export need them.
    ///
    /// # Errors
    /// [`WalletError::NoSuchIdentity`], [`WalletError::WrongPassphrase`], [`WalletError::Damaged`],
    /// [`WalletError::Identity`] where key and certificate do not belong together, [`WalletError::Key`],
    /// [`WalletError::File`].
    pub fn credentials(&self, label: &Label) -> Result<Credentials, WalletError> {
        let record = self.state_store.read(label)?;
        let key = self
            .key_store
            .open(&record.sealed_key)
            .map_err(bad_key(label))?;
        Credentials::new(record.msp_id, record.certificate, key, record.context)
            .map_err(bad_identity(label))
    }

    /// The identity with that label, ready to sign at `now`.
    ///
    /// # Errors
    /// As [`Wallet::credentials`]; [`WalletError::Identity`] also where the certificate is expired or not yet valid.
    pub fn identity(&self, label: &Label, now: Timestamp) -> Result<Identity, WalletError> {
        Identity::new(&self.credentials(label)?, now).map_err(bad_identity(label))
    }
}

fn bad_key(label: &Label) -> impl FnOnce(KeyError) -> WalletError {
    move |source| match source {
        KeyError::WrongPassphrase => WalletError::WrongPassphrase(label.clone()),
        source => WalletError::Key {
            label: label.clone(),
            source,
        },
    }
}

fn bad_identity(label: &Label) -> impl FnOnce(super::IdentityError) -> WalletError {
    move |source| WalletError::Identity {
        label: label.clone(),
        source,
    }
}
