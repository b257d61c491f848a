#![allow(clippy::unwrap_used)]
//! Requests as they come off connections from here and from elsewhere.

use axum::body::Body;
use chainloom_fabric::identity::Secret;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::*;
use crate::identities::{NewImport, WalletOptions, WalletSecret};
use crate::ledgers::Ledgers;
use crate::serve::TlsFiles;
use crate::{ServerOptions, routes};

/// Somebody whom openssl made, as an import.
fn alice(folder: &std::path::Path) -> NewImport {
    let made = std::process::Command::new("openssl")
        .current_dir(folder)
        .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "90"])
        .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=alice"])
        .args(["-keyout", "key", "-out", "certificate"])
        .output()
        .expect("openssl can be run");
    assert!(made.status.success(), "{made:?}");
    let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    NewImport {
        label: None,
        msp_id: "Org1MSP".to_owned(),
        certificate: text("certificate"),
        private_key: Secret::new(text("key")),
        passphrase: None,
        roots: BTreeMap::new(),
        intermediates: BTreeMap::new(),
        configuration: None,
        enrollment: None,
    }
}

/// What a server with this wallet answers to an export that is asked for from there.
async fn ask(wallet: &Identities, is_tls: bool, from: Option<&str>, body: Value) -> (u16, Value) {
    let files = || TlsFiles {
        certificate: "certificate".into(),
        key: "key".into(),
    };
    let options = ServerOptions {
        tls: is_tls.then(files),
        ..ServerOptions::default()
    };
    let (_stop, stopping) = watch::channel(false);
    let wallet = Some(wallet.clone());
    let state = AppState::new(Ledgers::default(), wallet, None, options, None, stopping);
    let mut request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/identities/alice@Org1MSP/export")
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    if let Some(from) = from {
        request
            .extensions_mut()
            .insert(Remote(from.parse().unwrap()));
    }
    let service = TowerToHyperService::new(routes::router(state));
    let answer = service.call(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

async fn wallet_of_alice(folder: &std::path::Path) -> Identities {
    let wallet = Identities::open(&WalletOptions {
        directory: folder.join("wallet"),
        secret: WalletSecret::OwnKeyFile(folder.join("wallet.key")),
        reenroll_before_days: 30,
    });
    let wallet = wallet.unwrap();
    wallet.import(alice(folder)).await.unwrap();
    wallet
}

/// What `sha256sum` says of her file in the wallet.
fn sha256_of_file(public: &Value) -> String {
    let file = public["wallet_file"].as_str().expect("it is told");
    assert!(file.ends_with("/wallet/alice@Org1MSP.pem"), "{file}");
    let said = std::process::Command::new("sha256sum").arg(file).output();
    let said = String::from_utf8(said.expect("it can be run").stdout).unwrap();
    said[..64].to_owned()
}

#[tokio::test]
async fn without_tokens_a_private_key_goes_only_to_who_can_read_the_wallet() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet_of_alice(folder.path()).await;
    for (is_tls, from) in [(false, "127.0.0.1:50000"), (true, "192.0.2.1:50000")] {
        let (status, public) = ask(&wallet, is_tls, Some(from), json!({})).await;
        assert_eq!((status, &public["private_key"]), (200, &Value::Null));
        let mut sha256 = sha256_of_file(&public);
        let right = json!({"include_private_key": true, "wallet_file_sha256": sha256});
        let (status, answer) = ask(&wallet, is_tls, Some(from), right).await;
        assert_eq!(status, 200, "{answer}");
        let last = if sha256.ends_with('0') { "1" } else { "0" };
        sha256.replace_range(63.., last);
        for (proof, said) in [
            (None, "asks nobody for a token"),
            (Some(sha256.as_str()), "is not the SHA-256 of"),
            (Some("no digits"), "is not the SHA-256 of"),
        ] {
            let mut body = json!({"include_private_key": true, "passphrase": "correct horse"});
            body["wallet_file_sha256"] = json!(proof);
            let (status, problem) = ask(&wallet, is_tls, Some(from), body).await;
            let expected = (403, &json!("key_export_needs_tokens"));
            assert_eq!((status, &problem["code"]), expected, "{problem}");
            let detail = problem["detail"].as_str().expect("a sentence");
            for word in [
                said,
                "alice@Org1MSP.pem",
                "--tokens",
                "chainloom identity export",
            ] {
                assert!(detail.contains(word), "{word}: {detail}");
            }
            assert!(!problem.to_string().contains("PRIVATE KEY"), "{problem}");
        }
    }
}

#[tokio::test]
async fn a_private_key_goes_only_where_nobody_on_the_way_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet_of_alice(folder.path()).await;
    let (_, public) = ask(&wallet, false, None, json!({})).await;
    let sha256 = sha256_of_file(&public);
    let plain = json!({"include_private_key": true, "wallet_file_sha256": sha256});
    let mut sealed = plain.clone();
    sealed["passphrase"] = json!("correct horse");

    for (is_tls, from) in [
        (false, Some("127.0.0.1:50000")),
        (false, Some("127.8.8.8:50000")),
        (false, Some("[::1]:50000")),
        (false, Some("[::ffff:127.0.0.1]:50000")),
        (true, Some("192.0.2.1:50000")),
    ] {
        let (status, answer) = ask(&wallet, is_tls, from, plain.clone()).await;
        assert_eq!(status, 200, "{from:?}");
        let key = answer["private_key"].as_str().expect("it comes");
        assert!(key.contains("BEGIN PRIVATE KEY"), "{from:?}");
    }
    for from in [
        Some("192.0.2.1:50000"),
        Some("[::ffff:10.1.2.3]:50000"),
        Some("[2001:db8::1]:50000"),
        None,
    ] {
        for body in [&plain, &sealed] {
            let (status, problem) = ask(&wallet, false, from, body.clone()).await;
            assert_eq!(
                (status, &problem["code"]),
                (403, &json!("connection_not_confidential")),
                "{from:?}: {problem}"
            );
            assert!(!problem.to_string().contains("PRIVATE KEY"), "{problem}");
            let detail = problem["detail"].as_str().expect("a sentence");
            assert!(detail.contains("127.0.0.1") && detail.contains("--tls-key"));
        }
        // What is public goes everywhere.
        let (status, public) = ask(&wallet, false, from, json!({})).await;
        assert_eq!((status, &public["private_key"]), (200, &Value::Null));
        assert_eq!(public["label"], "alice@Org1MSP");
    }
}
