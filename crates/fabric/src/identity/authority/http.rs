//! One HTTP request to a CA: one connection, TLS proven with the given roots, bounds of time and size, no redirects.
//!
//! hyper on tokio-rustls, both of which gRPC brings along. The HTTP client that the rest of the program uses (reqwest)
//! would bring the platform's own root certificates and a second way to TLS, and Fabric's CAs are in nobody's root store.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::fence;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::rt::{Read, Write};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::error::AuthorityError;
use crate::identity::certificate::Certificate;

/// How long one request may take, connecting and all. A CA hashes secrets and writes to its database, so it is no fast
/// server, but this is far beyond what it needs.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes: a list of some 50,000 identities.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Where a CA listens, and how it proves itself.
#[derive(Clone)]
pub(super) struct Endpoint {
    /// As people name it: `https://localhost:7054`.
    pub(super) name: String,
    host: String,
    port: u16,
    tls: Option<Tls>,
    pub(super) timeout: Duration,
}

#[derive(Clone)]
struct Tls {
    connector: TlsConnector,
    server: ServerName<'static>,
}

impl Endpoint {
    pub(super) fn new(
        url: &str,
        roots_pem: Option<&str>,
        server_name: Option<&str>,
    ) -> Result<Self, AuthorityError> {
        let wrong = |reason| AuthorityError::Url {
            url: url.to_owned(),
            reason,
        };
        let uri: Uri = url.parse().map_err(|_| wrong("it is no URL"))?;
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it holds a user, who is named elsewhere"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(wrong("it holds a path"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let (tls, default_port) = match uri.scheme_str() {
            Some("https") => {
                let roots = roots_pem.unwrap_or_default();
                let name = server_name.unwrap_or(&host).to_owned();
                let tls = Tls {
                    connector: connector(roots)?,
                    server: ServerName::try_from(name)
                        .map_err(|_| wrong("the name to expect is no host's"))?,
                };
                (Some(tls), 443)
            }
            Some("http") if is_this_machine(&host) => (None, 80),
            Some("http") => return Err(AuthorityError::Insecure(url.to_owned())),
            _ => return Err(wrong("it begins with neither https:// nor http://")),
        };
        Ok(Self {
            name: url.trim_end_matches('/').to_owned(),
            port: authority.port_u16().unwrap_or(default_port),
            host,
            tls,
            timeout: TIMEOUT,
        })
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(
        &self,
        method: Method,
        target: &str,
        authorization: Option<HeaderValue>,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Bytes), AuthorityError> {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, self.host_header())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| self.broken(error))?;
        if let Some(mut authorization) = authorization {
            authorization.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, authorization);
        }
        tokio::time::timeout(self.timeout, self.exchange(request))
            .await
            .map_err(|_| AuthorityError::TimedOut {
                endpoint: self.name.clone(),
                timeout: self.timeout,
            })?
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), AuthorityError> {
        let addresses = self.addresses().await?;
        let stream = TcpStream::connect(&addresses[..])
            .await
            .map_err(|source| self.unreachable(source))?;
        match &self.tls {
            None => self.talk(TokioIo::new(stream), request).await,
            Some(tls) => {
                let connecting = tls.connector.connect(tls.server.clone(), stream);
                let stream = connecting.await.map_err(|source| AuthorityError::Tls {
                    endpoint: self.name.clone(),
                    source,
                })?;
                self.talk(TokioIo::new(stream), request).await
            }
        }
    }

    /// Where the host is, as far as it may be asked.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, AuthorityError> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let mut allowed = Vec::new();
        let mut refusal = None;
        for address in found.map_err(|source| self.unreachable(source))? {
            match fence::check(address.ip()) {
                Ok(()) => allowed.push(address),
                Err(fenced) => refusal = Some(fenced),
            }
        }
        match refusal {
            Some(source) if allowed.is_empty() => Err(AuthorityError::Fenced {
                endpoint: self.name.clone(),
                source,
            }),
            _ => Ok(allowed),
        }
    }

    async fn talk(
        &self,
        stream: impl Read + Write + Unpin + Send + 'static,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), AuthorityError> {
        let (mut sender, connection) = http1::handshake(stream)
            .await
            .map_err(|error| self.broken(error))?;
        let answered = async {
            let answer = sender.send_request(request).await;
            let (head, body) = answer.map_err(|error| self.broken(error))?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| match error.downcast::<LengthLimitError>() {
                Ok(_) => AuthorityError::AnswerTooLarge {
                    endpoint: self.name.clone(),
                    bytes_max: ANSWER_BYTES_MAX,
                },
                Err(error) => self.broken(error),
            })?;
            Ok((head.status, body.to_bytes()))
        };
        // The connection has to be driven while the answer is awaited. It is not kept: a CA is asked now and then.
        tokio::pin!(answered);
        tokio::select! {
            answer = &mut answered => answer,
            _ = connection => answered.await,
        }
    }

    fn host_header(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    fn unreachable(&self, source: io::Error) -> AuthorityError {
        AuthorityError::Unreachable {
            endpoint: self.name.clone(),
            source,
        }
    }

    fn broken(&self, error: impl ToString) -> AuthorityError {
        AuthorityError::Broken {
            endpoint: self.name.clone(),
            reason: error.to_string(),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn connector(roots_pem: &str) -> Result<TlsConnector, AuthorityError> {
    let mut roots = RootCertStore::empty();
    for root in Certificate::chain_from_pem(roots_pem).map_err(AuthorityError::Roots)? {
        roots
            .add(CertificateDer::from(root.der().to_vec()))
            .map_err(|error| AuthorityError::UnusableRoot(error.to_string()))?;
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring serves TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(configuration)))
}
