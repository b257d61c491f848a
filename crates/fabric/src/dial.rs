//! Opening a connection to a node: its name, the fence, TCP, TLS. Each can fail in its own way, and each says what to do.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chainloom_ledger::fence::{self, Fenced};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, Error as TlsError, RootCertStore, crypto,
};

use crate::pem_source::PemSource;

/// How long a connection may take, TLS and all.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const MUTUAL_TLS: &str =
    "it asks for mutual TLS, so `client_tls` has to hold a certificate of a CA that it trusts";
/// How long a node may take to refuse a TLS certificate; one that accepts it says nothing.
const REFUSED_WITHIN: Duration = Duration::from_secs(2);
/// What HTTP/2 is called in a TLS handshake.
const HTTP2: &[u8] = b"h2";

/// The certificate and key with which this program proves itself on TLS. Files are read for each new connection, so that renewed ones are
/// used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTls {
    /// The certificate and those between it and its root.
    pub certificate: PemSource,
    /// Its private key, not encrypted.
    pub key: PemSource,
}

/// Why there is no connection to a node.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error("the host {host} is not known: {source}")]
    UnknownHost { host: String, source: io::Error },
    #[error(transparent)]
    Fenced(#[from] Fenced),
    #[error("nothing listens there ({0}): is it up, and is the port right?")]
    Refused(io::Error),
    #[error("it cannot be reached: {0}")]
    Unreachable(io::Error),
    #[error("it did not accept a connection within {} s", CONNECT_WITHIN.as_secs())]
    TimedOut,
    #[error(
        "its TLS certificate is not trusted ({0}): `tls_ca_certs` (--tls-ca-certs) has to hold the root certificate of its TLS CA"
    )]
    Untrusted(TlsError),
    #[error(
        "its TLS certificate is not for the name {expected}{}: set `ssl_target_name_override` (--ssl-target-name-override) to the name in it",
        in_it(.presented)
    )]
    NameMismatch {
        expected: String,
        presented: Vec<String>,
    },
    #[error("its TLS certificate does not hold now ({0}): its operator has to renew it")]
    NotValidNow(TlsError),
    #[error("it does not accept this program's TLS certificate ({0}): {MUTUAL_TLS}")]
    ClientRefused(TlsError),
    #[error("TLS failed ({0}): is it grpc:// rather than grpcs://, or the other way round?")]
    Tls(io::Error),
    #[error("it does not speak HTTP/2 on TLS, so it is no node of Fabric")]
    NotHttp2,
    #[error("client_tls: {0}")]
    ClientTls(String),
}

fn in_it(names: &[String]) -> String {
    match names.is_empty() {
        true => String::new(),
        false => format!(", but for {}", names.join(", ")),
    }
}

impl DialError {
    /// The parameter of a connection that has to be changed, where it is one other than the URL.
    pub(crate) fn parameter(&self) -> Option<&'static str> {
        match self {
            Self::Untrusted(_) => Some("tls_ca_certs"),
            Self::NameMismatch { .. } => Some("ssl_target_name_override"),
            Self::ClientRefused(_) | Self::ClientTls(_) => Some("client_tls"),
            _ => None,
        }
    }

    /// Whether it stays so until a parameter is changed: nothing that a node or a network does by itself mends it.
    fn is_lasting(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Unreachable(_) | Self::TimedOut | Self::NotValidNow(_) => {
                false
            }
            // A node's name comes and goes with it, in a cluster for one.
            Self::UnknownHost { .. } => false,
            // A node that is just starting or ending breaks the handshake off.
            Self::Tls(error) => tls_error(error).is_some(),
            Self::Fenced(_)
            | Self::Untrusted(_)
            | Self::NameMismatch { .. }
            | Self::ClientRefused(_)
            | Self::NotHttp2
            | Self::ClientTls(_) => true,
        }
    }

    fn tls(error: io::Error) -> Self {
        match tls_error(&error) {
            Some(inner) => Self::of_tls(inner).unwrap_or(Self::Tls(error)),
            None => Self::Tls(error),
        }
    }

    fn of_tls(error: &TlsError) -> Option<Self> {
        let copy = error.clone();
        Some(match error {
            TlsError::InvalidCertificate(reason) => match reason {
                CertificateError::NotValidForName => Self::NameMismatch {
                    expected: "in its URL".to_owned(),
                    presented: Vec::new(),
                },
                CertificateError::NotValidForNameContext {
                    expected,
                    presented,
                } => Self::NameMismatch {
                    expected: expected.to_str().into_owned(),
                    presented: presented.clone(),
                },
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Self::NotValidNow(copy),
                _ => Self::Untrusted(copy),
            },
            TlsError::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA,
            ) => Self::ClientRefused(copy),
            _ => return None,
        })
    }
}

/// Why a connection failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) reason: String,
    /// The parameter to look at, where that is known.
    pub(crate) parameter: Option<&'static str>,
    /// Whether it stays so until a parameter is changed.
    pub(crate) is_lasting: bool,
}

impl From<&DialError> for Cause {
    fn from(error: &DialError) -> Self {
        Self {
            reason: error.to_string(),
            parameter: error.parameter(),
            is_lasting: error.is_lasting(),
        }
    }
}

/// Why a connection failed; nothing where the cause of `error` is no connection. What is no [`DialError`] is told in the words of the
/// innermost cause.
pub(crate) fn cause(error: &(dyn StdError + 'static)) -> Option<Cause> {
    let mut next = error.source();
    let mut innermost = None;
    while let Some(error) = next {
        // All who waited for the connection share it.
        if let Some(dial) = error.downcast_ref::<Arc<DialError>>() {
            return Some((&**dial).into());
        }
        // What a server says of a client's certificate comes after the handshake, when the connection is in use.
        let tls = error
            .downcast_ref::<TlsError>()
            .or_else(|| tls_error(error.downcast_ref::<io::Error>()?));
        if let Some(dial) = tls.and_then(DialError::of_tls) {
            return Some((&dial).into());
        }
        innermost = Some(error.to_string());
        next = error.source();
    }
    let innermost = innermost?;
    // HTTP/2 keeps an error of TLS in words only.
    let is_alert = innermost.contains("received fatal alert: ");
    let of_client = [
        "CertificateRequired",
        "BadCertificate",
        "UnknownCA",
        "CertificateUnknown",
    ];
    let of_client = of_client.iter().any(|alert| innermost.contains(alert));
    Some(match is_alert && of_client {
        true => Cause {
            reason: format!(
                "it does not accept this program's TLS certificate ({innermost}): {MUTUAL_TLS}"
            ),
            parameter: Some("client_tls"),
            is_lasting: true,
        },
        false => Cause {
            reason: innermost,
            parameter: None,
            is_lasting: false,
        },
    })
}

fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

/// How to connect to one node.
#[derive(Debug, Clone)]
pub(crate) struct Dialer {
    host: String,
    port: u16,
    tls: Option<Tls>,
}

#[derive(Debug, Clone)]
struct Tls {
    roots: Arc<RootCertStore>,
    server: ServerName<'static>,
    client: Option<ClientTls>,
}

impl Dialer {
    /// To a node without TLS.
    pub(crate) fn plain(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            tls: None,
        }
    }

    /// To a node that proves with a certificate under one of these roots that it is `server_name`.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub(crate) fn secure(
        host: &str,
        port: u16,
        roots: &str,
        server_name: Option<&str>,
        client: Option<ClientTls>,
    ) -> Result<Self, String> {
        let mut store = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(roots.as_bytes()) {
            let added = root
                .map_err(|error| error.to_string())
                .and_then(|root| store.add(root).map_err(|error| error.to_string()));
            added.map_err(|error| {
                format!("the certificates that prove it (`tlsCACerts`, `tls_ca_certs`) cannot be used: {error}")
            })?;
        }
        if store.is_empty() {
            return Err(
                "the certificates that prove it (`tlsCACerts`, `tls_ca_certs`) cannot be used: there is none in PEM"
                    .to_owned(),
            );
        }
        let name = server_name.unwrap_or(host);
        let server = ServerName::try_from(name.to_owned());
        Ok(Self {
            host: host.to_owned(),
            port,
            tls: Some(Tls {
                roots: Arc::new(store),
                server: server.map_err(|_| {
                    format!("`{name}` is no name that a TLS certificate could have: set `ssl_target_name_override`")
                })?,
                client,
            }),
        })
    }

    /// Whether the node refuses this program's TLS certificate. It says so after the handshake, and where the connection is in use by
    /// then its word is easily lost; so it is listened for here, with nothing sent.
    pub(crate) async fn refusal(&self) -> Option<DialError> {
        let opened = timeout(CONNECT_WITHIN, self.open()).await;
        let mut stream = opened.ok()?.ok()?.stream;
        let heard = timeout(REFUSED_WITHIN, stream.read_u8()).await;
        match heard.ok()?.map_err(DialError::tls) {
            Err(refusal @ DialError::ClientRefused(_)) => Some(refusal),
            _ => None,
        }
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`DialError`].
    pub(crate) async fn dial(&self) -> Result<Dialed, DialError> {
        timeout(CONNECT_WITHIN, self.open())
            .await
            .unwrap_or(Err(DialError::TimedOut))
    }

    async fn open(&self) -> Result<Dialed, DialError> {
        let stream = self.connect().await?;
        let Some(tls) = self.tls.clone() else {
            return Ok(Dialed {
                stream: Box::new(stream),
                certificate_hash: None,
            });
        };
        let server = tls.server.clone();
        // It may read files.
        let configured = spawn_blocking(move || tls.configuration()).await;
        let (configuration, certificate_hash) =
            configured.map_err(|error| DialError::ClientTls(error.to_string()))??;
        let connector = TlsConnector::from(Arc::new(configuration));
        let stream = connector.connect(server, stream).await;
        let stream = stream.map_err(DialError::tls)?;
        match stream.get_ref().1.alpn_protocol() {
            Some(HTTP2) => Ok(Dialed {
                stream: Box::new(stream),
                certificate_hash,
            }),
            _ => Err(DialError::NotHttp2),
        }
    }

    /// The fence is asked about the address that is used: what a name stands for may change.
    async fn connect(&self) -> Result<TcpStream, DialError> {
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let found: Vec<SocketAddr> = found
            .map_err(|source| DialError::UnknownHost {
                host: self.host.clone(),
                source,
            })?
            .collect();
        Self::connect_to(&found).await
    }

    /// The first of a host's addresses that answers. One that does not leaves the others their share of the time.
    async fn connect_to(addresses: &[SocketAddr]) -> Result<TcpStream, DialError> {
        let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        let within = CONNECT_WITHIN / count.max(1);
        let mut refusal = DialError::Unreachable(io::ErrorKind::NotFound.into());
        for &address in addresses {
            if let Err(fenced) = fence::check(address.ip()) {
                refusal = fenced.into();
                continue;
            }
            match timeout(within, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true).map_err(DialError::Unreachable)?;
                    return Ok(stream);
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    refusal = DialError::Refused(error);
                }
                Ok(Err(error)) => refusal = DialError::Unreachable(error),
                Err(_) => refusal = DialError::TimedOut,
            }
        }
        Err(refusal)
    }
}

impl Tls {
    /// How to connect, and the hash of the certificate that this program shows, where it has one to show.
    fn configuration(&self) -> Result<(ClientConfig, Option<[u8; 32]>), DialError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring serves TLS 1.2 and 1.3")
            .with_root_certificates(self.roots.clone());
        let (mut configuration, hash) = match &self.client {
            None => (builder.with_no_client_auth(), None),
            Some(client) => {
                let (chain, key) = client.read().map_err(DialError::ClientTls)?;
                let hash = chain.first().map(|shown| Sha256::digest(shown).into());
                let built = builder.with_client_auth_cert(chain, key);
                let built = built.map_err(|error| DialError::ClientTls(error.to_string()))?;
                (built, hash)
            }
        };
        configuration.alpn_protocols = vec![HTTP2.to_vec()];
        Ok((configuration, hash))
    }
}

impl ClientTls {
    /// Reads both.
    ///
    /// # Errors
    /// What is wrong with them, in words, and nothing of the key.
    pub(crate) fn read(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
        let certificate = self.certificate.read()?;
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(certificate.as_bytes()).collect();
        let chain = chain.map_err(|error| format!("the certificate cannot be read: {error}"))?;
        if chain.is_empty() {
            return Err("the certificate is none in PEM".to_owned());
        }
        let key = self.key.read()?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes());
        let key = key.map_err(|_| "the key is no private key in PEM (or an encrypted one)")?;
        Ok((chain, key))
    }
}

/// An open connection.
pub(crate) struct Dialed {
    pub(crate) stream: Box<dyn Stream>,
    /// SHA-256 of the certificate that this program showed for itself. Nodes that ask for one want to see this hash in each request for blocks, so
    /// that nobody else can send the request again over a connection of their own.
    pub(crate) certificate_hash: Option<[u8; 32]>,
}

/// What a connection is made of.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

#[cfg(test)]
mod tests;
