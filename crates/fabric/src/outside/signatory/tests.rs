#![allow(clippy::unwrap_used)]
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::identity::CertificateError;
use crate::identity::testing::{KINDS, credentials, openssl};

fn refused(pem: &str, msp_id: &str, now: Timestamp) -> OutsideError {
    Signatory::new(pem, msp_id, now).unwrap_err()
}

#[test]
fn somebody_is_a_certificate_and_an_organization() {
    for kind in KINDS {
        let credentials = credentials(kind);
        let pem = credentials.certificate().to_pem();
        let signatory = Signatory::new(&pem, "Org1MSP", Timestamp::now()).unwrap();
        assert_eq!(&signatory.certificate, credentials.certificate());
        assert_eq!(
            (signatory.msp_id.as_str(), signatory.kind),
            ("Org1MSP", kind)
        );
        assert_eq!(signatory.creator, creator("Org1MSP", &pem));
    }
}

#[test]
fn a_certificate_that_no_peer_would_take_is_refused_with_the_reason() {
    let credentials = credentials(KeyKind::P256);
    let certificate = credentials.certificate();
    let (pem, now) = (certificate.to_pem(), Timestamp::now());
    let error = refused("no certificate", "Org1MSP", now);
    assert_eq!(error, OutsideError::Certificate(CertificateError::None));
    let error = refused(&pem, "", now);
    assert!(
        matches!(error, OutsideError::Identity(IdentityError::NoMspId { .. })),
        "{error}"
    );
    let late = certificate.not_after() + Duration::from_secs(1);
    let error = refused(&pem, "Org1MSP", late);
    assert!(
        matches!(error, OutsideError::Identity(IdentityError::Expired { .. })),
        "{error}"
    );
    let early = certificate.not_before() - Duration::from_secs(1);
    let error = refused(&pem, "Org1MSP", early);
    assert!(
        matches!(
            error,
            OutsideError::Identity(IdentityError::NotYetValid { .. })
        ),
        "{error}"
    );
    let folder = tempfile::tempdir().unwrap();
    let request = [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key",
    ];
    let rsa = openssl(
        folder.path(),
        &[&request[..], &["-subj", "/CN=rsa"]].concat(),
    );
    let error = refused(&rsa, "Org1MSP", Timestamp::now());
    assert!(
        matches!(
            error,
            OutsideError::Identity(IdentityError::UnsupportedKey { .. })
        ),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_that_is_sent_as_a_certificate_panics(
        place in any::<prop::sample::Index>(),
        letters in "[ -~\n]{0,8}",
    ) {
        static PEM: std::sync::LazyLock<String> =
            std::sync::LazyLock::new(|| credentials(KeyKind::P256).certificate().to_pem());
        // Without the last line's end it would be whole all the same.
        let place = place.index(PEM.trim_end().len());
        let mut bent = PEM.clone();
        let end = (place + letters.len()).min(bent.len());
        bent.replace_range(place..end, &letters);
        // Taken or not: a bent signature of its issuer, for one, is for the channel to find.
        let _ = Signatory::new(&bent, "Org1MSP", Timestamp::now());
        prop_assert!(Signatory::new(&PEM[..place], "Org1MSP", Timestamp::now()).is_err());
    }
}
