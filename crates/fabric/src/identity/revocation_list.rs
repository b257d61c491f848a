use jiff::Timestamp;
use x509_cert::certificate::Raw;
use x509_cert::crl::CertificateList;
use x509_cert::der::Decode;

use super::certificate::{serial, timestamp};
use super::pem;

const LABEL: &str = "X509 CRL";

/// A CA's list of certificates that it revoked (RFC 5280, section 5). Its signature is not checked here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    /// The CA's name.
    pub issuer: String,
    /// When it was given out.
    pub issued_at: Timestamp,
    /// The serial numbers of the revoked certificates in lower-case hex.
    pub serials: Vec<String>,
}

/// Why a text holds no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationListError {
    /// There is none in it.
    #[error("there is no list of revoked certificates in it: a PEM block `{LABEL}` is expected")]
    None,
    /// It cannot be read.
    #[error("the list of revoked certificates is damaged: {0}")]
    Damaged(String),
}

impl RevocationList {
    /// The first list of a PEM text.
    ///
    /// # Errors
    /// [`RevocationListError`].
    pub fn from_pem(text: &str) -> Result<Self, RevocationListError> {
        let block = pem::blocks(text).find(|block| block.label == LABEL);
        let bytes = block.ok_or(RevocationListError::None)?.bytes();
        let damaged = RevocationListError::Damaged;
        let bytes = bytes.ok_or_else(|| damaged("it is not base64".to_owned()))?;
        let list = CertificateList::<Raw>::from_der(&bytes);
        let list = list
            .map_err(|error| damaged(error.to_string()))?
            .tbs_cert_list;
        let revoked = list.revoked_certificates.unwrap_or_default();
        Ok(Self {
            issuer: list.issuer.to_string(),
            issued_at: timestamp(&list.this_update),
            serials: revoked
                .iter()
                .map(|certificate| serial(certificate.serial_number.as_bytes()))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::identity::testing::openssl;

    #[test]
    fn a_list_of_openssls_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let configuration = "[ca]\ndefault_ca=c\n[c]\ndatabase=index\ndefault_md=sha256\ncrlnumber=number\ndefault_crl_days=9\n";
        std::fs::write(path.join("conf"), configuration).unwrap();
        std::fs::write(path.join("number"), "01\n").unwrap();
        let revoked = "R\t491231235959Z\t260101000000Z\t00AB01\tunknown\t/CN=alice\nR\t491231235959Z\t260101000000Z\t7F\tunknown\t/CN=bob\n";
        std::fs::write(path.join("index"), revoked).unwrap();
        openssl(
            path,
            &[
                "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "k", "-subj", "/CN=ca",
                "-out", "c",
            ],
        );
        let arguments = [
            "ca", "-gencrl", "-config", "conf", "-cert", "c", "-keyfile", "k", "-md", "default",
        ];
        let text = openssl(path, &arguments);
        let list = RevocationList::from_pem(&text).unwrap();
        assert_eq!(list.issuer, "CN=ca");
        assert_eq!(list.serials, ["7f", "ab01"]);
        assert!(list.issued_at <= Timestamp::now());

        let none = RevocationList::from_pem("nothing").unwrap_err();
        assert_eq!(none, RevocationListError::None);
        for inside in ["!!!!", "AAAA"] {
            let text = format!("-----BEGIN {LABEL}-----\n{inside}\n-----END {LABEL}-----\n");
            let damaged = RevocationList::from_pem(&text).unwrap_err();
            assert!(damaged.to_string().contains("damaged"), "{damaged}");
        }
    }
}
