#![allow(clippy::unwrap_used)]

use jiff::SignedDuration;

use super::*;

struct Place {
    _folder: tempfile::TempDir,
    file: TokenFile,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let file = TokenFile::new(folder.path().join("tokens.json"));
    Place {
        _folder: folder,
        file,
    }
}

fn new_token(name: Option<&str>) -> NewToken {
    NewToken {
        name: name.map(str::to_owned),
        identity: None,
        ledgers: LedgerScope::of(["trade".to_owned()]),
        may: BTreeSet::from([Permission::Read]),
        expires: None,
    }
}

/// Puts this text in the place of the file, for its owner alone.
fn write(file: &TokenFile, text: &str) {
    let mut open = private(file.path(), true).unwrap();
    open.write_all(text.as_bytes()).unwrap();
}

#[test]
fn what_is_made_is_kept_without_its_secret() {
    let Place { file, _folder } = place();
    assert!(file.read().unwrap().is_empty());
    let new = NewToken {
        identity: Some("alice@Org1MSP".to_owned()),
        may: BTreeSet::from(Permission::ALL),
        expires: Some(Timestamp::now() + SignedDuration::from_hours(1)),
        ..new_token(Some("shop"))
    };
    let (token, secret) = file.create(new.clone()).unwrap();
    let kept = file.read().unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].id(), token.id());
    assert_eq!(kept[0].hash, SecretHash::of(secret.reveal()).unwrap());
    assert_eq!(kept[0].identity(), Some("alice@Org1MSP"));
    assert_eq!(kept[0].ledgers(), &new.ledgers);
    assert_eq!(kept[0].may(), &new.may);
    assert_eq!(kept[0].expires(), new.expires);
    let text = fs::read_to_string(file.path()).unwrap();
    assert!(!text.contains(&secret.reveal()[10..]), "{text}");
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let Place { file, _folder } = place();
    file.create(new_token(None)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file.path()), 0o600);
    assert_eq!(mode(&file.beside("lock")), 0o600);
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
    let error = file.read().unwrap_err();
    assert!(
        matches!(error, TokenFileError::Exposed { mode: 0o640, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("mode 640"), "{error}");
}

#[test]
fn a_token_that_was_taken_back_stays_so() {
    let Place { file, _folder } = place();
    let (token, _) = file.create(new_token(Some("shop"))).unwrap();
    let first = file.revoke("shop").unwrap().revoked().unwrap();
    assert_eq!(file.revoke(&token.id()).unwrap().revoked(), Some(first));
    assert_eq!(file.read().unwrap()[0].state(first), TokenState::Revoked);
}

#[test]
fn a_name_is_free_again_once_its_token_ended() {
    let Place { file, _folder } = place();
    let (first, _) = file.create(new_token(Some("shop"))).unwrap();
    let taken = file.create(new_token(Some("shop"))).unwrap_err();
    assert!(
        matches!(&taken, TokenFileError::NameTaken(name) if name == "shop"),
        "{taken}"
    );
    file.revoke("shop").unwrap();
    let (second, _) = file.create(new_token(Some("shop"))).unwrap();
    // The name means the one in use.
    assert_eq!(file.revoke("shop").unwrap().id(), second.id());
    let several = file.revoke("shop").unwrap_err();
    assert!(matches!(several, TokenFileError::Ambiguous(_)), "{several}");
    assert_eq!(file.revoke(&first.id()).unwrap().id(), first.id());
    let nobody = file.revoke("nobody").unwrap_err();
    assert!(matches!(nobody, TokenFileError::NotFound(_)), "{nobody}");
}

#[test]
fn there_is_a_bound_and_what_ended_first_makes_room() {
    let Place { file, _folder } = place();
    let now = Timestamp::now();
    let token = |index: usize| Token {
        hash: SecretHash::from_hex(&format!("{index:064x}")).unwrap(),
        name: Some(format!("n{index}")),
        identity: None,
        ledgers: LedgerScope::Every,
        may: BTreeSet::from([Permission::Read]),
        created: now,
        expires: None,
        revoked: None,
    };
    let mut tokens: Vec<Token> = (0..TOKENS_MAX).map(token).collect();
    file.replace(&tokens).unwrap();
    let full = file.create(new_token(None)).unwrap_err();
    assert!(matches!(full, TokenFileError::Full), "{full}");
    tokens[3].revoked = Some(now);
    tokens[4].revoked = Some(now - SignedDuration::from_secs(1));
    file.replace(&tokens).unwrap();
    file.create(new_token(None)).unwrap();
    let kept = file.read().unwrap();
    assert_eq!(kept.len(), TOKENS_MAX);
    let names: Vec<_> = kept.iter().filter_map(Token::name).collect();
    assert!(names.contains(&"n3") && !names.contains(&"n4"));
}

#[test]
fn a_token_that_makes_no_sense_changes_nothing() {
    let Place { file, _folder } = place();
    let mut new = new_token(None);
    new.may.clear();
    let error = file.create(new).unwrap_err();
    let expected = InvalidToken::MayNothing;
    assert!(
        matches!(&error, TokenFileError::Invalid(found) if *found == expected),
        "{error}"
    );
    assert!(!file.path().exists());
}

#[test]
fn a_file_that_is_none_of_ours_is_said_and_left_alone() {
    let Place { file, _folder } = place();
    for text in [
        "",
        "{}",
        "[]",
        r#"{"version": 1}"#,
        r#"{"version": 1, "tokens": [], "more": 1}"#,
        r#"{"version": 1, "tokens": [{"secret_sha256": "ab", "ledgers": [], "may": [],
            "created": "2026-01-01T00:00:00Z"}]}"#,
    ] {
        write(&file, text);
        let error = file.create(new_token(None)).unwrap_err();
        assert!(
            matches!(error, TokenFileError::Damaged { .. }),
            "{text}: {error}"
        );
        assert_eq!(fs::read_to_string(file.path()).unwrap(), text);
    }
    write(&file, r#"{"version": 2, "secrets": []}"#);
    let newer = file.read().unwrap_err();
    assert!(
        matches!(newer, TokenFileError::Newer { version: 2, .. }),
        "{newer}"
    );
    let many = vec![
        r#"{"secret_sha256": "", "ledgers": [], "may": [], "created": "2026-01-01T00:00:00Z"}"#;
        1_001
    ];
    write(
        &file,
        &format!(r#"{{"version": 1, "tokens": [{}]}}"#, many.join(",")),
    );
    let many = file.read().unwrap_err().to_string();
    assert!(many.contains("more than 1000 tokens"), "{many}");
    let large = private(file.path(), true).unwrap();
    large.set_len(FILE_BYTES_MAX + 1).unwrap();
    let large = file.read().unwrap_err();
    assert!(matches!(large, TokenFileError::TooLarge { .. }), "{large}");
}

#[test]
fn what_the_system_refuses_is_said_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = TokenFile::new(folder.path().join("missing").join("tokens.json"));
    let error = file.create(new_token(None)).unwrap_err();
    assert!(matches!(error, TokenFileError::File { .. }), "{error}");
    assert!(error.to_string().contains("tokens.json"), "{error}");
}

#[test]
fn every_change_is_told() {
    let Place { file, _folder } = place();
    let (_, edition) = file.read_edition().unwrap();
    assert!(file.is_still(&edition));
    file.create(new_token(Some("a"))).unwrap();
    assert!(!file.is_still(&edition));
    // Taking back and making anew in one instant, with the same length: still another file.
    for _ in 0..50 {
        let (_, edition) = file.read_edition().unwrap();
        assert!(file.is_still(&edition));
        let tokens = file.read().unwrap();
        file.replace(&tokens).unwrap();
        assert!(!file.is_still(&edition));
    }
    let (_, edition) = file.read_edition().unwrap();
    fs::remove_file(file.path()).unwrap();
    assert!(!file.is_still(&edition));
}

#[test]
fn several_writers_lose_nothing() {
    let Place { file, _folder } = place();
    std::thread::scope(|scope| {
        for index in 0..8 {
            let file = &file;
            scope.spawn(move || file.create(new_token(Some(&format!("n{index}")))).unwrap());
        }
    });
    assert_eq!(file.read().unwrap().len(), 8);
}
