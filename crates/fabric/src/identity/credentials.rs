//! A certificate with its private key: what an identity is made of.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use super::certificate::{Certificate, CertificateError, Validity};
use super::key::PrivateKey;
use super::public_key::PublicKeyKind;
use super::random::NoRandomness;
use super::signer::Signer;

/// Why a certificate and a key are no identity, or none now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// They do not belong together.
    #[error(
        "the private key does not belong to the certificate of {subject}: import the pair that was enrolled together"
    )]
    KeyMismatch {
        /// Whose certificate it is.
        subject: String,
    },
    /// The certificate's key does not sign for Fabric.
    #[error(
        "the certificate of {subject} holds a key of kind {kind}: P-256, P-384 and Ed25519 sign for Fabric"
    )]
    UnsupportedKey {
        /// Whose certificate it is.
        subject: String,
        /// The kind of its key.
        kind: PublicKeyKind,
    },
    /// The certificate's time is over.
    #[error(
        "the certificate of {subject} expired at {not_after}: enroll again, for a CA renews none that is expired"
    )]
    Expired {
        /// Whose certificate it is.
        subject: String,
        /// When it ended.
        not_after: Timestamp,
    },
    /// The certificate's time has not come.
    #[error(
        "the certificate of {subject} is valid from {not_before} on only: is this machine's clock right?"
    )]
    NotYetValid {
        /// Whose certificate it is.
        subject: String,
        /// When it begins.
        not_before: Timestamp,
    },
    /// The MSP id is empty.
    #[error("the MSP id of {subject} is empty: name the organization's, such as Org1MSP")]
    NoMspId {
        /// Whose certificate it is.
        subject: String,
    },
    /// See [`NoRandomness`].
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl Certificate {
    /// Refuses a certificate that is not valid at `now`, before a peer does so without saying why.
    ///
    /// # Errors
    /// [`IdentityError::Expired`] and [`IdentityError::NotYetValid`].
    pub fn check_validity(&self, now: Timestamp) -> Result<(), IdentityError> {
        let subject = || self.subject().to_owned();
        match self.validity_at(now) {
            Validity::Valid => Ok(()),
            Validity::Expired => Err(IdentityError::Expired {
                subject: subject(),
                not_after: self.not_after(),
            }),
            Validity::NotYetValid => Err(IdentityError::NotYetValid {
                subject: subject(),
                not_before: self.not_before(),
            }),
        }
    }
}

/// What an MSP folder holds beside the pair itself. Fabric's own tools ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MspContext {
    /// The certificates of the organization's root CAs, by the names of their files: `config.yaml` refers to them.
    pub roots: BTreeMap<String, Certificate>,
    /// The certificates of its intermediate CAs, likewise.
    pub intermediates: BTreeMap<String, Certificate>,
    /// Its `config.yaml`, which says how roles are told.
    pub configuration: Option<String>,
}

/// Why texts are not what an MSP folder holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MspContextError {
    /// Not the name of a file.
    #[error("`{0}` is no name of a file: letters, digits and ._- are expected, as in ca.pem")]
    FileName(String),
    /// No certificate.
    #[error("{name}: {source}")]
    Certificate {
        /// The name of its file.
        name: String,
        /// What is wrong with it.
        source: CertificateError,
    },
}

/// The longest name of a file in an MSP folder, in bytes.
const FILE_NAME_BYTES_MAX: usize = 200;

impl MspContext {
    /// Of certificates in PEM by the names of their files.
    ///
    /// # Errors
    /// [`MspContextError`]: a name that leads elsewhere too.
    pub fn from_texts(
        roots: &BTreeMap<String, String>,
        intermediates: &BTreeMap<String, String>,
        configuration: Option<String>,
    ) -> Result<Self, MspContextError> {
        Ok(Self {
            roots: certificates(roots)?,
            intermediates: certificates(intermediates)?,
            configuration,
        })
    }
}

fn certificates(
    texts: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Certificate>, MspContextError> {
    let read = texts.iter().map(|(name, text)| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_file = (1..=FILE_NAME_BYTES_MAX).contains(&name.len())
            && !name.starts_with('.')
            && name.bytes().all(is_plain);
        if !is_file {
            let shown = name.chars().take(FILE_NAME_BYTES_MAX).collect();
            return Err(MspContextError::FileName(shown));
        }
        let certificate =
            Certificate::from_pem(text).map_err(|source| MspContextError::Certificate {
                name: name.clone(),
                source,
            })?;
        Ok((name.clone(), certificate))
    });
    read.collect()
}

/// A certificate with the private key that belongs to it, for an organization.
#[derive(Clone)]
pub struct Credentials {
    msp_id: String,
    certificate: Certificate,
    private_key: PrivateKey,
    context: MspContext,
}

impl Credentials {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`IdentityError::KeyMismatch`], [`IdentityError::UnsupportedKey`] and [`IdentityError::NoMspId`].
    pub fn new(
        msp_id: impl Into<String>,
        certificate: Certificate,
        private_key: PrivateKey,
        context: MspContext,
    ) -> Result<Self, IdentityError> {
        let msp_id = msp_id.into();
        let subject = || certificate.subject().to_owned();
        if msp_id.is_empty() {
            return Err(IdentityError::NoMspId { subject: subject() });
        }
        if let PublicKeyKind::Other(_) = certificate.public_key().kind() {
            return Err(IdentityError::UnsupportedKey {
                subject: subject(),
                kind: certificate.public_key().kind().clone(),
            });
        }
        if certificate.public_key().raw() != private_key.public_key().raw() {
            return Err(IdentityError::KeyMismatch { subject: subject() });
        }
        Ok(Self {
            msp_id,
            certificate,
            private_key,
            context,
        })
    }

    /// The organization's MSP id.
    pub fn msp_id(&self) -> &str {
        &self.msp_id
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private key.
    pub fn private_key(&self) -> &PrivateKey {
        &self.private_key
    }

    /// What an MSP folder holds beside the pair.
    pub fn context(&self) -> &MspContext {
        &self.context
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Credentials({} of {})",
            self.certificate.subject(),
            self.msp_id
        )
    }
}

/// Somebody who can sign: an organization, a certificate, and a key that is ready.
#[derive(Debug)]
pub struct Identity {
    msp_id: String,
    certificate: Certificate,
    certificate_pem: String,
    signer: Signer,
}

impl Identity {
    /// Makes credentials ready to sign, at `now`.
    ///
    /// # Errors
    /// [`IdentityError::Expired`] and [`IdentityError::NotYetValid`]; [`IdentityError::NoRandomness`].
    pub fn new(credentials: &Credentials, now: Timestamp) -> Result<Self, IdentityError> {
        let identity = Self {
            msp_id: credentials.msp_id.clone(),
            certificate: credentials.certificate.clone(),
            certificate_pem: credentials.certificate.to_pem(),
            signer: Signer::new(&credentials.private_key)?,
        };
        identity.check_validity(now)?;
        Ok(identity)
    }

    /// Refuses a certificate that is not valid at `now`, before a peer does so without saying why.
    ///
    /// # Errors
    /// [`IdentityError::Expired`] and [`IdentityError::NotYetValid`].
    pub fn check_validity(&self, now: Timestamp) -> Result<(), IdentityError> {
        self.certificate.check_validity(now)
    }

    /// The organization's MSP id.
    pub fn msp_id(&self) -> &str {
        &self.msp_id
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The certificate as Fabric carries it in every transaction.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Signs `message` as Fabric's nodes verify it.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        self.signer.sign(message)
    }
}
