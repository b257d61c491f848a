//! Each way in which a connection can fail, by a server on this machine that fails so.
#![allow(clippy::unwrap_used)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::WebPkiClientVerifier;

use super::*;
use crate::identity::testing::openssl;

/// A server's certificate, which is its own root, in these files of the folder.
fn make_certificate(folder: &Path, name: &str, days: &str) {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
    let subject = format!("/CN={name}");
    openssl(
        folder,
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            &subject,
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            &key,
            "-out",
            &certificate,
            "-days",
            days,
        ],
    );
}

/// A certificate that has ended, which the next clients trust.
fn make_ended(folder: &Path) {
    let configuration = "[ca]\ndefault_ca = here\n[here]\ndatabase = index\nserial = serial\nnew_certs_dir = .\n\
        default_md = sha256\npolicy = any\nx509_extensions = node\n[any]\ncommonName = supplied\n[node]\n\
        basicConstraints = critical,CA:FALSE\nsubjectAltName = DNS:localhost\n";
    for (file, text) in [("index", ""), ("serial", "01"), ("ca", configuration)] {
        std::fs::write(folder.join(file), text).unwrap();
    }
    make_certificate(folder, "ended", "2");
    let request = [
        "req",
        "-new",
        "-key",
        "ended.key",
        "-subj",
        "/CN=node",
        "-out",
        "request",
    ];
    openssl(folder, &request);
    openssl(
        folder,
        &[
            "ca",
            "-batch",
            "-notext",
            "-selfsign",
            "-config",
            "ca",
            "-keyfile",
            "ended.key",
            "-in",
            "request",
            "-out",
            "ended.pem",
            "-startdate",
            "20200101000000Z",
            "-enddate",
            "20200102000000Z",
        ],
    );
    std::fs::copy(folder.join("ended.pem"), folder.join("node.pem")).unwrap();
}

fn client_tls(folder: &Path, name: &str) -> ClientTls {
    ClientTls {
        certificate: PemSource::File(folder.join(format!("{name}.pem"))),
        key: PemSource::File(folder.join(format!("{name}.key"))),
    }
}

/// What the server does on TLS.
struct Server {
    certificate: &'static str,
    protocols: &'static [&'static [u8]],
    /// Whose certificates it asks for.
    clients: Option<&'static str>,
}

const GOOD: Server = Server {
    certificate: "node",
    protocols: &[HTTP2],
    clients: None,
};

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

impl Server {
    /// Shakes hands with all who come; the port.
    async fn start(self, folder: &Path) -> u16 {
        let (chain, key) = client_tls(folder, self.certificate).read().unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match self.clients {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let mut roots = RootCertStore::empty();
                roots
                    .add(client_tls(folder, name).read().unwrap().0[0].clone())
                    .unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let mut configuration = builder.with_single_cert(chain, key).unwrap();
        configuration.alpn_protocols = self.protocols.iter().map(|name| name.to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(configuration));
        let (listener, port) = listen().await;
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    open.push(stream);
                }
            }
        });
        port
    }
}

fn dialer(folder: &Path, port: u16, name: Option<&str>, client: Option<ClientTls>) -> Dialer {
    let roots = std::fs::read_to_string(folder.join("node.pem")).unwrap();
    Dialer::secure("localhost", port, &roots, name, client).unwrap()
}

async fn refusal(dialer: Dialer) -> DialError {
    dialer.dial().await.err().unwrap()
}

/// What is told, by which parameter it can be mended, and whether only so.
fn told(error: &DialError, words: &str, parameter: Option<&str>, is_lasting: bool) {
    let told = error.to_string();
    assert!(told.contains(words), "{told}");
    assert_eq!(
        (error.parameter(), error.is_lasting()),
        (parameter, is_lasting),
        "{told}"
    );
}

#[tokio::test]
async fn a_name_that_is_not_known_or_fenced_is_said() {
    let error = refusal(Dialer::plain("no such host", 1)).await;
    assert!(matches!(error, DialError::UnknownHost { .. }), "{error:?}");
    assert!(
        error.to_string().contains("no such host is not known"),
        "{error}"
    );
    assert!(!error.is_lasting());

    let error = refusal(Dialer::plain("169.254.169.254", 80)).await;
    assert!(matches!(error, DialError::Fenced(_)), "{error:?}");
    told(&error, "169.254.169.254", None, true);
}

#[tokio::test]
async fn who_does_not_listen_or_answer_may_do_so_later() {
    let (listener, port) = listen().await;
    drop(listener);
    let error = refusal(Dialer::plain("127.0.0.1", port)).await;
    assert!(matches!(error, DialError::Refused(_)), "{error:?}");
    told(&error, "nothing listens there", None, false);

    // A name for which there is no address any more.
    let error = Dialer::connect_to(&[]).await.unwrap_err();
    assert!(matches!(error, DialError::Unreachable(_)), "{error:?}");
    told(&error, "cannot be reached", None, false);
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    make_certificate(folder.path(), "node", "2");
    // It takes connections, and shakes no hands.
    let (_listener, port) = listen().await;
    let error = refusal(dialer(folder.path(), port, None, None)).await;
    assert!(matches!(error, DialError::TimedOut), "{error:?}");
    told(&error, "within 5 s", None, false);
}

#[tokio::test]
async fn an_address_that_does_not_answer_leaves_the_next_its_time() {
    // Its queue is full, so that it takes no more connections.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let full = socket.listen(1).unwrap();
    let dead = full.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(500), TcpStream::connect(dead)).await {
        queue.push(stream.unwrap());
        assert!(queue.len() < 100, "the queue never fills");
    }
    let (listener, port) = listen().await;
    let good = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = timeout(CONNECT_WITHIN, Dialer::connect_to(&[dead, good])).await;
    assert_eq!(stream.unwrap().unwrap().peer_addr().unwrap(), good);
    drop(listener);
}

#[tokio::test]
async fn certificates_that_prove_nothing_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_certificate(folder, "node", "2");
    make_certificate(folder, "other", "2");

    let port = GOOD.start(folder).await;
    assert!(dialer(folder, port, None, None).dial().await.is_ok());
    let error = refusal(dialer(folder, port, Some("peer0"), None)).await;
    assert!(matches!(error, DialError::NameMismatch { .. }), "{error:?}");
    told(
        &error,
        "not for the name peer0, but for",
        Some("ssl_target_name_override"),
        true,
    );

    let port = Server {
        certificate: "other",
        ..GOOD
    }
    .start(folder)
    .await;
    let error = refusal(dialer(folder, port, None, None)).await;
    assert!(matches!(error, DialError::Untrusted(_)), "{error:?}");
    told(
        &error,
        "`tls_ca_certs` (--tls-ca-certs) has to hold",
        Some("tls_ca_certs"),
        true,
    );

    make_ended(folder);
    let port = Server {
        certificate: "ended",
        ..GOOD
    }
    .start(folder)
    .await;
    let error = refusal(dialer(folder, port, None, None)).await;
    assert!(matches!(error, DialError::NotValidNow(_)), "{error:?}");
    told(&error, "does not hold now", None, false);
}

#[tokio::test]
async fn what_is_no_node_of_fabric_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_certificate(folder, "node", "2");
    let web = Server {
        protocols: &[b"http/1.1"],
        ..GOOD
    };
    let none = Server {
        protocols: &[],
        ..GOOD
    };
    // One that offers other protocols only breaks the handshake off by itself.
    let error = refusal(dialer(folder, web.start(folder).await, None, None)).await;
    assert!(
        matches!(error, DialError::Tls(_)) && error.is_lasting(),
        "{error:?}"
    );
    let error = refusal(dialer(folder, none.start(folder).await, None, None)).await;
    assert!(matches!(error, DialError::NotHttp2), "{error:?}");
    told(&error, "no node of Fabric", None, true);

    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        drop(stream.read_u8().await);
    });
    let error = refusal(dialer(folder, port, None, None)).await;
    assert!(matches!(error, DialError::Tls(_)), "{error:?}");
    told(&error, "grpc:// rather than grpcs://", None, true);

    // One that is just ending says nothing of the parameters.
    let (listener, port) = listen().await;
    tokio::spawn(async move { drop(listener.accept().await) });
    let error = refusal(dialer(folder, port, None, None)).await;
    assert!(
        matches!(error, DialError::Tls(_)) && !error.is_lasting(),
        "{error:?}"
    );
}

#[tokio::test]
async fn mutual_tls_says_what_is_wrong_with_the_own_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_certificate(folder, "node", "2");
    make_certificate(folder, "client", "2");
    make_certificate(folder, "stranger", "2");
    let port = Server {
        clients: Some("client"),
        ..GOOD
    }
    .start(folder)
    .await;
    for client in [None, Some(client_tls(folder, "stranger"))] {
        let error = dialer(folder, port, None, client).refusal().await.unwrap();
        assert!(matches!(error, DialError::ClientRefused(_)), "{error:?}");
        told(&error, "asks for mutual TLS", Some("client_tls"), true);
    }
    let good = dialer(folder, port, None, Some(client_tls(folder, "client")));
    assert!(good.refusal().await.is_none());
    let gone = dialer(folder, port, None, Some(client_tls(folder, "gone")));
    let error = refusal(gone).await;
    assert!(matches!(error, DialError::ClientTls(_)), "{error:?}");
    told(&error, "gone.pem", Some("client_tls"), true);
    let cause = Cause::from(&error);
    assert_eq!(
        (cause.parameter, cause.is_lasting),
        (Some("client_tls"), true)
    );
}
