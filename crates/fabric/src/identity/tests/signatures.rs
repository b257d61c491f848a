#![allow(clippy::unwrap_used)]
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use crate::identity::testing::{KINDS, openssl, openssl_key, try_openssl};
use crate::identity::{
    KeyKind, PrivateKey, PublicKeyKind, SignatureError, Signer, normalize_signature,
};

const MESSAGE: &[u8] = b"a proposal";

/// openssl's verdict on a signature.
fn openssl_verifies(folder: &Path, key: &PrivateKey, message: &[u8], signature: &[u8]) -> bool {
    fs::write(folder.join("public"), key.public_key().to_pem()).unwrap();
    fs::write(folder.join("message"), message).unwrap();
    fs::write(folder.join("signature"), signature).unwrap();
    let verify: &[&str] = match key.kind() {
        KeyKind::Ed25519 => &[
            "pkeyutl",
            "-verify",
            "-rawin",
            "-pubin",
            "-inkey",
            "public",
            "-in",
            "message",
            "-sigfile",
            "signature",
        ],
        _ => &[
            "dgst",
            "-sha256",
            "-verify",
            "public",
            "-signature",
            "signature",
            "message",
        ],
    };
    try_openssl(folder, verify).is_ok()
}

fn openssl_signs(folder: &Path, kind: KeyKind) -> Vec<u8> {
    fs::write(folder.join("message"), MESSAGE).unwrap();
    let sign: &[&str] = match kind {
        KeyKind::Ed25519 => &[
            "pkeyutl", "-sign", "-rawin", "-inkey", "key", "-in", "message",
        ],
        _ => &["dgst", "-sha256", "-sign", "key", "message"],
    };
    try_openssl(folder, sign).unwrap()
}

#[test]
fn openssl_verifies_what_is_signed_here() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        let signature = Signer::new(&key).unwrap().sign(MESSAGE).unwrap();
        assert!(
            openssl_verifies(folder.path(), &key, MESSAGE, &signature),
            "{kind}"
        );
        assert!(
            !openssl_verifies(folder.path(), &key, b"another", &signature),
            "{kind}"
        );
    }
}

#[test]
fn signatures_always_have_a_low_s() {
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        let signer = Signer::new(&key).unwrap();
        // Half of all signatures have a high s before it is put right: 32 would not all be low by chance.
        for number in 0..32_u8 {
            let signature = signer.sign(&[number]).unwrap();
            assert_eq!(normalize_signature(kind, &signature).unwrap(), signature);
            key.public_key().verify(&[number], &signature).unwrap();
        }
    }
}

#[test]
fn what_openssl_signs_is_put_right_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let path = openssl_key(folder.path(), kind, "key");
        let key = PrivateKey::from_pem(&fs::read_to_string(path).unwrap(), None).unwrap();
        let mut high = 0;
        // It emits a high s half the time, so this ends; that it never does has odds of 1 in 2^64.
        for _ in 0..64 {
            let theirs = openssl_signs(folder.path(), kind);
            let normal = normalize_signature(kind, &theirs).unwrap();
            key.public_key().verify(MESSAGE, &normal).unwrap();
            if normal != theirs {
                high += 1;
                let refused = key.public_key().verify(MESSAGE, &theirs).unwrap_err();
                assert_eq!(refused, SignatureError::HighS);
                break;
            }
        }
        assert_eq!(high, usize::from(kind != KeyKind::Ed25519), "{kind}");
    }
}

#[test]
fn a_raw_signature_is_the_same_as_in_der() {
    for kind in [KeyKind::P256, KeyKind::P384] {
        let key = PrivateKey::generate(kind).unwrap();
        let der = Signer::new(&key).unwrap().sign(MESSAGE).unwrap();
        let raw = match kind {
            KeyKind::P384 => p384::ecdsa::Signature::from_der(&der)
                .unwrap()
                .to_bytes()
                .to_vec(),
            _ => p256::ecdsa::Signature::from_der(&der)
                .unwrap()
                .to_bytes()
                .to_vec(),
        };
        assert_eq!(normalize_signature(kind, &raw).unwrap(), der);
        let refused = key.public_key().verify(MESSAGE, &raw).unwrap_err();
        assert!(
            matches!(refused, SignatureError::Malformed { .. }),
            "{refused}"
        );
    }
}

#[test]
fn wrong_signatures_are_refused() {
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        let signature = Signer::new(&key).unwrap().sign(MESSAGE).unwrap();
        let other = PrivateKey::generate(kind).unwrap();
        for (public, message) in [(other.public_key(), MESSAGE), (key.public_key(), b"else")] {
            let refused = public.verify(message, &signature).unwrap_err();
            assert_eq!(refused, SignatureError::Mismatch, "{kind}");
        }
        for bytes in [&signature[1..], &[][..]] {
            let refused = normalize_signature(kind, bytes).unwrap_err();
            assert!(
                matches!(refused, SignatureError::Malformed { .. }),
                "{kind}: {refused}"
            );
        }
    }
}

#[test]
fn a_key_of_another_kind_verifies_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let make = [
        "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "k", "-subj", "/CN=a",
    ];
    let certificate = openssl(folder.path(), &make);
    let certificate = crate::identity::Certificate::from_pem(&certificate).unwrap();
    let rsa = PublicKeyKind::Other("1.2.840.113549.1.1.1".to_owned());
    let refused = certificate.public_key().verify(MESSAGE, &[1]).unwrap_err();
    assert_eq!(refused, SignatureError::UnsupportedKey(rsa));
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let key = PrivateKey::generate(KeyKind::P256).unwrap().public_key();
        prop_assert!(key.verify(MESSAGE, &bytes).is_err());
        for kind in KINDS {
            if let Ok(normal) = normalize_signature(kind, &bytes) {
                prop_assert_eq!(normalize_signature(kind, &normal).unwrap(), normal);
            }
        }
    }
}
