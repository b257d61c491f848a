//! Who somebody is for Fabric: keys, certificates, the wallet that holds them, and the CA that gives them out.
//!
//! [`Credentials`] are a certificate with its private key. They come out of a [`Wallet`], out of the folders and files of
//! Fabric's own tools, or from an [`authority::Authority`]. An [`Identity`] is made of them: checked, and ready to sign.

pub mod authority;
mod certificate;
mod credentials;
mod current;
mod file;
mod key;
mod msp_folder;
mod passphrase;
mod pem;
mod plain_file;
mod public_key;
mod random;
mod request;
mod revocation_list;
mod secret;
mod signature;
mod signer;
mod source_error;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod wallet;

pub(crate) use certificate::hexadecimal;
pub use certificate::{Certificate, CertificateError, Validity};
pub use credentials::{Credentials, Identity, IdentityError, MspContext, MspContextError};
pub(crate) use current::State as IdentityState;
pub(crate) use current::WeakIdentity;
pub use current::{CurrentIdentity, ReplaceError, Withdrawn};
pub use file::FileError;
pub(crate) use file::replace as replace_file;
pub use key::{KeyError, PrivateKey};
pub use passphrase::{Passphrase, PassphraseError};
pub use public_key::{KeyKind, PublicKey, PublicKeyKind};
pub use random::NoRandomness;
pub use request::{RequestError, certificate_request};
pub use revocation_list::{RevocationList, RevocationListError};
pub use secret::Secret;
pub use signature::{SignatureError, normalize as normalize_signature};
pub use signer::Signer;
pub use source_error::SourceError;
pub use wallet::Wallet;
