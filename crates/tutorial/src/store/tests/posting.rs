use super::super::{PENDING_BYTES_MAX, TicketPlace};
use super::*;
use chainloom_ledger::Version;

#[tokio::test]
async fn transactions_wait_in_order_and_go_into_the_block_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for kind in [5, 3, 5, 1] {
        post(&store, kind, None).await;
    }
    assert_eq!(waiting_kinds(&store), [5, 3, 5, 1]);
    assert_eq!(store.head().borrow().pending_count, 4);
    let block = mine(&store).await;
    let id = &store.identity().node_id;
    let before = encoded(&Rules::Article.genesis(0.5)).hash;
    let expected = format!(
        r#"{{"index":2,"previous_hash":"{before}","proof":7,"timestamp":1.5,"transactions":[{{"amount":5,"recipient":"bob","sender":"ann"}},{{"amount":3,"recipient":"bob","sender":"ann"}},{{"amount":5,"recipient":"bob","sender":"ann"}},{{"amount":1,"recipient":"bob","sender":"ann"}},{{"amount":1,"recipient":"{id}","sender":"0"}}]}}"#
    );
    assert_eq!(std::str::from_utf8(&block.compact).unwrap(), expected);
    let tree = crate::json::parse(&block.compact, &crate::json::Limits::default()).unwrap();
    assert_eq!(block.hash.0, block_hash(&tree));
    let head = store.head().borrow().clone();
    assert_eq!((head.length, head.tip_hash), (2, block.hash));
    assert_eq!(head.pending_count, 0);
    assert_eq!(&*head.next_index_text, "3");
    let body: usize = chain(&store).iter().map(|block| block.compact.len()).sum();
    assert_eq!(head.chain_body_bytes, body as u64 + 1);
}

#[tokio::test]
async fn a_proof_for_another_tip_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    post(&store, 1, None).await;
    let stale = Mined {
        parent: Hash([9; 32]),
        proof: 7,
        timestamp_s: 1.5,
    };
    assert_eq!(
        store.append_mined(stale).await.unwrap(),
        Appended::TipChanged
    );
    assert_eq!(waiting_kinds(&store), [1]);
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let ticket = [8; 16];
    post(&store, 1, Some(ticket)).await;
    mine(&store).await;
    post(&store, 2, None).await;
    let (blocks, head) = (chain(&store), store.head().borrow().clone());
    drop(store);
    let store = open(folder.path());
    assert_eq!(chain(&store), blocks);
    assert_eq!(*store.head().borrow(), head);
    assert_eq!(waiting_kinds(&store), [2]);
    let place = store.snapshot().unwrap().ticket(&ticket).unwrap();
    assert_eq!(
        place,
        Some(TicketPlace::Mined(Version { block: 2, index: 0 }))
    );
}

#[tokio::test]
async fn the_queue_is_bounded_in_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let large = || Posting {
        compact: compact(&Json::from("x".repeat(8 << 20))).into_bytes(),
        ticket: None,
        key: None,
    };
    for _ in 0..3 {
        let posted = store.post(large()).await.unwrap();
        assert!(matches!(posted, Posted::Accepted { .. }));
    }
    assert_eq!(store.post(large()).await.unwrap(), Posted::Full);
    post(&store, 1, None).await;
    mine(&store).await;
    let posted = store.post(large()).await.unwrap();
    assert!(matches!(posted, Posted::Accepted { .. }));
}

#[tokio::test]
async fn a_block_takes_no_more_than_other_nodes_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    // Few bytes, many values: the limit is one of values.
    let list = format!("[{}0]", "0,".repeat(700_000));
    for _ in 0..4 {
        let posting = Posting {
            compact: list.clone().into_bytes(),
            ticket: None,
            key: None,
        };
        store.post(posting).await.unwrap();
    }
    assert!(4 * list.len() as u64 <= PENDING_BYTES_MAX);
    let mut left = 4;
    while left > 0 {
        let block = mine(&store).await;
        let tree = crate::json::parse(&block.compact, &crate::json::Limits::default()).unwrap();
        let taken = tree.get("transactions").unwrap().as_array().unwrap().len() as u64 - 1;
        assert!((1..=2).contains(&taken));
        left -= taken;
        assert_eq!(store.head().borrow().pending_count, left);
    }
}

#[tokio::test]
async fn a_key_gives_the_same_ticket_for_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let post = async |kind: u64, ticket: u8, key| {
        let posting = Posting {
            key: Some(key),
            ..posting(kind, Some([ticket; 16]))
        };
        store.post(posting).await.unwrap()
    };
    let accepted = |posted: &Posted| matches!(posted, Posted::Accepted { .. });
    let day = 24 * 60 * 60;
    assert!(accepted(&post(1, 1, key("a", "pay 1", 1_000)).await));
    let repeated = Posted::Repeated { ticket: [1; 16] };
    assert_eq!(post(1, 2, key("a", "pay 1", 1_000)).await, repeated);
    assert_eq!(post(1, 2, key("a", "pay 1", 999 + day)).await, repeated);
    assert_eq!(
        post(2, 2, key("a", "pay 2", 1_000)).await,
        Posted::KeyReused
    );
    assert_eq!(waiting_kinds(&store), [1]);
    // A day later it is another request, whatever it says.
    assert!(accepted(&post(2, 3, key("a", "pay 2", 1_000 + day)).await));
    let repeated = Posted::Repeated { ticket: [3; 16] };
    assert_eq!(post(2, 4, key("a", "pay 2", 1_500 + day)).await, repeated);
    assert_eq!(waiting_kinds(&store), [1, 2]);
}

#[tokio::test]
async fn old_keys_are_purged() {
    use super::super::tables::{IDEMPOTENCY, IDEMPOTENCY_TIMES};
    use redb::ReadableTableMetadata;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for number in 0..40_u64 {
        let posting = Posting {
            key: Some(key(&number.to_string(), "pay", number * 10_000)),
            ..posting(number, Some([number as u8; 16]))
        };
        store.post(posting).await.unwrap();
    }
    let read = store.shared.database.begin_read().unwrap();
    let (keys, times) = (
        read.open_table(IDEMPOTENCY).unwrap().len().unwrap(),
        read.open_table(IDEMPOTENCY_TIMES).unwrap().len().unwrap(),
    );
    // 24 hours are 86,400 s: the last nine, and the one that is written.
    assert_eq!((keys, times), (9, 9));
}

#[tokio::test]
async fn a_batch_of_the_queue_ends_at_its_limits() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for kind in 0..5 {
        post(&store, kind, None).await;
    }
    let snapshot = store.snapshot().unwrap();
    let sequences = |after, limit, bytes| -> Vec<u64> {
        let waiting = snapshot.waiting(after, limit, bytes).unwrap();
        waiting.iter().map(|waiting| waiting.sequence).collect()
    };
    assert_eq!(sequences(None, 2, 1_000), [0, 1]);
    assert_eq!(sequences(Some(1), 9, 1_000), [2, 3, 4]);
    assert_eq!(sequences(Some(1), 9, 1), [2]);
    assert_eq!(sequences(Some(4), 9, 1), [0_u64; 0]);
    assert_eq!(snapshot.waiting_at(3).unwrap().unwrap().sequence, 3);
    assert_eq!(snapshot.waiting_at(9).unwrap(), None);
}
