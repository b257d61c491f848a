//! Credentials in plain files: a certificate and a key in PEM, and the `.id` files of Fabric's own wallets.
//!
//! The private key is not encrypted in an `.id` file. This is how Fabric's clients keep it, and why it is not how the
//! [`Wallet`](super::Wallet) does.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::certificate::Certificate;
use super::credentials::{Credentials, Identity, MspContext};
use super::file;
use super::key::PrivateKey;
use super::passphrase::Passphrase;
use super::source_error::SourceError;

const KIND: &str = "X.509";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdFile {
    credentials: Pair,
    msp_id: String,
    #[serde(rename = "type")]
    kind: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pair {
    certificate: String,
    private_key: String,
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.private_key.zeroize();
    }
}

impl Credentials {
    /// The credentials in a certificate's and a key's PEM file, for the organization with that MSP id.
    ///
    /// # Errors
    /// [`SourceError`], with the path of the file that is wrong.
    pub fn from_pem_pair(
        certificate: &Path,
        key: &Path,
        passphrase: Option<&Passphrase>,
        msp_id: &str,
    ) -> Result<Self, SourceError> {
        let certificate_text = file::read_secret(certificate, file::BYTES_MAX)?;
        let key_text = file::read_secret(key, file::BYTES_MAX)?;
        let parts = (
            Certificate::from_pem(&certificate_text).map_err(bad_certificate(certificate))?,
            PrivateKey::from_pem(&key_text, passphrase).map_err(bad_key(key))?,
        );
        Self::new(msp_id, parts.0, parts.1, MspContext::default())
            .map_err(bad_identity(certificate))
    }

    /// Writes a certificate's and a key's PEM file. The key is encrypted if there is a passphrase. Both files are new and
    /// for their owner only.
    ///
    /// # Errors
    /// [`SourceError::File`], where a file is there already too; [`SourceError::Key`].
    pub fn to_pem_pair(
        &self,
        certificate: &Path,
        key: &Path,
        passphrase: Option<&Passphrase>,
    ) -> Result<(), SourceError> {
        let text = match passphrase {
            Some(passphrase) => self.private_key().to_encrypted_pem(passphrase),
            None => Ok(self.private_key().to_pem().to_string()),
        };
        let text = Zeroizing::new(text.map_err(bad_key(key))?);
        file::write_new(key, &text)?;
        Ok(file::write_new(certificate, &self.certificate().to_pem())?)
    }

    /// The credentials in an `.id` file of Fabric's own wallets.
    ///
    /// # Errors
    /// [`SourceError`], with the path of the file.
    pub fn from_id_file(path: &Path) -> Result<Self, SourceError> {
        let text = file::read_secret(path, file::BYTES_MAX)?;
        let not_a_wallet_file = |reason: String| SourceError::NotAWalletFile {
            path: path.to_owned(),
            reason,
        };
        // Where, not what: what a parser quotes may be the key.
        let read: IdFile = serde_json::from_str(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            not_a_wallet_file(format!(
                "wrong or missing member at line {line}, column {column}"
            ))
        })?;
        if read.kind != KIND || read.version != VERSION {
            let (kind, version) = (&read.kind, read.version);
            return Err(not_a_wallet_file(format!(
                "it has type {kind:?} and version {version}"
            )));
        }
        let certificate =
            Certificate::from_pem(&read.credentials.certificate).map_err(bad_certificate(path))?;
        let key =
            PrivateKey::from_pem(&read.credentials.private_key, None).map_err(bad_key(path))?;
        Self::new(
            read.msp_id.as_str(),
            certificate,
            key,
            MspContext::default(),
        )
        .map_err(bad_identity(path))
    }

    /// Writes an `.id` file for Fabric's own clients. The private key in it is **not encrypted**; the file is new and for
    /// its owner only.
    ///
    /// # Errors
    /// [`SourceError::File`], where the file is there already too.
    pub fn to_id_file(&self, path: &Path) -> Result<(), SourceError> {
        let identity = IdFile {
            credentials: Pair {
                certificate: self.certificate().to_pem(),
                private_key: self.private_key().to_pem().to_string(),
            },
            msp_id: self.msp_id().to_owned(),
            kind: KIND.to_owned(),
            version: VERSION,
        };
        let text = serde_json::to_string(&identity).expect("strings and a number are JSON");
        Ok(file::write_new(path, &Zeroizing::new(text))?)
    }
}

impl Identity {
    /// The identity in an `.id` file of Fabric's own wallets, as it stands there.
    ///
    /// # Errors
    /// [`SourceError`], with the path of the file; an expired certificate too.
    pub fn from_id_file(path: &Path, now: Timestamp) -> Result<Self, SourceError> {
        Self::new(&Credentials::from_id_file(path)?, now).map_err(bad_identity(path))
    }
}

pub(super) fn bad_certificate(path: &Path) -> impl FnOnce(super::CertificateError) -> SourceError {
    move |source| SourceError::Certificate {
        path: path.to_owned(),
        source,
    }
}

pub(super) fn bad_key(path: &Path) -> impl FnOnce(super::KeyError) -> SourceError {
    move |source| SourceError::Key {
        path: path.to_owned(),
        source,
    }
}

pub(super) fn bad_identity(path: &Path) -> impl FnOnce(super::IdentityError) -> SourceError {
    move |source| SourceError::Identity {
        path: path.to_owned(),
        source,
    }
}
