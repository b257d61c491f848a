//! A real channel over HTTP: events that are exact across the loss of the peers that send them and a restart of the server, and an index that
//! is exact however often its server is killed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chainloom_devnet::{FabricVersion, Network, Options};
use chainloom_tests::{Event, Events, Node, NodeOptions, eventually};
use serde_json::json;
use tokio::task::spawn_blocking;

/// How often the server is killed whose index is compared.
const KILLS: u64 = 30;
const QUERY: &str = "?from=1&kinds=transaction,block";

async fn start(options: Options) -> Arc<Network> {
    let started = spawn_blocking(move || Network::start(&options, &|_| ())).await;
    let network = started.expect("it does not panic");
    Arc::new(network.unwrap_or_else(|error| panic!("{error}")))
}

/// Has a key written, as often as it takes while peers are missed; answers the transaction's id.
async fn put(node: &Node, key: &str) -> String {
    let body = json!({"function": "put", "args": [key, "1"]});
    eventually("the call to have an effect", async || {
        let (status, receipt) = node.post("/api/v1/ledgers/channel/invoke", &body).await;
        (status == 200).then(|| {
            receipt["transaction_id"]
                .as_str()
                .expect("an id")
                .to_owned()
        })
    })
    .await
}

/// Everything up to the block behind this transaction.
async fn up_to(events: &mut Events, id: &str) -> Vec<Event> {
    let mut told: Vec<Event> = Vec::new();
    loop {
        told.extend(events.next().await);
        let is_told = told.iter().any(|event| event.data["id"] == *id);
        if is_told && told.last().is_some_and(|event| event.name == "block") {
            return told;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_exact_across_the_loss_of_peers_and_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let directory = folder.path().join("net");
    let network = start(Options {
        fabric: Some(FabricVersion::V2_5),
        peers_per_organization: Some(2),
        ..Options::in_directory(&directory)
    })
    .await;
    let file = |name: &str| directory.join(name).display().to_string();
    let configuration = format!(
        r#"
[ledgers.channel]
kind = "fabric"
profile = "{}"
channel = "devnet"
contract = "probe"
wallet = "{}"
identity = "alice"
verify = "full"
"#,
        file("connection-full-org1.yaml"),
        file("wallets/org1")
    );
    let serve = async || {
        let options = NodeOptions::new().configuration(&configuration);
        options.start().await
    };
    let mut node = serve().await;
    let mut live = Events::open(&node, "channel", QUERY, None).await;
    let mut last = put(&node, "before").await;
    let mut told = up_to(&mut live, &last).await;
    for peer in ["peer0.org1", "peer1.org1"] {
        let (killed, name) = (network.clone(), peer.to_owned());
        let kill = spawn_blocking(move || killed.kill(&name));
        kill.await
            .expect("it does not panic")
            .expect("it can be killed");
        for number in 0..3 {
            last = put(&node, &format!("{peer}-{number}")).await;
        }
        told.extend(up_to(&mut live, &last).await);
        let started = network.clone();
        let start = spawn_blocking(move || started.start_process(peer));
        start
            .await
            .expect("it does not panic")
            .expect("it starts again");
    }

    // The same as is told in one go: nothing was missed, and nothing came twice.
    let again = up_to(
        &mut Events::open(&node, "channel", QUERY, None).await,
        &last,
    )
    .await;
    assert_eq!(told, again);
    let ids: BTreeSet<&str> = told.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), told.len());
    assert!(
        told.iter()
            .filter(|event| event.name == "transaction")
            .count()
            >= 7
    );

    // Behind each transaction the rest is told, by a server that knows of no reader.
    node.restart().await;
    let transactions = told.iter().enumerate();
    for (at, event) in transactions.filter(|(_, event)| event.name == "transaction") {
        let mut rest = Events::open(&node, "channel", QUERY, Some(&event.id)).await;
        let rest = rest.take(told.len() - at - 1).await;
        assert_eq!(rest, told[at + 1..], "behind {}", event.id);
    }

    // One server is killed over and over while another one has the channel grow; a third one indexes all of it in one go.
    let writer = serve().await;
    let is_over = AtomicBool::new(false);
    let kill = async {
        for kill in 0..KILLS {
            tokio::time::sleep(Duration::from_millis(kill * 37 % 250)).await;
            node.restart().await;
        }
        is_over.store(true, Ordering::Release);
    };
    let write = async {
        let mut number = 0;
        while !is_over.load(Ordering::Acquire) {
            number += 1;
            let puts = (0..8).map(|place| {
                let key = format!("killed-{}", (number + place) % 20);
                let writer = &writer;
                async move { put(writer, &key).await }
            });
            futures_util::future::join_all(puts).await;
        }
    };
    futures_util::future::join(kill, write).await;
    let last = writer.get("/api/v1/ledgers/channel").await["height"].clone();
    let whole = serve().await;
    for path in [
        "/blocks?limit=1000",
        "/transactions?limit=1000",
        "/transactions?limit=1000&function=put&creator=me",
        "/transactions?code=MVCC_READ_CONFLICT",
        "/keys/probe/history?key=killed-7&limit=1000&invalid=true",
        "/stats?from=0",
    ] {
        let sign = if path.contains('?') { '&' } else { '?' };
        let asked = match path.starts_with("/stats") || path.starts_with("/keys") {
            true => format!("/api/v1/ledgers/channel{path}"),
            false => format!("/api/v1/ledgers/channel{path}{sign}min_block={last}"),
        };
        let answer = whole.get(&asked).await;
        assert_eq!(answer["indexed_height"], last, "{path}");
        assert_eq!(node.get(&asked).await, answer, "{path}");
    }
}
