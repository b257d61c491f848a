use bytes::Bytes;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::error::{DecodeError, Fault, decode};
use super::proto::msp;

/// Who created or endorsed something: an organization and, as a rule, a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creator {
    /// MSP id of the organization.
    pub organization: String,
    /// The certificate in PEM as it stands on the chain.
    pub certificate_pem: Bytes,
}

impl Creator {
    /// Reads a serialized `msp.SerializedIdentity`.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let identity: msp::SerializedIdentity = decode(bytes)?;
        Ok(Self {
            organization: identity.mspid,
            certificate_pem: identity.id_bytes,
        })
    }

    /// The certificate in DER. An error where the bytes are none, as for identities that are not X.509.
    pub fn certificate_der(&self) -> Result<Vec<u8>, DecodeError> {
        match CertificateDer::from_pem_slice(&self.certificate_pem) {
            Ok(certificate) => Ok(certificate.to_vec()),
            Err(error) => Err(Fault::NoCertificate(error.to_string()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_without_a_certificate_is_said() {
        let creator = Creator {
            organization: "Org1MSP".to_owned(),
            certificate_pem: Bytes::from_static(b"x"),
        };
        let error = creator.certificate_der().expect_err("no PEM");
        assert!(
            error
                .to_string()
                .starts_with("the identity is no PEM certificate: "),
            "{error}"
        );
    }
}
