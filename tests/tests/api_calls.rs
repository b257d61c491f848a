//! `/api/v1`: invoke, query and what accounts see of it.

use chainloom_tests::{ChainRecipe, Node, PythonNode, Rules, assert_fields, client, raw_request};
use serde_json::{Value, json};

const LEDGER: &str = "/api/v1/ledgers/tutorial";

async fn transfer(node: &Node, args: [&str; 3]) -> String {
    let call = json!({"function": "transfer", "args": args});
    let (status, receipt) = node.post(&format!("{LEDGER}/invoke"), &call).await;
    assert_eq!(status, 202, "{receipt}");
    let ticket = receipt["transaction_id"].as_str().expect("a ticket");
    ticket.to_owned()
}

async fn query(node: &Node, function: &str, args: &[&str]) -> String {
    let call = json!({"function": function, "args": args});
    let (status, answer) = node.post(&format!("{LEDGER}/query"), &call).await;
    assert_eq!(status, 200, "{answer}");
    assert_fields(&answer, &["result"], &["result_json"]);
    let text = answer["result"].as_str().expect("text").to_owned();
    if let Some(json) = answer.get("result_json") {
        let parsed: Value = serde_json::from_str(&text).expect("it is said to be JSON");
        assert_eq!(*json, parsed);
    }
    text
}

/// Posts with the tutorial's route what JSON of today would not hold.
async fn post_python(node: &Node, body: &str) {
    let headers = [("Content-Type", "application/json")];
    let target = "/transactions/new";
    let answer = raw_request(node.address(), "POST", target, &headers, body.as_bytes()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

async fn mine(node: &Node) {
    let answer = raw_request(node.address(), "GET", "/mine", &[], b"").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn invoke_gives_a_ticket_that_follows_the_transaction() {
    let mut node = Node::start().await;
    let call = json!({"function": "transfer", "args": ["alice", "bob", "5"]});
    let (status, receipt) = node.post(&format!("{LEDGER}/invoke"), &call).await;
    assert_eq!(status, 202);
    assert_fields(&receipt, &["transaction_id", "status"], &[]);
    assert_eq!(receipt["status"], "pending");
    let ticket = receipt["transaction_id"]
        .as_str()
        .expect("a ticket")
        .to_owned();
    let follow = format!("{LEDGER}/transactions/{ticket}");

    let waiting = node.get(&follow).await;
    assert_eq!(waiting["id"], ticket.as_str());
    assert!(waiting.get("version").is_none(), "{waiting}");
    assert!(query(&node, "pending", &[]).await.contains("alice"));
    node.restart().await;
    assert_eq!(node.get(&follow).await, waiting);

    node.mine().await;
    let mined = node.get(&follow).await;
    assert_eq!(mined["version"], json!({"block": 2, "index": 0}));
    let in_block = node.get(&format!("{LEDGER}/blocks/2/transactions/0")).await;
    assert_eq!(
        in_block["id"],
        ticket.as_str(),
        "one id wherever it is shown"
    );

    // Another chain takes over: the transaction waits again, and comes into a later block.
    let peer = PythonNode::with_chain(ChainRecipe::new(Rules::Article, 7)).await;
    node.register(peer.address()).await;
    assert_eq!(node.resolve().await["message"], "Our chain was replaced");
    assert!(node.get(&follow).await.get("version").is_none());
    node.mine().await;
    let mined = node.get(&follow).await;
    assert_eq!(mined["version"], json!({"block": 8, "index": 0}));
    node.restart().await;
    assert_eq!(node.get(&follow).await, mined);
}

#[tokio::test(flavor = "multi_thread")]
async fn invoke_can_wait_for_the_block() {
    let node = Node::start().await;
    let invoke = format!("{LEDGER}/invoke");
    let call = json!({
        "function": "transfer", "args": ["alice", "bob", "5"], "wait": "committed", "timeout_ms": 100,
    });
    let (status, problem) = node.post(&invoke, &call).await;
    assert_eq!(status, 504, "{problem}");
    assert_eq!(problem["code"], "outcome_unknown");
    assert_eq!(problem["retryable"], false);
    let ticket = problem["transaction_id"].as_str().expect("a ticket");
    assert_eq!(
        node.get(&format!("{LEDGER}/transactions/{ticket}")).await["id"],
        ticket
    );

    let call = json!({"function": "transfer", "args": ["carol", "dave", "6"], "wait": "committed"});
    let answer = async {
        let (status, receipt) = node.post(&invoke, &call).await;
        assert_eq!(status, 200, "{receipt}");
        receipt
    };
    let mine = async {
        chainloom_tests::eventually("both to wait", async || {
            (node.get(LEDGER).await["pending_count"] == 2).then_some(())
        })
        .await;
        node.mine().await;
    };
    let (receipt, ()) = futures_util::future::join(answer, mine).await;
    assert_fields(
        &receipt,
        &["transaction_id", "status", "version", "validation_code"],
        &["result"],
    );
    assert_eq!(receipt["status"], "committed");
    assert_eq!(receipt["version"], json!({"block": 2, "index": 1}));
    assert_eq!(
        receipt["validation_code"],
        json!({"code": 0, "name": "VALID"})
    );
}

#[tokio::test]
async fn the_same_idempotency_key_submits_nothing_twice() {
    let mut node = Node::start().await;
    let invoke = async |node: &Node, key: &str, amount: &str| {
        let answer = client()
            .post(node.url(&format!("{LEDGER}/invoke")))
            .header("Idempotency-Key", key)
            .json(&json!({"function": "transfer", "args": ["alice", "bob", amount]}))
            .send()
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.expect("JSON"))
    };
    let (status, first) = invoke(&node, "order-17", "5").await;
    assert_eq!(status, 202);
    let (status, again) = invoke(&node, "order-17", "5").await;
    assert_eq!(status, 202);
    assert_eq!(again["transaction_id"], first["transaction_id"]);
    node.restart().await;
    let (_, after_a_kill) = invoke(&node, "order-17", "5").await;
    assert_eq!(after_a_kill["transaction_id"], first["transaction_id"]);
    let (status, problem) = invoke(&node, "order-17", "6").await;
    assert_eq!(status, 422, "{problem}");
    let (_, other) = invoke(&node, "order-18", "5").await;
    assert_ne!(other["transaction_id"], first["transaction_id"]);
    assert_eq!(node.get(LEDGER).await["pending_count"], 2);
    // Once it stands in a block the answer says so.
    node.mine().await;
    let (_, mined) = invoke(&node, "order-17", "5").await;
    assert_eq!(mined["transaction_id"], first["transaction_id"]);
    assert_eq!(node.get(LEDGER).await["pending_count"], 0);
}

#[tokio::test]
async fn balances_are_exact() {
    let node = Node::start().await;
    for (sender, recipient, amount) in [
        ("alice", "bob", "0.1"),
        ("alice", "bob", "0.2"),
        ("alice", "carol", "123456789012345678901234567890"),
        ("carol", "alice", "1e-7"),
    ] {
        transfer(&node, [sender, recipient, amount]).await;
    }
    // What is no finite number counts for none; `5` is another account than `"5"`.
    for body in [
        r#"{"sender": "alice", "recipient": "bob", "amount": NaN}"#,
        r#"{"sender": "alice", "recipient": "bob", "amount": 1e400}"#,
        r#"{"sender": "alice", "recipient": "bob", "amount": "7"}"#,
        r#"{"sender": "alice", "recipient": "bob", "amount": true}"#,
        r#"{"sender": "alice", "recipient": 5, "amount": 1}"#,
        r#"{"sender": "alice", "recipient": "5", "amount": 2}"#,
        r#"{"sender": "alice", "recipient": 5.0, "amount": 4}"#,
    ] {
        post_python(&node, body).await;
    }
    mine(&node).await;
    for (account, balance) in [
        ("bob", "0.3"),
        ("carol", "123456789012345678901234567889.9999999"),
        ("alice", "-123456789012345678901234567897.2999999"),
        ("5", "2"),
        ("nobody", "0"),
    ] {
        let page = node
            .get(&format!("{LEDGER}/transactions?account={account}&limit=1"))
            .await;
        assert_eq!(page["indexed_height"], 2);
        assert_eq!(
            query(&node, "balance", &[account]).await,
            balance,
            "{account}"
        );
    }
    assert_eq!(query(&node, "balance", &["me"]).await, "1");
    for (account, count) in [("5", 1), ("5.0", 1), ("\"5\"", 1), ("\"bob\"", 6)] {
        let account: String = account.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let page = node
            .get(&format!("{LEDGER}/transactions?account_json={account}"))
            .await;
        let found = page["transactions"].as_array().expect("a list").len();
        assert_eq!(found, count, "{account}");
    }
}

#[tokio::test]
async fn transactions_of_an_account_come_in_pages() {
    let node = Node::start().await;
    for number in 0..7 {
        node.send("alice", "bob", number).await;
        node.send("carol", "alice", number).await;
        node.send("carol", "bob", number).await;
        node.mine().await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{LEDGER}/transactions?account=alice&limit=4{cursor}");
        let page = node.get(&path).await;
        assert_fields(&page, &["transactions", "indexed_height"], &["next"]);
        assert_eq!(page["indexed_height"], 8);
        let transactions = page["transactions"].as_array().expect("a list");
        assert!(transactions.len() <= 4);
        for transaction in transactions {
            let version = &transaction["version"];
            seen.push((version["block"].as_u64(), version["index"].as_u64()));
        }
        match page.get("next").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected: Vec<_> = (2..=8)
        .rev()
        .flat_map(|block| [(Some(block), Some(1)), (Some(block), Some(0))])
        .collect();
    assert_eq!(seen, expected);
    // The node's own are its rewards.
    let mine = node
        .get(&format!("{LEDGER}/transactions?account=me&limit=100"))
        .await;
    assert_eq!(mine["transactions"].as_array().map(Vec::len), Some(7));
    let all = node.get(&format!("{LEDGER}/transactions?limit=100")).await;
    assert_eq!(all["transactions"].as_array().map(Vec::len), Some(28));
}

#[tokio::test]
async fn answers_are_json_whatever_stands_in_the_chain() {
    let node = Node::start().await;
    post_python(
        &node,
        r#"{"sender": "\ud800", "recipient": {"deep": [NaN, {"\udc00": 1}]}, "amount": 9007199254740993}"#,
    )
    .await;
    post_python(
        &node,
        r#"{"sender": Infinity, "recipient": -0.0, "amount": 1e400}"#,
    )
    .await;
    mine(&node).await;
    let block = node.get(&format!("{LEDGER}/blocks/2")).await;
    let first = &block["transactions"][0]["transfer"];
    assert_eq!(first["sender"], json!({"python": "\"\\ud800\""}));
    assert_eq!(first["amount"], json!({"python": "9007199254740993"}));
    let second = &block["transactions"][1]["transfer"];
    assert_eq!(second["sender"], json!({"python": "Infinity"}));
    assert_eq!(second["amount"], json!({"python": "Infinity"}));
    for path in [
        "/blocks/2/transactions/0",
        "/transactions",
        "/blocks",
        "/stats",
    ] {
        node.get(&format!("{LEDGER}{path}")).await;
    }
    assert!(!query(&node, "pending", &[]).await.contains("NaN"));
}

#[tokio::test]
async fn a_chain_taken_over_is_indexed_as_if_it_had_always_been_there() {
    let recipe = ChainRecipe::new(Rules::Article, 40).odd();
    let peer = PythonNode::with_chain(recipe).await;
    let replaced = Node::start().await;
    for _ in 0..5 {
        replaced.send("alice", "bob", 3).await;
        replaced.mine().await;
    }
    let fresh = Node::start().await;
    for node in [&replaced, &fresh] {
        node.register(peer.address()).await;
        raw_request(node.address(), "GET", "/nodes/resolve", &[], b"").await;
    }
    for path in [
        "/blocks?limit=100",
        "/transactions?limit=1000",
        "/transactions?account=bob",
        "/stats",
    ] {
        let path = format!("{LEDGER}{path}");
        chainloom_tests::eventually(&format!("both to answer the same to {path}"), async || {
            (replaced.get(&path).await == fresh.get(&path).await).then_some(())
        })
        .await;
    }
    assert_eq!(query(&replaced, "balance", &["bob"]).await, "0");
}
