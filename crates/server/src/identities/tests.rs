//! The wallet of a server with identities that openssl made; what a CA does is tested with a real one.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use chainloom_fabric::identity::authority::{
    AuthorityAddress, AuthorityError, Enrollment, EnrollmentOptions, Registration,
};
use chainloom_fabric::identity::wallet::WalletError;
use chainloom_fabric::identity::{KeyKind, Passphrase, Secret};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::expiry::renews_at;
use super::renew::RenewOptions;
use super::*;

/// A CA that nobody will reach: no port of this machine is 1.
fn authority() -> AuthorityAddress {
    AuthorityAddress {
        url: "http://127.0.0.1:1".to_owned(),
        name: None,
        tls_ca_certs: None,
        ssl_target_name_override: None,
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("openssl");
    let ran = command
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "openssl {arguments:?}: {said}");
}

/// Somebody's certificate for so many days, and its key.
fn pair(name: &str, days: &str) -> NewImport {
    let folder = tempfile::tempdir().unwrap();
    let subject = format!("/OU=client/CN={name}");
    let arguments = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "key",
        "-out",
        "certificate",
        "-subj",
        &subject,
        "-days",
        days,
    ];
    openssl(folder.path(), &arguments);
    let text = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    NewImport {
        label: None,
        msp_id: "Org1MSP".to_owned(),
        certificate: text("certificate"),
        private_key: Secret::new(text("key")),
        passphrase: None,
        roots: BTreeMap::new(),
        intermediates: BTreeMap::new(),
        configuration: None,
        enrollment: None,
    }
}

fn options(folder: &TempDir) -> WalletOptions {
    WalletOptions {
        directory: folder.path().join("wallet"),
        secret: WalletSecret::OwnKeyFile(folder.path().join("wallet.key")),
        reenroll_before_days: 30,
    }
}

fn wallet() -> (TempDir, Identities) {
    let folder = tempfile::tempdir().unwrap();
    let identities = Identities::open(&options(&folder)).unwrap();
    (folder, identities)
}

fn label(text: &str) -> Label {
    text.parse().unwrap()
}

/// Status, code and whether it can be tried again, as a caller sees them; and the sentence.
fn answer(error: IdentitiesError) -> (u16, &'static str, bool, String) {
    let (status, code, retry_after_s) = error.answer();
    (
        status.as_u16(),
        code,
        retry_after_s.is_some(),
        error.to_string(),
    )
}

fn refused<T>(outcome: Result<T, IdentitiesError>, status: u16, code: &str) -> String {
    let error = outcome.err().expect(code);
    let (told, word, _, detail) = answer(error);
    assert_eq!((told, word), (status, code), "{detail}");
    detail
}

#[tokio::test]
async fn an_imported_identity_is_listed_lent_and_forgotten() {
    let (_folder, identities) = wallet();
    let record = identities.import(pair("alice", "400")).await.unwrap();
    assert_eq!(record.label.as_str(), "alice@Org1MSP");
    let taken = identities.import(pair("alice", "400")).await;
    assert!(refused(taken, 409, "label_taken").contains("alice@Org1MSP"));

    let first = identities.lend("alice@Org1MSP", "trade").await.unwrap();
    let second = identities.lend("alice@Org1MSP", "other").await.unwrap();
    assert!(Arc::ptr_eq(&first.get().unwrap(), &second.get().unwrap()));
    assert_eq!(first.get().unwrap().certificate(), &record.certificate);

    let in_use = identities.forget(&record.label, false).await;
    let detail = refused(in_use, 409, "identity_in_use");
    assert!(
        detail.contains("other, trade") && detail.contains("force"),
        "{detail}"
    );
    identities.give_back("other");
    assert_eq!(identities.ledgers_of(&record.label).len(), 1);
    identities.give_back("trade");
    identities.forget(&record.label, false).await.unwrap();
    assert!(identities.list().await.unwrap().identities.is_empty());
    refused(
        identities.lend("alice@Org1MSP", "trade").await,
        404,
        "identity_not_found",
    );
    refused(
        identities.forget(&record.label, true).await,
        404,
        "identity_not_found",
    );
    refused(
        identities.lend("../alice", "trade").await,
        422,
        "invalid_label",
    );
}

#[tokio::test]
async fn what_is_forgotten_by_force_signs_nothing_until_it_is_there_again() {
    let (_folder, identities) = wallet();
    let alice = identities.import(pair("alice", "400")).await.unwrap().label;
    let trade = identities.lend("alice@Org1MSP", "trade").await.unwrap();
    identities.forget(&alice, true).await.unwrap();
    let told = trade.get().unwrap_err().to_string();
    assert!(
        told.contains("`alice@Org1MSP` was forgotten")
            && told.contains("enroll or import it again"),
        "{told}"
    );
    // A ledger that is opened meanwhile finds nobody, and goes on with the handle of the others later.
    let opened = identities.lend("alice@Org1MSP", "trade").await;
    refused(opened, 404, "identity_not_found");

    let foreign = NewImport {
        msp_id: "Org2MSP".to_owned(),
        label: Some("alice@Org1MSP".to_owned()),
        ..pair("alice", "400")
    };
    refused(identities.import(foreign).await, 409, "other_organization");
    let mut additions = identities.additions();
    let again = identities.import(pair("alice", "400")).await.unwrap();
    additions.changed().await.unwrap();
    assert_eq!(trade.get().unwrap().certificate(), &again.certificate);
    let other = identities.lend("alice@Org1MSP", "other").await.unwrap();
    assert!(Arc::ptr_eq(&trade.get().unwrap(), &other.get().unwrap()));
    assert_eq!(identities.ledgers_of(&alice).len(), 2);

    // Who is forgotten while none uses it leaves nothing behind.
    identities.give_back("trade");
    identities.forget(&alice, true).await.unwrap();
    assert_eq!(identities.lent().len(), 1);
    identities.give_back("other");
    assert!(identities.lent().is_empty());
}

#[tokio::test]
async fn a_call_with_a_token_is_no_use_by_a_ledger() {
    let (_folder, identities) = wallet();
    let alice = identities.import(pair("alice", "400")).await.unwrap().label;
    let caller = identities.of_caller("alice@Org1MSP").await.unwrap();
    assert!(identities.ledgers_of(&alice).is_empty());
    identities.forget(&alice, false).await.unwrap();
    assert!(
        caller.get().is_err(),
        "a call that is under way signs no more"
    );
    let error = IdentitiesError::from(caller.get().unwrap_err());
    refused::<()>(Err(error), 409, "identity_withdrawn");
    refused(
        identities.of_caller("alice@Org1MSP").await,
        404,
        "identity_not_found",
    );
}

#[tokio::test]
async fn what_makes_no_identity_is_not_imported() {
    let (_folder, identities) = wallet();
    let good = || pair("alice", "400");
    let cases: [(NewImport, u16, &str); 8] = [
        (
            NewImport {
                certificate: "x".to_owned(),
                ..good()
            },
            422,
            "invalid_certificate",
        ),
        (
            NewImport {
                private_key: Secret::new("x"),
                ..good()
            },
            422,
            "invalid_key",
        ),
        (
            NewImport {
                private_key: good().private_key,
                ..good()
            },
            422,
            "key_mismatch",
        ),
        (
            NewImport {
                msp_id: String::new(),
                ..good()
            },
            422,
            "invalid_msp_id",
        ),
        (
            NewImport {
                label: Some("a/b".to_owned()),
                ..good()
            },
            422,
            "invalid_label",
        ),
        (
            NewImport {
                passphrase: Some(Secret::new("")),
                ..good()
            },
            422,
            "invalid_passphrase",
        ),
        (
            NewImport {
                roots: [("../x".to_owned(), good().certificate)].into(),
                ..good()
            },
            422,
            "invalid_certificate",
        ),
        (
            NewImport {
                configuration: Some("x".repeat(300_000)),
                ..good()
            },
            413,
            "identity_too_large",
        ),
    ];
    for (import, status, code) in cases {
        refused(identities.import(import).await, status, code);
    }
    let nowhere = Enrollment {
        authority: AuthorityAddress {
            url: "ftp://localhost".to_owned(),
            ..authority()
        },
        options: EnrollmentOptions::default(),
    };
    let import = NewImport {
        enrollment: Some(nowhere),
        ..good()
    };
    refused(identities.import(import).await, 422, "invalid_authority");
    assert!(identities.list().await.unwrap().identities.is_empty());
}

#[tokio::test]
async fn a_certificate_that_has_ended_is_refused_by_name() {
    let (_folder, identities) = wallet();
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [("index", ""), ("serial", "01"), ("ca", CA_CONFIGURATION)] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let key = [
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-out",
        "key",
    ];
    openssl(folder.path(), &key);
    let request = [
        "req", "-new", "-key", "key", "-subj", "/CN=late", "-out", "request",
    ];
    openssl(folder.path(), &request);
    let sign = [
        "ca",
        "-batch",
        "-selfsign",
        "-config",
        "ca",
        "-keyfile",
        "key",
        "-in",
        "request",
        "-out",
        "certificate",
        "-startdate",
        "20200101000000Z",
        "-enddate",
        "20200102000000Z",
    ];
    openssl(folder.path(), &sign);
    let text = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    let import = NewImport {
        certificate: text("certificate"),
        private_key: Secret::new(text("key")),
        ..pair("late", "1")
    };
    let detail = refused(identities.import(import).await, 409, "certificate_expired");
    assert!(
        detail.contains("2020-01-02") && detail.contains("enroll again"),
        "{detail}"
    );
}

const CA_CONFIGURATION: &str = "[ca]\ndefault_ca = here\n[here]\ndatabase = index\nserial = serial\n\
    new_certs_dir = .\ndefault_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n";

#[tokio::test]
async fn without_a_ca_there_is_nothing_to_renew_with() {
    let (_folder, identities) = wallet();
    let alice = identities.import(pair("alice", "5")).await.unwrap().label;
    let renew = |options| identities.renew(&alice, options);
    let detail = refused(
        renew(RenewOptions::default()).await,
        422,
        "authority_unknown",
    );
    assert!(detail.contains("`ca`"), "{detail}");
    refused(
        identities.revocation_list(&alice).await,
        422,
        "authority_unknown",
    );
    let away = RenewOptions {
        authority: Some(authority()),
        ..RenewOptions::default()
    };
    let (status, code, retryable, _) = answer(renew(away).await.unwrap_err());
    assert_eq!(
        (status, code, retryable),
        (503, "authority_unavailable", true)
    );
    let record = identities.record(&alice).await.unwrap();
    assert!(record.enrollment.is_none(), "what failed is not remembered");

    let warnings = identities.warnings().await.unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let said = &warnings[0];
    assert!(
        said.starts_with("identity alice@Org1MSP: expires in "),
        "{said}"
    );
    assert!(said.contains("days; it is not renewed by itself"), "{said}");
}

#[tokio::test]
async fn a_failed_renewal_is_told_and_tried_again_later() {
    let (_folder, identities) = wallet();
    let enrollment = Enrollment {
        authority: authority(),
        options: EnrollmentOptions::default(),
    };
    let soon = NewImport {
        enrollment: Some(enrollment.clone()),
        ..pair("alice", "5")
    };
    let alice = identities.import(soon).await.unwrap();
    let later = NewImport {
        enrollment: Some(enrollment),
        ..pair("bob", "400")
    };
    let bob = identities.import(later).await.unwrap();

    let wait = identities.renew_due().await;
    assert!(wait <= std::time::Duration::from_secs(15), "{wait:?}");
    let now = Timestamp::now();
    let state = identities.state(&alice, now);
    assert!(state.renewal_error.unwrap().contains("cannot be reached"));
    assert!(
        state
            .warnings
            .iter()
            .any(|warning| warning.starts_with("could not be renewed"))
    );
    assert!(identities.state(&bob, now).renewal_error.is_none());
    // It is not asked again before its time.
    assert!(identities.renew_due().await <= wait);
    // And it ends when it is told to.
    identities.keep_renewed(std::future::ready(())).await;
}

#[tokio::test]
async fn one_change_of_an_identity_at_a_time() {
    let (_folder, identities) = wallet();
    let alice = identities.import(pair("alice", "400")).await.unwrap().label;
    let change = identities.begin_change(&alice).unwrap();
    let (status, code, retryable, _) = answer(identities.forget(&alice, false).await.unwrap_err());
    assert_eq!((status, code, retryable), (409, "identity_busy", true));
    drop(change);
    identities.forget(&alice, false).await.unwrap();
}

#[tokio::test]
async fn who_registers_has_to_be_there_and_secrets_have_to_be_given() {
    let (_folder, identities) = wallet();
    identities.import(pair("admin", "400")).await.unwrap();
    let new = |registrar: &str, enroll, authority| NewRegistration {
        label: None,
        registrar: registrar.to_owned(),
        registration: Registration::client("bob"),
        enroll,
        key: KeyKind::P256,
        authority,
        options: EnrollmentOptions::default(),
    };
    let nobody = identities.register(new("boss@Org1MSP", true, None)).await;
    refused(nobody, 404, "identity_not_found");
    let no_authority = identities.register(new("admin@Org1MSP", true, None)).await;
    refused(no_authority, 422, "authority_unknown");
    let no_secret = identities
        .register(new("admin@Org1MSP", false, Some(authority())))
        .await;
    refused(no_secret, 422, "secret_missing");
    let reason = RevokeOptions {
        registrar: "admin@Org1MSP".to_owned(),
        reason: "boredom".to_owned(),
        only_certificate: false,
    };
    let detail = refused(
        identities.revoke(&label("admin@Org1MSP"), reason).await,
        422,
        "invalid_reason",
    );
    assert!(
        detail.contains("`boredom`") && detail.contains("keycompromise"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_key_is_exported_encrypted_where_that_is_asked_for() {
    let (_folder, identities) = wallet();
    let import = pair("alice", "400");
    let key = import.private_key.clone();
    let alice = identities.import(import).await.unwrap().label;
    let plain = identities.export(&alice, None).await.unwrap();
    assert_eq!(plain.private_key, key);
    let secret = Some(Secret::new("correct horse"));
    let sealed = identities.export(&alice, secret).await.unwrap().private_key;
    assert!(sealed.expose().contains("BEGIN ENCRYPTED PRIVATE KEY"));
    refused(
        identities.export(&alice, Some(Secret::new(""))).await,
        422,
        "invalid_passphrase",
    );
}

#[tokio::test]
async fn a_wallet_opens_only_with_what_it_was_made_with() {
    let (folder, identities) = wallet();
    let made = options(&folder);
    identities.import(pair("alice", "400")).await.unwrap();
    Identities::open(&made).unwrap();

    let other = WalletSecret::Passphrase(Passphrase::new("another").unwrap());
    let error = Identities::open(&WalletOptions {
        secret: other,
        ..made.clone()
    })
    .err()
    .unwrap();
    assert!(
        matches!(error, OpenWalletError::WrongPassphrase { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("alice@Org1MSP"), "{error}");

    let key = folder.path().join("wallet.key");
    std::fs::rename(&key, folder.path().join("elsewhere")).unwrap();
    let error = Identities::open(&made).err().unwrap();
    assert!(
        matches!(error, OpenWalletError::KeyFileGone { count: 1, .. }),
        "{error}"
    );
    assert!(!key.exists(), "no other key is made");
    let named = WalletSecret::KeyFile(key);
    let error = Identities::open(&WalletOptions {
        secret: named,
        ..made.clone()
    })
    .err()
    .unwrap();
    assert!(matches!(error, OpenWalletError::Passphrase(_)), "{error}");
    let moved = WalletSecret::KeyFile(folder.path().join("elsewhere"));
    Identities::open(&WalletOptions {
        secret: moved,
        ..made.clone()
    })
    .unwrap();

    let directory = folder.path().join("elsewhere");
    let error = Identities::open(&WalletOptions { directory, ..made })
        .err()
        .unwrap();
    assert!(matches!(error, OpenWalletError::Wallet(_)), "{error}");
}

#[tokio::test]
async fn when_a_certificate_is_renewed_follows_from_its_dates() {
    let (_folder, identities) = wallet();
    let enrollment = Enrollment {
        authority: authority(),
        options: EnrollmentOptions::default(),
    };
    let import = NewImport {
        enrollment: Some(enrollment),
        ..pair("alice", "90")
    };
    let record = identities.import(import).await.unwrap();
    let end = record.certificate.not_after();
    let before_end = |days: i64| end - SignedDuration::from_hours(24 * days);
    assert_eq!(renews_at(&record, 30), Some(before_end(30)));
    assert_eq!(renews_at(&record, 365), Some(before_end(365)), "at once");
    assert_eq!(renews_at(&record, 0), None);
    let mut renewed = record.clone();
    (renewed.is_renewed, renewed.stored_at) = (true, before_end(90));
    assert_eq!(
        renews_at(&renewed, 365),
        Some(before_end(30)),
        "the last third"
    );
    assert_eq!(renews_at(&renewed, 7), Some(before_end(7)));
    let (mut revoked, mut imported) = (record.clone(), record.clone());
    (revoked.revoked_at, imported.enrollment) = (Some(end), None);
    assert_eq!(renews_at(&revoked, 30), None);
    assert_eq!(renews_at(&imported, 30), None);

    let late = end + SignedDuration::from_secs(2);
    let warnings = identities.state(&record, late).warnings;
    assert!(warnings[0].starts_with("expired at"), "{warnings:?}");
    assert_eq!(days_left(end, late), -1);
    assert_eq!(days_left(end, before_end(3)), 3);
    let early = record.certificate.not_before() - SignedDuration::from_hours(1);
    assert!(identities.state(&record, early).warnings[0].starts_with("valid from"));
    assert!(
        identities
            .state(&record, before_end(20))
            .warnings
            .is_empty()
    );
    assert_eq!(
        identities.state(&record, before_end(13)).warnings,
        ["expires in 13 days"]
    );
    assert!(identities.state(&revoked, before_end(20)).warnings[0].starts_with("revoked at"));

    let text = render_metrics(&[record], before_end(10));
    assert!(
        text.ends_with("chainloom_identity_expiry_days{identity=\"alice@Org1MSP\"} 10.000\n"),
        "{text}"
    );
    assert_eq!(render_metrics(&[], late), "");
}

#[test]
fn what_a_ca_says_has_its_status() {
    let who = || "bob".to_owned();
    let endpoint = || "https://localhost:7054".to_owned();
    let source = || std::io::Error::other("no");
    let reason = || "odd".to_owned();
    let timeout = std::time::Duration::from_secs(30);
    for (error, status, code) in [
        (
            AuthorityError::Insecure(endpoint()),
            422,
            "invalid_authority",
        ),
        (
            AuthorityError::Tls {
                endpoint: endpoint(),
                source: source(),
            },
            502,
            "authority_not_proven",
        ),
        (
            AuthorityError::TimedOut {
                endpoint: endpoint(),
                timeout,
            },
            504,
            "authority_outcome_unknown",
        ),
        (
            AuthorityError::Broken {
                endpoint: endpoint(),
                reason: reason(),
            },
            504,
            "authority_outcome_unknown",
        ),
        (
            AuthorityError::AnswerTooLarge {
                endpoint: endpoint(),
                bytes_max: 1,
            },
            502,
            "not_an_authority",
        ),
        (
            AuthorityError::AuthenticationFailed { who: who() },
            403,
            "authority_denied",
        ),
        (
            AuthorityError::Locked { who: who() },
            403,
            "enrollment_locked",
        ),
        (
            AuthorityError::NotAllowed { who: who() },
            403,
            "registrar_not_allowed",
        ),
        (
            AuthorityError::NoSuchAuthority {
                endpoint: endpoint(),
                name: who(),
            },
            404,
            "authority_not_found",
        ),
        (
            AuthorityError::AlreadyRegistered(who()),
            409,
            "already_registered",
        ),
        (AuthorityError::NoSuchIdentity(who()), 404, "not_registered"),
        (AuthorityError::AlreadyRevoked, 409, "already_revoked"),
        (
            AuthorityError::Refused {
                status: 500,
                code: 0,
                message: reason(),
            },
            422,
            "authority_refused",
        ),
    ] {
        let said = error.to_string();
        let (told, word, retryable, detail) = answer(error.into());
        assert_eq!((told, word, retryable), (status, code, false), "{said}");
        assert_eq!(detail, said);
    }
    let only = IdentitiesError::RegisteredOnly {
        enrollment_id: who(),
        source: Box::new(WalletError::Full(10_000).into()),
    };
    let (status, code, _, detail) = answer(only);
    assert_eq!((status, code), (409, "registered_only"));
    assert!(
        detail.contains("is registered now") && detail.contains("10000"),
        "{detail}"
    );
}
