//! The examples, each as a reader runs it, on a real network.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use chainloom_devnet::{Network, Options};
use serde_json::Value;

/// What the example prints, which has to end well.
fn run(folder: &Path, example: &str, arguments: &[&str]) -> String {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let ran = Command::new(profile.join("examples").join(example))
        .arg(folder.join("net"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "{example}, which `cargo build --examples` builds, and `cargo test` too: {error}"
            )
        });
    let complaint = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{example}: {complaint}");
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn every_example_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let options = Options::in_directory(folder.join("net"));
    let _network = Network::start(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));

    let asked = run(folder, "connect_and_query", &[]);
    assert!(asked.contains(r#""enrollment_id":"alice""#), "{asked}");

    let committed = run(folder, "invoke_and_commit", &[]);
    let (receipt, transaction) = committed.split_once('\n').unwrap();
    let receipt: Value = serde_json::from_str(receipt).unwrap();
    let transaction: Value = serde_json::from_str(transaction).unwrap();
    assert_eq!(receipt["status"], "committed");
    assert_eq!(transaction["id"], receipt["transaction_id"]);
    assert_eq!(transaction["writes"][0]["value"], "blue");

    let enrolled = run(folder, "enroll", &["bob"]);
    assert!(
        enrolled.starts_with("-----BEGIN CERTIFICATE-----"),
        "{enrolled}"
    );
    let bob = fs::read(folder.join("net/wallets/org1/bob.id")).unwrap();
    let bob: Value = serde_json::from_slice(&bob).unwrap();
    let certificate = bob["credentials"]["certificate"].as_str().unwrap();
    assert_eq!(certificate.trim(), enrolled.trim());

    for (file, part) in [
        ("key.pem", "privateKey"),
        ("certificate.pem", "certificate"),
    ] {
        let text = bob["credentials"][part].as_str().unwrap();
        fs::write(folder.join(file), text).unwrap();
    }
    let signed = run(folder, "sign_outside", &["key.pem", "certificate.pem"]);
    let receipt: Value = serde_json::from_str(&signed).unwrap();
    assert_eq!(receipt["status"], "committed", "{receipt}");
}
