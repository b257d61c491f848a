//! Server-sent events: nothing missed, nothing twice, whatever happens in between.

use std::fs;
use std::time::Duration;

use chainloom_tests::{
    ChainRecipe, Event, Events, Node, PythonNode, Rules, client, eventually, eventually_within,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_come_as_they_are_mined() {
    let node = Node::start().await;
    node.mine().await;
    let mut events = Events::open(&node, "tutorial", "", None).await;
    node.mine().await;
    node.mine().await;
    let got = events.take(2).await;
    assert_eq!(ids(&got), ["0-3", "0-4"]);
    for event in &got {
        assert_eq!(event.name, "block");
        let number = &event.data["number"];
        let block = node
            .get(&format!("/api/v1/ledgers/tutorial/blocks/{number}"))
            .await;
        assert_eq!(event.data["hash"], block["hash"]);
        assert_eq!(event.data["transaction_count"], 1);
    }
    let mut from_the_start = Events::open(&node, "tutorial", "?from=1", None).await;
    let got = from_the_start.take(4).await;
    assert_eq!(ids(&got), ["0-1", "0-2", "0-3", "0-4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_comes_back_gets_what_it_missed() {
    let mut node = Node::start().await;
    for _ in 0..4 {
        node.mine().await;
    }
    let mut events = Events::open(&node, "tutorial", "", Some("0-3")).await;
    assert_eq!(ids(&events.take(2).await), ["0-4", "0-5"]);
    node.mine().await;
    assert_eq!(ids(&events.take(1).await), ["0-6"]);
    // Killed and started again: the ids still mean the same.
    node.restart().await;
    node.mine().await;
    let mut events = Events::open(&node, "tutorial", "", Some("0-5")).await;
    assert_eq!(ids(&events.take(2).await), ["0-6", "0-7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_is_told_before_the_new_blocks() {
    let node = Node::start().await;
    for _ in 0..3 {
        node.mine().await;
    }
    let mut live = Events::open(&node, "tutorial", "", None).await;
    let peer = PythonNode::with_chain(ChainRecipe::new(Rules::Article, 6)).await;
    node.register(peer.address()).await;
    assert_eq!(node.resolve().await["message"], "Our chain was replaced");
    node.mine().await;

    let expected = ["1-0", "1-1", "1-2", "1-3", "1-4", "1-5", "1-6", "1-7"];
    let resumed = Events::open(&node, "tutorial", "", Some("0-4")).await;
    let early = Events::open(&node, "tutorial", "", Some("0-2")).await;
    for mut events in [
        live.take(8).await,
        {
            let mut resumed = resumed;
            resumed.take(8).await
        },
        {
            let mut early = early;
            early.take(8).await
        },
    ] {
        assert_eq!(ids(&events), expected);
        let replaced = events.remove(0);
        assert_eq!(replaced.name, "replaced");
        assert_eq!(replaced.data["from"], 1);
        assert!(events.iter().all(|event| event.name == "block"));
    }
    // Whoever had heard of the replacement goes on after it.
    let mut events = Events::open(&node, "tutorial", "", Some("1-0")).await;
    assert_eq!(ids(&events.take(2).await), ["1-1", "1-2"]);
    // The chain is the peer's, one block longer: taken over by sharing, nothing is replaced.
    peer.register(node.address()).await;
    peer.get("/nodes/resolve").await;
    peer.mine().await;
    let mut live = Events::open(&node, "tutorial", "", None).await;
    assert_eq!(node.resolve().await["message"], "Our chain was replaced");
    let next = live.next().await.expect("the stream goes on");
    assert_eq!(
        (next.name.as_str(), &next.data["number"]),
        ("block", &Value::from(8))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_and_nothing_comes_twice_however_often_a_reader_comes_back() {
    const BLOCKS: u64 = 60;
    let node = Node::start().await;
    let mine = async {
        for _ in 0..BLOCKS {
            node.mine().await;
        }
    };
    let read = async {
        let mut last = "0-1".to_owned();
        let mut numbers = Vec::new();
        for turn in 1.. {
            let mut events = Events::open(&node, "tutorial", "", Some(&last)).await;
            let left = usize::try_from(BLOCKS).expect("it is small") - numbers.len();
            for event in events.take((1 + turn % 5).min(left)).await {
                numbers.push(event.data["number"].as_u64().expect("a number"));
                last = event.id;
            }
            if numbers.len() as u64 == BLOCKS {
                break;
            }
        }
        numbers
    };
    let (numbers, ()) = futures_util::future::join(read, mine).await;
    assert_eq!(numbers, (2..=BLOCKS + 1).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_none_is_refused() {
    let node = Node::start().await;
    let answer = client()
        .get(node.url("/api/v1/ledgers/tutorial/events"))
        .header("Last-Event-ID", "yesterday")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    // One of a chain that this node never had: begin anew.
    let mut events = Events::open(&node, "tutorial", "", Some("7-700")).await;
    let got = events.take(2).await;
    assert_eq!(got[0].name, "replaced");
    assert_eq!(got[0].data["from"], 1);
    assert_eq!(got[1].data["number"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_are_gone_leave_no_trace() {
    let node = Node::start().await;
    // More than may be open at once, one after another.
    for _ in 0..200 {
        eventually("a place for a reader", async || {
            let url = node.url("/api/v1/ledgers/tutorial/events");
            let answer = client().get(url).send().await.expect("an answer");
            (answer.status() == 200).then_some(())
        })
        .await;
    }
}

/// Of what a slow reader is told there is more than the system holds for it.
const SLOW_BLOCKS: usize = 4;
const SLOW_TRANSACTIONS: usize = 3_000;
const SLOW_READERS: usize = 24;
/// What the server may hold for all of them: some batches of transactions each, and less than half of what they are told of.
const SLOW_MEMORY_KB_MAX: u64 = 80_000;

/// A value of `/proc/{process}/status` in kB.
fn memory_kb(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the server runs");
    let line = status.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    value.expect("Linux tells of it")
}

fn open_files(process: u32) -> usize {
    let files = fs::read_dir(format!("/proc/{process}/fd")).expect("the server runs");
    files.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_read_nothing_are_cut_off_and_go_on_at_the_exact_transaction() {
    let mut node = Node::start().await;
    let server = node.process().id();
    let (poster, long) = (client(), "n".repeat(240));
    let idle = open_files(server);
    for _ in 0..SLOW_BLOCKS {
        let posts = (0..SLOW_TRANSACTIONS).map(|number| {
            let body = json!({"sender": long, "recipient": long, "amount": number});
            let post = poster.post(node.url("/transactions/new")).json(&body);
            async move { post.send().await.expect("an answer").status().as_u16() }
        });
        let statuses: Vec<u16> = stream::iter(posts).buffer_unordered(32).collect().await;
        assert!(statuses.iter().all(|status| *status == 201));
        node.mine().await;
    }
    let query = "?from=2&kinds=transaction,block";
    // Each block has a reward, too, and is told of behind its transactions.
    let count = SLOW_BLOCKS * (SLOW_TRANSACTIONS + 2);
    let expected = Events::open(&node, "tutorial", query, None)
        .await
        .take(count)
        .await;
    assert_eq!(expected[0].id, "0-2-0");
    let told: usize = expected
        .iter()
        .map(|event| event.data.to_string().len())
        .sum();
    let told_kb = (told / 1_000 * SLOW_READERS) as u64;
    assert!(told_kb > 2 * SLOW_MEMORY_KB_MAX, "{told_kb} kB");

    drop(poster);
    eventually("the others to be gone", async || {
        (open_files(server) <= idle + SLOW_READERS / 8).then_some(())
    })
    .await;
    let before_kb = memory_kb(server, "VmRSS");
    let mut readers = Vec::new();
    for _ in 0..SLOW_READERS {
        readers.push(Events::open(&node, "tutorial", query, None).await);
    }
    assert!(open_files(server) >= idle + SLOW_READERS);
    let mut most_kb = 0;
    eventually_within(
        Duration::from_secs(180),
        "the readers to be cut off",
        async || {
            most_kb = most_kb.max(memory_kb(server, "VmRSS"));
            (open_files(server) <= idle + SLOW_READERS / 8).then_some(())
        },
    )
    .await;
    assert!(
        most_kb < before_kb + SLOW_MEMORY_KB_MAX,
        "{before_kb} kB before, {most_kb} kB with {SLOW_READERS} readers that read nothing"
    );
    // What was on its way to them when they were cut off is theirs; the rest is told to those who come back.
    for mut reader in readers.into_iter().take(3) {
        let mut got = Vec::new();
        while let Some(event) = reader.next().await {
            got.push(event);
        }
        assert!(!got.is_empty() && got.len() < count, "{}", got.len());
        let last = got[got.len() - 1].id.clone();
        let mut again = Events::open(&node, "tutorial", query, Some(&last)).await;
        got.extend(again.take(count - got.len()).await);
        assert!(
            got == expected,
            "behind {last} it does not go on as it should"
        );
    }
}
