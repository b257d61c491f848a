use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, InconsistentKeys, ServerConfig};

/// How often the files are looked at; renewed ones are used from then on.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How large a file of certificates or of a key may be.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// What is spoken within TLS.
const PROTOCOL: &[u8] = b"http/1.1";

/// The files by which the server proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate in PEM, followed by those of its issuers.
    pub certificate: PathBuf,
    /// The key of the first certificate in PEM: PKCS#8, SEC 1 or PKCS#1, not encrypted.
    pub key: PathBuf,
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// There is no certificate in its file.
    #[error(
        "{} holds no certificate: PEM is expected, `-----BEGIN CERTIFICATE-----`",
        .0.display()
    )]
    NoCertificate(PathBuf),
    /// There is no key in its file.
    #[error(
        "{} holds no key that can be used: PEM is expected, `-----BEGIN PRIVATE KEY-----`, not \
         encrypted",
        .0.display()
    )]
    NoKey(PathBuf),
    /// What is in a file cannot be read or used.
    #[error("{} cannot be used: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "the key in {} is not that of the first certificate in {}",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
}

/// The certificate as its files have it now.
#[derive(Debug)]
pub(crate) struct LiveCertificate {
    files: TlsFiles,
    current: RwLock<Arc<CertifiedKey>>,
}

/// When both files were last changed, and their sizes.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl LiveCertificate {
    /// Reads the files.
    pub(crate) fn open(files: TlsFiles) -> Result<LiveCertificate, TlsError> {
        let current = RwLock::new(Arc::new(read(&files)?));
        Ok(LiveCertificate { files, current })
    }

    /// Accepts handshakes with the certificate that there is at that moment.
    pub(crate) fn acceptor(self: &Arc<Self>) -> TlsAcceptor {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has what TLS 1.2 and 1.3 need");
        let resolver = Arc::clone(self) as Arc<dyn ResolvesServerCert>;
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// Looks at the files again and again. Where what they hold does not fit together, since only one is written yet, the
    /// old certificate stays.
    pub(crate) async fn follow(&self) {
        let mut used = self.stamp().await;
        let mut look = tokio::time::interval(LOOK_INTERVAL);
        loop {
            look.tick().await;
            let now = self.stamp().await;
            if now == used {
                continue;
            }
            used = now;
            let files = self.files.clone();
            match spawn_blocking(move || read(&files)).await {
                Ok(Ok(fresh)) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                    tracing::info!("the certificate was read anew");
                }
                Ok(Err(error)) => tracing::warn!("the old certificate stays in use: {error}"),
                Err(error) => tracing::error!("the certificate was not read: {error}"),
            }
        }
    }

    async fn stamp(&self) -> Stamp {
        let paths = [self.files.certificate.clone(), self.files.key.clone()];
        let look = move || {
            paths.map(|path| {
                let metadata = std::fs::metadata(path).ok()?;
                Some((metadata.modified().ok()?, metadata.len()))
            })
        };
        spawn_blocking(look).await.unwrap_or_default()
    }
}

impl ResolvesServerCert for LiveCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let unusable = |path: &Path, reason: String| TlsError::Unusable {
        path: path.to_owned(),
        reason,
    };
    let text = read_text(&files.certificate)?;
    let mut chain = Vec::new();
    for certificate in CertificateDer::pem_reader_iter(BufReader::new(text.as_slice())) {
        let certificate =
            certificate.map_err(|error| unusable(&files.certificate, error.to_string()))?;
        chain.push(certificate);
    }
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(files.certificate.clone()));
    }
    let key = match PrivateKeyDer::from_pem_slice(&read_text(&files.key)?) {
        Ok(key) => key,
        Err(pem::Error::NoItemsFound) => return Err(TlsError::NoKey(files.key.clone())),
        Err(error) => return Err(unusable(&files.key, error.to_string())),
    };
    match CertifiedKey::from_der(chain, key, &provider()) {
        Ok(certified) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(TlsError::Mismatch {
                certificate: files.certificate.clone(),
                key: files.key.clone(),
            })
        }
        Err(rustls::Error::InvalidCertificate(error)) => {
            Err(unusable(&files.certificate, format!("{error:?}")))
        }
        Err(error) => Err(unusable(&files.key, error.to_string())),
    }
}

fn read_text(path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if bytes > FILE_BYTES_MAX {
        let reason = format!("it has {bytes} bytes, more than {FILE_BYTES_MAX}");
        return Err(unreadable(io::Error::other(reason)));
    }
    std::fs::read(path).map_err(unreadable)
}

#[cfg(test)]
mod tests;
