//! Hundreds of callers at a real peer that takes few calls at once.

mod caller;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use caller::{connected, invoke, query};
use chainloom_devnet::{Network, Options};
use chainloom_fabric::{FabricLedger, Mode};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// The peer that alice of the first organization calls, and how many calls it takes at once.
const PEER: &str = "peer0.org1";
const LIMIT: usize = 20;

/// How many call at once: far more than the limit, and few enough that the last of them gets its turn within the 20 s in which a call is to
/// begin, on a slow machine too.
const CALLERS: usize = 400;

/// How long a thing may take on a machine that is busy with much else.
const PATIENCE: Duration = Duration::from_secs(90);

/// Restarts the peer with a lower limit; by default it takes 500 calls of its gateway at once.
fn lower_limit(network: &Network) {
    let directory = network.layout().directory();
    let file = directory.join("nodes").join(PEER).join("core.yaml");
    network.stop(PEER).expect("the peer ends");
    let text = fs::read_to_string(&file).expect("the peer has its configuration there");
    let lower = text.replace("gatewayService: 500", &format!("gatewayService: {LIMIT}"));
    assert_ne!(lower, text, "the limit stands in {}", file.display());
    fs::write(&file, lower).expect("it can be written");
    network.start_process(PEER).expect("the peer starts again");
}

/// How many calls the peer says that it refused since there were too many.
fn refusals(log: &Path) -> usize {
    let text = fs::read_to_string(log).expect("the peer writes a log");
    let limit = format!("exceeding concurrency limit ({LIMIT})");
    text.lines().filter(|line| line.contains(&limit)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_not_driven_over_its_limit_and_callers_do_not_see_it() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let options = Options::in_directory(folder.path().join("net"));
    let network = Network::start(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));
    lower_limit(&network);
    let log = network.layout().log_file(PEER);
    let ledger = Arc::new(connected(&network, "org1", "probe", Mode::Gateway).await);
    ready(&ledger).await;

    queries(&ledger).await;
    let first = refusals(&log);
    assert!(
        first > 0,
        "the peer was never over its limit, so this shows nothing"
    );
    // It has learnt by now what the peer takes.
    queries(&ledger).await;
    invokes(&ledger).await;
    assert_eq!(refusals(&log), first);
}

/// Waits until the peer, which has just started again, knows of the contract.
async fn ready(ledger: &FabricLedger) {
    let start = Instant::now();
    while let Err(error) = invoke(ledger, "put", &["window", "blue"]).await {
        assert!(start.elapsed() < PATIENCE, "{error}");
        sleep(Duration::from_millis(500)).await;
    }
}

async fn queries(ledger: &Arc<FabricLedger>) {
    let mut calls: JoinSet<_> = (0..CALLERS)
        .map(|_| {
            let ledger = ledger.clone();
            // As long as it takes, they are under way side by side.
            async move { query(&ledger, "sleep", &["20"]).await }
        })
        .collect();
    while let Some(outcome) = calls.join_next().await {
        let outcome = outcome.expect("no call panics");
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}

async fn invokes(ledger: &Arc<FabricLedger>) {
    let mut calls: JoinSet<_> = (0..CALLERS)
        .map(|number| {
            let ledger = ledger.clone();
            async move { invoke(&ledger, "put", &[&format!("window-{number}"), "x"]).await }
        })
        .collect();
    while let Some(outcome) = calls.join_next().await {
        let outcome = outcome.expect("no call panics");
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}
