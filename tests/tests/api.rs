//! `/api/v1`: the shape of every answer, and of every refusal.

use chainloom_tests::{
    ChainRecipe, Node, NodeOptions, PythonNode, Rules, assert_fields, client, raw_request,
    sha256_hex,
};
use serde_json::{Value, json};

const LEDGER: &str = "/api/v1/ledgers/tutorial";

fn is_hash(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() == 64 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
    })
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
                "time_source",
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
                "time_source",
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
