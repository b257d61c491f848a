//! What a channel's transactions are found by, against a plain search through the blocks.

use chainloom_ledger::{
    CreatorName, Hash, Payload, Transaction, TransactionKind, ValidationCode, Version,
};
use jiff::Timestamp;
use serde_json::json;

use super::ledger::{CONTRACTS, MemoryLedger, Random, creator, key, transfer};
use super::{index_all, open};
use crate::{
    CodeName, HISTORY_VALUE_BYTES_MAX, Index, IndexError, KeyChange, KeyHistoryPage, KeyName,
    KeyVersion, Order, StatsRange, TransactionFilter,
};

async fn indexed(ledger: &MemoryLedger) -> (tempfile::TempDir, Index) {
    let directory = tempfile::tempdir().unwrap();
    let index = open(&directory.path().join("index.redb"));
    index_all(&index, ledger).await;
    (directory, index)
}

fn all(ledger: &MemoryLedger) -> Vec<Transaction> {
    ledger.edit(|blocks| {
        let transactions = blocks.iter().flat_map(|block| block.transactions.clone());
        transactions.collect()
    })
}

fn code(transaction: &Transaction) -> i32 {
    let code = transaction.validation_code.as_ref();
    code.map_or(0, |code| code.code)
}

/// Whether the transaction writes this key.
fn writes(transaction: &Transaction, wanted: &KeyName) -> bool {
    let Some(endorsed) = &transaction.endorsed else {
        return false;
    };
    match &wanted.collection {
        None => endorsed
            .writes
            .iter()
            .any(|write| write.contract == wanted.contract && write.key.0 == wanted.key),
        Some(collection) => endorsed.private_collections.iter().any(|private| {
            let of_key = Hash::of(&wanted.key).to_string();
            private.contract == wanted.contract
                && private.collection == *collection
                && private
                    .key_writes
                    .iter()
                    .any(|write| write.key_hash == of_key)
        }),
    }
}

/// What the filter means, said once more and in another way.
fn lets_through(filter: &TransactionFilter, transaction: &Transaction) -> bool {
    let endorsed = transaction.endorsed.as_ref();
    let creator = endorsed.and_then(|endorsed| endorsed.creator.as_deref());
    let call = transaction.call.as_ref();
    let block = transaction.version.unwrap().block;
    filter.creator.as_ref().is_none_or(|wanted| {
        creator.is_some_and(|creator| {
            creator.organization == wanted.organization
                && creator.enrollment_id.as_deref() == Some(&wanted.enrollment_id)
        })
    }) && filter.certificate.is_none_or(|wanted| {
        let certificate = creator.and_then(|creator| creator.certificate.as_ref());
        certificate.is_some_and(|certificate| certificate.sha256 == wanted.to_string())
    }) && (filter.contract.as_ref())
        .is_none_or(|wanted| call.is_some_and(|call| call.contract == *wanted))
        && (filter.function.as_ref())
            .is_none_or(|wanted| call.is_some_and(|call| call.function == *wanted))
        && (filter.key.as_ref()).is_none_or(|wanted| writes(transaction, wanted))
        && filter.code.as_ref().is_none_or(|wanted| match wanted {
            CodeName::Number(number) => code(transaction) == *number,
            CodeName::Name(name) if name == "VALID" => code(transaction) == 0,
            CodeName::Name(name) => name == "MVCC_READ_CONFLICT" && code(transaction) == 11,
        })
        && filter.from_block.is_none_or(|from| block >= from)
        && filter.to_block.is_none_or(|to| block <= to)
        && (filter.from_time).is_none_or(|from| transaction.time.is_some_and(|time| time >= from))
        && (filter.to_time).is_none_or(|to| transaction.time.is_some_and(|time| time <= to))
}

/// A filter of a few conditions that do let something through.
fn random_filter(random: &mut Random) -> TransactionFilter {
    let mut maybe = |part: u64| random.below(part) == 0;
    let wants = [
        maybe(3),
        maybe(6),
        maybe(3),
        maybe(3),
        maybe(3),
        maybe(3),
        maybe(4),
        maybe(4),
        maybe(3),
    ];
    let person = creator(random.below(3));
    let certificate = person.certificate.unwrap().sha256;
    let second = |random: &mut Random| {
        Timestamp::new(1_600_000_000 + random.below(1_000) as i64, 0).unwrap()
    };
    TransactionFilter {
        account: None,
        creator: wants[0].then(|| CreatorName {
            organization: person.organization,
            enrollment_id: person.enrollment_id.unwrap(),
        }),
        certificate: wants[1].then(|| certificate.parse().unwrap()),
        contract: wants[2].then(|| CONTRACTS[random.below(2) as usize].to_owned()),
        function: wants[3].then(|| ["transfer", "burn"][random.below(2) as usize].to_owned()),
        key: wants[4].then(|| random_key(random)),
        code: wants[5]
            .then(|| CodeName::from(["0", "11", "MVCC_READ_CONFLICT"][random.below(3) as usize])),
        from_block: wants[6].then(|| random.below(120)),
        to_block: wants[7].then(|| 60 + random.below(120)),
        from_time: wants[8].then(|| second(random)),
        to_time: (wants[8] && random.below(2) == 0).then(|| second(random)),
    }
}

fn random_key(random: &mut Random) -> KeyName {
    let is_private = random.below(3) == 0;
    KeyName {
        contract: match is_private {
            true => "probe".to_owned(),
            false => CONTRACTS[random.below(2) as usize].to_owned(),
        },
        collection: is_private.then(|| "secrets".to_owned()),
        key: key(random.below(5)).0,
    }
}

/// Versions as a walk through all pages lists them.
async fn walk(
    index: &Index,
    filter: &TransactionFilter,
    order: Order,
    limit: usize,
) -> Vec<Version> {
    let mut versions = Vec::new();
    let mut cursor = None;
    loop {
        let page = index.transactions(filter, order, cursor.as_deref(), limit);
        let page = page.await.unwrap();
        assert!(page.transactions.len() <= limit);
        versions.extend(page.transactions.iter().map(|row| row.version));
        cursor = page.next;
        if cursor.is_none() {
            return versions;
        }
    }
}

#[tokio::test]
async fn filters_find_what_a_search_through_the_blocks_finds() {
    let ledger = MemoryLedger::new(None, 0);
    ledger.append(17, 170);
    let (_directory, index) = indexed(&ledger).await;
    let transactions = all(&ledger);
    let mut random = Random(5);
    let mut hits = 0;
    for _ in 0..300 {
        let filter = random_filter(&mut random);
        let mut expected: Vec<Version> = transactions
            .iter()
            .filter(|transaction| lets_through(&filter, transaction))
            .map(|transaction| transaction.version.unwrap())
            .collect();
        hits += usize::from(!expected.is_empty());
        let limit = 1 + random.below(40) as usize;
        let found = walk(&index, &filter, Order::OldestFirst, limit).await;
        assert_eq!(found, expected, "{filter:?}");
        expected.reverse();
        let found = walk(&index, &filter, Order::NewestFirst, limit).await;
        assert_eq!(found, expected, "{filter:?}");
    }
    assert!(hits > 100, "{hits} filters found something");
    let unknown = TransactionFilter {
        code: Some(CodeName::from("NO_SUCH_CODE")),
        ..TransactionFilter::default()
    };
    assert_eq!(walk(&index, &unknown, Order::NewestFirst, 5).await, []);
}

async fn history(index: &Index, key: &KeyName, with_invalid: bool) -> Vec<KeyVersion> {
    let mut writes = Vec::new();
    let mut cursor = None;
    loop {
        let page = index
            .key_history(
                key.clone(),
                with_invalid,
                Order::NewestFirst,
                cursor.as_deref(),
                3,
            )
            .await;
        let page: KeyHistoryPage = page.unwrap();
        assert_eq!((&page.key.0, &page.contract), (&key.key, &key.contract));
        writes.extend(page.writes);
        cursor = page.next;
        if cursor.is_none() {
            return writes;
        }
    }
}

#[tokio::test]
async fn a_keys_history_holds_every_write_and_says_which_took_effect() {
    let ledger = MemoryLedger::new(None, 0);
    ledger.append(23, 120);
    let (_directory, index) = indexed(&ledger).await;
    let transactions = all(&ledger);
    let mut random = Random(9);
    let mut invalid = 0;
    for _ in 0..40 {
        let wanted = random_key(&mut random);
        for with_invalid in [false, true] {
            let expected: Vec<Version> = transactions
                .iter()
                .rev()
                .filter(|transaction| writes(transaction, &wanted))
                .filter(|transaction| with_invalid || code(transaction) == 0)
                .map(|transaction| transaction.version.unwrap())
                .collect();
            let history = history(&index, &wanted, with_invalid).await;
            let found: Vec<Version> = history.iter().map(|write| write.version).collect();
            assert_eq!(found, expected, "{wanted:?}");
            for write in history {
                invalid += usize::from(!write.validation_code.is_valid());
                let is_public = wanted.collection.is_none();
                let has_value = write.change == KeyChange::Write;
                assert_eq!(write.value.is_some(), has_value && is_public);
                assert_eq!(write.value_hash.is_some(), has_value && !is_public);
                let size = write.value_size_bytes.unwrap_or(0);
                assert_eq!(write.value_cut, size > HISTORY_VALUE_BYTES_MAX as u64);
            }
        }
    }
    assert!(invalid > 0, "no invalid write was met");
}

/// A call that writes these; `None` deletes.
fn writing(id: &str, writes: &[(&str, Option<&[u8]>)], code: i32) -> Transaction {
    let mut transaction = transfer(id, "", "", "0");
    transaction.kind = TransactionKind::Endorser;
    transaction.transfer = None;
    let name = if code == 0 {
        "VALID"
    } else {
        "MVCC_READ_CONFLICT"
    };
    transaction.validation_code = Some(ValidationCode {
        code,
        name: name.to_owned(),
        meaning: None,
    });
    transaction.time = Some(Timestamp::new(1_700_000_000, 0).unwrap());
    let writes = writes
        .iter()
        .map(|(key, value)| chainloom_ledger::KeyWrite {
            contract: "probe".to_owned(),
            key: Payload::from(*key),
            value: value.map(|value| Payload(value.to_vec())),
            delete: value.is_none(),
            endorsement_policy: None,
            metadata: Default::default(),
        });
    transaction.endorsed = Some(Box::new(chainloom_ledger::Endorsed {
        creator: Some(creator(1).into()),
        writes: writes.collect(),
        ..chainloom_ledger::Endorsed::default()
    }));
    transaction
}

#[tokio::test]
async fn a_history_says_who_wrote_what_and_when() {
    let long = "é".repeat(HISTORY_VALUE_BYTES_MAX);
    let long_odd = format!("x{long}");
    let ledger = MemoryLedger::new(None, 0);
    ledger.append_block(vec![writing("first", &[("color", Some(b"blue"))], 0)]);
    ledger.append_block(vec![
        writing("refused", &[("color", Some(b"red"))], 11),
        writing(
            "long",
            &[("color", Some(long_odd.as_bytes())), ("other", Some(b""))],
            0,
        ),
    ]);
    ledger.append_block(vec![writing("deleted", &[("color", None)], 0)]);
    let (_directory, index) = indexed(&ledger).await;
    let color = KeyName {
        contract: "probe".to_owned(),
        collection: None,
        key: b"color".to_vec(),
    };
    let order = Order::OldestFirst;
    let page = index
        .key_history(color.clone(), true, order, None, 10)
        .await;
    let page = serde_json::to_value(page.unwrap()).unwrap();
    let certificate = Hash::of(b"alice, renewed").to_string();
    let creator = json!({
        "organization": "Org1MSP", "enrollment_id": "alice", "certificate_sha256": certificate,
    });
    let valid = json!({"code": 0, "name": "VALID"});
    let write = |block: u64, index: u32, id: &str, more: serde_json::Value| {
        let mut write = json!({
            "version": {"block": block, "index": index}, "transaction_id": id,
            "time": "2023-11-14T22:13:20Z", "creator": creator, "validation_code": valid,
        });
        let fields = more.as_object().unwrap().clone();
        write.as_object_mut().unwrap().extend(fields);
        write
    };
    let beginning = format!("x{}", "é".repeat(HISTORY_VALUE_BYTES_MAX / 2 - 1));
    let conflict = json!({"code": 11, "name": "MVCC_READ_CONFLICT"});
    assert_eq!(
        page,
        json!({
            "contract": "probe", "key": "color", "indexed_height": 2,
            "writes": [
                write(0, 0, "first", json!({
                    "change": "write", "value": "blue", "value_size_bytes": 4})),
                write(1, 0, "refused", json!({
                    "change": "write", "value": "red", "value_size_bytes": 3,
                    "validation_code": conflict})),
                write(1, 1, "long", json!({
                    "change": "write", "value": beginning, "value_cut": true,
                    "value_size_bytes": long_odd.len()})),
                write(2, 0, "deleted", json!({"change": "delete"})),
            ],
        })
    );
    for limit in [0, 1_001] {
        let page = index
            .key_history(color.clone(), true, order, None, limit)
            .await;
        assert_eq!(page, Err(IndexError::InvalidLimit(limit)));
    }
    let page = index.key_history(color, true, order, Some("x"), 1).await;
    assert_eq!(page, Err(IndexError::InvalidCursor("x".to_owned())));
}

/// Two long lists that lie in between each other: pages stay short, and all of them together find everything.
#[tokio::test]
async fn a_search_that_finds_little_comes_in_bounded_pages() {
    let ledger = MemoryLedger::new(None, 0);
    for block in 0..300 {
        let transactions = (0..100).map(|number| {
            let mut transaction = writing("id", &[], 11 * (number % 2));
            let endorsed = transaction.endorsed.as_mut().unwrap();
            endorsed.creator = Some(creator(2 * (1 - number as u64 % 2)).into());
            transaction
        });
        let mut transactions: Vec<_> = transactions.collect();
        if block == 7 {
            transactions.push(writing("the one", &[], 11));
        }
        ledger.append_block(transactions);
    }
    let directory = tempfile::tempdir().unwrap();
    let index = Index::open(directory.path().join("index.redb"), super::CACHE_BYTES).unwrap();
    index_all(&index, &ledger).await;
    let filter = TransactionFilter {
        creator: Some("Org2MSP/alice".parse().unwrap()),
        code: Some(CodeName::Number(11)),
        ..TransactionFilter::default()
    };
    let mut pages = 0;
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = index
            .transactions(&filter, Order::NewestFirst, cursor.as_deref(), 10)
            .await
            .unwrap();
        pages += 1;
        found.extend(page.transactions.into_iter().map(|row| row.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, Vec::<String>::new());
    assert!((2..10).contains(&pages), "{pages} pages");
    let renewed = TransactionFilter {
        creator: Some("Org1MSP/alice".parse().unwrap()),
        certificate: Some(Hash::of(b"alice, renewed")),
        ..filter
    };
    let found = walk(&index, &renewed, Order::NewestFirst, 10).await;
    assert_eq!(
        found,
        [Version {
            block: 7,
            index: 100
        }]
    );
}

#[tokio::test]
async fn statistics_of_any_range_equal_counting() {
    let ledger = MemoryLedger::new(None, 3);
    ledger.append(31, 90);
    let (_directory, index) = indexed(&ledger).await;
    let transactions = all(&ledger);
    let mut random = Random(2);
    for _ in 0..60 {
        let from = (random.below(4) > 0).then(|| random.below(100));
        let to = (random.below(4) > 0).then(|| from.unwrap_or(0) + random.below(60));
        let range = StatsRange {
            from,
            to,
            window: None,
        };
        let stats = index.stats(range).await.unwrap();
        let of_range: Vec<&Transaction> = transactions
            .iter()
            .filter(|transaction| {
                let block = transaction.version.unwrap().block;
                from.is_none_or(|from| block >= from) && to.is_none_or(|to| block <= to)
            })
            .collect();
        let count = |is: &dyn Fn(&Transaction) -> bool| {
            of_range
                .iter()
                .filter(|transaction| is(transaction))
                .count() as u64
        };
        assert_eq!(stats.transactions, of_range.len() as u64, "{range:?}");
        assert_eq!(stats.valid, count(&|transaction| code(transaction) == 0));
        let first = from.unwrap_or(0).max(3);
        let last = to.unwrap_or(92).min(92);
        assert_eq!(stats.blocks, (last + 1).saturating_sub(first), "{range:?}");
        for named in &stats.by_code {
            assert_eq!(
                named.transactions,
                count(&|transaction| code(transaction) == named.code),
                "{range:?}"
            );
        }
        let counted: u64 = stats.by_code.iter().map(|named| named.transactions).sum();
        assert_eq!(counted, stats.transactions);
        for called in &stats.by_function {
            let is = |transaction: &Transaction| {
                let call = transaction.call.as_ref();
                call.is_some_and(|call| {
                    call.contract == called.contract && call.function == called.function
                })
            };
            assert_eq!(called.transactions, count(&is), "{range:?}");
        }
        for made in &stats.by_organization {
            let is = |transaction: &Transaction| {
                let endorsed = transaction.endorsed.as_ref();
                let creator = endorsed.and_then(|endorsed| endorsed.creator.as_deref());
                creator.is_some_and(|creator| creator.organization == made.organization)
            };
            assert_eq!(made.transactions, count(&is), "{range:?}");
        }
        let made: u64 = stats
            .by_organization
            .iter()
            .map(|made| made.transactions)
            .sum();
        assert_eq!(made, count(&|transaction| transaction.endorsed.is_some()));
    }
}
