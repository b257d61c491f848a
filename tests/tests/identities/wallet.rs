//! The wallet of a server that starts again.

use std::process::Command;

use chainloom_tests::{NodeOptions, run_to_end};

use crate::office::{identity_command, read};

#[tokio::test]
async fn a_wallet_is_opened_with_its_own_key_only() {
    let node = NodeOptions::new().start().await;
    let folder = node.options().folder().to_owned();
    let path = |name: &str| folder.join(name).to_str().expect("it is text").to_owned();
    let (certificate, key) = (path("cert.pem"), path("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-subj",
            "/CN=carol",
            "-days",
            "5",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ])
        .output()
        .expect("openssl can be run");
    assert!(made.status.success(), "{made:?}");
    let words = [
        "import",
        "--msp-id",
        "Org1MSP",
        "--certificate",
        &certificate,
        "--key",
        &key,
    ];
    let mut command = identity_command(&node, &words);
    let ended = run_to_end(&mut command).await;
    assert!(ended.status.success(), "{ended:?}");
    let list = node.get("/api/v1/identities").await;
    let warning = list["identities"][0]["warnings"][0]
        .as_str()
        .expect("it is text");
    assert!(
        warning.contains("days; it is not renewed by itself"),
        "{warning}"
    );

    let data = node.options().data_folder();
    let stored = read(data.join("wallet/carol@Org1MSP.pem"));
    assert!(
        stored.contains("BEGIN ENCRYPTED PRIVATE KEY") && !stored.contains("BEGIN PRIVATE KEY")
    );
    let options = node.options().clone();
    drop(node);
    let wrong = options
        .clone()
        .environment("CHAINLOOM_WALLET_PASSPHRASE", "wrong");
    let ended = wrong.start_in_vain().await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended.stderr.contains("the passphrase is not the one"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("wrong;"), "{}", ended.stderr);
    std::fs::rename(data.join("wallet.key"), data.join("key")).expect("it is there");
    let ended = options.start_in_vain().await;
    assert!(
        ended.stderr.contains("its key file") && ended.stderr.contains("is gone"),
        "{}",
        ended.stderr
    );
}
