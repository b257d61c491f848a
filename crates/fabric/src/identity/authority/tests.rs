//! Servers that are no CA: what they send must neither be believed nor fill the memory. (The real CA is in
//! `tests/authority.rs`.)
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Authority, AuthorityError, EnrollmentOptions};
use crate::identity::testing::certificate;
use crate::identity::{Certificate, IdentityError, KeyKind, PrivateKey, Secret};

/// A server that answers whatever comes with `answer`, then with `filler` again and again; it ends with the client.
async fn server(answer: String, filler: &'static str) -> (Authority, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 16 * 1024];
        let _ = stream.read(&mut asked).await;
        let mut sent = stream.write_all(answer.as_bytes()).await;
        while sent.is_ok() && !filler.is_empty() {
            sent = stream.write_all(filler.as_bytes()).await;
        }
    });
    (Authority::new(&url, None, None, None).unwrap(), serving)
}

fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn asked(answer: String) -> AuthorityError {
    let (authority, _serving) = server(answer, "").await;
    authority.info().await.unwrap_err()
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
    let chunk = concat!("20\r\n", "                                ", "\r\n");
    let (authority, serving) = server(head, chunk).await;
    let error = authority.info().await.unwrap_err();
    assert!(
        matches!(error, AuthorityError::AnswerTooLarge { .. }),
        "{error}"
    );
    serving.await.unwrap();
}

#[tokio::test]
async fn a_silent_server_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut authority = Authority::new(&url, None, None, None).unwrap();
    authority.endpoint.timeout = Duration::from_millis(50);
    let error = authority.info().await.unwrap_err();
    assert!(matches!(error, AuthorityError::TimedOut { .. }), "{error}");
    assert!(error.to_string().contains("within 50ms"), "{error}");
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let body =
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n";
    let error = asked(body.to_owned()).await;
    let status = match &error {
        AuthorityError::NotAnAuthority { status, .. } => *status,
        other => panic!("{other}"),
    };
    assert_eq!(status, 302);
}

#[tokio::test]
async fn what_is_no_fabric_ca_is_said_to_be_none() {
    let of = |chain: &str| json!({"CAName": "a", "CAChain": chain, "Version": "1"});
    let success = |result| json!({"success": true, "result": result}).to_string();
    for body in [
        "<html>".to_owned(),
        "{}".to_owned(),
        json!({"success": false, "errors": []}).to_string(),
        success(json!("secret words")),
        success(of("not base64!")),
        success(of(&STANDARD.encode("no certificate"))),
    ] {
        let error = asked(http("200 OK", &body)).await;
        assert!(
            matches!(error, AuthorityError::NotAnAuthority { .. }),
            "{body}: {error}"
        );
        assert!(!error.to_string().contains("secret words"), "{error}");
    }
    for broken in [
        "",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
    ] {
        let error = asked(broken.to_owned()).await;
        assert!(
            matches!(error, AuthorityError::Broken { .. }),
            "{broken}: {error}"
        );
    }
}

#[tokio::test]
async fn a_certificate_for_another_key_is_not_taken() {
    let other = PrivateKey::generate(KeyKind::P256).unwrap();
    let other = STANDARD.encode(certificate(&other).to_pem());
    let info = json!({"CAName": "a", "CAChain": other, "Version": "1"});
    let result = json!({"Cert": other, "ServerInfo": info});
    let body = json!({"success": true, "result": result}).to_string();
    let (authority, _serving) = server(http("201 Created", &body), "").await;
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let options = EnrollmentOptions::default();
    let error = authority
        .enroll("alice", &Secret::new("secret"), key, "Org1MSP", &options)
        .await
        .unwrap_err();
    match error {
        AuthorityError::Unusable(IdentityError::KeyMismatch { .. }) => {}
        other => panic!("{other}"),
    }
}

#[test]
fn a_root_that_proves_nothing_on_tls_is_refused() {
    // X.509 in its second version, which was never used and which TLS does not take.
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let mut der = certificate(&key).der().to_vec();
    let version = [0xa0, 3, 2, 1, 2];
    let at = der.windows(5).position(|five| five == version).unwrap();
    der[at + 4] = 1;
    let root = Certificate::from_der(&der).unwrap().to_pem();
    let error = Authority::new("https://localhost", None, Some(&root), None).unwrap_err();
    assert!(matches!(error, AuthorityError::UnusableRoot(_)), "{error}");
}

#[test]
fn nothing_shows_a_secret() {
    let secret = Secret::new("adminpw");
    assert_eq!(format!("{secret:?}"), "Secret(…)");
    let authority = Authority::new("http://localhost:1", Some("ca"), None, None).unwrap();
    assert_eq!(
        format!("{authority:?}"),
        "Authority(\"ca\" at http://localhost:1)"
    );
}

#[tokio::test]
async fn what_must_not_be_asked_is_not() {
    for url in [
        "https://169.254.169.254",
        "https://[fe80::1]:7054",
        "https://0.0.0.0:7054",
    ] {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let root = certificate(&key).to_pem();
        let authority = Authority::new(url, None, Some(&root), None).unwrap();
        let error = authority.info().await.unwrap_err();
        assert!(matches!(error, AuthorityError::Fenced { .. }), "{error}");
        assert!(error.to_string().contains(url), "{error}");
    }
}
