//! What is kept under a key, and how long.

use redb::ReadableTable;

use super::*;
use crate::proposal::Invocation;

#[tokio::test]
async fn a_key_leads_to_its_transaction_until_it_is_resolved_and_to_its_outcome_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    let outbox = open(&path);
    let key = key_use(&outbox, "k", "1");
    assert_eq!(used(&outbox, &key).await, None);
    outbox.store(entry("a", Some(key))).await.unwrap();
    assert!(outbox.contains("a") && !outbox.is_empty());
    assert_eq!(used(&outbox, &key).await, Some(sent("a")));
    drop(outbox);

    let outbox = open(&path);
    assert_eq!(used(&outbox, &key).await, Some(sent("a")));
    assert_eq!(outbox.envelope("a").await.unwrap(), Some(envelope("a")));
    assert_eq!(outbox.due(9), ["a"]);
    outbox.seen("a", Verdict::Valid(VERSION));
    // At once, though it is written later; and a second time it says nothing new.
    assert_eq!(used(&outbox, &key).await, Some(committed("a")));
    outbox.seen("a", Verdict::Void);
    assert_eq!(used(&outbox, &key).await, Some(committed("a")));
    assert_eq!(outbox.envelope("a").await.unwrap(), None);
    assert!(outbox.is_empty() && outbox.due(9).is_empty());
    // The next thing that is synced takes it along.
    outbox.store(entry("b", None)).await.unwrap();
    drop(outbox);
    let outbox = open(&path);
    assert_eq!(used(&outbox, &key).await, Some(committed("a")));
    assert_eq!(outbox.due(9), ["b"]);
}

#[tokio::test]
async fn what_took_no_effect_or_was_refused_frees_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    let outbox = open(&path);
    let (first, second) = (key_use(&outbox, "1", "x"), key_use(&outbox, "2", "x"));
    outbox.store(entry("a", Some(first))).await.unwrap();
    outbox.store(entry("b", Some(second))).await.unwrap();
    outbox.seen("a", Verdict::Void);
    outbox.refused("b").await.unwrap();
    outbox.refused("unknown").await.unwrap();
    assert_eq!(used(&outbox, &first).await, None);
    drop(outbox);
    // What was refused is refused for good, on the disk.
    let outbox = open(&path);
    assert!(outbox.is_empty());
    assert_eq!(used(&outbox, &second).await, None);
    // Free for any call.
    let other = key_use(&outbox, "2", "y");
    assert_eq!(used(&outbox, &other).await, None);
}

#[tokio::test]
async fn of_a_call_that_was_submitted_anew_the_newest_transaction_counts() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = open(&folder.path().join("outbox.redb"));
    let key = key_use(&outbox, "k", "1");
    outbox.store(entry("first", Some(key))).await.unwrap();
    outbox.store(entry("second", Some(key))).await.unwrap();
    // The first is told late.
    outbox.seen("first", Verdict::Void);
    assert_eq!(used(&outbox, &key).await, Some(sent("second")));
    outbox.seen("second", Verdict::Valid(VERSION));
    assert_eq!(used(&outbox, &key).await, Some(committed("second")));
}

#[tokio::test]
async fn another_call_under_the_key_and_the_same_at_once_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = open(&folder.path().join("outbox.redb"));
    let (key, other) = (key_use(&outbox, "k", "1"), key_use(&outbox, "k", "2"));
    let refusal = async |key: &KeyUse| outbox.claim(key).await.unwrap_err();

    let (claim, none) = outbox.claim(&key).await.unwrap();
    assert_eq!(none, None);
    let running = refusal(&key).await;
    assert_eq!(running.code(), "idempotency_key_in_use");
    let LedgerError::Conflict { retry_after_s, .. } = running else {
        panic!("{running:?}");
    };
    assert_eq!(retry_after_s, Some(IN_USE_RETRY_AFTER_S));
    assert_eq!(refusal(&other).await.code(), "idempotency_key_reused");
    drop(claim);
    // Nothing was sent under it.
    drop(outbox.claim(&other).await.unwrap());

    outbox.store(entry("a", Some(key))).await.unwrap();
    assert_eq!(refusal(&other).await.code(), "idempotency_key_reused");
    outbox.seen("a", Verdict::Valid(VERSION));
    let reused = refusal(&other).await;
    assert_eq!(reused.code(), "idempotency_key_reused");
    assert!(reused.to_string().contains("a key of its own"), "{reused}");
}

#[tokio::test]
async fn keys_are_forgotten_when_they_are_old() {
    let folder = tempfile::tempdir().unwrap();
    let options = OutboxOptions {
        path: folder.path().join("outbox.redb"),
        idempotency_keep: Duration::ZERO,
    };
    let outbox = Outbox::open(&options, "devnet").unwrap();
    let keys: Vec<KeyUse> = (0..20)
        .map(|number| key_use(&outbox, &number.to_string(), "x"))
        .collect();
    for (number, key) in keys.iter().enumerate() {
        let id = number.to_string();
        outbox.store(entry(&id, Some(*key))).await.unwrap();
        // Not while it may still take effect.
        assert_eq!(used(&outbox, key).await, Some(sent(&id)));
        outbox.seen(&id, Verdict::Valid(VERSION));
        assert_eq!(used(&outbox, key).await, None);
    }
    outbox.forget_old_keys();
    outbox.ordered(Order::Pass, true).await.unwrap();
    for key in &keys {
        assert_eq!(outbox.key_row(key.key).await.unwrap(), None);
    }
    let read = outbox.database.begin_read().unwrap();
    let meta = read.open_table(tables::META).unwrap();
    let bytes = meta.get("key_bytes").unwrap().unwrap();
    assert_eq!(bytes.value(), [0; 8]);
}

#[tokio::test]
async fn many_at_once_share_a_sync() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    let outbox = open(&path);
    let ids: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    let stored = ids.iter().map(|id| {
        let key = key_use(&outbox, id, "x");
        outbox.store(entry(id, Some(key)))
    });
    let stored = futures_util::future::join_all(stored).await;
    assert!(stored.iter().all(Result::is_ok));
    drop(outbox);
    let outbox = open(&path);
    let mut due = outbox.due(1000);
    due.sort_by_key(|id| id.parse::<u32>().unwrap());
    assert_eq!(due, ids);
    for id in &ids {
        outbox.seen(id, Verdict::Valid(VERSION));
    }
    for id in &ids {
        let key = key_use(&outbox, id, "x");
        assert_eq!(used(&outbox, &key).await, Some(committed(id)));
    }
}

#[tokio::test]
async fn what_is_held_is_left_to_its_caller() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = open(&folder.path().join("outbox.redb"));
    let hold = outbox.hold("a");
    outbox.store(entry("a", None)).await.unwrap();
    assert!(outbox.due(9).is_empty());
    drop(hold);
    // It was sent just now.
    assert!(outbox.due(9).is_empty());
    outbox.hurry("a");
    assert_eq!(outbox.due(9), ["a"]);
    outbox.sent_again("a");
    assert!(outbox.due(9).is_empty());
    assert!(!outbox.refused_again("a"));
}

#[tokio::test]
async fn where_too_much_waits_new_calls_are_refused() {
    let outbox = Outbox::in_memory("devnet");
    outbox.check_room().unwrap();
    let now = Instant::now();
    for number in 0..ENTRIES_MAX as u64 {
        let mut entries = outbox.shared.entries();
        entries.add(number.to_string(), number, 1, now);
    }
    let full = outbox.check_room().unwrap_err();
    assert_eq!(full.code(), "outbox_full");
    assert!(full.to_string().contains("nothing was submitted"), "{full}");
    // What was sent already is stored all the same.
    outbox.store(entry("sent", None)).await.unwrap();
    assert!(outbox.contains("sent"));
}

#[tokio::test]
async fn without_a_file_there_are_no_keys() {
    let outbox = Outbox::in_memory("devnet");
    let request = Request {
        invocation: &Invocation::default(),
        organizations: &[],
        peers: &[],
    };
    let refused = outbox.key_use("Org1MSP", "alice", "k", &request);
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), "idempotency_key_unsupported");
    outbox.store(entry("a", None)).await.unwrap();
    assert_eq!(outbox.envelope("a").await.unwrap(), Some(envelope("a")));
    outbox.seen("a", Verdict::Void);
    assert!(outbox.is_empty());
}

/// A row that is damaged is its own call's trouble.
#[tokio::test]
async fn one_damaged_key_fails_its_own_calls_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    let outbox = open(&path);
    let (damaged, waiting) = (key_use(&outbox, "d", "1"), key_use(&outbox, "w", "1"));
    outbox.store(entry("d", Some(damaged))).await.unwrap();
    outbox.seen("d", Verdict::Valid(VERSION));
    outbox.store(entry("w", Some(waiting))).await.unwrap();
    drop(outbox);
    let database = files::once_closed(&path);
    let write = database.begin_write().unwrap();
    let mut keys = write.open_table(KEYS).unwrap();
    for key in [&damaged.key, &waiting.key] {
        let mut row = keys.get(key).unwrap().unwrap().value().to_vec();
        row[9] ^= 1;
        keys.insert(key, row.as_slice()).unwrap();
    }
    drop(keys);
    write.commit().unwrap();
    drop(database);

    // A damaged key is the oldest, and all are old.
    let outbox = Outbox::open(
        &OutboxOptions {
            path,
            idempotency_keep: Duration::ZERO,
        },
        "devnet",
    )
    .unwrap();
    for key in [&damaged, &waiting] {
        let error = outbox.claim(key).await.unwrap_err();
        assert!(error.to_string().contains("damaged: a key"), "{error}");
    }
    // One that is seen now, and others with it.
    outbox.seen("w", Verdict::Valid(VERSION));
    for id in ["x", "y"] {
        let key = key_use(&outbox, id, "1");
        outbox.store(entry(id, Some(key))).await.unwrap();
        assert_eq!(used(&outbox, &key).await, Some(sent(id)));
        outbox.seen(id, Verdict::Valid(VERSION));
    }
    outbox.forget_old_keys();
    outbox.ordered(Order::Pass, true).await.unwrap();
    assert!(outbox.is_empty());
    // What was resolved is forgotten, readable or not.
    assert_eq!(used(&outbox, &damaged).await, None);
    assert_eq!(used(&outbox, &key_use(&outbox, "x", "1")).await, None);
    let read = outbox.database.begin_read().unwrap();
    let times = read.open_table(tables::KEY_TIMES).unwrap();
    assert!(times.first().unwrap().is_none());
}

#[tokio::test]
async fn where_too_many_keys_are_remembered_new_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    let outbox = open(&path);
    let known = key_use(&outbox, "known", "1");
    outbox.store(entry("a", Some(known))).await.unwrap();
    drop(outbox);
    // As many bytes as a gigabyte of results leaves.
    files::change(&path, "key_bytes", &writer::KEYS_BYTES_MAX.to_be_bytes());
    let outbox = open(&path);
    let new = key_use(&outbox, "new", "1");
    let refused = outbox.store(entry("b", Some(new))).await.unwrap_err();
    assert_eq!(refused.code(), "idempotency_keys_full");
    let sentence = refused.to_string();
    for part in ["nothing was submitted", "`idempotency_keep_h`"] {
        assert!(sentence.contains(part), "{sentence}");
    }
    assert!(!outbox.contains("b"));
    assert_eq!(used(&outbox, &new).await, None);
    // What has no key goes on, and a key that is known already.
    outbox.store(entry("c", None)).await.unwrap();
    outbox.store(entry("d", Some(known))).await.unwrap();
    assert_eq!(used(&outbox, &known).await, Some(sent("d")));
}
