//! Why a wallet could not do what it was asked for.

use std::path::PathBuf;

use super::label::Label;
use crate::identity::credentials::IdentityError;
use crate::identity::file::FileError;
use crate::identity::key::KeyError;

/// Why a wallet could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// An identity's file is not as it was written.
    #[error("{} is damaged: {reason}; put back a copy, or delete it and enroll again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another identity has the label.
    #[error("the wallet holds an identity `{0}` already: forget it first, or choose another label")]
    LabelTaken(Label),
    /// No identity has the label.
    #[error(
        "the wallet holds no identity `{0}`: enroll or import it, or see the list for the labels there are"
    )]
    NoSuchIdentity(Label),
    /// There are more identities than a wallet holds.
    #[error("the wallet holds {0} identities, which is the most: forget some")]
    Full(usize),
    /// There is more to an identity than its file can hold.
    #[error(
        "`{label}` would take {bytes} bytes, and {bytes_max} are the most: leave out certificates that are not its CA's"
    )]
    TooLarge {
        /// Which identity it is.
        label: Label,
        /// How much it is.
        bytes: usize,
        /// The most that is read back.
        bytes_max: usize,
    },
    /// The passphrase is not the one with which the key was encrypted.
    #[error("the passphrase is not the one with which the key of `{0}` was encrypted")]
    WrongPassphrase(Label),
    /// A private key could not be encrypted or decrypted.
    #[error("the private key of `{label}`: {source}")]
    Key {
        /// Whose key it is.
        label: Label,
        /// The reason.
        source: KeyError,
    },
    /// The certificate and the key are no identity, or none now.
    #[error("`{label}`: {source}")]
    Identity {
        /// Which identity it is.
        label: Label,
        /// The reason.
        source: IdentityError,
    },
}
