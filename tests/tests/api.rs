//! `/api/v1`: the shape of every answer, and what it promises.

use chainloom_tests::{
    ChainRecipe, Node, NodeOptions, PythonNode, Rules, client, raw_request, sha256_hex,
};
use serde_json::{Value, json};

const LEDGER: &str = "/api/v1/ledgers/tutorial";

/// Checks that an object has these fields, and no others but the optional ones.
fn assert_fields(value: &Value, fields: &[&str], optional: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{value}"));
    for field in fields {
        assert!(object.contains_key(*field), "`{field}` is not in {value}");
    }
    for (field, value) in object {
        let known = fields.contains(&field.as_str()) || optional.contains(&field.as_str());
        assert!(known, "`{field}` was not expected");
        assert!(!value.is_null(), "`{field}` is null rather than absent");
    }
}

fn is_hash(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() == 64 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
    })
}

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
    assert_fields(&answer, &["result"], &[]);
    answer["result"].as_str().expect("text").to_owned()
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
async fn what_is_served() {
    let node = Node::start().await;
    node.send("alice", "bob", 5).await;
    let listed = node.get("/api/v1/ledgers").await;
    let info = node.get(LEDGER).await;
    for ledger in [&listed["ledgers"][0], &info] {
        assert_fields(
            ledger,
            &[
                "name",
                "kind",
                "height",
                "generation",
                "tip_hash",
                "pending_count",
                "node_id",
                "indexed_height",
                "health",
            ],
            &[],
        );
        assert_eq!(ledger["name"], "tutorial");
        assert_eq!(ledger["kind"], "tutorial");
        assert_eq!(ledger["height"], 1);
        assert_eq!(ledger["pending_count"], 1);
        assert!(is_hash(&ledger["tip_hash"]));
    }
    let config = node.get(&format!("{LEDGER}/config")).await;
    assert_fields(&config, &["block", "proof_of_work"], &[]);
    assert_fields(
        &config["proof_of_work"],
        &["rules", "difficulty", "reward", "proof_input"],
        &[],
    );
    assert_eq!(config["proof_of_work"]["rules"], "article");
    assert_eq!(config["proof_of_work"]["difficulty"], 4);
    assert_eq!(
        node.get(&format!("{LEDGER}/config?block=1")).await["block"],
        1
    );

    let health = raw_request(node.address(), "GET", "/healthz", &[], b"").await;
    assert_eq!(health.status, 200);
    chainloom_tests::eventually("the node to be ready", async || {
        let ready = raw_request(node.address(), "GET", "/readyz", &[], b"").await;
        (ready.status == 200).then_some(())
    })
    .await;
    let metrics = raw_request(node.address(), "GET", "/metrics", &[], b"").await;
    let text = metrics.text();
    assert!(
        metrics
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/plain"))
    );
    for line in [
        "chainloom_ledger_height{ledger=\"tutorial\"} 1",
        "chainloom_ledger_pending_transactions{ledger=\"tutorial\"} 1",
        "chainloom_http_requests_total{route=\"/transactions/new\",method=\"POST\",status=\"201\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn the_walk_through_the_blocks() {
    let node = Node::start().await;
    for number in 0..6 {
        node.send("alice", "bob", number).await;
        node.mine().await;
    }
    let page = node.get(&format!("{LEDGER}/blocks?limit=3")).await;
    assert_fields(
        &page,
        &["blocks", "next", "page_totals", "totals"],
        &["indexed_height"],
    );
    for block in page["blocks"].as_array().expect("a list") {
        assert_fields(
            block,
            &[
                "number",
                "hash",
                "previous_hash",
                "time",
                "size_bytes",
                "transaction_count",
                "valid_count",
            ],
            &[],
        );
    }
    assert_eq!(page["page_totals"], json!({"transactions": 6, "valid": 6}));
    assert_eq!(
        page["totals"],
        json!({"blocks": 7, "transactions": 12, "valid": 12})
    );
    for (order, expected) in [
        ("newest_first", [7, 6, 5, 4, 3, 2, 1]),
        ("oldest_first", [1, 2, 3, 4, 5, 6, 7]),
    ] {
        let mut numbers = Vec::new();
        let mut from = String::new();
        loop {
            let path = format!("{LEDGER}/blocks?limit=3&order={order}{from}");
            let page = node.get(&path).await;
            let blocks = page["blocks"].as_array().expect("a list");
            numbers.extend(blocks.iter().map(|block| block["number"].as_u64()));
            match page.get("next") {
                Some(next) => from = format!("&from={}", next.to_string().trim_matches('"')),
                None => break,
            }
        }
        assert_eq!(numbers, expected.map(Some), "{order}");
    }
    // Each names the hash of the one before.
    let all = node
        .get(&format!("{LEDGER}/blocks?order=oldest_first"))
        .await;
    let all = all["blocks"].as_array().expect("a list");
    for pair in all.windows(2) {
        assert_eq!(pair[1]["previous_hash"], pair[0]["hash"]);
    }
    assert_eq!(all[0]["previous_hash"], "1");
}

#[tokio::test]
async fn one_block_and_its_proof() {
    for rules in Rules::ALL {
        let node = NodeOptions::new().rules(rules).start().await;
        node.send("alice", "bob", 5).await;
        node.mine().await;
        let block = node.get(&format!("{LEDGER}/blocks/2")).await;
        assert_fields(
            &block,
            &[
                "number",
                "hash",
                "previous_hash",
                "time",
                "size_bytes",
                "transaction_count",
                "valid_count",
                "transactions",
                "proof_of_work",
            ],
            &[],
        );
        assert!(is_hash(&block["hash"]) && is_hash(&block["previous_hash"]));
        assert!(
            block["time"]
                .as_str()
                .is_some_and(|time| time.ends_with('Z')),
            "{block}"
        );
        let hash = block["hash"].as_str().expect("a string");
        for name in ["latest", hash] {
            assert_eq!(node.get(&format!("{LEDGER}/blocks/{name}")).await, block);
        }
        let path = format!("{LEDGER}/blocks/2/hash-input");
        let input = raw_request(node.address(), "GET", &path, &[], b"").await;
        assert_eq!(sha256_hex(&input.text()), hash);
        let work = &block["proof_of_work"];
        assert_fields(work, &["proof", "input", "digest"], &[]);
        let digest = sha256_hex(work["input"].as_str().expect("a string"));
        assert_eq!(work["digest"], digest.as_str());
        assert!(digest.starts_with("0000"));

        // Transactions by version and by id are the ones in the block.
        for index in 0..2 {
            let transaction = &block["transactions"][index];
            let path = format!("{LEDGER}/blocks/2/transactions/{index}");
            assert_eq!(node.get(&path).await, *transaction);
            assert_eq!(transaction["version"], json!({"block": 2, "index": index}));
            let id = transaction["id"].as_str().expect("an id");
            assert_eq!(id, sha256_hex(&format!("{hash}:{index}")));
            let by_id = chainloom_tests::eventually("the index to know the id", async || {
                let url = node.url(&format!("{LEDGER}/transactions/{id}"));
                let answer = client().get(url).send().await.expect("an answer");
                answer
                    .json::<Value>()
                    .await
                    .ok()
                    .filter(|found| found.get("id").is_some())
            })
            .await;
            assert_eq!(by_id, *transaction);
        }
        let sent = &block["transactions"][0];
        assert_fields(
            sent,
            &[
                "id",
                "version",
                "time",
                "kind",
                "transfer",
                "validation_code",
            ],
            &["call", "content"],
        );
        assert_eq!(sent["kind"], "transfer");
        assert_eq!(
            sent["transfer"],
            json!({"sender": "alice", "recipient": "bob", "amount": 5})
        );
        assert_eq!(sent["validation_code"], json!({"code": 0, "name": "VALID"}));
        assert_eq!(block["transactions"][1]["kind"], "reward");
        // The first block has no proof to check.
        let genesis = node.get(&format!("{LEDGER}/blocks/1")).await;
        assert_fields(&genesis["proof_of_work"], &["proof"], &[]);
    }
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
    assert_eq!(problem["code"], "outcome_unconfirmed");
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
    assert_eq!(status, 409, "{problem}");
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
async fn numbers_are_positions_whatever_a_foreign_block_says() {
    // Its blocks say that they count backwards.
    let peer = PythonNode::with_chain(ChainRecipe::new(Rules::Article, 9).odd()).await;
    let node = Node::start().await;
    node.register(peer.address()).await;
    raw_request(node.address(), "GET", "/nodes/resolve", &[], b"").await;
    assert_eq!(node.get(LEDGER).await["height"], 9);
    for number in 1..=9 {
        let block = node.get(&format!("{LEDGER}/blocks/{number}")).await;
        assert_eq!(block["number"], number);
    }
    // The tutorial's sentence is about the block's own index, a mined block's is the length.
    let answer = node.send("alice", "bob", 5).await;
    assert_eq!(answer["message"], "Transaction will be added to Block -8");
    assert_eq!(node.mine().await["index"], 10);
}

#[tokio::test]
async fn counts_of_the_whole_chain() {
    let node = Node::start().await;
    for _ in 0..3 {
        node.send("alice", "bob", 1).await;
        node.mine().await;
    }
    let stats = node.get(&format!("{LEDGER}/stats")).await;
    let text = stats.to_string();
    assert!(text.contains("\"transfer\""), "by function: {text}");
    assert!(text.contains("VALID"), "by code: {text}");
    for (field, count) in [("blocks", 4), ("transactions", 6), ("valid", 6)] {
        assert_eq!(stats[field], count, "{field}: {stats}");
    }
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

/// A refusal as `application/problem+json`.
async fn problem(node: &Node, method: &str, path: &str, body: Option<&str>) -> (u16, String) {
    let headers: &[(&str, &str)] = match body {
        Some(_) => &[("Content-Type", "application/json")],
        None => &[],
    };
    let body = body.unwrap_or_default().as_bytes();
    let answer = raw_request(node.address(), method, path, headers, body).await;
    let request = format!("{method} {path}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{request}: {}",
        answer.text()
    );
    let problem: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_fields(
        &problem,
        &["type", "title", "status", "code", "detail", "retryable"],
        &["transaction_id"],
    );
    assert_eq!(problem["status"], answer.status, "{request}");
    let detail = problem["detail"].as_str().expect("a sentence");
    assert!(detail.len() > 15, "{request}: {detail}");
    let code = problem["code"].as_str().expect("a word").to_owned();
    assert!(
        code.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
        "{code}"
    );
    (answer.status, code)
}

#[tokio::test]
async fn refusals_are_problems() {
    let node = Node::start().await;
    let id = "0".repeat(64);
    let get = [
        ("/api/v1/nothing".to_owned(), 404),
        ("/api/v1/ledgers/nothing".to_owned(), 404),
        (format!("{LEDGER}/nothing"), 404),
        (format!("{LEDGER}/blocks/0"), 404),
        (format!("{LEDGER}/blocks/2"), 404),
        (format!("{LEDGER}/blocks/{id}"), 404),
        (format!("{LEDGER}/blocks/first"), 400),
        (format!("{LEDGER}/blocks/1/transactions/0"), 404),
        (format!("{LEDGER}/blocks/1/transactions/x"), 400),
        (format!("{LEDGER}/transactions/{id}"), 404),
        (format!("{LEDGER}/blocks?limit=x"), 400),
        (format!("{LEDGER}/blocks?limt=5"), 400),
        (format!("{LEDGER}/blocks?order=sideways"), 400),
        (format!("{LEDGER}/transactions?cursor=nonsense"), 400),
        (format!("{LEDGER}/transactions?account_json=%7B"), 400),
        (format!("{LEDGER}/config?block=99"), 404),
    ];
    for (path, status) in get {
        let (got, code) = problem(&node, "GET", &path, None).await;
        // What is understood and yet wrong may be 422.
        let expected = if status == 400 {
            [400, 422]
        } else {
            [status; 2]
        };
        assert!(expected.contains(&got), "{path}: {got} {code}");
    }
    let invoke = format!("{LEDGER}/invoke");
    let query = format!("{LEDGER}/query");
    let posts = [
        (&invoke, "{", 400),
        (&invoke, "{}", 400),
        (&invoke, "[]", 400),
        (&invoke, r#"{"function": 5}"#, 400),
        (&invoke, r#"{"function": "transfer", "arguments": []}"#, 400),
        (&invoke, r#"{"function": "steal", "args": []}"#, 422),
        (
            &invoke,
            r#"{"function": "transfer", "args": ["a", "b"]}"#,
            422,
        ),
        (
            &invoke,
            r#"{"function": "transfer", "args": ["a", "b", "c"]}"#,
            422,
        ),
        (
            &invoke,
            r#"{"function": "transfer", "args": ["a", "b", "NaN"]}"#,
            422,
        ),
        (
            &invoke,
            r#"{"contract": "none", "function": "transfer", "args": ["a", "b", "1"]}"#,
            422,
        ),
        (&query, r#"{"function": "steal", "args": []}"#, 422),
        (&query, r#"{"function": "balance", "args": []}"#, 422),
    ];
    for (path, body, status) in posts {
        let (got, code) = problem(&node, "POST", path, Some(body)).await;
        let expected = if status == 400 {
            [400, 422]
        } else {
            [status; 2]
        };
        assert!(expected.contains(&got), "{path} {body}: {got} {code}");
    }
    let (status, _) = problem(&node, "DELETE", LEDGER, None).await;
    assert_eq!(status, 405);
    let headers = [("Content-Type", "text/plain")];
    let answer = raw_request(node.address(), "POST", &invoke, &headers, b"{}").await;
    assert_eq!(answer.status, 415);
    assert_eq!(node.get(LEDGER).await["pending_count"], 0);
}

#[tokio::test]
async fn the_interface_describes_itself() {
    let node = Node::start().await;
    let document = node.get("/openapi.json").await;
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3."))
    );
    let paths = document["paths"].as_object().expect("an object");
    for path in [
        "/api/v1/ledgers",
        "/api/v1/ledgers/{ledger}",
        "/api/v1/ledgers/{ledger}/config",
        "/api/v1/ledgers/{ledger}/blocks",
        "/api/v1/ledgers/{ledger}/blocks/{block}",
        "/api/v1/ledgers/{ledger}/blocks/{number}/transactions/{index}",
        "/api/v1/ledgers/{ledger}/transactions",
        "/api/v1/ledgers/{ledger}/transactions/{id}",
        "/api/v1/ledgers/{ledger}/query",
        "/api/v1/ledgers/{ledger}/invoke",
        "/api/v1/ledgers/{ledger}/stats",
        "/api/v1/ledgers/{ledger}/events",
        "/api/v1/ledgers/{ledger}/peers",
    ] {
        assert!(
            paths.contains_key(path),
            "{path} is not in {:?}",
            paths.keys()
        );
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().expect("an end");
        assert!(
            document.pointer(pointer).is_some(),
            "{pointer} leads nowhere"
        );
    }
}
