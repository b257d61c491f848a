//! What tests of identities need: openssl, which knows nothing of this program, and certificates that it made.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Certificate, Credentials, KeyKind, MspContext, Passphrase, PrivateKey};

pub(crate) const KINDS: [KeyKind; 3] = [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519];

/// Runs openssl in a folder, and gives what it printed, or what it complained of.
pub(crate) fn try_openssl(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let ran = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    if ran.status.success() {
        Ok(ran.stdout)
    } else {
        Err(String::from_utf8_lossy(&ran.stderr).into_owned())
    }
}

/// Runs openssl in a folder, where it must succeed.
pub(crate) fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let printed = try_openssl(folder, arguments);
    let printed = printed.unwrap_or_else(|error| panic!("openssl {arguments:?}: {error}"));
    String::from_utf8_lossy(&printed).into_owned()
}

/// A new key of openssl's, as PKCS#8 in the file `name`.
pub(super) fn openssl_key(folder: &Path, kind: KeyKind, name: &str) -> PathBuf {
    let algorithm: &[&str] = match kind {
        KeyKind::P256 => &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        KeyKind::P384 => &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        KeyKind::Ed25519 => &["ED25519"],
    };
    let arguments = ["genpkey", "-out", name, "-algorithm"];
    openssl(folder, &[&arguments, algorithm].concat());
    folder.join(name)
}

/// A certificate of openssl's for a key of ours, of alice, a client, with Fabric's attributes.
pub(super) fn certificate(key: &PrivateKey) -> Certificate {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), &*key.to_pem()).unwrap();
    let attributes =
        r#"{"attrs":{"hf.Affiliation":"org1.sales","hf.EnrollmentID":"alice","hf.Type":"client"}}"#;
    let attributes = super::certificate::hexadecimal(attributes.as_bytes());
    let extension = format!("1.2.3.4.5.6.7.8.1=DER:{attributes}");
    let arguments = [
        "req",
        "-x509",
        "-key",
        "key",
        "-days",
        "10",
        "-set_serial",
        "0x00ab01",
        "-subj",
        "/C=DE/O=Example/OU=client/OU=sales/CN=first/CN=Älice, the 2nd",
        "-utf8",
        "-addext",
        &extension,
    ];
    Certificate::from_pem(&openssl(folder.path(), &arguments)).unwrap()
}

/// Alice's credentials, with a new key.
pub(crate) fn credentials(kind: KeyKind) -> Credentials {
    let key = PrivateKey::generate(kind).unwrap();
    let certificate = certificate(&key);
    let context = MspContext {
        roots: [("ca.pem".to_owned(), certificate.clone())].into(),
        ..MspContext::default()
    };
    Credentials::new("Org1MSP", certificate, key, context).unwrap()
}

pub(super) fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}
