//! Why files of other tools hold no credentials, or could not be written for them.

use std::path::PathBuf;

use super::certificate::CertificateError;
use super::credentials::IdentityError;
use super::file::FileError;
use super::key::KeyError;

/// Why files of other tools hold no credentials, or could not be written for them.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file holds no certificate.
    #[error("{}: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// A file holds no private key.
    #[error("{}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The parts make no identity.
    #[error("{}: {source}", path.display())]
    Identity {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with them.
        source: IdentityError,
    },
    /// A folder of an MSP lacks a part, or has it more than once.
    #[error("{} holds {found} files, and exactly one is needed: {what}", folder.display())]
    NotOne {
        /// The folder.
        folder: PathBuf,
        /// How many fit.
        found: usize,
        /// What belongs there.
        what: &'static str,
    },
    /// A file is not one of Fabric's wallets.
    #[error("{} is no identity of a Fabric wallet (X.509, version 1): {reason}", path.display())]
    NotAWalletFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An MSP folder is of no use to Fabric's tools without the CA's certificate.
    #[error(
        "the CA's certificate is not known, and without it Fabric's tools take no MSP folder: export the pair instead, or import it from an MSP folder"
    )]
    NoRoots,
}
