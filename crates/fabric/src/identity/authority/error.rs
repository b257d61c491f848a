//! Why a CA did not do what it was asked for, and what to do about it.

use std::io;
use std::time::Duration;

use chainloom_ledger::fence::Fenced;

use crate::identity::certificate::CertificateError;
use crate::identity::credentials::IdentityError;
use crate::identity::random::NoRandomness;
use crate::identity::request::RequestError;

/// Why a CA did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The address is none.
    #[error("`{url}` is no address of a CA: {reason}, as in https://ca.org1.example.com:7054")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Secrets would travel in the clear.
    #[error(
        "`{0}` is plain HTTP beyond this machine: secrets would travel in the clear, so use https"
    )]
    Insecure(String),
    /// The address is one that must not be asked.
    #[error("the CA at {endpoint} is not asked: {source}")]
    Fenced {
        /// Which CA.
        endpoint: String,
        /// Which address, and why.
        source: Fenced,
    },
    /// There is nothing to prove the CA with.
    #[error("the root certificates that prove the CA on TLS (`tls_ca_certs`, --tls-ca-certs): {0}")]
    Roots(CertificateError),
    /// The root certificate is not usable for TLS.
    #[error("the root certificate for the CA's TLS cannot be used: {0}")]
    UnusableRoot(String),
    /// No connection.
    #[error(
        "the CA at {endpoint} cannot be reached: {source}; is it running, and is that its address?"
    )]
    Unreachable {
        /// Which CA.
        endpoint: String,
        /// The reason.
        source: io::Error,
    },
    /// The server could not prove itself.
    #[error(
        "the server at {endpoint} did not prove on TLS that it is the CA: {source}; check the root certificate (`tls_ca_certs`, --tls-ca-certs), and the name to expect (`ssl_target_name_override`, --ssl-target-name-override)"
    )]
    Tls {
        /// Which CA.
        endpoint: String,
        /// The reason.
        source: io::Error,
    },
    /// It took too long.
    #[error(
        "the CA at {endpoint} did not answer within {timeout:?}: try again; what it was asked for may have been done"
    )]
    TimedOut {
        /// Which CA.
        endpoint: String,
        /// How long it had.
        timeout: Duration,
    },
    /// The connection broke, or what came over it is not HTTP.
    #[error(
        "the connection to the CA at {endpoint} broke: {reason}; what it was asked for may have been done"
    )]
    Broken {
        /// Which CA.
        endpoint: String,
        /// The reason.
        reason: String,
    },
    /// The answer is larger than any that was asked for.
    #[error("the answer of the CA at {endpoint} has more than {bytes_max} bytes")]
    AnswerTooLarge {
        /// Which CA.
        endpoint: String,
        /// The most that is read.
        bytes_max: usize,
    },
    /// The answer is not a Fabric CA's.
    #[error(
        "the server at {endpoint} answered {status} with something that is not a Fabric CA's: {reason}; is that its address?"
    )]
    NotAnAuthority {
        /// Which server.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        reason: String,
    },
    /// Code 20: the CA does not say more than that.
    #[error(
        "the CA does not know `{who}` with that secret or certificate: check the enrollment id and secret; it may have \
         been used up, the identity may be revoked, the certificate expired or another CA's (the CA's own log says which)"
    )]
    AuthenticationFailed {
        /// Who asked.
        who: String,
    },
    /// Code 73: too many attempts.
    #[error(
        "the CA locked `{who}` after too many wrong secrets: ask its administrator to reset it"
    )]
    Locked {
        /// Who asked.
        who: String,
    },
    /// Code 71: the CA does not say more than that.
    #[error(
        "the CA does not allow `{who}` to do that: it needs the attribute for it (hf.Registrar.Roles, hf.Revoker, \
         hf.GenCRL), for that type, attributes and affiliation, and the affiliation has to exist (the CA's own log says \
         which)"
    )]
    NotAllowed {
        /// Who asked.
        who: String,
    },
    /// Code 19: the server has no CA of that name.
    #[error(
        "the server at {endpoint} has no CA `{name}`: leave the name out for its default one, or see its `cainfo`"
    )]
    NoSuchAuthority {
        /// Which server.
        endpoint: String,
        /// The name that was given.
        name: String,
    },
    /// Code 74: the identity is there.
    #[error("`{0}` is registered already: enroll it with its secret, or register another name")]
    AlreadyRegistered(String),
    /// Codes 10 and 63: there is no such identity.
    #[error("the CA knows no identity `{0}`: register it first")]
    NoSuchIdentity(String),
    /// Code 66: nothing to revoke.
    #[error("that certificate is revoked already")]
    AlreadyRevoked,
    /// Any other refusal.
    #[error("the CA refused with status {status}, code {code}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The CA's own code.
        code: i64,
        /// The CA's own words.
        message: String,
    },
    /// No request could be made for that name.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The certificate that came is not what was asked for.
    #[error("the CA's answer is of no use: {0}")]
    Unusable(#[from] IdentityError),
    /// See [`NoRandomness`].
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}
