//! Balances, statistics, look-ups, and the ledger that answers through them.

use std::sync::Arc;

use chainloom_ledger::{
    Account, Advice, BlockSelector, Call, CallOptions, Hash, InvokeOptions, Ledger, LedgerError,
    Payload, Position, QueryAnswer, Transaction, TransactionKind, TransactionRange,
    TransactionSelector, ValidationCode, Version,
};
use futures_util::StreamExt;
use serde_json::json;

use super::ledger::{MemoryLedger, transfer};
use super::{Follower, catch_up, index_all, open};
use crate::{
    BALANCE_TEXT_BYTES_MAX, Index, IndexError, IndexedLedger, Order, STATS_WINDOW_BLOCKS_MAX,
    StatsRange, TransactionFilter,
};

const ALL: TransactionRange = TransactionRange::first(usize::MAX);

async fn indexed(ledger: &MemoryLedger) -> (tempfile::TempDir, Index) {
    let directory = tempfile::tempdir().unwrap();
    let index = open(&directory.path().join("index.redb"));
    index_all(&index, ledger).await;
    (directory, index)
}

async fn balance(index: &Index, name: &str) -> (String, u64) {
    let balance = index.balance(&Account::named(name)).await.unwrap();
    assert_eq!(balance.account, json!(name));
    assert!(balance.balance.len() <= BALANCE_TEXT_BYTES_MAX);
    (balance.balance, balance.transaction_count)
}

fn invalid(mut transaction: Transaction) -> Transaction {
    transaction.validation_code.as_mut().unwrap().code = 11;
    transaction
}

#[tokio::test]
async fn balances_are_exact() {
    let ledger = MemoryLedger::new(None, 1);
    ledger.append_block(vec![
        transfer("a", "0", "alice", "1"),
        transfer("b", "alice", "bob", "0.1"),
        transfer("c", "alice", "bob", "0.2"),
        transfer("d", "bob", "bob", "1000"),
        invalid(transfer("e", "alice", "bob", "500")),
        transfer("f", "alice", "bob", "NaN"),
        transfer("g", "alice", "bob", "1e999999999"),
        transfer("h", "0", "rich", "1e308"),
        transfer("i", "0", "rich", "5e-324"),
        transfer("j", "0", "long", &"9".repeat(4300)),
        transfer("k", "0", "long", &"9".repeat(4300)),
    ]);
    let mut half = transfer("l", "", "carol", "7");
    half.transfer.as_mut().unwrap().sender = None;
    ledger.append_block(vec![half]);
    let (_directory, index) = indexed(&ledger).await;
    assert_eq!(balance(&index, "alice").await, ("0.7".to_owned(), 6));
    assert_eq!(balance(&index, "bob").await, ("0.3".to_owned(), 6));
    assert_eq!(balance(&index, "carol").await, ("7".to_owned(), 1));
    assert_eq!(balance(&index, "nobody").await, ("0".to_owned(), 0));
    let (rich, _) = balance(&index, "rich").await;
    assert_eq!(rich, format!("1{}.{}5", "0".repeat(308), "0".repeat(323)));
    let (long, _) = balance(&index, "long").await;
    assert_eq!(long, format!("1{}8", "9".repeat(4299)));
    let (issued, transactions) = balance(&index, "0").await;
    assert!(issued.starts_with('-') && transactions == 5);
}

#[tokio::test]
async fn statistics_count_and_measure() {
    let ledger = MemoryLedger::new(None, 1);
    for _ in 0..6 {
        ledger.append_block(vec![
            transfer("a", "0", "alice", "1"),
            invalid(transfer("b", "alice", "bob", "1")),
        ]);
    }
    ledger.edit(|blocks| {
        for (block, second) in blocks.iter_mut().zip([0, 10, 20, 30, 34, 50]) {
            block.time = Some(jiff::Timestamp::new(1_500_000_000 + second, 0).unwrap());
        }
    });
    let (_directory, index) = indexed(&ledger).await;
    let window = |blocks| StatsRange {
        window: Some(blocks),
        ..StatsRange::default()
    };
    let stats = serde_json::to_value(index.stats(window(4)).await.unwrap()).unwrap();
    assert_eq!(
        stats,
        json!({
            "from_block": 1, "to_block": 6,
            "blocks": 6, "transactions": 12, "valid": 6,
            "by_code": [
                {"code": 0, "name": "VALID", "transactions": 6},
                {"code": 11, "name": "VALID", "transactions": 6},
            ],
            "by_function": [{"contract": "coin", "function": "transfer", "transactions": 12}],
            "by_organization": [],
            "window_blocks": 4,
            "transactions_per_block": 2.0,
            "transactions_per_s": 0.2,
            "block_times": {"average_s": 10.0, "min_s": 4.0, "max_s": 16.0, "time_source": "client"},
            "indexed_height": 6,
        })
    );
    assert_eq!(index.stats(window(1)).await.unwrap().block_times, None);
    let all = index.stats(window(1_000)).await.unwrap();
    assert_eq!(all.window_blocks, 6);
    for blocks in [0, STATS_WINDOW_BLOCKS_MAX + 1] {
        assert_eq!(
            index.stats(window(blocks)).await,
            Err(IndexError::InvalidWindow(blocks))
        );
    }
    let backwards = StatsRange {
        from: Some(4),
        to: Some(3),
        window: None,
    };
    assert_eq!(
        index.stats(backwards).await,
        Err(IndexError::InvalidRange { from: 4, to: 3 })
    );
}

/// As Fabric counts: from block 0, with calls that move nothing, and ids that stand twice.
#[tokio::test]
async fn a_channel_is_read_from_block_0() {
    let called = |id: &str, function: &str| {
        let mut transaction = transfer(id, "", "", "0");
        transaction.kind = TransactionKind::Endorser;
        transaction.transfer = None;
        let call = transaction.call.as_mut().unwrap();
        call.contract = "probe".to_owned();
        call.function = function.to_owned();
        transaction
    };
    let mut configuration = transfer("", "", "", "0");
    configuration.kind = TransactionKind::Config;
    (configuration.call, configuration.transfer) = (None, None);
    let mut duplicate = called("twice", "put");
    duplicate.validation_code = Some(ValidationCode {
        code: 9,
        name: "DUPLICATE_TXID".to_owned(),
        meaning: None,
    });
    let ledger = MemoryLedger::new(None, 0);
    ledger.append_block(vec![configuration]);
    ledger.append_block(vec![called("twice", "put"), called("once", "get")]);
    ledger.append_block(vec![duplicate]);
    let (_directory, index) = indexed(&ledger).await;

    let position = index.position();
    assert_eq!((position.height, position.blocks), (2, 3));
    let first = index.blocks(None, 10, Order::OldestFirst).await.unwrap();
    let numbers: Vec<u64> = first.blocks.iter().map(|block| block.number).collect();
    assert_eq!(numbers, [0, 1, 2]);
    let genesis = index.block_by_hash(first.blocks[0].hash).await.unwrap();
    assert_eq!(genesis, Some(0));
    let twice = index.versions_of_id("twice").await.unwrap();
    let places = [
        Version { block: 1, index: 0 },
        Version { block: 2, index: 0 },
    ];
    assert_eq!(twice, places);
    let all = TransactionFilter::default();
    let listed = index.transactions(&all, Order::OldestFirst, None, 10).await;
    let listed = listed.unwrap().transactions;
    assert_eq!(listed[0].kind, TransactionKind::Config);
    assert_eq!(listed[1].call.as_ref().unwrap().function, "put");
    assert_eq!(listed[3].validation_code.name, "DUPLICATE_TXID");
    let stats = index.stats(StatsRange::default()).await.unwrap();
    assert_eq!((stats.transactions, stats.valid), (4, 3));
    let functions: Vec<_> = stats
        .by_function
        .iter()
        .map(|count| (count.function.as_str(), count.transactions))
        .collect();
    assert_eq!(functions, [("get", 1), ("put", 2)]);
}

#[tokio::test]
async fn statistics_of_nothing_are_absent() {
    let directory = tempfile::tempdir().unwrap();
    let index = open(&directory.path().join("index.redb"));
    let stats = index.stats(StatsRange::default()).await.unwrap();
    assert_eq!((stats.blocks, stats.transactions_per_block), (0, None));
    assert_eq!((stats.transactions_per_s, stats.block_times), (None, None));
}

fn call(function: &str, argument: &str) -> Call {
    Call {
        contract: "coin".to_owned(),
        function: function.to_owned(),
        args: vec![Payload::from(argument)],
    }
}

#[tokio::test]
async fn the_indexed_ledger_answers_what_the_ledger_leaves_to_it() {
    let ledger = MemoryLedger::generated(5, 30);
    ledger.append_block(vec![transfer("twice", "0", "dora", "1")]);
    ledger.append_block(vec![transfer("twice", "0", "dora", "2")]);
    let (_directory, index) = indexed(&ledger).await;
    let above = IndexedLedger::new(Arc::new(ledger.clone()), index.clone());

    let block = above.block(BlockSelector::Number(7), ALL).await.unwrap();
    let found = above
        .block(BlockSelector::Hash(block.hash), ALL)
        .await
        .unwrap();
    assert_eq!(found.number, 7);
    let latest = above.block(BlockSelector::Latest, ALL).await.unwrap();
    assert_eq!(latest.number, 32);
    let unknown = above
        .block(BlockSelector::Hash(Hash::of(b"nothing")), ALL)
        .await;
    assert_eq!(unknown.unwrap_err().code(), "block_not_found");

    let by_id = |id: &str| above.transaction(TransactionSelector::Id(id.to_owned()));
    let first = by_id("twice").await.unwrap();
    assert_eq!(
        first.version,
        Some(Version {
            block: 31,
            index: 0
        })
    );
    assert_eq!(
        by_id("nobody's").await.unwrap_err().code(),
        "transaction_not_found"
    );
    let again = Version {
        block: 32,
        index: 0,
    };
    assert_eq!(first.duplicates, [again]);
    let second = above.transaction(TransactionSelector::Version(again)).await;
    let second = second.unwrap();
    assert_eq!((second.id.as_str(), second.duplicates.len()), ("twice", 0));

    let answer = above
        .query(call("balance", "dora"), CallOptions::default())
        .await;
    assert_eq!(answer, Ok(QueryAnswer::Result(Payload::from("3"))));
    let answer = above
        .query(call("pending", ""), CallOptions::default())
        .await;
    assert_eq!(answer, Ok(QueryAnswer::Result(Payload::from("[]"))));
    assert!(
        above
            .query(call("unknown", ""), CallOptions::default())
            .await
            .is_err()
    );

    assert_eq!(above.info().await.unwrap().height, 32);
    assert_eq!(above.config(Some(3)).await.unwrap().block, 3);
    assert!(above.peers().await.unwrap().is_empty());
    let refused = above
        .invoke(call("transfer", ""), InvokeOptions::default())
        .await;
    assert_eq!(refused, Err(LedgerError::ShuttingDown));
    let start = Position {
        generation: 0,
        number: 0,
    };
    assert!(above.blocks(start, 1).next().await.unwrap().is_ok());
    assert_eq!(
        above.info().await.unwrap().height,
        above.index().position().height
    );
}

#[tokio::test]
async fn the_indexed_ledger_waits_for_the_index() {
    let ledger = MemoryLedger::generated(5, 3);
    let (_directory, index) = indexed(&ledger).await;
    let above = IndexedLedger::new(Arc::new(ledger.clone()), index.clone());
    ledger.append_block(vec![transfer("new", "0", "dora", "1")]);
    // Nobody has the index follow: it answers with what it has, after a second.
    assert_eq!(above.caught_up().await.unwrap().height, 3);
    let follower = Follower::start(&index, &ledger);
    let id = TransactionSelector::Id("new".to_owned());
    assert_eq!(
        above.transaction(id).await.unwrap().version.unwrap().block,
        4
    );
    let hash = above.info().await.unwrap().tip_hash;
    assert_eq!(
        above
            .block(BlockSelector::Hash(hash), ALL)
            .await
            .unwrap()
            .number,
        4
    );
    follower.stop().await;
}

#[tokio::test]
async fn what_was_replaced_since_is_not_given_for_what_it_was() {
    let ledger = MemoryLedger::generated(5, 10);
    ledger.append_block(vec![transfer("gone", "0", "dora", "1")]);
    let (_directory, index) = indexed(&ledger).await;
    let above = IndexedLedger::new(Arc::new(ledger.clone()), index.clone());
    let hash = above.info().await.unwrap().tip_hash;
    // The index, which nobody has follow, still knows both.
    ledger.replace(8, 0, 12);
    let block = above.block(BlockSelector::Hash(hash), ALL).await;
    assert_eq!(block.unwrap_err().code(), "block_not_found");
    let id = TransactionSelector::Id("gone".to_owned());
    let transaction = above.transaction(id).await;
    assert_eq!(transaction.unwrap_err().code(), "transaction_not_found");
}

#[tokio::test]
async fn errors_of_the_index_are_errors_of_a_ledger() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("index.redb");
    let detail = "what the system says".to_owned();
    let cases = [
        (
            IndexError::InvalidCursor("x".to_owned()),
            "invalid_cursor",
            Advice::FixCall,
        ),
        (
            IndexError::InvalidLimit(0),
            "invalid_limit",
            Advice::FixCall,
        ),
        (
            IndexError::InvalidWindow(0),
            "invalid_window",
            Advice::FixCall,
        ),
        (
            IndexError::InvalidRange { from: 2, to: 1 },
            "invalid_range",
            Advice::FixCall,
        ),
        (
            IndexError::Locked { path: path.clone() },
            "storage_failed",
            Advice::AskOperator,
        ),
        (
            IndexError::Inaccessible {
                path: path.clone(),
                detail: detail.clone(),
            },
            "storage_failed",
            Advice::AskOperator,
        ),
        (
            IndexError::Damaged {
                path: path.clone(),
                detail: detail.clone(),
            },
            "storage_failed",
            Advice::AskOperator,
        ),
        (
            IndexError::Storage { path, detail },
            "storage_failed",
            Advice::AskOperator,
        ),
    ];
    for (error, code, advice) in cases {
        let text = error.to_string();
        let error = LedgerError::from(error);
        assert_eq!((error.code(), error.advice()), (code, advice));
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test]
async fn waiting_ends_in_time() {
    let ledger = MemoryLedger::generated(5, 10);
    let (_directory, index) = indexed(&ledger).await;
    let short = std::time::Duration::from_millis(1);
    assert_eq!(index.wait_for(0, 11, short).await.height, 10);
    assert_eq!(index.wait_for(1, 1, short).await.generation, 0);
    assert_eq!(index.wait_for(0, 10, super::PATIENCE).await.blocks, 10);
    let follower = Follower::start(&index, &ledger);
    ledger.replace(1, 2, 1);
    // An older generation is gone for good: whoever waits for it is told at once.
    catch_up(&index, &ledger).await;
    assert_eq!(index.wait_for(0, 10, super::PATIENCE).await.height, 3);
    follower.stop().await;
}
