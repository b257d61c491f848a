#![allow(clippy::unwrap_used)]
use std::fs;

use crate::identity::testing::{KINDS, openssl, openssl_key, passphrase};
use crate::identity::{KeyError, KeyKind, PrivateKey, certificate_request};

#[test]
fn keys_of_openssl_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let path = openssl_key(folder.path(), kind, "key");
        let key = PrivateKey::from_pem(&fs::read_to_string(&path).unwrap(), None).unwrap();
        assert_eq!(key.kind(), kind);
        let public = openssl(folder.path(), &["pkey", "-in", "key", "-pubout"]);
        assert_eq!(key.public_key().to_pem(), public);
        assert_eq!(*key.to_pem(), fs::read_to_string(&path).unwrap());
    }
}

#[test]
fn keys_in_the_old_form_of_curves_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for kind in [KeyKind::P256, KeyKind::P384] {
        openssl_key(folder.path(), kind, "key");
        let old = openssl(folder.path(), &["pkey", "-in", "key", "-traditional"]);
        assert!(old.contains("BEGIN EC PRIVATE KEY"), "{old}");
        let key = PrivateKey::from_pem(&old, None).unwrap();
        let public = openssl(folder.path(), &["pkey", "-in", "key", "-pubout"]);
        assert_eq!(key.public_key().to_pem(), public);
    }
    // openssl puts the curve before it here.
    let with_curve = openssl(
        folder.path(),
        &["ecparam", "-name", "prime256v1", "-genkey"],
    );
    assert!(with_curve.contains("EC PARAMETERS"), "{with_curve}");
    assert!(PrivateKey::from_pem(&with_curve, None).is_ok());
}

#[test]
fn encrypted_keys_are_read_by_openssl_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let right = passphrase("correct horse");
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        let sealed = key.to_encrypted_pem(&right).unwrap();
        fs::write(folder.path().join("sealed"), &sealed).unwrap();
        let open = ["pkcs8", "-in", "sealed", "-passin", "pass:correct horse"];
        assert_eq!(openssl(folder.path(), &open), *key.to_pem());
        let parsed = openssl(folder.path(), &["asn1parse", "-in", "sealed"]);
        for part in ["PBES2", "scrypt", "aes-256-cbc"] {
            assert!(parsed.contains(part), "{parsed}");
        }
        fs::write(folder.path().join("open"), &*key.to_pem()).unwrap();
        for derivation in [&["-iter", "2048"][..], &["-scrypt"]] {
            let seal = [
                "pkcs8",
                "-topk8",
                "-in",
                "open",
                "-v2",
                "aes-256-cbc",
                "-passout",
            ];
            let seal = [&seal[..], &["pass:correct horse"], derivation].concat();
            let theirs = openssl(folder.path(), &seal);
            let read = PrivateKey::from_pem(&theirs, Some(&right)).unwrap();
            assert_eq!(read.to_pem(), key.to_pem());
        }
    }
}

#[test]
fn what_is_no_key_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let read = |text: &str| PrivateKey::from_pem(text, Some(&passphrase("right"))).unwrap_err();
    assert_eq!(read("no key at all"), KeyError::None);

    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let sealed = key.to_encrypted_pem(&passphrase("other")).unwrap();
    assert_eq!(read(&sealed), KeyError::WrongPassphrase);
    assert_eq!(
        PrivateKey::from_pem(&sealed, None).unwrap_err(),
        KeyError::Encrypted
    );
    let damaged = key.to_pem().replacen("MIG", "MIH", 1);
    assert_eq!(read(&damaged), KeyError::Damaged);
    assert_eq!(
        read(&key.to_pem().replacen('\n', "\n!", 1)),
        KeyError::Damaged
    );

    openssl(
        folder.path(),
        &[
            "genpkey",
            "-algorithm",
            "RSA",
            "-pkeyopt",
            "rsa_keygen_bits:1024",
            "-out",
            "rsa",
        ],
    );
    let rsa = fs::read_to_string(folder.path().join("rsa")).unwrap();
    assert_eq!(
        read(&rsa),
        KeyError::UnsupportedKind("1.2.840.113549.1.1.1".to_owned())
    );
    let old = openssl(folder.path(), &["pkey", "-in", "rsa", "-traditional"]);
    assert_eq!(read(&old), KeyError::UnsupportedKind("RSA".to_owned()));
    for (curve, identifier) in [("P-521", "1.3.132.0.35"), ("secp256k1", "1.3.132.0.10")] {
        let curve = format!("ec_paramgen_curve:{curve}");
        let make = [
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            &curve,
            "-out",
            "other",
        ];
        openssl(folder.path(), &make);
        let other = fs::read_to_string(folder.path().join("other")).unwrap();
        assert_eq!(
            read(&other),
            KeyError::UnsupportedKind(identifier.to_owned())
        );
        let old = openssl(folder.path(), &["pkey", "-in", "other", "-traditional"]);
        assert_eq!(read(&old), KeyError::UnsupportedKind(identifier.to_owned()));
    }

    openssl_key(folder.path(), KeyKind::P256, "key");
    let old = ["ec", "-in", "key", "-aes256", "-passout", "pass:right"];
    let old = openssl(folder.path(), &old);
    assert!(old.contains("DEK-Info"), "{old}");
    assert_eq!(read(&old), KeyError::UnsupportedEncryption);
    let weak = [
        "pkcs8",
        "-topk8",
        "-in",
        "key",
        "-v1",
        "PBE-SHA1-3DES",
        "-passout",
        "pass:right",
    ];
    let weak = openssl(folder.path(), &weak);
    assert_eq!(read(&weak), KeyError::UnsupportedEncryption);
}

#[test]
fn a_key_that_costs_too_much_to_open_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    openssl_key(folder.path(), KeyKind::P256, "key");
    let seal = [
        "pkcs8",
        "-topk8",
        "-in",
        "key",
        "-passout",
        "pass:a",
        "-v2",
        "aes-256-cbc",
    ];
    let costly = openssl(folder.path(), &[&seal[..], &["-iter", "10000001"]].concat());
    let error = PrivateKey::from_pem(&costly, Some(&passphrase("a"))).unwrap_err();
    assert_eq!(error, KeyError::TooCostly);
}

#[test]
fn nothing_shows_a_key() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey(P-256)");
}

#[test]
fn requests_are_what_openssl_takes_for_requests() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        let request = certificate_request("alice", &key).unwrap();
        fs::write(folder.path().join("request"), request).unwrap();
        let look = [
            "req", "-in", "request", "-verify", "-noout", "-text", "-pubkey",
        ];
        let seen = openssl(folder.path(), &look);
        assert!(
            seen.contains("Subject: CN = alice") || seen.contains("Subject: CN=alice"),
            "{seen}"
        );
        assert!(seen.contains(&key.public_key().to_pem()), "{seen}");
        let algorithm = match kind {
            KeyKind::Ed25519 => "ED25519",
            _ => "ecdsa-with-SHA256",
        };
        assert!(
            seen.contains(&format!("Signature Algorithm: {algorithm}")),
            "{seen}"
        );
    }
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    for wrong in [String::new(), "a".repeat(65)] {
        let error = certificate_request(&wrong, &key).unwrap_err();
        assert!(error.to_string().contains("1 to 64 characters"), "{error}");
    }
}
