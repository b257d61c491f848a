//! Living with Python nodes: chains go both ways, under both rules, whatever stands in the blocks.

use chainloom_tests::{ChainRecipe, Node, NodeOptions, PythonNode, Rules, eventually, raw_request};

const REPLACED: &str = "Our chain was replaced";
const AUTHORITATIVE: &str = "Our chain is authoritative";

async fn ours(rules: Rules) -> Node {
    NodeOptions::new().rules(rules).start().await
}

async fn resolve_text(node: &Node) -> String {
    let answer = raw_request(node.address(), "GET", "/nodes/resolve", &[], b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

#[tokio::test]
async fn ours_takes_over_their_longer_chain() {
    for rules in Rules::ALL {
        // Odd: names outside ASCII, floats, huge integers, proofs as strings, fields that no rule names.
        let theirs = PythonNode::with_chain(ChainRecipe::new(rules, 24).odd()).await;
        let mut ours = ours(rules).await;
        ours.mine().await;
        ours.register(theirs.address()).await;
        let answer = resolve_text(&ours).await;
        assert!(answer.contains(REPLACED), "{rules:?}: {answer}");
        let chain = theirs.get_text("/chain").await;
        assert_eq!(ours.chain_text().await, chain, "{rules:?}");
        // The answer has the same blocks under another name.
        let blocks = &chain["{\"chain\":".len()..chain.rfind(",\"length\"").expect("a length")];
        assert_eq!(
            answer,
            format!("{{\"message\":\"{REPLACED}\",\"new_chain\":{blocks}}}\n")
        );
        // What was taken over stays, and their chain is no longer than ours now.
        ours.restart().await;
        assert_eq!(ours.chain_text().await, chain);
        assert!(resolve_text(&ours).await.contains(AUTHORITATIVE));
    }
}

#[tokio::test]
async fn they_take_over_our_longer_chain() {
    for rules in Rules::ALL {
        let ours = ours(rules).await;
        for body in [
            r#"{"sender": "Ünïcödé", "recipient": "链织 😀", "amount": 0.1}"#,
            r#"{"sender": "a", "recipient": "\ud800", "amount": 123456789012345678901234567890123456789}"#,
            r#"{"sender": "a", "recipient": {"z": [1e16, 1e-7], "a": null}, "amount": 5.0}"#,
        ] {
            let headers = [("Content-Type", "application/json")];
            let target = "/transactions/new";
            let answer =
                raw_request(ours.address(), "POST", target, &headers, body.as_bytes()).await;
            assert_eq!(answer.status, 201, "{}", answer.text());
            raw_request(ours.address(), "GET", "/mine", &[], b"").await;
        }
        raw_request(ours.address(), "GET", "/mine", &[], b"").await;
        let theirs = PythonNode::start(rules).await;
        theirs.register(ours.address()).await;
        let answer = theirs.get_text("/nodes/resolve").await;
        assert!(answer.contains(REPLACED), "{rules:?}: {answer}");
        assert_eq!(theirs.get_text("/chain").await, ours.chain_text().await);
        // And it goes on from there.
        theirs.mine().await;
        ours.register(theirs.address()).await;
        assert!(resolve_text(&ours).await.contains(REPLACED), "{rules:?}");
        assert_eq!(theirs.get_text("/chain").await, ours.chain_text().await);
    }
}

#[tokio::test]
async fn three_of_ours_and_two_of_theirs_converge() {
    for rules in Rules::ALL {
        let mut nodes = [ours(rules).await, ours(rules).await, ours(rules).await];
        let theirs = [
            PythonNode::start(rules).await,
            PythonNode::start(rules).await,
        ];
        let addresses: Vec<_> = nodes
            .iter()
            .map(Node::address)
            .chain(theirs.iter().map(PythonNode::address))
            .collect();
        for node in &nodes {
            for &peer in addresses.iter().filter(|&&peer| peer != node.address()) {
                node.register(peer).await;
            }
        }
        for node in &theirs {
            for &peer in addresses.iter().filter(|&&peer| peer != node.address()) {
                node.register(peer).await;
            }
        }
        // Everyone has a chain of another length; one of theirs has the longest, then one of ours.
        for round in 0..2 {
            for (count, node) in nodes.iter().enumerate() {
                for _ in 0..=count + round * 8 {
                    node.mine().await;
                }
            }
            for (count, node) in theirs.iter().enumerate() {
                for _ in 0..4 + count {
                    node.mine().await;
                }
            }
            eventually("all five to agree", async || {
                for node in &nodes {
                    node.resolve().await;
                }
                for node in &theirs {
                    node.get_text("/nodes/resolve").await;
                }
                let chain = nodes[0].chain_text().await;
                let mut agree = true;
                for node in &nodes {
                    agree &= node.chain_text().await == chain;
                }
                for node in &theirs {
                    agree &= node.get_text("/chain").await == chain;
                }
                agree.then_some(())
            })
            .await;
        }
        nodes[0].restart().await;
        assert_eq!(
            nodes[0].chain_text().await,
            theirs[0].get_text("/chain").await
        );
    }
}

#[tokio::test]
async fn a_peer_of_the_other_rules_is_told_so() {
    let article = ours(Rules::Article).await;
    let repository = ours(Rules::Repository).await;
    let peers = [
        (
            &article,
            PythonNode::with_chain(ChainRecipe::new(Rules::Repository, 5)).await,
            "peer follows `repository`, ours is `article`",
        ),
        (
            &repository,
            PythonNode::with_chain(ChainRecipe::new(Rules::Article, 5)).await,
            "peer follows `article`, ours is `repository`",
        ),
    ];
    for (node, peer, sentence) in &peers {
        node.register(peer.address()).await;
        assert_eq!(node.resolve().await["message"], AUTHORITATIVE);
        let report = node.get("/api/v1/ledgers/tutorial/peers").await.to_string();
        assert!(report.contains(sentence), "{report}");
        assert!(report.contains(&peer.address().to_string()), "{report}");
    }
}

#[tokio::test]
async fn transactions_of_a_replaced_chain_wait_again() {
    let ours = ours(Rules::Article).await;
    ours.send("alice", "bob", 1).await;
    ours.send("alice", "carol", 2).await;
    // Posted, though it looks like a reward: it comes back too.
    ours.send("0", "dave", 3).await;
    ours.mine().await;
    ours.send("alice", "erin", 4).await;
    let theirs = PythonNode::with_chain(ChainRecipe::new(Rules::Article, 9)).await;
    ours.register(theirs.address()).await;
    assert_eq!(ours.resolve().await["message"], REPLACED);
    let block = ours.mine().await;
    let recipients: Vec<&str> = block["transactions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|transaction| transaction["recipient"].as_str().expect("a string"))
        .collect();
    // In the order in which they came; the reward of the lost block does not.
    assert_eq!(recipients[..4], ["bob", "carol", "dave", "erin"]);
    assert_eq!(recipients.len(), 5);
}

#[tokio::test]
async fn equal_chains_do_not_replace_each_other() {
    let ours = ours(Rules::Article).await;
    for _ in 0..3 {
        ours.mine().await;
    }
    let theirs = PythonNode::with_chain(ChainRecipe::new(Rules::Article, 4)).await;
    ours.register(theirs.address()).await;
    let before = ours.chain_text().await;
    assert_eq!(ours.resolve().await["message"], AUTHORITATIVE);
    assert_eq!(ours.chain_text().await, before);
}

#[tokio::test]
async fn of_two_equally_long_chains_the_peer_registered_first_wins() {
    let recipe = ChainRecipe::new(Rules::Article, 6);
    let first = PythonNode::with_chain(recipe.odd()).await;
    let second = PythonNode::with_chain(recipe).await;
    for order in [[&first, &second], [&second, &first]] {
        let node = ours(Rules::Article).await;
        for peer in order {
            node.register(peer.address()).await;
        }
        assert!(resolve_text(&node).await.contains(REPLACED));
        assert_eq!(node.chain_text().await, order[0].get_text("/chain").await);
    }
}

#[tokio::test]
async fn resolving_can_happen_by_itself() {
    let theirs = PythonNode::with_chain(ChainRecipe::new(Rules::Article, 5)).await;
    let ours = NodeOptions::new()
        .configuration("[ledgers.tutorial]\nkind = \"tutorial\"\nresolve_interval_s = 1\n")
        .start()
        .await;
    ours.register(theirs.address()).await;
    let chain = theirs.get_text("/chain").await;
    eventually("the chain to be taken over", async || {
        (ours.chain_text().await == chain).then_some(())
    })
    .await;
}
