//! What callers are told of their transactions, compared with what stands on the ledger, while the network is troubled.

mod caller;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use caller::{call, connected, invoke, unconfirmed, within};
use chainloom_devnet::{FabricVersion, Network, Options};
use chainloom_fabric::{FabricLedger, Mode};
use chainloom_ledger::{
    BlockSelector, InvokeOptions, Ledger, LedgerError, Payload, Receipt, ReceiptStatus,
    Transaction, TransactionKind, TransactionRange, TransactionSelector, ValidationCode, Wait,
};
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

const VERSIONS: [FabricVersion; 2] = [FabricVersion::V2_5, FabricVersion::V3_1];

/// A network and the folder in which it is.
struct Running {
    network: Network,
    _folder: TempDir,
}

async fn start(version: FabricVersion, peers_per_organization: u16) -> Arc<Running> {
    let started = spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let options = Options {
            fabric: Some(version),
            peers_per_organization: Some(peers_per_organization),
            ..Options::in_directory(folder.path().join("net"))
        };
        let network = Network::start(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));
        Arc::new(Running {
            network,
            _folder: folder,
        })
    });
    started.await.expect("the network starts")
}

impl Running {
    async fn connected(&self) -> FabricLedger {
        connected(&self.network, "org1", "probe", Mode::Gateway).await
    }
}

async fn kill(running: &Arc<Running>, process: &'static str) {
    let running = running.clone();
    let killed = spawn_blocking(move || running.network.kill(process));
    killed
        .await
        .expect("it does not panic")
        .expect("it is killed");
}

async fn start_again(running: &Arc<Running>, process: &'static str) {
    let running = running.clone();
    let started = spawn_blocking(move || running.network.start_process(process));
    started
        .await
        .expect("it does not panic")
        .expect("it starts");
}

async fn put(ledger: &FabricLedger, key: &str) -> Result<Receipt, LedgerError> {
    invoke(ledger, "put", &[key, "1"]).await
}

async fn by_id(ledger: &FabricLedger, id: &str) -> Result<Transaction, LedgerError> {
    ledger
        .transaction(TransactionSelector::Id(id.to_owned()))
        .await
}

/// All transactions of the chain, block by block.
async fn chain(ledger: &FabricLedger) -> Vec<Transaction> {
    let height = ledger.info().await.expect("the peer answers").height;
    let mut all = Vec::new();
    for number in 0..=height {
        let range = TransactionRange::first(usize::MAX);
        let block = ledger.block(BlockSelector::Number(number), range).await;
        all.extend(block.expect("the peer has it").transactions);
    }
    all
}

/// A verdict without its explanation, which a receipt does not have.
fn verdict(code: &Option<ValidationCode>) -> Option<i32> {
    code.as_ref().map(|code| code.code)
}

/// Compares what was told of the call that writes this key with the chain.
fn check(key: &str, told: &Result<Receipt, LedgerError>, chain: &[Transaction]) {
    let argument = Payload::from(key);
    let writes_key = |transaction: &&Transaction| {
        let call = transaction.call.as_ref();
        call.is_some_and(|call| call.args.first() == Some(&argument))
    };
    let is_valid = |transaction: &&Transaction| {
        let code = transaction.validation_code.as_ref();
        code.is_some_and(|code| code.is_valid())
    };
    let standing: Vec<_> = chain.iter().filter(writes_key).collect();
    let ids: BTreeSet<_> = standing.iter().map(|transaction| &transaction.id).collect();
    let valid: Vec<_> = standing.iter().copied().filter(|it| is_valid(it)).collect();
    match told {
        Ok(receipt) => {
            assert_eq!(receipt.status, ReceiptStatus::Committed);
            assert_eq!(valid.len(), 1, "{key}: {standing:?}");
            assert_eq!(valid[0].id, receipt.transaction_id);
            assert_eq!(valid[0].version, receipt.version);
            assert_eq!(
                verdict(&valid[0].validation_code),
                verdict(&receipt.validation_code)
            );
        }
        Err(LedgerError::Unconfirmed { transaction_id, .. }) => {
            assert!(valid.len() <= 1, "{key}: {standing:?}");
            assert!(
                ids.iter().all(|id| *id == transaction_id),
                "{key}: {standing:?}"
            );
        }
        Err(LedgerError::Invalid {
            transaction_id,
            version,
            validation_code,
            ..
        }) => {
            assert!(valid.is_empty(), "{key}: {standing:?}");
            let first = standing.first().expect("it stands there");
            assert_eq!(&first.id, transaction_id);
            assert_eq!(first.version, *version);
            assert_eq!(first.validation_code.as_ref(), Some(&**validation_code));
        }
        // Nothing was submitted.
        Err(error @ (LedgerError::Unavailable { .. } | LedgerError::TooManyRequests { .. })) => {
            assert!(standing.is_empty(), "{key}: {error}: {standing:?}");
        }
        Err(error) => panic!("{key}: {error:?}"),
    }
    // One call, one transaction, however often its envelope was sent.
    assert!(ids.len() <= 1, "{key}: {standing:?}");
}

/// How often the peer was asked for this method of its services.
fn asked(running: &Running, peer: &str, metric: &str, method: &str) -> u64 {
    let topology = running.network.topology();
    let (_, peer) = topology
        .peers()
        .find(|(_, other)| other.name == peer)
        .expect("there is one");
    let mut stream =
        TcpStream::connect(("127.0.0.1", peer.operations_port)).expect("it tells its metrics");
    stream
        .write_all(b"GET /metrics HTTP/1.0\r\n\r\n")
        .expect("it listens");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    assert!(
        text.contains("grpc_server_unary_requests_completed"),
        "{text}"
    );
    let lines = text.lines();
    lines
        .filter(|line| line.starts_with(metric) && line.contains(&format!("method=\"{method}\"")))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_hundreds_of_invokes_at_once_each_is_told_rightly_on_one_stream() {
    for version in VERSIONS {
        let running = start(version, 1).await;
        let ledger = running.connected().await;
        let keys: Vec<String> = (0..200).map(|number| format!("many-{number}")).collect();
        let told = join_all(keys.iter().map(|key| put(&ledger, key))).await;
        let chain = chain(&ledger).await;
        for (key, told) in keys.iter().zip(&told) {
            assert!(told.is_ok(), "{key}: {told:?}");
            check(key, told, &chain);
        }
        let streams = |running: &Running| {
            asked(
                running,
                "peer0.org1",
                "grpc_server_stream_requests_received",
                "Deliver",
            )
        };
        let before = streams(&running);
        assert!(before > 0, "the one stream is not counted");
        let more = join_all(keys.iter().map(|key| put(&ledger, key))).await;
        assert!(more.iter().all(Result::is_ok), "{more:?}");
        assert_eq!(streams(&running), before, "a stream is opened per call");
        let metric = "grpc_server_unary_requests_received";
        assert_eq!(
            asked(&running, "peer0.org1", metric, "CommitStatus"),
            0,
            "the peer's slots are held"
        );
        assert!(asked(&running, "peer0.org1", metric, "Submit") >= 400);

        // The peer's own index answers by id.
        let receipt = more[0].as_ref().expect("it is committed");
        let found = by_id(&ledger, &receipt.transaction_id).await;
        let found = found.expect("it is there");
        assert_eq!(
            (found.version, verdict(&found.validation_code)),
            (receipt.version, verdict(&receipt.validation_code))
        );
        for unknown in ["", "no such", &"0".repeat(64), &"é".repeat(1000)] {
            let error = by_id(&ledger, unknown).await.expect_err("there is none");
            assert_eq!(error.code(), "transaction_not_found");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_are_submitted_anew_as_often_as_was_asked_for() {
    const CALLERS: u32 = 5;
    for version in VERSIONS {
        let running = start(version, 1).await;
        let ledger = running.connected().await;
        let add = |retries| {
            let options = InvokeOptions {
                retries,
                ..InvokeOptions::default()
            };
            ledger.invoke(call("add", &["contended", "1"]), options)
        };
        // Each of the others takes effect once, and so spoils one attempt at most.
        let told = join_all((0..CALLERS).map(|_| add(CALLERS - 1))).await;
        let mut results = BTreeSet::new();
        for told in &told {
            let receipt = told.as_ref().unwrap_or_else(|error| panic!("{error}"));
            let result = receipt.result.as_ref().expect("it has one").as_text();
            results.insert(result.expect("it is text").to_owned());
        }
        let expected: BTreeSet<_> = (1..=CALLERS).map(|number| number.to_string()).collect();
        assert_eq!(results, expected);
        let all = chain(&ledger).await;
        let mut by_code: BTreeMap<i32, u32> = BTreeMap::new();
        for transaction in &all {
            let called = transaction.call.as_ref();
            if called.is_some_and(|call| call.function == "add") {
                let code = transaction.validation_code.as_ref().expect("it stands");
                *by_code.entry(code.code).or_default() += 1;
            }
        }
        assert_eq!(by_code.get(&0), Some(&CALLERS), "{by_code:?}");
        assert!(by_code.contains_key(&11), "none met another: {by_code:?}");
        assert_eq!(by_code.len(), 2, "{by_code:?}");

        // Without retries the conflict is the caller's, and is told.
        let told = join_all((0..CALLERS).map(|_| add(0))).await;
        let conflicts = told.iter().filter(|told| {
            matches!(
                told,
                Err(LedgerError::Invalid {
                    is_conflict: true,
                    ..
                })
            )
        });
        assert!(conflicts.count() > 0, "{told:?}");
    }
}

/// Four callers go on until each had its successes; in the middle a peer is ended as by a power cut, and comes back.
async fn with_a_peer_killed(running: &Arc<Running>, is_back_before_the_end: bool) {
    const CALLERS: usize = 4;
    const SUCCESSES: usize = 20;
    const TRIES_MAX: usize = 2000;
    let ledger = running.connected().await;
    let successes = AtomicUsize::new(0);
    let caller = async |caller: usize| {
        let mut told = Vec::new();
        let mut own = 0;
        while own < SUCCESSES {
            assert!(told.len() < TRIES_MAX, "the peer never comes back");
            let key = format!("killed-{caller}-{}", told.len());
            let outcome = put(&ledger, &key).await;
            match &outcome {
                Ok(_) => {
                    own += 1;
                    successes.fetch_add(1, Ordering::Relaxed);
                }
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
            told.push((key, outcome));
        }
        told
    };
    let trouble = async {
        while successes.load(Ordering::Relaxed) < CALLERS * SUCCESSES / 4 {
            sleep(Duration::from_millis(10)).await;
        }
        kill(running, "peer0.org1").await;
        if is_back_before_the_end {
            start_again(running, "peer0.org1").await;
        }
    };
    let (told, ()) = tokio::join!(join_all((0..CALLERS).map(caller)), trouble);
    if !is_back_before_the_end {
        start_again(running, "peer0.org1").await;
    }
    // What was in flight has come by now or never comes: one more transaction stands behind it.
    let last = loop {
        match put(&ledger, "last").await {
            Ok(receipt) => break receipt,
            Err(error) => {
                assert!(!matches!(error, LedgerError::Invalid { .. }), "{error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    };
    let chain = loop {
        let chain = chain(&ledger).await;
        // A peer that comes back catches up first.
        if chain.iter().any(|it| it.id == last.transaction_id) {
            break chain;
        }
        sleep(Duration::from_millis(100)).await;
    };
    for (key, told) in told.iter().flatten() {
        check(key, told, &chain);
        let Err(LedgerError::Unconfirmed { transaction_id, .. }) = told else {
            continue;
        };
        let found = by_id(&ledger, transaction_id).await;
        let found = found.unwrap_or_else(|error| panic!("{key}: {error}"));
        let standing = chain.iter().find(|other| other.id == *transaction_id);
        assert_eq!(
            found.version,
            standing.and_then(|standing| standing.version)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_is_told_rightly_while_the_peer_is_restarted() {
    for version in VERSIONS {
        let running = start(version, 1).await;
        with_a_peer_killed(&running, true).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organizations_second_peer_takes_over() {
    for version in VERSIONS {
        let running = start(version, 2).await;
        with_a_peer_killed(&running, false).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_orderers_have_not_taken_is_pending_and_is_sent_again() {
    for version in VERSIONS {
        let running = start(version, 1).await;
        let ledger = running.connected().await;
        put(&ledger, "before").await.expect("it is committed");
        // One of three orderers takes nothing.
        kill(&running, "orderer1").await;
        kill(&running, "orderer2").await;
        let call = |key| call("put", &[key, "1"]);
        let unordered = async |soon| ledger.invoke(call("unordered"), within(soon)).await;
        let transaction_id = unconfirmed(unordered).await;
        let pending = by_id(&ledger, &transaction_id)
            .await
            .expect("it is pending");
        assert_eq!(pending.id, transaction_id);
        assert_eq!(pending.kind, TransactionKind::Endorser);
        assert!(pending.version.is_none() && pending.validation_code.is_none());
        let called = pending.call.expect("it is a call");
        assert_eq!(
            (called.contract.as_str(), called.function.as_str()),
            ("probe", "put")
        );
        assert_eq!(called.args, ["unordered".into(), "1".into()]);

        // The same envelope goes on being sent, and is taken when the orderers are back.
        let options = within(Duration::from_secs(120));
        let back = async {
            sleep(Duration::from_secs(1)).await;
            start_again(&running, "orderer1").await;
            start_again(&running, "orderer2").await;
        };
        let (told_later, ()) = tokio::join!(ledger.invoke(call("patient"), options), back);
        assert!(told_later.is_ok(), "{told_later:?}");

        let options = InvokeOptions {
            wait: Some(Wait::Ordered),
            ..InvokeOptions::default()
        };
        let ordered = ledger.invoke(call("ordered"), options).await;
        let ordered = ordered.expect("the orderers are back");
        assert_eq!(ordered.status, ReceiptStatus::Ordered);
        let committed = loop {
            let found = by_id(&ledger, &ordered.transaction_id).await;
            let found = found.expect("it is pending or stands in a block");
            if found.version.is_some() {
                break found;
            }
            assert_eq!(found.validation_code, None);
            sleep(Duration::from_millis(20)).await;
        };
        assert!(
            committed
                .validation_code
                .is_some_and(|code| code.is_valid())
        );
        let chain = chain(&ledger).await;
        let told = LedgerError::Unconfirmed {
            transaction_id,
            detail: String::new(),
        };
        check("unordered", &Err(told), &chain);
        check("patient", &told_later, &chain);
    }
}
