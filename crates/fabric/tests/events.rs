//! Events of a real network: exact across the loss of the peer that sends them, and only of what took effect.

mod caller;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use caller::{at_peers, connected, invoke};
use chainloom_devnet::{FabricVersion, Network, Options};
use chainloom_fabric::{FabricLedger, Mode};
use chainloom_index::{
    EventId, EventSelection, EventStart, Index, IndexedLedger, LedgerEvent, ToldEvent,
};
use chainloom_ledger::{BoxStream, Ledger, LedgerError};
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

type Told = BoxStream<Result<ToldEvent, LedgerError>>;

/// Long enough for a peer to be missed, and for a machine under load.
const PATIENCE: Duration = Duration::from_secs(60);

fn all(invalid: bool) -> EventSelection {
    EventSelection {
        transactions: true,
        contract_events: true,
        invalid,
        ..EventSelection::default()
    }
}

/// The next event; one that cannot be had now is asked for again, as the server does.
async fn next(told: &mut Told) -> ToldEvent {
    let next = async {
        loop {
            match told.next().await.expect("the stream does not end") {
                Ok(event) => return event,
                Err(LedgerError::Unavailable { .. }) => sleep(Duration::from_millis(100)).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    timeout(PATIENCE, next).await.expect("it goes on")
}

/// Everything up to the end of a block.
async fn up_to(told: &mut Told, block: u64) -> Vec<ToldEvent> {
    let mut events = Vec::new();
    loop {
        let event = next(told).await;
        let id = event.id.expect("a channel is final");
        events.push(event);
        if id.part.is_none() && id.position.number >= block {
            return events;
        }
    }
}

/// Calls again while peers are missed; answers in which block it stands, and whether it had an effect there.
async fn placed(ledger: &FabricLedger, function: &str, args: &[&str]) -> (u64, bool) {
    for _ in 0..200 {
        match invoke(ledger, function, args).await {
            Ok(receipt) => return (receipt.version.expect("it stands in a block").block, true),
            Err(LedgerError::Invalid { version, .. }) => {
                return (version.expect("it stands in a block").block, false);
            }
            Err(error) => {
                sleep(Duration::from_millis(200)).await;
                eprintln!("{error}");
            }
        }
    }
    panic!("it does not come to stand in a block");
}

/// The block in which the call has its effect.
async fn committed(ledger: &FabricLedger, function: &str, args: &[&str]) -> u64 {
    let (block, is_valid) = placed(ledger, function, args).await;
    assert!(is_valid, "nobody else writes that");
    block
}

/// Calls at once that read the same, until one of them has no effect; answers the last block.
async fn conflict(ledger: &FabricLedger) -> u64 {
    for _ in 0..20 {
        let calls = (0..6).map(|_| placed(ledger, "add", &["contended", "1"]));
        let outcomes = join_all(calls).await;
        if outcomes.iter().any(|(_, is_valid)| !is_valid) {
            let blocks = outcomes.into_iter().map(|(block, _)| block);
            return blocks.max().expect("there are six");
        }
    }
    panic!("six calls at once never conflicted");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_on_when_peers_are_lost_and_tell_what_took_effect() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let options = Options {
        fabric: Some(FabricVersion::V2_5),
        peers_per_organization: Some(2),
        ..Options::in_directory(folder.path().join("net"))
    };
    let network = Network::start(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));
    // The other organization's peers are left alone, and are enough for this contract.
    let user = connected(&network, "org2", "probe", Mode::Gateway).await;
    let reader = at_peers(&network, &[0, 1]).await;
    let index = Index::open(folder.path().join("index.redb"), 4 << 20);
    let index = index.unwrap_or_else(|error| panic!("{error}"));
    let ledger = IndexedLedger::new(Arc::new(reader.clone()), index);
    let before = reader.info().await.expect("the peer answers").height;
    let start = EventStart::Block(before + 1);
    let open = async |start, invalid| {
        let told = ledger.events(all(invalid), start).await;
        told.unwrap_or_else(|error| panic!("{error}"))
    };
    let mut live = open(start, false).await;

    committed(&user, "put", &["events", "1"]).await;
    committed(&user, "emit", &["sold", "7"]).await;
    let last = conflict(&user).await;
    let mut told = up_to(&mut live, last).await;

    for (lost, back) in [("peer0.org1", None), ("peer1.org1", Some("peer0.org1"))] {
        if let Some(back) = back {
            network.start_process(back).expect("it starts again");
        }
        network.kill(lost).expect("it can be killed");
        let last = committed(&user, "emit", &["sold", lost]).await;
        told.extend(up_to(&mut live, last).await);
    }
    network
        .start_process("peer1.org1")
        .expect("it starts again");

    // The same as is told in one go, nothing missing and nothing twice.
    let last = told.last().and_then(|event| event.id).expect("it has one");
    let mut again = open(start, false).await;
    assert_eq!(told, up_to(&mut again, last.position.number).await);
    let ids: Vec<EventId> = told.iter().filter_map(|event| event.id).collect();
    let distinct: BTreeSet<String> = ids.iter().map(EventId::to_string).collect();
    assert_eq!(distinct.len(), told.len());
    let sold: BTreeSet<&str> = told
        .iter()
        .filter_map(|event| match &event.event {
            LedgerEvent::ContractEvent(event) if event.name == "sold" => {
                event.payload.as_text().ok()
            }
            _ => None,
        })
        .collect();
    assert_eq!(sold, BTreeSet::from(["7", "peer0.org1", "peer1.org1"]));
    // Behind each of them the rest is told.
    for (at, id) in ids.iter().enumerate().take(ids.len() - 1).step_by(3) {
        let mut rest = open(EventStart::After(*id), false).await;
        assert_eq!(up_to(&mut rest, last.position.number).await, told[at + 1..]);
    }

    // What had no effect is told only where it is asked for.
    let verdicts = |events: &[ToldEvent]| -> Vec<i32> {
        let codes = events.iter().filter_map(|event| match &event.event {
            LedgerEvent::Transaction(transaction) => Some(transaction.validation_code.code),
            _ => None,
        });
        codes.collect()
    };
    assert!(verdicts(&told).iter().all(|code| *code == 0));
    let mut everything = open(start, true).await;
    let everything = up_to(&mut everything, last.position.number).await;
    let codes = verdicts(&everything);
    let invalid = codes.iter().filter(|code| **code != 0).count();
    assert!(codes.contains(&11), "{codes:?}");
    assert_eq!(codes.len(), verdicts(&told).len() + invalid);
}
