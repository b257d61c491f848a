#![allow(clippy::unwrap_used)]
use std::fs;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::identity::testing::{KINDS, certificate, openssl};
use crate::identity::{
    Certificate, CertificateError, KeyKind, PrivateKey, PublicKeyKind, Validity,
};

fn alice() -> Certificate {
    certificate(&PrivateKey::generate(KeyKind::P256).unwrap())
}

#[test]
fn every_field_is_as_openssl_sees_it() {
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        let certificate = certificate(&key);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("c"), certificate.to_pem()).unwrap();
        let see = |what: &[&str]| {
            let seen = openssl(
                folder.path(),
                &[&["x509", "-in", "c", "-noout"], what].concat(),
            );
            let value = seen.trim_end().split_once('=');
            value.map_or(seen.trim_end().to_owned(), |(_, value)| value.to_owned())
        };
        let name = ["-nameopt", "RFC2253,-esc_msb,utf8"];
        assert_eq!(
            certificate.subject(),
            see(&[&name[..], &["-subject"]].concat())
        );
        assert_eq!(
            certificate.issuer(),
            see(&[&name[..], &["-issuer"]].concat())
        );
        assert_eq!(certificate.serial(), see(&["-serial"]).to_lowercase());
        let fingerprint = see(&["-fingerprint", "-sha256"]);
        assert_eq!(
            certificate.fingerprint(),
            fingerprint.replace(':', "").to_lowercase()
        );
        let seconds = |text: String| text.replace(' ', "T").parse::<Timestamp>().unwrap();
        let dates = ["-dateopt", "iso_8601"];
        let dated = |what| seconds(see(&[&dates[..], &[what]].concat()));
        assert_eq!(certificate.not_before(), dated("-startdate"));
        assert_eq!(certificate.not_after(), dated("-enddate"));
        assert_eq!(
            *certificate.public_key().kind(),
            PublicKeyKind::Supported(kind)
        );
        assert_eq!(certificate.public_key(), &key.public_key());
        assert_eq!(
            Certificate::from_der(certificate.der()).unwrap(),
            certificate
        );
    }
}

#[test]
fn the_enrollment_id_is_the_attribute_else_the_last_common_name() {
    let certificate = alice();
    assert_eq!(certificate.enrollment_id(), Some("alice"));
    assert_eq!(certificate.attributes()["hf.Affiliation"], "org1.sales");
    assert_eq!(certificate.organizational_units(), ["client", "sales"]);

    let folder = tempfile::tempdir().unwrap();
    let plain = |subject: &str, extension: &str| {
        let make = [
            "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "k", "-utf8", "-subj",
            subject, "-addext", extension,
        ];
        Certificate::from_pem(&openssl(folder.path(), &make)).unwrap()
    };
    let without = plain("/CN=first/OU=client/CN=Bób", "basicConstraints=CA:FALSE");
    assert_eq!(without.enrollment_id(), Some("Bób"));
    // Not Fabric's JSON: 04 02 is what somebody else put there.
    let foreign = plain("/CN=carol", "1.2.3.4.5.6.7.8.1=DER:0402abcd");
    assert_eq!(foreign.enrollment_id(), Some("carol"));
    assert!(foreign.attributes().is_empty());
    let nameless = plain("/O=Example", "basicConstraints=CA:FALSE");
    assert_eq!(nameless.enrollment_id(), None);
}

#[test]
fn validity_begins_and_ends_with_its_seconds() {
    let certificate = alice();
    let moment = SignedDuration::from_nanos(1);
    let second = SignedDuration::from_secs(1);
    for (time, validity) in [
        (certificate.not_before() - moment, Validity::NotYetValid),
        (certificate.not_before(), Validity::Valid),
        (certificate.not_after(), Validity::Valid),
        (certificate.not_after() + second - moment, Validity::Valid),
        (certificate.not_after() + second, Validity::Expired),
    ] {
        assert_eq!(certificate.validity_at(time), validity, "{time}");
    }
}

#[test]
fn a_certificate_without_end_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let make = [
        "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "k", "-subj", "/CN=a", "-days",
        "2900000",
    ];
    let far = Certificate::from_pem(&openssl(folder.path(), &make)).unwrap();
    // A GeneralizedTime of 15 characters, in the year 9966 or so; openssl 3.0 makes none at the end of time.
    let mut der = far.der().to_vec();
    let at = der.windows(2).position(|two| two == [0x18, 15]).unwrap() + 2;
    der[at..at + 15].copy_from_slice(b"99991231235959Z");
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.not_after(), Timestamp::MAX);
    assert_eq!(certificate.validity_at(Timestamp::now()), Validity::Valid);
}

#[test]
fn what_is_no_certificate_says_why() {
    let pem = alice().to_pem();
    assert_eq!(Certificate::from_pem(""), Err(CertificateError::None));
    assert_eq!(
        Certificate::chain_from_pem("x"),
        Err(CertificateError::None)
    );
    for damaged in [pem.replacen("MII", "MIJ", 1), pem.replacen("MII", "!!!", 1)] {
        let error = Certificate::from_pem(&damaged).unwrap_err();
        assert!(matches!(error, CertificateError::Damaged(_)), "{error}");
    }
    let large = Certificate::from_der(&[0; 65_537]);
    assert_eq!(large, Err(CertificateError::TooLarge(65_537)));
    assert_eq!(
        Certificate::chain_from_pem(&pem.repeat(32)).unwrap().len(),
        32
    );
    let many = Certificate::chain_from_pem(&pem.repeat(33));
    assert_eq!(many, Err(CertificateError::TooMany));
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        // One certificate for all cases: openssl is slow.
        static ALICE: std::sync::LazyLock<Certificate> = std::sync::LazyLock::new(alice);
        let mut der = ALICE.der().to_vec();
        let at = at.index(der.len());
        der[at] = byte;
        let changed = der != ALICE.der();
        if let Ok(read) = Certificate::from_der(&der) {
            prop_assert_eq!(read != *ALICE, changed);
        }
        prop_assert!(Certificate::from_der(&der[..at]).is_err());
    }
}
