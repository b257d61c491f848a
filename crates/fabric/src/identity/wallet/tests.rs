#![allow(clippy::unwrap_used)]
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};

use super::{CryptoSuite, KeyStore, Label, StateStore, Wallet, WalletError};
use crate::identity::authority::{
    AttributeRequest, AuthorityAddress, Enrollment, EnrollmentOptions,
};
use crate::identity::testing::{credentials, openssl, passphrase};
use crate::identity::{Credentials, IdentityError, KeyError, KeyKind};

/// One for all tests: encrypting is slow on purpose.
static ALICE: LazyLock<Credentials> = LazyLock::new(|| credentials(KeyKind::P256));

fn wallet(folder: &Path, secret: &str) -> Wallet {
    let state_store = StateStore::open(folder).unwrap();
    let key_store = KeyStore::new(passphrase(secret));
    Wallet::new(state_store, key_store, CryptoSuite::default())
}

fn alice() -> Label {
    Label::of("alice", "Org1MSP").unwrap()
}

#[test]
fn what_is_stored_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("deep/wallet");
    let wallet = wallet(&place, "secret");
    let now = Timestamp::now();
    let record = wallet.add(&alice(), &ALICE, None, now).unwrap();
    assert_eq!(record, wallet.state_store().read(&alice()).unwrap());
    let back = wallet.credentials(&alice()).unwrap();
    assert_eq!(back.certificate(), ALICE.certificate());
    assert_eq!(back.msp_id(), "Org1MSP");
    assert_eq!(back.context(), ALICE.context());
    assert_eq!(back.private_key().to_pem(), ALICE.private_key().to_pem());
    let signature = wallet.identity(&alice(), now).unwrap().sign(b"m").unwrap();
    let public = ALICE.certificate().public_key();
    public.verify(b"m", &signature).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    assert_eq!(mode(&wallet.state_store().path(&alice())), 0o600);
}

#[test]
fn openssl_reads_the_file_of_an_identity() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(folder.path(), "secret");
    wallet
        .add(&alice(), &ALICE, None, Timestamp::now())
        .unwrap();
    let open = [
        "pkcs8",
        "-in",
        "alice@Org1MSP.pem",
        "-passin",
        "pass:secret",
    ];
    assert_eq!(openssl(folder.path(), &open), *ALICE.private_key().to_pem());
    let certificate = openssl(folder.path(), &["x509", "-in", "alice@Org1MSP.pem"]);
    assert_eq!(certificate, ALICE.certificate().to_pem());
    let text = fs::read_to_string(folder.path().join("alice@Org1MSP.pem")).unwrap();
    assert!(!text.contains("BEGIN PRIVATE KEY"));
}

#[test]
fn a_wrong_passphrase_is_told_from_damage() {
    let folder = tempfile::tempdir().unwrap();
    let right = wallet(folder.path(), "secret");
    right.add(&alice(), &ALICE, None, Timestamp::now()).unwrap();
    let wrong = wallet(folder.path(), "Secret").credentials(&alice());
    assert!(matches!(wrong, Err(WalletError::WrongPassphrase(label)) if label == alice()));

    let path = right.state_store().path(&alice());
    let whole = fs::read_to_string(&path).unwrap();
    let (first, _) = whole.split_once('\n').unwrap();
    let key = whole.rfind("-----END").unwrap() - 10;
    let flipped = if whole.as_bytes()[key] == b'A' {
        "B"
    } else {
        "A"
    };
    for damaged in [
        String::new(),
        first.to_owned(),
        whole[..whole.len() - 5].to_owned(),
        format!("{}{flipped}{}", &whole[..key], &whole[key + 1..]),
        whole.replacen("\"version\":1", "\"version\":2", 1),
        whole.replacen("Org1MSP", "Org2MSP", 1),
    ] {
        assert_ne!(damaged, whole);
        fs::write(&path, &damaged).unwrap();
        let error = right.credentials(&alice()).unwrap_err();
        assert!(
            matches!(&error, WalletError::Damaged { path: at, .. } if *at == path),
            "{error}"
        );
        let listing = right.state_store().list().unwrap();
        assert_eq!((listing.identities.len(), listing.damaged.len()), (0, 1));
    }
    // Another identity's file under this name.
    fs::write(&path, &whole).unwrap();
    fs::copy(&path, folder.path().join("bob.pem")).unwrap();
    let error = right.credentials(&"bob".parse().unwrap()).unwrap_err();
    assert!(
        error.to_string().contains("it holds `alice@Org1MSP`"),
        "{error}"
    );
}

#[test]
fn labels_are_unique_and_can_be_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(folder.path(), "secret");
    let now = Timestamp::now();
    let missing = wallet.identity(&alice(), now).unwrap_err();
    assert!(
        matches!(missing, WalletError::NoSuchIdentity(_)),
        "{missing}"
    );
    let missing = wallet.renew(&alice(), &ALICE, None, now).unwrap_err();
    assert!(
        matches!(missing, WalletError::NoSuchIdentity(_)),
        "{missing}"
    );
    wallet.add(&alice(), &ALICE, None, now).unwrap();
    let taken = wallet.add(&alice(), &ALICE, None, now).unwrap_err();
    assert!(matches!(taken, WalletError::LabelTaken(_)), "{taken}");
    wallet.state_store().forget(&alice()).unwrap();
    let missing = wallet.state_store().forget(&alice()).unwrap_err();
    assert!(
        matches!(missing, WalletError::NoSuchIdentity(_)),
        "{missing}"
    );
    wallet.add(&alice(), &ALICE, None, now).unwrap();
}

#[test]
fn of_two_that_add_at_once_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(folder.path(), "secret");
    let record = wallet.record(&alice(), &ALICE, Timestamp::now()).unwrap();
    let added = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| wallet.state_store().add(&record).is_ok()))
            .collect();
        let wins = threads.into_iter().map(|thread| thread.join().unwrap());
        wins.filter(|won| *won).count()
    });
    assert_eq!(added, 1);
    assert_eq!(wallet.state_store().list().unwrap().identities, [record]);
}

#[test]
fn renewed_credentials_take_the_old_ones_place() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(folder.path(), "secret");
    let enrollment = Enrollment {
        authority: AuthorityAddress {
            url: "https://localhost:7054".to_owned(),
            name: Some("ca-org1".to_owned()),
            tls_ca_certs: Some(ALICE.certificate().to_pem()),
            ssl_target_name_override: None,
        },
        options: EnrollmentOptions {
            profile: Some("short".to_owned()),
            attributes: vec![AttributeRequest {
                name: "role".to_owned(),
                optional: true,
            }],
        },
    };
    let now = Timestamp::now();
    let first = wallet
        .add(&alice(), &ALICE, Some(&enrollment), now)
        .unwrap();
    assert!(!first.is_renewed);
    let renewed = credentials(KeyKind::P256);
    let record = wallet.renew(&alice(), &renewed, None, now).unwrap();
    assert_eq!(record, wallet.state_store().read(&alice()).unwrap());
    assert_eq!(record.enrollment, Some(enrollment));
    assert!(record.is_renewed && record.revoked_at.is_none());
    let back = wallet.credentials(&alice()).unwrap();
    assert_eq!(back.certificate(), renewed.certificate());
    assert_eq!(wallet.state_store().list().unwrap().identities.len(), 1);
}

#[test]
fn a_revocation_is_remembered_with_the_key_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(folder.path(), "secret");
    let now = Timestamp::now();
    let missing = wallet.mark_revoked(&alice(), now).unwrap_err();
    assert!(
        matches!(missing, WalletError::NoSuchIdentity(_)),
        "{missing}"
    );
    wallet.add(&alice(), &ALICE, None, now).unwrap();
    wallet.mark_revoked(&alice(), now).unwrap();
    let record = wallet.state_store().read(&alice()).unwrap();
    assert_eq!(record.revoked_at, Some(now));
    assert!(wallet.credentials(&alice()).is_ok());
}

#[test]
fn the_list_needs_no_passphrase_and_passes_over_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(folder.path(), "secret");
    for name in ["bob", "alice"] {
        let label = Label::of(name, "Org1MSP").unwrap();
        wallet.add(&label, &ALICE, None, Timestamp::now()).unwrap();
    }
    for other in ["README", ".new-1", "a b.pem"] {
        fs::write(folder.path().join(other), "x").unwrap();
    }
    let listing = StateStore::open(folder.path()).unwrap().list().unwrap();
    let labels: Vec<_> = listing
        .identities
        .iter()
        .map(|one| one.label.as_str())
        .collect();
    assert_eq!(labels, ["alice@Org1MSP", "bob@Org1MSP"]);
    assert!(listing.damaged.is_empty());
    let not_after = listing.identities[0].certificate.not_after();
    assert_eq!(not_after, ALICE.certificate().not_after());
}

#[test]
fn an_expired_identity_can_be_exported_but_does_not_sign() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(folder.path(), "secret");
    wallet
        .add(&alice(), &ALICE, None, Timestamp::now())
        .unwrap();
    let late = ALICE.certificate().not_after() + SignedDuration::from_hours(1);
    let error = wallet.identity(&alice(), late).unwrap_err();
    match &error {
        WalletError::Identity {
            source: IdentityError::Expired { .. },
            ..
        } => {}
        other => panic!("{other}"),
    }
    assert!(
        error
            .to_string()
            .contains("`alice@Org1MSP`: the certificate"),
        "{error}"
    );
    assert!(wallet.credentials(&alice()).is_ok());
}

#[test]
fn a_key_that_was_swapped_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(folder.path(), "secret");
    let mut record = wallet.record(&alice(), &ALICE, Timestamp::now()).unwrap();
    let other = wallet.crypto_suite().generate().unwrap();
    record.sealed_key = wallet.key_store.seal(&other).unwrap();
    wallet.state_store().add(&record).unwrap();
    let error = wallet.credentials(&alice()).unwrap_err();
    match &error {
        WalletError::Identity {
            source: IdentityError::KeyMismatch { .. },
            ..
        } => {}
        other => panic!("{other}"),
    }
    // One that openssl encrypted in a way that is too costly.
    let costly = [
        "pkcs8",
        "-topk8",
        "-in",
        "k",
        "-passout",
        "pass:secret",
        "-iter",
        "10000001",
    ];
    fs::write(folder.path().join("k"), &*other.to_pem()).unwrap();
    record.sealed_key = openssl(folder.path(), &costly);
    wallet.state_store().replace(&record).unwrap();
    match wallet.credentials(&alice()) {
        Err(WalletError::Key {
            source: KeyError::TooCostly,
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    let error = StateStore::open(&path).unwrap_err();
    assert!(matches!(error, WalletError::File(_)), "{error}");
    assert!(error.to_string().contains("file"), "{error}");
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(folder.path(), "secret");
    let mut record = wallet.record(&alice(), &ALICE, Timestamp::now()).unwrap();
    record.context.configuration = Some("x".repeat(300_000));
    let error = wallet.state_store().add(&record).unwrap_err();
    assert!(matches!(error, WalletError::TooLarge { .. }), "{error}");
    assert!(wallet.state_store().list().unwrap().identities.is_empty());
}

#[test]
fn a_full_wallet_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(folder.path(), "secret");
    for number in 0..super::state_store::IDENTITIES_MAX {
        fs::write(folder.path().join(format!("a{number}.pem")), "").unwrap();
    }
    let record = wallet.record(&alice(), &ALICE, Timestamp::now()).unwrap();
    let error = wallet.state_store().add(&record).unwrap_err();
    assert!(matches!(error, WalletError::Full(10_000)), "{error}");
}
