//! Pages of blocks and transactions: every row once, in both orders, while the chain grows.

use chainloom_ledger::{Account, Ledger, Version};
use serde_json::{Value, json};

use super::ledger::{MemoryLedger, transfer};
use super::{Follower, catch_up, index_all, open};
use crate::{
    Index, IndexError, Order, PAGE_LIMIT_MAX, PageTotals, Totals, TransactionFilter,
    TransactionSummary,
};

async fn indexed(ledger: &MemoryLedger) -> (tempfile::TempDir, Index) {
    let directory = tempfile::tempdir().unwrap();
    let index = open(&directory.path().join("index.redb"));
    index_all(&index, ledger).await;
    (directory, index)
}

/// All transactions, read in pages of this size.
async fn walk(
    index: &Index,
    filter: &TransactionFilter,
    order: Order,
    limit: usize,
) -> Vec<TransactionSummary> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let page = index
            .transactions(filter, order, cursor.as_deref(), limit)
            .await
            .unwrap();
        assert!(page.transactions.len() <= limit);
        all.extend(page.transactions);
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

/// The versions that the ledger itself has, oldest first.
fn versions(ledger: &MemoryLedger, account: Option<&Account>) -> Vec<Version> {
    ledger.edit(|blocks| {
        let transactions = blocks.iter().flat_map(|block| &block.transactions);
        let of_account = transactions.filter(|transaction| {
            let transfer = transaction.transfer.as_ref();
            account.is_none_or(|account| {
                transfer.is_some_and(|transfer| {
                    [&transfer.sender, &transfer.recipient].contains(&&Some(account.clone()))
                })
            })
        });
        of_account
            .map(|transaction| transaction.version.unwrap())
            .collect()
    })
}

#[tokio::test]
async fn every_transaction_is_listed_once() {
    let ledger = MemoryLedger::generated(3, 60);
    let (_directory, index) = indexed(&ledger).await;
    let five = Account::from_canonical("5".to_owned(), json!(5));
    for account in [
        None,
        Some(Account::named("alice")),
        Some(five),
        Some(Account::named("5")),
    ] {
        let mut expected = versions(&ledger, account.as_ref());
        assert!(expected.len() > 10);
        let filter = TransactionFilter {
            account,
            ..TransactionFilter::default()
        };
        for limit in [1, 7, PAGE_LIMIT_MAX] {
            let rows = walk(&index, &filter, Order::OldestFirst, limit).await;
            assert_eq!(
                rows.iter().map(|row| row.version).collect::<Vec<_>>(),
                expected
            );
            expected.reverse();
            let rows = walk(&index, &filter, Order::NewestFirst, limit).await;
            assert_eq!(
                rows.iter().map(|row| row.version).collect::<Vec<_>>(),
                expected
            );
            expected.reverse();
        }
    }
}

#[tokio::test]
async fn a_cursor_holds_while_the_chain_grows() {
    let ledger = MemoryLedger::generated(3, 30);
    let (_directory, index) = indexed(&ledger).await;
    let follower = Follower::start(&index, &ledger);
    let filter = TransactionFilter::default();
    let mut expected = versions(&ledger, None);
    expected.reverse();
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    for round in 0.. {
        let page = index
            .transactions(&filter, Order::NewestFirst, cursor.as_deref(), 9)
            .await;
        let page = page.unwrap();
        rows.extend(page.transactions.iter().map(|row| row.version));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        ledger.append(round, 2);
        catch_up(&index, &ledger).await;
    }
    assert_eq!(rows, expected);
    follower.stop().await;
}

#[tokio::test]
async fn a_summary_says_what_the_transaction_says() {
    let ledger = MemoryLedger::new(None, 1);
    let long_name = "n".repeat(1 << 20);
    let nan = json!({"python": "NaN"});
    let mut odd = transfer(&"i".repeat(300), "alice", &long_name, "NaN");
    odd.validation_code.as_mut().unwrap().code = 11;
    odd.validation_code.as_mut().unwrap().name = "MVCC_READ_CONFLICT".to_owned();
    odd.transfer.as_mut().unwrap().amount = Some(nan.clone());
    let mut bare = transfer("bare", "", "", "1");
    (bare.call, bare.transfer, bare.validation_code) = (None, None, None);
    ledger.append_block(vec![transfer("plain", "alice", "bob", "2.5"), odd, bare]);
    let (_directory, index) = indexed(&ledger).await;

    let rows = walk(
        &index,
        &TransactionFilter::default(),
        Order::OldestFirst,
        10,
    )
    .await;
    let rows = serde_json::to_value(rows).unwrap();
    assert_eq!(
        rows[0],
        json!({
            "id": "plain",
            "version": {"block": 1, "index": 0},
            "kind": "transfer",
            "call": {"contract": "coin", "function": "transfer"},
            "transfer": {"sender": "alice", "recipient": "bob", "amount": 2.5},
            "validation_code": {"code": 0, "name": "VALID"},
        })
    );
    let id = rows[1]["id"].as_str().unwrap();
    assert!(id.len() <= 256 && id.ends_with("i…"));
    assert_eq!(rows[1]["transfer"]["recipient"]["size_bytes"], 1 << 20);
    assert_eq!(rows[1]["transfer"]["amount"], nan);
    assert_eq!(rows[1]["validation_code"]["name"], "MVCC_READ_CONFLICT");
    assert_eq!(rows[2]["call"], Value::Null);
    assert_eq!(rows[2]["transfer"], Value::Null);
    assert_eq!(rows[2]["validation_code"]["code"], 0);
    // What is cut in a list is found in full.
    let versions = index.versions_of_id(&"i".repeat(300)).await.unwrap();
    assert_eq!(versions, [Version { block: 1, index: 1 }]);
    assert_eq!(index.versions_of_id(id).await.unwrap(), []);
    let filter = TransactionFilter {
        account: Some(Account::named(&long_name)),
        ..TransactionFilter::default()
    };
    assert_eq!(walk(&index, &filter, Order::NewestFirst, 1).await.len(), 1);
}

#[tokio::test]
async fn blocks_are_listed_with_totals() {
    for first in [0, 1] {
        let ledger = MemoryLedger::new(None, first);
        ledger.append(9, 25);
        let (_directory, index) = indexed(&ledger).await;
        let expected = ledger.edit(|blocks| blocks.clone());
        let totals = Totals {
            blocks: 25,
            transactions: expected.iter().map(|block| block.transaction_count).sum(),
            valid: expected.iter().map(|block| block.valid_count).sum(),
        };
        for order in [Order::OldestFirst, Order::NewestFirst] {
            let mut blocks = Vec::new();
            let mut sum = PageTotals::default();
            let mut from = None;
            loop {
                let page = index.blocks(from, 4, order).await.unwrap();
                assert_eq!(page.totals, totals);
                assert_eq!(page.indexed_height, first + 24);
                sum.transactions += page.page_totals.transactions;
                sum.valid += page.page_totals.valid;
                blocks.extend(page.blocks);
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
            assert_eq!(
                (sum.transactions, sum.valid),
                (totals.transactions, totals.valid)
            );
            if order == Order::NewestFirst {
                blocks.reverse();
            }
            let shown = serde_json::to_value(blocks).unwrap();
            for (block, expected) in shown.as_array().unwrap().iter().zip(&expected) {
                let mut expected = serde_json::to_value(expected).unwrap();
                expected.as_object_mut().unwrap().remove("transactions");
                assert_eq!(*block, expected);
            }
            assert_eq!(shown.as_array().unwrap().len(), 25);
        }
        let page = index
            .blocks(Some(first + 3), 10, Order::NewestFirst)
            .await
            .unwrap();
        assert_eq!((page.blocks.len(), page.blocks[0].number), (4, first + 3));
        let page = index
            .blocks(Some(1_000), 10, Order::OldestFirst)
            .await
            .unwrap();
        assert_eq!((page.blocks.len(), page.next), (0, None));
    }
}

#[tokio::test]
async fn what_is_no_page_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let index = open(&directory.path().join("index.redb"));
    let filter = TransactionFilter::default();
    for limit in [0, PAGE_LIMIT_MAX + 1] {
        let refused = Err(IndexError::InvalidLimit(limit));
        let page = index
            .transactions(&filter, Order::NewestFirst, None, limit)
            .await;
        assert_eq!(page, refused);
        let page = index.blocks(None, limit, Order::NewestFirst).await;
        assert_eq!(page.unwrap_err(), IndexError::InvalidLimit(limit));
    }
    for cursor in [
        "",
        "5",
        "5.",
        ".5",
        "+5.1",
        "5.1.1",
        "5.4294967296",
        "99999999999999999999.0",
    ] {
        let page = index
            .transactions(&filter, Order::NewestFirst, Some(cursor), 1)
            .await;
        assert_eq!(page, Err(IndexError::InvalidCursor(cursor.to_owned())));
    }
    let long = index
        .transactions(&filter, Order::NewestFirst, Some(&"é".repeat(1000)), 1)
        .await;
    assert_eq!(long, Err(IndexError::InvalidCursor("é".repeat(80))));

    let page = index.blocks(None, 5, Order::NewestFirst).await.unwrap();
    let empty = json!({
        "blocks": [],
        "page_totals": {"transactions": 0, "valid": 0},
        "totals": {"blocks": 0, "transactions": 0, "valid": 0},
        "indexed_height": 0,
    });
    assert_eq!(serde_json::to_value(page).unwrap(), empty);
    let ledger = MemoryLedger::new(None, 1);
    assert_eq!(ledger.info().await.unwrap().height, 0);
}
