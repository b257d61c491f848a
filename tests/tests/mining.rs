//! Mining: the smallest proof, a fair queue, searches that end when nobody wants them any more.

use std::net::SocketAddr;
use std::time::Duration;

use chainloom_tests::{
    Behaviour, HostilePeer, Node, NodeOptions, Rules, client, eventually, raw_request, sha256_hex,
};
use serde_json::json;
use tokio::task::JoinSet;

/// A node whose proofs nobody finds in the time of a test.
async fn hard_node() -> Node {
    NodeOptions::new()
        .arguments(["--difficulty", "14"])
        .start()
        .await
}

/// How much processor time the node has used, in hundredths of a second.
fn processor_time(node: &mut Node) -> u64 {
    let path = format!("/proc/{}/stat", node.process().id());
    let text = std::fs::read_to_string(path).expect("the node is running");
    let (_, fields) = text.rsplit_once(") ").expect("a name in parentheses");
    let mut fields = fields.split(' ').skip(11);
    let mut next = || -> u64 {
        let field = fields.next().expect("enough fields");
        field.parse().expect("a number")
    };
    next() + next()
}

/// Waits until the node does no work any more.
async fn until_idle(node: &mut Node) {
    eventually("the search to end", async || {
        let before = processor_time(node);
        tokio::time::sleep(Duration::from_millis(300)).await;
        (processor_time(node) - before <= 5).then_some(())
    })
    .await;
}

async fn waiting(node: &Node) -> u64 {
    let status = node.get("/api/v1/ledgers/tutorial/mining").await;
    status["waiting"].as_u64().expect("a number")
}

#[tokio::test]
async fn proofs_are_the_smallest() {
    let node = Node::start().await;
    let mut proofs = Vec::new();
    for _ in 0..5 {
        proofs.push(node.mine().await["proof"].clone());
    }
    assert_eq!(proofs, [35_293, 35_089, 119_678, 146_502, 43_538]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_wait_and_the_next_is_told_so() {
    let mut node = hard_node().await;
    for _ in 0..2 {
        let mut requests = JoinSet::new();
        for _ in 0..80 {
            let request = client().get(node.url("/mine"));
            requests.spawn(async move { request.send().await.expect("an answer") });
        }
        // One is searching and 64 wait: the rest are answered at once.
        for _ in 0..80 - 65 {
            let answer = requests.join_next().await.expect("some").expect("no panic");
            assert_eq!(answer.status(), 503);
            assert!(answer.headers().contains_key("retry-after"));
            let text = answer.text().await.expect("a whole answer");
            assert!(text.contains("64"), "{text}");
        }
        assert_eq!(waiting(&node).await, 64);
        // Callers that go away leave the queue, and the search ends.
        requests.abort_all();
        while requests.join_next().await.is_some() {}
        eventually("the queue to be empty", async || {
            let status = node.get("/api/v1/ledgers/tutorial/mining").await;
            (status["waiting"] == 0 && status["searching"] == false).then_some(())
        })
        .await;
        until_idle(&mut node).await;
    }
    assert_eq!(node.get("/chain").await["length"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_gets_a_block_in_turn() {
    let node = Node::start().await;
    let mut requests = JoinSet::new();
    for _ in 0..40 {
        let request = client().get(node.url("/mine"));
        requests.spawn(async move { request.send().await.expect("an answer") });
    }
    let mut indexes = Vec::new();
    while let Some(answer) = requests.join_next().await {
        let answer = answer.expect("no panic");
        assert_eq!(answer.status(), 200);
        let block: serde_json::Value = answer.json().await.expect("JSON");
        indexes.push(block["index"].as_u64().expect("a number"));
    }
    indexes.sort_unstable();
    assert_eq!(indexes, (2..42).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_shows_how_fast_it_is() {
    let node = hard_node().await;
    let request = client().get(node.url("/mine"));
    let search = tokio::spawn(async move { request.send().await });
    let status = eventually("a rate", async || {
        let status = node.get("/api/v1/ledgers/tutorial/mining").await;
        (status["hashes_per_s"].as_f64().expect("a number") > 0.0).then_some(status)
    })
    .await;
    assert_eq!(status["searching"], true);
    assert_eq!(status["expected_hashes"], 16_f64.powi(14));
    assert!(status["expected_s"].as_f64().expect("a number") > 1.0);
    search.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_program_ends_a_search() {
    let mut node = hard_node().await;
    let request = client().get(node.url("/mine"));
    let search = tokio::spawn(async move { request.send().await });
    eventually("the search to begin", async || {
        let status = node.get("/api/v1/ledgers/tutorial/mining").await;
        (status["searching"] == true).then_some(())
    })
    .await;
    node.process().terminate();
    let ended = node.process().wait(Duration::from_secs(60)).await;
    assert!(ended.status.success(), "{ended:?}");
    // The caller is told, or at least not left hanging.
    let answer = tokio::time::timeout(Duration::from_secs(60), search).await;
    if let Ok(answer) = answer.expect("an end").expect("no panic") {
        assert_eq!(answer.status(), 503);
    }
}

/// A chain of these proofs, each valid with eight zeros under the article's rules.
fn chain_of(proofs: &[u64]) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for (position, proof) in proofs.iter().enumerate() {
        let previous_hash = match blocks.last() {
            Some(block) => format!("\"{}\"", sha256_hex(block)),
            None => "1".to_owned(),
        };
        // As Python prints it, so that the text can be hashed as it stands.
        blocks.push(format!(
            "{{\"index\": {}, \"previous_hash\": {previous_hash}, \"proof\": {proof}, \"timestamp\": 1.5, \
             \"transactions\": []}}",
            position + 1
        ));
    }
    format!(
        "{{\"chain\": [{}], \"length\": {}}}",
        blocks.join(", "),
        blocks.len()
    )
}

async fn resolve_from(node: &Node, peer: SocketAddr) {
    node.register(peer).await;
    assert_eq!(node.resolve().await["message"], "Our chain was replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_replaced_meanwhile_starts_the_search_anew() {
    // Proofs with eight zeros, found once: nobody finds the one after 0 in the time of a test, while 0 itself is
    // valid after 8082214120.
    let endless = [8_082_214_120, 0];
    let quick = [752_750_408, 4_284_179_435, 8_082_214_120];
    let first = HostilePeer::start(Behaviour::Answer(chain_of(&endless))).await;
    let second = HostilePeer::start(Behaviour::Answer(chain_of(&quick))).await;
    let node = NodeOptions::new()
        .rules(Rules::Article)
        .arguments(["--difficulty", "8"])
        .start()
        .await;
    resolve_from(&node, first.address()).await;
    node.send("alice", "bob", 5).await;

    let address = node.address();
    let search = tokio::spawn(async move { raw_request(address, "GET", "/mine", &[], b"").await });
    eventually("the search to begin", async || {
        let status = node.get("/api/v1/ledgers/tutorial/mining").await;
        (status["searching"] == true).then_some(())
    })
    .await;
    resolve_from(&node, second.address()).await;
    let answer = search.await.expect("no panic");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let block: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(block["index"], 4);
    assert_eq!(block["proof"], 0);
    assert_eq!(block["transactions"][0]["sender"], "alice");
}

#[tokio::test]
async fn blocks_can_make_themselves_at_an_interval() {
    let node = NodeOptions::new()
        .arguments(["--mine-every", "200ms"])
        .start()
        .await;
    node.send("alice", "bob", 5).await;
    eventually("three blocks", async || {
        let chain = node.get("/chain").await;
        (chain["length"].as_u64() >= Some(4)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn blocks_can_make_themselves_when_a_transaction_comes() {
    let node = NodeOptions::new()
        .arguments(["--mine-on-transaction"])
        .start()
        .await;
    assert_eq!(node.get("/chain").await["length"], 1);
    let (status, receipt) = node
        .post(
            "/api/v1/ledgers/tutorial/invoke",
            &json!({"function": "transfer", "args": ["alice", "bob", "5"], "wait": "committed"}),
        )
        .await;
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(receipt["status"], "committed");
    assert_eq!(receipt["version"]["block"], 2);
}
