//! A channel that is made anew under the same name is another one.

use super::*;

const FIRST: Digest = [1; 32];
const SECOND: Digest = [2; 32];

/// An entry without a key, one under a key, and a key with its outcome.
async fn filled(outbox: &Outbox) {
    outbox.store(entry("a", None)).await.unwrap();
    let waits = key_use(outbox, "waits", "1");
    outbox.store(entry("b", Some(waits))).await.unwrap();
    let seen = key_use(outbox, "seen", "1");
    outbox.store(entry("c", Some(seen))).await.unwrap();
    outbox.seen("c", Verdict::Valid(VERSION));
}

async fn is_all_there(outbox: &Outbox) {
    assert!(outbox.contains("a") && outbox.contains("b"));
    let (waits, seen) = (key_use(outbox, "waits", "1"), key_use(outbox, "seen", "1"));
    assert_eq!(used(outbox, &waits).await, Some(sent("b")));
    assert_eq!(used(outbox, &seen).await, Some(committed("c")));
}

async fn is_empty_of_it(outbox: &Outbox) {
    for id in ["a", "b", "c"] {
        assert!(!outbox.contains(id));
        assert_eq!(outbox.envelope(id).await.unwrap(), None);
    }
    for key in ["waits", "seen"] {
        let key = key_use(outbox, key, "1");
        assert_eq!(used(outbox, &key).await, None);
    }
}

#[tokio::test]
async fn what_is_of_a_former_channel_is_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    let former = |number| folder.path().join(format!("outbox.redb.former-{number}"));
    let outbox = open(&path);
    filled(&outbox).await;
    // A file that does not say yet of which it is.
    outbox.is_of(FIRST).await.unwrap();
    outbox.is_of(FIRST).await.unwrap();
    is_all_there(&outbox).await;
    drop(outbox);

    let outbox = open(&path);
    // What a call left before anybody looked was sent to the channel that there is now.
    outbox.store(entry("new", None)).await.unwrap();
    outbox.is_of(SECOND).await.unwrap();
    is_empty_of_it(&outbox).await;
    assert!(outbox.contains("new"));
    // The copy has all of it.
    is_all_there(&open(&former(1))).await;
    assert!(!former(2).exists());
    drop(outbox);
    let outbox = open(&path);
    is_empty_of_it(&outbox).await;
    assert!(outbox.contains("new"));

    // It is made anew while the program runs.
    outbox.is_of(SECOND).await.unwrap();
    filled(&outbox).await;
    outbox.is_of(FIRST).await.unwrap();
    is_empty_of_it(&outbox).await;
    assert!(!outbox.contains("new"));
    is_all_there(&open(&former(2))).await;
}

#[tokio::test]
async fn what_is_in_memory_only_is_forgotten() {
    let outbox = Outbox::in_memory("devnet");
    outbox.is_of(FIRST).await.unwrap();
    outbox.store(entry("a", None)).await.unwrap();
    outbox.is_of(FIRST).await.unwrap();
    assert!(outbox.contains("a"));
    outbox.is_of(SECOND).await.unwrap();
    assert!(outbox.is_empty());
}

/// Without the copy nothing is given up.
#[tokio::test]
async fn where_no_copy_can_be_made_all_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    let outbox = open(&path);
    outbox.is_of(FIRST).await.unwrap();
    filled(&outbox).await;
    for number in 1..=9 {
        let place = folder.path().join(format!("outbox.redb.former-{number}"));
        std::fs::create_dir(place).unwrap();
    }
    let error = outbox.is_of(SECOND).await.unwrap_err();
    assert!(matches!(error, LedgerError::Storage { .. }), "{error:?}");
    assert!(error.to_string().contains("former-9"), "{error}");
    is_all_there(&outbox).await;
}
