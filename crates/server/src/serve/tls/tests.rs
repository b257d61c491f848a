#![allow(clippy::unwrap_used)]
//! Certificates are made by openssl, handshakes done by rustls' client.

use std::fs;
use std::process::Command;

use axum::Router;
use axum::routing::get;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::super::{Beyond, accept_until, bind_all};
use super::*;
use crate::Limits;

/// Long enough for anything that is to happen here, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(30);

/// A certificate for `localhost` that its own key signed, and that key.
fn make(folder: &TempDir, name: &str) -> TlsFiles {
    let files = TlsFiles {
        certificate: folder.path().join(format!("{name}.pem")),
        key: folder.path().join(format!("{name}.key")),
    };
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={name}"), "-addext"])
        .args(["subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext"])
        .args(["basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&files.key)
        .arg("-out")
        .arg(&files.certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    files
}

fn certificate_of(files: &TlsFiles) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(&files.certificate).unwrap()
}

/// Asks for `/` and answers what came, and the certificate that the server showed.
async fn ask(
    address: std::net::SocketAddr,
    trusted: &TlsFiles,
) -> io::Result<(String, CertificateDer<'static>)> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate_of(trusted)).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await?;
    let mut stream = connector.connect(name, stream).await?;
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    Ok((answer, shown.into_owned()))
}

#[tokio::test]
async fn serves_over_tls_and_takes_a_renewed_certificate() {
    let folder = TempDir::new().unwrap();
    let files = make(&folder, "first");
    let live = Arc::new(LiveCertificate::open(files.clone()).unwrap());
    let listeners = bind_all(&["127.0.0.1:0".parse().unwrap()], Beyond::NobodyAsked).unwrap();
    let address = listeners[0].address;
    let (_stop, stopping) = watch::channel(false);
    let router = Router::new().route("/", get(|| async { "here" }));
    let limits = Limits {
        // Less than the patience of those who are to be cut, and enough for a handshake on a slow machine.
        header_timeout: PATIENCE / 6,
        ..Limits::default()
    };
    let tls = Some(live.acceptor());
    let serving = tokio::spawn(accept_until(listeners, tls, router, limits, stopping));
    let following = {
        let live = Arc::clone(&live);
        tokio::spawn(async move { live.follow().await })
    };

    let (answer, shown) = ask(address, &files).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("here"), "{answer}");
    assert_eq!(shown, certificate_of(&files));
    let other = make(&folder, "other");
    assert!(ask(address, &other).await.is_err(), "it proves who it is");

    // Whoever speaks plainly, or says nothing at all, is cut.
    for said in [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".as_slice(), b""] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(PATIENCE, reading).await.unwrap();
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }

    // Only one of the two is written: the old ones stay. Then both are.
    fs::copy(&other.certificate, &files.certificate).unwrap();
    tokio::time::sleep(LOOK_INTERVAL + Duration::from_millis(500)).await;
    ask(address, &other).await.unwrap_err();
    fs::copy(&other.key, &files.key).unwrap();
    let renewed = async {
        while ask(address, &other).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, renewed).await.unwrap();
    serving.abort();
    following.abort();
}

#[test]
fn what_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    let files = make(&folder, "first");
    let other = make(&folder, "other");
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "nothing\n").unwrap();
    let broken = folder.path().join("broken.pem");
    fs::write(
        &broken,
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let odd = folder.path().join("odd.pem");
    fs::write(
        &odd,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let missing = folder.path().join("missing.pem");
    let huge = folder.path().join("huge.pem");
    fs::write(&huge, vec![b'a'; 1 + (1 << 20)]).unwrap();
    let refusal = |certificate: &Path, key: &Path| {
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        LiveCertificate::open(TlsFiles { certificate, key }).unwrap_err()
    };
    let (certificate, key) = (&files.certificate, &files.key);
    for (error, name) in [
        (refusal(&missing, key), "missing.pem"),
        (refusal(certificate, &missing), "missing.pem"),
        (refusal(&huge, key), "huge.pem"),
    ] {
        assert!(matches!(error, TlsError::Unreadable { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let none = refusal(&empty, key);
    assert!(
        matches!(&none, TlsError::NoCertificate(path) if *path == empty),
        "{none}"
    );
    let none = refusal(key, key);
    assert!(matches!(none, TlsError::NoCertificate(_)), "{none}");
    let none = refusal(certificate, certificate);
    assert!(
        matches!(&none, TlsError::NoKey(path) if path == certificate),
        "{none}"
    );
    for (error, name) in [
        (refusal(&broken, key), "broken.pem"),
        (refusal(&odd, key), "odd.pem"),
    ] {
        assert!(matches!(error, TlsError::Unusable { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let mismatch = refusal(certificate, &other.key);
    assert!(matches!(mismatch, TlsError::Mismatch { .. }), "{mismatch}");
    let text = mismatch.to_string();
    assert!(
        text.contains("other.key") && text.contains("first.pem"),
        "{text}"
    );
}
