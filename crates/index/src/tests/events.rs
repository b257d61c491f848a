//! What is told of a ledger, and where it goes on.

use std::sync::Arc;

use chainloom_ledger::{
    Call, ContractEvent, Endorsed, Ledger, LedgerError, Transaction, ValidationCode,
};
use futures_util::StreamExt;

use super::ledger::{MemoryLedger, StreamFault, transfer};
use super::{index_all, open};
use crate::{EventId, EventSelection, EventStart, IndexedLedger, LedgerEvent, ToldEvent};

fn id(text: &str) -> EventId {
    text.parse().unwrap()
}

/// A call with this verdict, and what its contract told in it.
fn call(name: &str, contract: &str, code: i32, event: Option<&str>) -> Transaction {
    let events = event.map(|event| ContractEvent {
        contract: contract.to_owned(),
        name: event.to_owned(),
        payload: "said".into(),
    });
    Transaction {
        id: name.to_owned(),
        transfer: None,
        call: Some(Call {
            contract: contract.to_owned(),
            function: "f".to_owned(),
            args: Vec::new(),
        }),
        endorsed: Some(Box::new(Endorsed {
            events: events.into_iter().collect(),
            ..Endorsed::default()
        })),
        validation_code: Some(ValidationCode {
            code,
            name: if code == 0 {
                "VALID"
            } else {
                "MVCC_READ_CONFLICT"
            }
            .to_owned(),
            meaning: None,
        }),
        ..transfer(name, "x", "y", "1")
    }
}

/// Two blocks of a channel, the first with everything in it.
fn channel() -> MemoryLedger {
    let ledger = MemoryLedger::new(None, 0).into_channel();
    ledger.append_block(vec![
        call("a", "basic", 0, None),
        call("b", "basic", 11, Some("sold")),
        call("c", "basic", 0, Some("sold")),
        call("d", "other", 0, Some("sold")),
        call("e", "basic", 0, Some("bought")),
    ]);
    ledger.append_block(vec![call("f", "basic", 0, Some("sold"))]);
    ledger
}

fn all() -> EventSelection {
    EventSelection {
        transactions: true,
        contract_events: true,
        ..EventSelection::default()
    }
}

/// A ledger with an index that nobody needs here.
fn indexed(ledger: &MemoryLedger) -> (tempfile::TempDir, IndexedLedger) {
    let folder = tempfile::tempdir().unwrap();
    let index = open(&folder.path().join("index.redb"));
    let ledger: Arc<dyn Ledger> = Arc::new(ledger.clone());
    (folder, IndexedLedger::new(ledger, index))
}

/// An event in a few words.
fn words(told: &ToldEvent) -> String {
    let id = told.id.map(|id| id.to_string()).unwrap_or_default();
    // Without the mark of the chain.
    let id = id.split('.').next().unwrap();
    let what = match &told.event {
        LedgerEvent::Replaced { from } => format!("replaced {from}"),
        LedgerEvent::Block(block) => format!("block {}", block.number),
        LedgerEvent::Passed => "passed".to_owned(),
        LedgerEvent::Transaction(transaction) => transaction.id.clone(),
        LedgerEvent::ContractEvent(event) => format!("{} {}", event.transaction_id, event.name),
    };
    format!("{id} {what}")
}

async fn told(
    ledger: &MemoryLedger,
    selection: EventSelection,
    start: EventStart,
    count: usize,
) -> Vec<String> {
    let (_folder, ledger) = indexed(ledger);
    let events = ledger.events(selection, start).await.unwrap();
    let events = events.take(count).map(|event| words(&event.unwrap()));
    events.collect().await
}

const EVERYTHING: [&str; 11] = [
    "0-0-0 a",
    "0-0-2 c",
    "0-0-2-1 c sold",
    "0-0-3 d",
    "0-0-3-1 d sold",
    "0-0-4 e",
    "0-0-4-1 e bought",
    "0-0 block 0",
    "0-1-0 f",
    "0-1-0-1 f sold",
    "0-1 block 1",
];

#[tokio::test]
async fn no_event_of_an_invalid_transaction_is_told_unless_it_is_asked_for() {
    let channel = channel();
    let from = EventStart::Block(0);
    assert_eq!(told(&channel, all(), from, 11).await, EVERYTHING);
    let invalid = EventSelection {
        invalid: true,
        ..all()
    };
    assert_eq!(
        told(&channel, invalid, from, 3).await,
        ["0-0-0 a", "0-0-1 b", "0-0-1-1 b sold"]
    );
}

#[tokio::test]
async fn a_reader_chooses_what_it_is_told() {
    let channel = channel();
    let from = EventStart::Block(0);
    let sold = EventSelection {
        blocks: false,
        contract_events: true,
        contract: Some("basic".to_owned()),
        event: Some("sold".to_owned()),
        ..EventSelection::default()
    };
    assert_eq!(
        told(&channel, sold, from, 4).await,
        [
            "0-0-2-1 c sold",
            "0-0 passed",
            "0-1-0-1 f sold",
            "0-1 passed"
        ]
    );
    let transactions = EventSelection {
        blocks: false,
        transactions: true,
        contract: Some("other".to_owned()),
        ..EventSelection::default()
    };
    assert_eq!(
        told(&channel, transactions, from, 3).await,
        ["0-0-3 d", "0-0 passed", "0-1 passed"]
    );
    assert_eq!(
        told(&channel, EventSelection::default(), from, 2).await,
        ["0-0 block 0", "0-1 block 1"]
    );
}

#[tokio::test]
async fn reading_goes_on_behind_any_event() {
    let channel = channel();
    for (at, event) in EVERYTHING.iter().enumerate().take(EVERYTHING.len() - 1) {
        let (last, _) = event.split_once(' ').unwrap();
        let rest = &EVERYTHING[at + 1..];
        let start = EventStart::After(id(last));
        assert_eq!(
            told(&channel, all(), start, rest.len()).await,
            rest,
            "{last}"
        );
    }
}

#[tokio::test]
async fn a_block_of_many_transactions_is_told_to_its_end() {
    let channel = MemoryLedger::new(None, 0).into_channel();
    let name = |number: usize| format!("t{number}");
    let calls = (0..1_001).map(|number| call(&name(number), "basic", 0, None));
    channel.append_block(calls.collect());
    let expected: Vec<String> = (0..1_001)
        .map(|number| format!("0-0-{number} t{number}"))
        .chain(["0-0 block 0".to_owned()])
        .collect();
    assert_eq!(
        told(&channel, all(), EventStart::Block(0), 1_002).await,
        expected
    );
    let start = EventStart::After(id("0-0-700"));
    assert_eq!(told(&channel, all(), start, 301).await, expected[701..]);
}

#[tokio::test]
async fn a_part_of_a_block_that_was_replaced_is_taken_back() {
    let ledger = MemoryLedger::generated(1, 4);
    ledger.replace(2, 2, 3);
    // Of block 3 a part was told, and it is gone; block 2 is not.
    let events = told(&ledger, all(), EventStart::After(id("0-3-0")), 1).await;
    assert_eq!(events, ["1-2 replaced 3"]);
    let events = told(&ledger, all(), EventStart::After(id("0-2-0")), 1).await;
    assert_ne!(events, ["1-2 replaced 3"]);
}

#[tokio::test]
async fn reading_goes_on_after_an_error() {
    let channel = channel();
    let (_folder, ledger) = indexed(&channel);
    channel.fail_streams([StreamFault::Error(LedgerError::ShuttingDown)]);
    let mut events = ledger.events(all(), EventStart::Block(0)).await.unwrap();
    let mut words = Vec::new();
    let mut errors = 0;
    while words.len() < EVERYTHING.len() {
        match events.next().await.unwrap() {
            Ok(told) => words.push(self::words(&told)),
            Err(_) => errors += 1,
        }
    }
    assert_eq!((errors, words), (1, EVERYTHING.map(str::to_owned).to_vec()));
}

/// The last event of the first `count`, which is where a reader broke off.
async fn last_of(ledger: &IndexedLedger, count: usize) -> EventId {
    let events = ledger.events(all(), EventStart::Block(0)).await.unwrap();
    let events: Vec<_> = events.take(count).collect().await;
    events[count - 1].as_ref().unwrap().id.unwrap()
}

async fn next_words(ledger: &IndexedLedger, start: EventStart) -> String {
    let mut events = ledger.events(all(), start).await.unwrap();
    words(&events.next().await.unwrap().unwrap())
}

#[tokio::test]
async fn a_peer_that_is_behind_is_no_other_channel() {
    let channel = channel();
    let (_folder, ledger) = indexed(&channel);
    index_all(ledger.index(), &channel).await;
    let last = last_of(&ledger, EVERYTHING.len()).await;
    let in_block = last_of(&ledger, EVERYTHING.len() - 2).await;
    let ahead = channel.edit(|blocks| blocks.pop().unwrap());
    // What is known already is not new.
    let now = ledger.events(all(), EventStart::Now).await.unwrap();
    let after = ledger.events(all(), EventStart::After(last)).await.unwrap();
    let inside = ledger.events(all(), EventStart::After(in_block)).await;
    // Without an index to ask, too.
    let (_other_folder, unindexed) = indexed(&channel);
    let elsewhere = unindexed.events(all(), EventStart::After(last)).await;
    channel.edit(|blocks| blocks.push(ahead));
    channel.append_block(vec![call("g", "basic", 0, None)]);
    for mut events in [now, after, elsewhere.unwrap()] {
        assert_eq!(words(&events.next().await.unwrap().unwrap()), "0-2-0 g");
    }
    let told = inside.unwrap().next().await.unwrap().unwrap();
    assert_eq!(words(&told), "0-1-0-1 f sold");
}

#[tokio::test]
async fn another_channel_of_the_same_name_is_told_however_high_it_is() {
    let former = channel();
    let (_former_folder, was) = indexed(&former);
    let last = last_of(&was, 8).await;
    for length in [1, 5] {
        let other = MemoryLedger::new(None, 0).into_channel();
        for _ in 0..length {
            other.append_block(vec![call("other", "basic", 0, None)]);
        }
        let (_folder, ledger) = indexed(&other);
        let start = EventStart::After(last);
        assert_eq!(next_words(&ledger, start).await, " replaced 0");
    }
    // One that comes while the reader listens.
    let mut events = was.events(all(), EventStart::After(last)).await.unwrap();
    for word in ["0-1-0 f", "0-1-0-1 f sold", "0-1 block 1"] {
        assert_eq!(words(&events.next().await.unwrap().unwrap()), word);
    }
    former.edit(|blocks| {
        blocks.clear();
    });
    for _ in 0..4 {
        former.append_block(vec![call("other", "basic", 0, None)]);
    }
    let error = events.next().await.unwrap().unwrap_err().to_string();
    assert!(error.contains("block 2 does not follow"), "{error}");
    assert!(events.next().await.is_none());
    let start = EventStart::After(last);
    assert_eq!(next_words(&was, start).await, " replaced 0");
}
