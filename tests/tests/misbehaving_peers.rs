//! Peers that misbehave cost their own answer and nothing else.

use std::time::{Duration, Instant};

use chainloom_tests::{
    Behaviour, ChainRecipe, HostilePeer, Node, NodeOptions, PythonNode, Rules, raw_request,
    unused_address,
};
use serde_json::{Value, json};

const CONFIGURATION: &str = "[ledgers.tutorial]\nkind = \"tutorial\"\n";

async fn node_with(limits: &str) -> Node {
    NodeOptions::new()
        .configuration(&format!("{CONFIGURATION}{limits}"))
        .start()
        .await
}

/// What the node says of a peer.
async fn outcome(node: &Node, peer: &HostilePeer) -> Value {
    let peers = node.get("/api/v1/ledgers/tutorial/peers").await;
    let address = peer.address().to_string();
    peers["peers"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|report| report["address"] == address.as_str())
        .unwrap_or_else(|| panic!("{address} is not in {peers}"))["outcome"]
        .clone()
}

/// The most memory the process ever held, in bytes.
fn memory_peak(node: &mut Node) -> u64 {
    let path = format!("/proc/{}/status", node.process().id());
    let text = std::fs::read_to_string(path).expect("the node is running");
    let line = text
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("a peak");
    let kilobytes: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .expect("a number");
    kilobytes * 1024
}

fn every_misbehaviour() -> Vec<(&'static str, Behaviour)> {
    let chain = ChainRecipe::new(Rules::Article, 30).answer();
    let unfinished = chain.strip_suffix(", \"length\": 30}").expect("it ends so");
    let other_hash = chain.replacen("\"previous_hash\": \"", "\"previous_hash\": \"0", 1);
    let other_proof = chain.replacen("\"proof\": 35293", "\"proof\": 35294", 1);
    let other_rules = ChainRecipe::new(Rules::Repository, 30).answer();
    vec![
        ("dead", Behaviour::Dead),
        ("slow", Behaviour::Slow(chain.clone())),
        ("endless", Behaviour::Endless(unfinished.to_owned())),
        ("endless block", Behaviour::endless_block()),
        ("cut", Behaviour::Cut(chain.clone())),
        ("garbage", Behaviour::garbage()),
        ("deep", Behaviour::deep(1_000_000)),
        (
            "redirect",
            Behaviour::Redirect("http://127.0.0.1:1/chain".to_owned()),
        ),
        ("404", Behaviour::Status(404)),
        ("500", Behaviour::Status(500)),
        ("no chain", Behaviour::Answer("{\"length\": 9}".to_owned())),
        ("no object", Behaviour::Answer("[1, 2]".to_owned())),
        (
            "no list",
            Behaviour::Answer("{\"chain\": 5, \"length\": 9}".to_owned()),
        ),
        (
            "no blocks",
            Behaviour::Answer("{\"chain\": [], \"length\": 9}".to_owned()),
        ),
        (
            "no block",
            Behaviour::Answer("{\"chain\": [1, 2, 3], \"length\": 9}".to_owned()),
        ),
        ("empty", Behaviour::Answer(String::new())),
        (
            "page",
            Behaviour::Answer("<html>a router's login</html>".to_owned()),
        ),
        ("wrong hash", Behaviour::Answer(other_hash)),
        ("wrong proof", Behaviour::Answer(other_proof)),
        ("other rules", Behaviour::Answer(other_rules)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_costs_its_own_answer_only() {
    let node = node_with("chain_timeout_s = 6\nidle_timeout_s = 2\n").await;
    let mut peers = Vec::new();
    for (name, behaviour) in every_misbehaviour() {
        let peer = HostilePeer::start(behaviour).await;
        node.register(peer.address()).await;
        peers.push((name, peer));
    }
    // Nobody listens there.
    node.register(unused_address()).await;
    // The good one comes last.
    let good = PythonNode::with_chain(ChainRecipe::new(Rules::Article, 12)).await;
    node.register(good.address()).await;

    let start = Instant::now();
    let answer = node.resolve().await;
    let took = start.elapsed();
    assert_eq!(answer["message"], "Our chain was replaced");
    assert_eq!(node.chain_text().await, good.get_text("/chain").await);
    let mut one_after_the_other = Duration::ZERO;
    for (name, peer) in &peers {
        assert!(peer.asked() >= 1, "{name} was not asked");
        let outcome = outcome(&node, peer).await;
        let (code, detail) = (outcome["code"].as_str(), outcome["detail"].as_str());
        assert!(
            code.is_some_and(|code| !code.is_empty()),
            "{name}: {outcome}"
        );
        // A sentence, which says what was wrong.
        assert!(
            detail.is_some_and(|detail| detail.len() > 15),
            "{name}: {outcome}"
        );
        let duration_ms = outcome["duration_ms"].as_u64();
        one_after_the_other += Duration::from_millis(duration_ms.expect("a number"));
        println!("{name}: {outcome}");
    }
    // Side by side, on slow machines too.
    assert!(took < one_after_the_other, "{took:?}");
    for (name, word) in [
        (
            "other rules",
            "peer follows `repository`, ours is `article`",
        ),
        ("redirect", "redirect"),
        ("404", "404"),
        ("500", "500"),
    ] {
        let (_, peer) = peers.iter().find(|(other, _)| *other == name).expect("one");
        let outcome = outcome(&node, peer).await;
        let detail = outcome["detail"].as_str().expect("a sentence");
        assert!(detail.contains(word), "{name}: {detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_claimed_length_is_ignored_both_ways() {
    let chain = ChainRecipe::new(Rules::Article, 8).answer();
    let blocks = chain.strip_suffix(", \"length\": 8}").expect("it ends so");
    for claim in ["1000000000", "1", "-5", "\"many\""] {
        for (length, replaced) in [(4, true), (12, false)] {
            let node = node_with("").await;
            for _ in 1..length {
                node.mine().await;
            }
            let body = format!("{blocks}, \"length\": {claim}}}");
            let peer = HostilePeer::start(Behaviour::Answer(body)).await;
            node.register(peer.address()).await;
            let answer = node.resolve().await;
            let expected = if replaced {
                "Our chain was replaced"
            } else {
                "Our chain is authoritative"
            };
            assert_eq!(
                answer["message"], expected,
                "8 blocks, {claim} claimed, ours has {length}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_comes_first_is_as_good() {
    let recipe = ChainRecipe::new(Rules::Article, 8);
    let body = format!(
        "{{\"length\": 8, \"more\": {{\"a\": [1]}}, \"chain\": {}}}",
        recipe.json()
    );
    let peer = HostilePeer::start(Behaviour::Answer(body)).await;
    let node = node_with("").await;
    node.register(peer.address()).await;
    assert_eq!(node.resolve().await["message"], "Our chain was replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_what_the_configuration_says() {
    let chain = ChainRecipe::new(Rules::Article, 30).answer();
    let cases = [
        ("chain_bytes_max = 2000\n", chain.clone()),
        ("block_bytes_max = 150\n", chain.clone()),
        (
            "json_depth_max = 20\n",
            chain.replacen(
                "\"transactions\": []",
                &format!("\"transactions\": {}{}", "[".repeat(30), "]".repeat(30)),
                1,
            ),
        ),
    ];
    for (limit, body) in cases {
        let peer = HostilePeer::start(Behaviour::Answer(body)).await;
        let node = node_with(limit).await;
        node.register(peer.address()).await;
        assert_eq!(
            node.resolve().await["message"],
            "Our chain is authoritative",
            "{limit}"
        );
        let outcome = outcome(&node, &peer).await;
        let number = limit.split_whitespace().last().expect("a number");
        let detail = outcome["detail"]
            .as_str()
            .expect("a sentence")
            .replace(',', "");
        assert!(detail.contains(number), "{limit}: {outcome}");
    }

    let node = node_with("peers_max = 2\n").await;
    let register = async |ports: &[u16]| {
        let nodes: Vec<String> = ports
            .iter()
            .map(|port| format!("http://127.0.0.1:{port}"))
            .collect();
        node.post("/nodes/register", &json!({"nodes": nodes})).await
    };
    assert_eq!(register(&[1]).await.0, 201);
    // All or nothing.
    let (status, sentence) = register(&[2, 3]).await;
    assert_eq!(status, 400, "{sentence}");
    assert!(sentence.to_string().contains('2'), "{sentence}");
    assert_eq!(register(&[1, 2]).await.0, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_valid_chain_takes_bounded_memory() {
    // The article's proofs run in a circle, so a chain costs nothing to make; what is valid of it so far is staged.
    let mut node = node_with("chain_bytes_max = 20000000\n").await;
    let chain = ChainRecipe::new(Rules::Article, 100_000).answer();
    assert!(chain.len() > 20_000_000);
    let peer = HostilePeer::start(Behaviour::Unmeasured(chain)).await;
    node.register(peer.address()).await;
    assert_eq!(
        node.resolve().await["message"],
        "Our chain is authoritative"
    );
    let refusal = outcome(&node, &peer).await;
    println!("{refusal}");
    assert!(
        refusal["verified_blocks"].as_u64() > Some(1_000),
        "{refusal}"
    );
    let memory = memory_peak(&mut node);
    assert!(memory < 200 << 20, "{} MiB", memory >> 20);
    // The node is as good as before.
    node.mine().await;
    assert_eq!(node.get("/chain").await["length"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_endless_blocks_at_once_take_bounded_memory() {
    let mut node = node_with("chain_timeout_s = 10\n").await;
    let mut peers = Vec::new();
    for _ in 0..12 {
        let peer = HostilePeer::start(Behaviour::endless_block()).await;
        node.register(peer.address()).await;
        peers.push(peer);
    }
    assert_eq!(
        node.resolve().await["message"],
        "Our chain is authoritative"
    );
    // One block of the greatest size, 64 MiB, is read at a time, in a few times its length. All twelve at once
    // would take several gigabytes.
    let memory = memory_peak(&mut node);
    assert!(memory < 800 << 20, "{} MiB", memory >> 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_address_is_skipped() {
    let node = node_with("").await;
    node.register(node.address()).await;
    let answer = raw_request(node.address(), "GET", "/nodes/resolve", &[], b"").await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("Our chain is authoritative"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_can_be_forgotten() {
    let node = node_with("").await;
    let peer = HostilePeer::start(Behaviour::garbage()).await;
    node.register(peer.address()).await;
    let url = node.url(&format!(
        "/api/v1/ledgers/tutorial/peers/{}",
        peer.address()
    ));
    let answer = chainloom_tests::client()
        .delete(&url)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 204);
    node.resolve().await;
    assert_eq!(peer.asked(), 0);
    let again = chainloom_tests::client()
        .delete(&url)
        .send()
        .await
        .expect("an answer");
    assert_eq!(again.status(), 404);
}
