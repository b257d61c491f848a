#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::identity::testing::{KINDS, credentials, openssl, passphrase};
use crate::identity::{
    Certificate, CertificateError, Credentials, FileError, Identity, IdentityError, KeyError,
    KeyKind, MspContext, MspContextError, PrivateKey, PublicKeyKind, SourceError,
};

fn same(one: &Credentials, other: &Credentials) {
    assert_eq!(one.msp_id(), other.msp_id());
    assert_eq!(one.certificate(), other.certificate());
    assert_eq!(one.private_key().to_pem(), other.private_key().to_pem());
}

fn private(path: &Path) {
    let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let expected = if path.is_dir() { 0o700 } else { 0o600 };
    assert_eq!(mode, expected, "{}", path.display());
}

#[test]
fn msp_folders_go_out_and_in() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let given = credentials(kind);
        let msp = folder.path().join(kind.to_string());
        given.to_msp_folder(&msp).unwrap();
        private(&msp);
        private(&msp.join("keystore"));
        private(
            &fs::read_dir(msp.join("keystore"))
                .unwrap()
                .next()
                .unwrap()
                .unwrap()
                .path(),
        );
        let read = Credentials::from_msp_folder(&msp, "Org1MSP").unwrap();
        same(&given, &read);
        assert_eq!(read.context().roots, given.context().roots);
        let configuration = read.context().configuration.as_deref().unwrap();
        assert!(
            configuration.contains("AdminOUIdentifier"),
            "{configuration}"
        );
        Identity::from_msp_folder(&msp, "Org1MSP", Timestamp::now()).unwrap();
        let again = given.to_msp_folder(&msp).unwrap_err();
        assert!(
            matches!(again, SourceError::File(FileError::Taken(_))),
            "{again}"
        );
    }
}

#[test]
fn all_parts_of_an_msp_folder_survive() {
    let folder = tempfile::tempdir().unwrap();
    let given = credentials(KeyKind::P256);
    let root = given.certificate().clone();
    let context = MspContext {
        roots: [("ca.org1-cert.pem".to_owned(), root.clone())].into(),
        intermediates: [("ica.pem".to_owned(), root)].into(),
        configuration: Some("NodeOUs:\n  Enable: false\n".to_owned()),
    };
    let (certificate, key) = (given.certificate().clone(), given.private_key().clone());
    let given = Credentials::new("Org1MSP", certificate, key, context).unwrap();
    let msp = folder.path().join("msp");
    given.to_msp_folder(&msp).unwrap();
    let read = Credentials::from_msp_folder(&msp, "Org1MSP").unwrap();
    assert_eq!(read.context(), given.context());
}

#[test]
fn id_files_go_out_and_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.id");
    let given = credentials(KeyKind::P256);
    given.to_id_file(&path).unwrap();
    private(&path);
    same(&given, &Credentials::from_id_file(&path).unwrap());
    let members: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(members["mspId"], "Org1MSP");
    assert_eq!(members["type"], "X.509");
    assert_eq!(members["version"], 1);
    assert_eq!(
        members["credentials"]["privateKey"],
        *given.private_key().to_pem()
    );
    let identity = Identity::from_id_file(&path, Timestamp::now()).unwrap();
    let signature = identity.sign(b"m").unwrap();
    given
        .certificate()
        .public_key()
        .verify(b"m", &signature)
        .unwrap();
}

#[test]
fn an_identity_is_refused_when_its_certificate_is_not_valid() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.id");
    let given = credentials(KeyKind::P256);
    given.to_id_file(&path).unwrap();
    let late = given.certificate().not_after() + SignedDuration::from_secs(1);
    let early = given.certificate().not_before() - SignedDuration::from_secs(1);
    for (time, word) in [(late, "expired at"), (early, "is valid from")] {
        let error = Identity::from_id_file(&path, time).unwrap_err().to_string();
        assert!(
            error.contains(word) && error.contains("alice.id"),
            "{error}"
        );
    }
    let identity = Identity::new(&given, Timestamp::now()).unwrap();
    assert!(matches!(
        identity.check_validity(late),
        Err(IdentityError::Expired { .. })
    ));
    assert!(matches!(
        identity.check_validity(early),
        Err(IdentityError::NotYetValid { .. })
    ));
}

#[test]
fn pem_pairs_go_out_and_in() {
    let folder = tempfile::tempdir().unwrap();
    let given = credentials(KeyKind::P384);
    for (name, passphrase) in [("a", None), ("b", Some(&passphrase("secret")))] {
        let certificate = folder.path().join(format!("{name}.crt"));
        let key = folder.path().join(format!("{name}.key"));
        given.to_pem_pair(&certificate, &key, passphrase).unwrap();
        private(&key);
        let read = Credentials::from_pem_pair(&certificate, &key, passphrase, "Org1MSP").unwrap();
        same(&given, &read);
        if passphrase.is_some() {
            let error = Credentials::from_pem_pair(&certificate, &key, None, "Org1MSP");
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains("b.key: the private key is encrypted"),
                "{error}"
            );
        }
    }
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let (one, other) = (credentials(KeyKind::P256), credentials(KeyKind::P256));
    let make = |msp_id: &str, certificate: &Certificate, key: &PrivateKey| {
        let context = MspContext::default();
        Credentials::new(msp_id, certificate.clone(), key.clone(), context).unwrap_err()
    };
    let mismatch = make("Org1MSP", one.certificate(), other.private_key());
    assert!(
        matches!(mismatch, IdentityError::KeyMismatch { .. }),
        "{mismatch}"
    );
    let nobody = make("", one.certificate(), one.private_key());
    assert!(matches!(nobody, IdentityError::NoMspId { .. }), "{nobody}");
    let folder = tempfile::tempdir().unwrap();
    let rsa = [
        "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "k", "-subj", "/CN=a",
    ];
    let rsa = Certificate::from_pem(&openssl(folder.path(), &rsa)).unwrap();
    match make("Org1MSP", &rsa, one.private_key()) {
        IdentityError::UnsupportedKey { kind, .. } => {
            assert!(matches!(kind, PublicKeyKind::Other(_)));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn wrong_sources_say_where_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let given = credentials(KeyKind::P256);
    let other = credentials(KeyKind::P256);

    let error = Credentials::from_id_file(&place("none.id")).unwrap_err();
    assert!(
        matches!(&error, SourceError::File(file) if file.is_missing()),
        "{error}"
    );
    let secret = "-----BEGIN PRIVATE KEY-----";
    let id = |certificate: &str, key: &str, kind: &str| {
        serde_json::json!({
            "credentials": {"certificate": certificate, "privateKey": key},
            "mspId": "Org1MSP", "type": kind, "version": 1,
        })
        .to_string()
    };
    let certificate = given.certificate().to_pem();
    for (text, fits) in [
        (
            format!("{{\"credentials\": \"{secret}\"}}"),
            "line 1, column",
        ),
        (
            id(&certificate, &given.private_key().to_pem(), "HSM"),
            "type \"HSM\"",
        ),
        (
            id("", &given.private_key().to_pem(), "X.509"),
            "there is no certificate",
        ),
        (id(&certificate, "", "X.509"), "there is no private key"),
        (
            id(&certificate, &other.private_key().to_pem(), "X.509"),
            "does not belong",
        ),
    ] {
        fs::write(place("a.id"), text).unwrap();
        let error = Credentials::from_id_file(&place("a.id"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(fits) && error.contains("a.id"), "{error}");
        assert!(!error.contains(secret), "{error}");
    }

    let error = Credentials::from_msp_folder(&place("msp"), "Org1MSP").unwrap_err();
    assert!(
        matches!(error, SourceError::NotOne { found: 0, .. }),
        "{error}"
    );
    given.to_msp_folder(&place("msp")).unwrap();
    fs::write(place("msp/signcerts/second.pem"), &certificate).unwrap();
    let error = Credentials::from_msp_folder(&place("msp"), "Org1MSP").unwrap_err();
    assert!(
        matches!(error, SourceError::NotOne { found: 2, .. }),
        "{error}"
    );

    fs::write(place("c"), "").unwrap();
    fs::write(place("k"), "").unwrap();
    let error = Credentials::from_pem_pair(&place("c"), &place("k"), None, "M").unwrap_err();
    let none = CertificateError::None;
    assert!(matches!(&error, SourceError::Certificate { source, .. } if *source == none));
    fs::write(place("c"), &certificate).unwrap();
    let error = Credentials::from_pem_pair(&place("c"), &place("k"), None, "M").unwrap_err();
    assert!(
        matches!(
            &error,
            SourceError::Key {
                source: KeyError::None,
                ..
            }
        ),
        "{error}"
    );

    let read = Credentials::from_pem_pair(&place("c"), &place("k"), None, "M");
    assert!(read.is_err());
    fs::write(place("k"), &*given.private_key().to_pem()).unwrap();
    let bare = Credentials::from_pem_pair(&place("c"), &place("k"), None, "M").unwrap();
    let error = bare.to_msp_folder(&place("out")).unwrap_err();
    assert!(matches!(error, SourceError::NoRoots), "{error}");
}

#[test]
fn nothing_shows_a_key() {
    let given = credentials(KeyKind::P256);
    let identity = Identity::new(&given, Timestamp::now()).unwrap();
    let shown = format!("{given:?} {identity:?}");
    assert!(
        shown.contains("Org1MSP") && !shown.contains("PRIVATE"),
        "{shown}"
    );
    assert!(shown.contains("Signer(P-256)"), "{shown}");
}

#[test]
fn what_an_msp_folder_holds_can_be_told_in_texts() {
    let certificate = credentials(KeyKind::P256).certificate().clone();
    let texts = |name: &str, text: &str| [(name.to_owned(), text.to_owned())].into();
    let none = BTreeMap::new();
    let pem = certificate.to_pem();
    let context = MspContext::from_texts(&texts("ca.pem", &pem), &none, None).unwrap();
    assert_eq!(context.roots["ca.pem"], certificate);
    for name in ["", "../ca.pem", "a/b", ".hidden", "a b", &"x".repeat(201)] {
        let error = MspContext::from_texts(&none, &texts(name, &pem), None).unwrap_err();
        assert!(matches!(error, MspContextError::FileName(_)), "{error}");
    }
    let error = MspContext::from_texts(&texts("ca.pem", "x"), &none, None).unwrap_err();
    assert!(error.to_string().starts_with("ca.pem: "), "{error}");
    assert!(matches!(error, MspContextError::Certificate { .. }));
}
