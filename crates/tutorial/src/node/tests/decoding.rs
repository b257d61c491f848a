use super::*;
use crate::json::parse;
use crate::store::tests::{adopt, chain, encoded};
use chainloom_ledger::{BlockSelector, Ledger, TransactionKind};
use serde_json::json;

/// A node whose last block is this one.
async fn with_tip(folder: &Path, block: &str) -> Node {
    let node = open(folder);
    let tree = parse(block.as_bytes(), &Default::default()).unwrap();
    let store = &node.core().store;
    let genesis = chain(store).remove(0);
    adopt(store, &[genesis, encoded(&tree)]).await;
    node
}

async fn tip_of(block: &str) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    let node = with_tip(folder.path(), block).await;
    let block = node.block(BlockSelector::Latest, ALL).await.unwrap();
    serde_json::to_value(&block).unwrap()
}

#[tokio::test]
async fn foreign_blocks_appear_as_valid_json_whatever_they_hold() {
    let block = tip_of(
        r#"{"index": "x", "timestamp": 1506280664.5, "previous_hash": ["odd"], "proof": "7",
            "transactions": [
              {"sender": 5, "recipient": "5", "amount": 5.50, "memo": "\ud800"},
              {"sender": "0", "recipient": {"a": NaN}, "amount": 123456789012345678901},
              {"amount": Infinity},
              {"hello": "world"},
              7
            ]}"#,
    )
    .await;
    assert_eq!(block["number"], 2);
    assert_eq!(block["previous_hash"], "[\"odd\"]");
    assert_eq!(block["time"], "2017-09-24T19:17:44.5Z");
    assert_eq!(block["transaction_count"], 5);
    assert_eq!(block["valid_count"], 5);
    assert_eq!(block["proof_of_work"]["proof"], "7");
    assert_eq!(block["proof_of_work"]["input"], "1007");
    let transactions = block["transactions"].as_array().unwrap();
    let kinds: Vec<_> = transactions.iter().map(|one| &one["kind"]).collect();
    assert_eq!(
        kinds,
        ["transfer", "reward", "transfer", "unknown", "unknown"]
    );
    assert_eq!(transactions[0]["transfer"]["sender"], 5);
    assert_eq!(transactions[0]["transfer"]["recipient"], "5");
    assert_eq!(
        transactions[0]["content"]["memo"],
        json!({"python": "\"\\ud800\""})
    );
    assert_eq!(
        transactions[0]["call"],
        json!({"contract": "coin", "function": "transfer", "args": ["5", "5", "5.5"]})
    );
    assert_eq!(
        transactions[1]["transfer"],
        json!({"sender": "0", "recipient": {"a": {"python": "NaN"}}, "amount": {"python": "123456789012345678901"}})
    );
    assert!(transactions[1].get("call").is_none());
    assert_eq!(
        transactions[2]["transfer"],
        json!({"amount": {"python": "Infinity"}})
    );
    assert!(transactions[3].get("transfer").is_none());
    assert_eq!(transactions[4]["content"], 7);
    assert_eq!(transactions[4]["version"], json!({"block": 2, "index": 4}));
    assert_eq!(transactions[4]["validation_code"]["name"], "VALID");
}

#[tokio::test]
async fn exact_amounts_are_finite_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let block = r#"{"proof": 1, "transactions": [
        {"amount": 0.1}, {"amount": 123456789012345678901}, {"amount": 1e400}, {"amount": "5"}]}"#;
    let node = with_tip(folder.path(), block).await;
    let block = node.block(BlockSelector::Latest, ALL).await.unwrap();
    let amounts: Vec<_> = block
        .transactions
        .iter()
        .map(|one| {
            assert_eq!(one.kind, TransactionKind::Transfer);
            let amount = one.transfer.as_ref().unwrap().amount_exact.as_ref();
            amount.map(|amount| amount.to_plain_string())
        })
        .collect();
    let expected = [Some("0.1"), Some("123456789012345678901"), None, None];
    assert_eq!(amounts, expected.map(|amount| amount.map(str::to_owned)));
}

#[tokio::test]
async fn what_a_block_lacks_is_absent() {
    let block = tip_of(r#"{"proof": "x"}"#).await;
    assert_eq!(block["previous_hash"], "");
    assert_eq!(block["transactions"], json!([]));
    assert!(block.get("time").is_none());
}

#[tokio::test]
async fn times_that_are_none_are_absent() {
    for (timestamp, time) in [
        ("0", json!("1970-01-01T00:00:00Z")),
        ("-1.5", json!("1969-12-31T23:59:58.5Z")),
        ("1506280664", json!("2017-09-24T19:17:44Z")),
        ("1e20", json!(null)),
        ("-1e20", json!(null)),
        ("99999999999999999999999", json!(null)),
        ("NaN", json!(null)),
        ("Infinity", json!(null)),
        ("\"1506280664\"", json!(null)),
        ("null", json!(null)),
        ("true", json!(null)),
    ] {
        let block = tip_of(&format!(r#"{{"proof": 1, "timestamp": {timestamp}}}"#)).await;
        assert_eq!(block["time"], time, "{timestamp}");
    }
}

#[tokio::test]
async fn the_genesis_shows_its_proof_and_no_check() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let block = node.block(BlockSelector::Number(1), ALL).await.unwrap();
    assert_eq!(block.previous_hash, "1");
    assert!(block.time.is_some());
    let work = block.proof_of_work.unwrap();
    assert_eq!(work.proof, 100);
    assert_eq!((work.input, work.digest), (None, None));
}

#[tokio::test]
async fn what_was_taken_in_under_larger_limits_is_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let memo = "x".repeat(crate::json::Limits::BYTES + 1);
    let compact = format!(r#"{{"proof":1,"transactions":[{{"memo":"{memo}"}}]}}"#);
    let node = open(folder.path());
    let store = &node.core().store;
    let giant = crate::store::NewBlock {
        hash: chainloom_ledger::Hash([7; 32]),
        compact: compact.clone().into_bytes(),
    };
    adopt(store, &[chain(store).remove(0), giant]).await;
    let block = node.block(BlockSelector::Latest, ALL).await.unwrap();
    assert_eq!(block.size_bytes, compact.len() as u64);
    let content = block.transactions[0].content.as_ref().unwrap();
    assert_eq!(content["memo"], memo);
    let hash_input = node.block_hash_input(2).await.unwrap();
    assert!(hash_input.len() > compact.len());
}

#[tokio::test]
async fn only_the_transactions_that_are_asked_for_are_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let zeros = vec!["0"; 300_000].join(",");
    let block = format!(r#"{{"proof": 1, "transactions": [{zeros}]}}"#);
    let node = with_tip(folder.path(), &block).await;
    let part = async |from, limit| {
        let range = TransactionRange { from, limit };
        let block = node.block(BlockSelector::Number(2), range).await.unwrap();
        assert_eq!(
            (block.transaction_count, block.valid_count),
            (300_000, 300_000)
        );
        let first = block.transactions.first().and_then(|one| one.version);
        (first.map(|version| version.index), block.transactions.len())
    };
    assert_eq!(part(0, 0).await, (None, 0));
    assert_eq!(part(0, 3).await, (Some(0), 3));
    assert_eq!(part(299_990, 1_000).await, (Some(299_990), 10));
    assert_eq!(part(usize::MAX, usize::MAX).await, (None, 0));
    // Many readers of a large block take turns, and all are answered.
    let reads: Vec<_> = (0..20).map(|from| part(from, 1)).collect();
    let firsts = futures_util::future::join_all(reads).await;
    assert_eq!(firsts.len(), 20);
    assert!(
        (0..)
            .zip(firsts)
            .all(|(from, found)| found == (Some(from), 1))
    );
}

#[tokio::test]
async fn long_transactions_come_in_smaller_parts() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("\"{}\"", "x".repeat(3 << 20));
    let block = format!(r#"{{"proof": 1, "transactions": [{text},{text},{text}]}}"#);
    let node = with_tip(folder.path(), &block).await;
    let block = node.block(BlockSelector::Latest, ALL).await.unwrap();
    assert_eq!((block.transactions.len(), block.transaction_count), (2, 3));
    let rest = TransactionRange { from: 2, limit: 10 };
    let block = node.block(BlockSelector::Latest, rest).await.unwrap();
    assert_eq!(block.transactions.len(), 1);
}
