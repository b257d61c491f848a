#![allow(clippy::unwrap_used)]
use std::fs;

use proptest::prelude::*;

use super::*;
use crate::identity::testing::{KINDS, credentials, try_openssl};
use crate::identity::{Credentials, Signer};

const BYTES: &[u8] = b"a proposal";
const BEFORE: &[u8] = b"what was signed before";

fn signed(credentials: &Credentials, message: &[u8]) -> Vec<u8> {
    let signer = Signer::new(credentials.private_key()).unwrap();
    signer.sign(message).unwrap()
}

fn check(credentials: &Credentials, signature: &[u8]) -> Result<Vec<u8>, SignatureFault> {
    let (certificate, kind) = (credentials.certificate(), credentials.private_key().kind());
    checked(signature, certificate, kind, BYTES, Some(BEFORE))
}

/// What openssl makes of the bytes with the key, by these words.
fn by_openssl(credentials: &Credentials, words: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("key"),
        &*credentials.private_key().to_pem(),
    )
    .unwrap();
    fs::write(folder.path().join("bytes"), BYTES).unwrap();
    fs::write(folder.path().join("digest"), Hash::of(BYTES).0).unwrap();
    try_openssl(folder.path(), words).unwrap()
}

#[test]
fn whoever_owns_the_certificate_may_sign_bytes_or_digest() {
    for kind in KINDS {
        let owner = credentials(kind);
        let signature = signed(&owner, BYTES);
        assert_eq!(check(&owner, &signature).as_ref(), Ok(&signature));
        let theirs: &[&[&str]] = match kind {
            KeyKind::Ed25519 => &[&[
                "pkeyutl", "-sign", "-rawin", "-inkey", "key", "-in", "bytes",
            ]],
            _ => &[
                &["dgst", "-sha256", "-sign", "key", "bytes"],
                &["pkeyutl", "-sign", "-inkey", "key", "-in", "digest"],
            ],
        };
        for words in theirs {
            // Half of those of openssl have a high s, and what is given back never has.
            for _ in 0..8 {
                let taken = check(&owner, &by_openssl(&owner, words)).unwrap();
                let key = owner.certificate().public_key();
                key.verify(BYTES, &taken).unwrap();
            }
        }
    }
}

#[test]
fn the_usual_slips_are_told_from_each_other() {
    let digest = Hash::of(BYTES);
    for kind in KINDS {
        let owner = credentials(kind);
        let slip = |message: &[u8]| check(&owner, &signed(&owner, message)).unwrap_err();
        let twice = match kind {
            KeyKind::Ed25519 => SignatureFault::DigestSigned,
            _ => SignatureFault::HashedTwice,
        };
        assert_eq!(slip(&digest.0), twice);
        let text = |what| SignatureFault::TextSigned(what);
        assert_eq!(slip(digest.to_string().as_bytes()), text("hex of `digest`"));
        let base64 = STANDARD.encode(BYTES);
        assert_eq!(slip(base64.as_bytes()), text("base64 of `bytes`"));
        assert_eq!(slip(BEFORE), SignatureFault::OtherStep);
        let mismatch = SignatureFault::Mismatch(owner.certificate().subject().to_owned());
        assert_eq!(slip(b"something else"), mismatch);
        let other = credentials(kind);
        assert_eq!(check(&owner, &signed(&other, BYTES)), Err(mismatch));
    }
}

#[test]
fn another_hash_than_fabrics_is_told() {
    for kind in [KeyKind::P256, KeyKind::P384] {
        let owner = credentials(kind);
        let theirs = by_openssl(&owner, &["dgst", "-sha384", "-sign", "key", "bytes"]);
        assert_eq!(check(&owner, &theirs), Err(SignatureFault::OtherHash));
    }
}

#[test]
fn what_is_no_signature_is_told() {
    let owner = credentials(KeyKind::P256);
    for bytes in [&b""[..], b"x", &[0; 64], &[0xff; 64], &[0x30; 72]] {
        let error = check(&owner, bytes).unwrap_err();
        assert!(matches!(error, SignatureFault::Unreadable(_)), "{error}");
    }
    // A signature of another kind of key.
    let other = signed(&credentials(KeyKind::P384), BYTES);
    let error = check(&owner, &other).unwrap_err();
    assert!(matches!(error, SignatureFault::Unreadable(_)), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_sent_as_a_signature_is_taken_or_panics(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        static OWNERS: std::sync::LazyLock<Vec<(Credentials, Vec<u8>)>> = std::sync::LazyLock::new(|| {
            KINDS
                .into_iter()
                .map(|kind| {
                    let owner = credentials(kind);
                    let signature = signed(&owner, BYTES);
                    (owner, signature)
                })
                .collect()
        });
        for (owner, signature) in OWNERS.iter() {
            prop_assert!(check(owner, &noise).is_err());
            let mut bent = signature.clone();
            let place = place.index(bent.len());
            bent[place] ^= 1 << bit;
            prop_assert!(check(owner, &bent).is_err());
            prop_assert!(check(owner, &signature[..place]).is_err());
        }
    }
}
