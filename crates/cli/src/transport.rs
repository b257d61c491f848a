//! One HTTP request: a connection of its own, TLS where the address says so, no redirects, no proxy.
//!
//! hyper on tokio-rustls, which serving needs anyway. The HTTP client that the tutorial's nodes are asked with (reqwest)
//! would make every user of it in this program set up TLS.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, USER_AGENT};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

use crate::error::Error;

/// How long the connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How a server is reached.
#[derive(Clone)]
pub(crate) struct Transport {
    host: Host<String>,
    port: u16,
    authority: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    /// Nobody answers there.
    #[error("no connection")]
    NotReached(#[source] io::Error),
    /// Whoever answers does not prove to be the one that is meant.
    #[error("no TLS")]
    NotTrusted(#[source] io::Error),
    /// The connection broke.
    #[error("no whole answer")]
    Broken(#[source] hyper::Error),
}

/// An answer whose body comes piece by piece.
#[derive(Debug)]
pub(crate) struct Response(http::Response<Incoming>);

impl Response {
    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// How many bytes its body has, where it says so.
    pub(crate) fn content_length(&self) -> Option<u64> {
        let value = self.0.headers().get(CONTENT_LENGTH)?;
        value.to_str().ok()?.parse().ok()
    }

    /// The next piece of its body.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        while let Some(frame) = self.0.body_mut().frame().await {
            // What is no data are trailers, which nobody here needs.
            if let Ok(data) = frame.map_err(TransportError::Broken)?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

impl Transport {
    /// The way to the server at this address. `trusted` is the file of the certificates to trust, else those count that the
    /// system trusts.
    pub(crate) fn to(base: &Url, trusted: Option<&Path>) -> Result<Transport, Error> {
        let refused = |reason: &str| Error::ServerAddress {
            address: base.to_string(),
            reason: reason.to_owned(),
        };
        let host = base.host().ok_or_else(|| refused("it names no host"))?;
        let port = base.port_or_known_default();
        let authority = &base[url::Position::BeforeHost..url::Position::AfterPort];
        let tls = match base.scheme() {
            "https" => {
                let name = match host {
                    Host::Domain(name) => ServerName::try_from(name.to_owned())
                        .map_err(|_| refused("its host is no name that a certificate can have"))?,
                    Host::Ipv4(ip) => ServerName::from(std::net::IpAddr::from(ip)),
                    Host::Ipv6(ip) => ServerName::from(std::net::IpAddr::from(ip)),
                };
                Some((connector(trusted)?, name))
            }
            _ => None,
        };
        Ok(Transport {
            host: host.to_owned(),
            port: port.ok_or_else(|| refused("it names no port"))?,
            authority: HeaderValue::from_str(authority)
                .map_err(|_| refused("its host is no plain text"))?,
            tls,
        })
    }

    /// Sends a request, whose address is a path alone, and answers the head of what comes back.
    pub(crate) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response, TransportError> {
        let headers = request.headers_mut();
        headers.insert(HOST, self.authority.clone());
        let agent = HeaderValue::from_static(concat!("chainloom/", env!("CARGO_PKG_VERSION")));
        headers.insert(USER_AGENT, agent);
        let connect = tokio::time::timeout(CONNECT_TIMEOUT, self.connect());
        let stream = connect.await.unwrap_or_else(|_| Err(timed_out()));
        let stream = stream.map_err(TransportError::NotReached)?;
        let Some((connector, name)) = &self.tls else {
            return exchange(stream, request).await;
        };
        let shake = connector.connect(name.clone(), stream);
        let shaken = tokio::time::timeout(CONNECT_TIMEOUT, shake).await;
        let stream = shaken.unwrap_or_else(|_| Err(timed_out()));
        exchange(stream.map_err(TransportError::NotTrusted)?, request).await
    }

    /// The first of the host's addresses at which somebody listens.
    async fn connect(&self) -> io::Result<TcpStream> {
        let stream = match &self.host {
            Host::Domain(name) => TcpStream::connect((name.as_str(), self.port)).await?,
            Host::Ipv4(ip) => TcpStream::connect((*ip, self.port)).await?,
            Host::Ipv6(ip) => TcpStream::connect((*ip, self.port)).await?,
        };
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Transport({}:{})", self.host, self.port)
    }
}

fn timed_out() -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!("nobody answered within {} s", CONNECT_TIMEOUT.as_secs()),
    )
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Response, TransportError> {
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(TransportError::Broken)?;
    // It ends with the answer, or when the answer is dropped; what goes wrong is told by the answer.
    tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    answer.map(Response).map_err(TransportError::Broken)
}

fn connector(trusted: Option<&Path>) -> Result<TlsConnector, Error> {
    let roots = match trusted {
        Some(path) => roots_of(path)?,
        None => roots_of_system()?,
    };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has what TLS 1.2 and 1.3 need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn roots_of(path: &Path) -> Result<RootCertStore, Error> {
    let refused = |reason: String| Error::CaCertificate {
        path: path.to_owned(),
        reason,
    };
    let certificates = CertificateDer::pem_file_iter(path);
    let mut roots = RootCertStore::empty();
    for certificate in certificates.map_err(|error| refused(error.to_string()))? {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        let added = roots.add(certificate);
        added.map_err(|error| refused(error.to_string()))?;
    }
    match roots.is_empty() {
        true => Err(refused("it holds no certificate".to_owned())),
        false => Ok(roots),
    }
}

fn roots_of_system() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A system's store may hold some that rustls does not take; the others count.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let errors = found.errors.iter().map(ToString::to_string);
        let errors: Vec<String> = errors.collect();
        return Err(Error::NoRoots(errors.join("; ")));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_to_be_trusted_can_be_read_or_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let base = Url::parse("https://localhost:5000").unwrap();
        let refusal = || Transport::to(&base, Some(&path)).unwrap_err();
        let missing = refusal();
        assert!(matches!(missing, Error::CaCertificate { .. }), "{missing}");
        for (text, reason) in [
            ("", "it holds no certificate"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "ca.pem",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = refusal();
            assert!(matches!(error, Error::CaCertificate { .. }), "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[tokio::test]
    async fn whoever_speaks_no_tls_is_not_trusted() {
        use tokio::io::AsyncWriteExt;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let made = std::process::Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
            .args(["ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=a"])
            .arg("-keyout")
            .arg(folder.path().join("key.pem"))
            .arg("-out")
            .arg(&path)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let base = Url::parse(&format!("https://127.0.0.1:{port}")).unwrap();
        let transport = Transport::to(&base, Some(&path)).unwrap();
        let request = Request::get("/").body(Full::default()).unwrap();
        let error = transport.send(request).await.unwrap_err();
        assert!(matches!(error, TransportError::NotTrusted(_)), "{error}");
    }
}
