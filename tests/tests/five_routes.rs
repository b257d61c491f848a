//! The tutorial's five routes: the same requests to our node and to a Flask node, the answers compared byte for byte.

use std::process::Command;

use chainloom_tests::{Node, NodeOptions, PythonNode, RawAnswer, Rules, raw_request, run_to_end};

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];

/// A node of ours and one of theirs, asked the same.
struct Pair {
    ours: Node,
    theirs: PythonNode,
}

impl Pair {
    async fn start(rules: Rules) -> Self {
        Self {
            ours: NodeOptions::new().rules(rules).start().await,
            theirs: PythonNode::start(rules).await,
        }
    }

    async fn ask(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (RawAnswer, RawAnswer) {
        let ours = raw_request(self.ours.address(), method, target, headers, body).await;
        let theirs = raw_request(self.theirs.address(), method, target, headers, body).await;
        (ours, theirs)
    }

    /// Asks both and checks that nobody could tell the answers apart.
    async fn same(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) {
        let (ours, theirs) = self.ask(method, target, headers, body).await;
        let request = format!(
            "{method} {target} {headers:?} {:?}",
            String::from_utf8_lossy(body)
        );
        assert_eq!(ours.status, theirs.status, "{request}: {}", ours.text());
        assert_eq!(
            ours.header("content-type"),
            theirs.header("content-type"),
            "{request}"
        );
        assert_eq!(methods(&ours), methods(&theirs), "{request}");
        assert_eq!(normal(&ours.text()), normal(&theirs.text()), "{request}");
    }

    /// Posts a body that the tutorial's Python answers with a failure of its own (500); ours says what was wrong.
    async fn python_fails(&self, target: &str, body: &[u8]) {
        let (ours, theirs) = self.ask("POST", target, JSON, body).await;
        let shown = String::from_utf8_lossy(body);
        assert_eq!(theirs.status, 500, "{target} {shown}");
        assert_eq!(ours.status, 400, "{target} {shown}: {}", ours.text());
        assert!(ours.text().len() > 10, "a sentence: {:?}", ours.text());
    }
}

/// The methods that an answer allows; Werkzeug writes them in any order.
fn methods(answer: &RawAnswer) -> Option<Vec<String>> {
    let mut methods: Vec<String> = answer
        .header("allow")?
        .split(',')
        .map(|method| method.trim().to_owned())
        .collect();
    methods.sort();
    Some(methods)
}

/// The text without what has to differ between two nodes: the node's id, times, and the hashes over these.
fn normal(text: &str) -> String {
    let mut rest = text;
    let mut normal = String::new();
    while let Some((name, end)) = ["\"timestamp\":", "\"previous_hash\":\"", "\"recipient\":\""]
        .into_iter()
        .filter_map(|name| Some((name, rest.find(name)? + name.len())))
        .min_by_key(|(_, end)| *end)
    {
        normal.push_str(&rest[..end]);
        rest = &rest[end..];
        let length = rest.find([',', '"', '}']).unwrap_or(rest.len());
        let value = &rest[..length];
        let is_hex = |digits: usize| {
            value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        match name {
            "\"timestamp\":" => {
                assert!(value.contains('.'), "a time is a float: {value}");
                normal.push_str("TIME");
            }
            _ if is_hex(64) => normal.push_str("HASH"),
            _ if is_hex(32) => normal.push_str("NODE"),
            _ => normal.push_str(value),
        }
        rest = &rest[length..];
    }
    normal + rest
}

#[test]
fn what_must_differ_is_all_that_is_left_out_of_a_comparison() {
    let id = "0123456789abcdef0123456789abcdef";
    assert_eq!(
        normal(&format!(
            "{{\"previous_hash\":\"{id}{id}\",\"proof\":5,\"timestamp\":1.5,\"transactions\":[{{\"amount\":1,\
             \"recipient\":\"{id}\",\"sender\":\"0\"}},{{\"recipient\":\"bob\"}}],\"previous_hash\":1}}"
        )),
        "{\"previous_hash\":\"HASH\",\"proof\":5,\"timestamp\":TIME,\"transactions\":[{\"amount\":1,\
         \"recipient\":\"NODE\",\"sender\":\"0\"},{\"recipient\":\"bob\"}],\"previous_hash\":1}"
    );
}

#[tokio::test]
async fn a_new_chain_and_its_first_blocks() {
    for rules in Rules::ALL {
        let pair = Pair::start(rules).await;
        pair.same("GET", "/chain", &[], b"").await;
        pair.same("GET", "/nodes/resolve", &[], b"").await;
        if rules == Rules::Article {
            pair.same("GET", "/mine", &[], b"").await;
            pair.same("GET", "/mine?a=b", &[("Accept", "text/html")], b"")
                .await;
            pair.same("GET", "/chain", &[], b"").await;
            pair.same("GET", "/nodes/resolve", &[], b"").await;
        } else {
            // Under these rules the proof depends on the first block's time.
            let (ours, theirs) = pair.ask("GET", "/mine", &[], b"").await;
            assert_eq!(ours.status, theirs.status);
            assert_eq!(without_proof(&ours.text()), without_proof(&theirs.text()));
        }
    }
}

fn without_proof(text: &str) -> String {
    let normal = normal(text);
    let (before, after) = normal.split_once("\"proof\":").expect("a proof");
    let (_, after) = after.split_once(',').expect("more after it");
    format!("{before}{after}")
}

#[tokio::test]
async fn transactions_are_taken_as_python_takes_them() {
    let pair = Pair::start(Rules::Article).await;
    let huge = "9".repeat(4300);
    let bodies = [
        r#"{"sender": "my address", "recipient": "someone else's address", "amount": 5}"#.to_owned(),
        r#"{"sender": "Ünïcödé 链织 😀", "recipient": "\u007f / \\ \" \b\f\n\r\t \u0000", "amount": 0}"#.to_owned(),
        // Half a pair, two halves that make a pair, and two in the wrong order.
        r#"{"sender": "\ud800", "recipient": "\ud83d\ude00", "amount": "\ude00\ud83d"}"#.to_owned(),
        r#"{"sender": NaN, "recipient": Infinity, "amount": -Infinity}"#.to_owned(),
        r#"{"sender": 5, "recipient": 5.0, "amount": "5"}"#.to_owned(),
        r#"{"sender": -0, "recipient": -0.0, "amount": 1E5}"#.to_owned(),
        r#"{"sender": 1e400, "recipient": -1e400, "amount": 1e-400}"#.to_owned(),
        r#"{"sender": 1e16, "recipient": 9999999999999998.0, "amount": 0.0001}"#.to_owned(),
        r#"{"sender": 0.00001, "recipient": 1e-5, "amount": 1.7976931348623157e308}"#.to_owned(),
        r#"{"sender": 5e-324, "recipient": 2.2250738585072014e-308, "amount": 123456789012345678901234567890.0}"#
            .to_owned(),
        r#"{"sender": 9007199254740993, "recipient": -170141183460469231731687303715884105728, "amount": 1.10}"#
            .to_owned(),
        format!(r#"{{"sender": {huge}, "recipient": -{huge}, "amount": 1}}"#),
        r#"{"sender": null, "recipient": true, "amount": false}"#.to_owned(),
        r#"{"sender": [], "recipient": {}, "amount": [1, {"b": [], "a": {"z": 1, "y": 2}}]}"#.to_owned(),
        // Of a key given twice the last one counts; what is not asked for is dropped.
        r#"{"sender": 1, "sender": 2, "recipient": 3, "amount": {"a": 1, "a": 2}, "memo": "gone", "": 0}"#.to_owned(),
        " \t\r\n{\"sender\":\"a\" , \"recipient\"\n:\"b\",\"amount\":1}\r\n ".to_owned(),
        r#"{"\u0073ender": "escaped key", "recipient": "b", "amount": 1}"#.to_owned(),
    ];
    for body in &bodies {
        pair.same("POST", "/transactions/new", JSON, body.as_bytes())
            .await;
    }
    pair.same("GET", "/mine", &[], b"").await;
    // The second block's hash is over all of the above.
    pair.same("GET", "/mine", &[], b"").await;
    pair.same("GET", "/chain", &[], b"").await;

    // That the hashes are right is for Python to say: it takes the chain over only if they are.
    let judge = PythonNode::start(Rules::Article).await;
    judge.register(pair.ours.address()).await;
    let verdict = judge.get_text("/nodes/resolve").await;
    assert!(verdict.contains("Our chain was replaced"), "{verdict}");
    assert_eq!(judge.get_text("/chain").await, pair.ours.chain_text().await);
}

#[tokio::test]
async fn encodings_are_told_as_python_tells_them() {
    let pair = Pair::start(Rules::Article).await;
    let text = r#"{"sender": "é", "recipient": "b", "amount": 1}"#;
    let bom = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let not_text = b"{\"sender\": \"\xff\", \"recipient\": \"b\", \"amount\": 1}".to_vec();
    for body in [bom, not_text] {
        pair.same("POST", "/transactions/new", JSON, &body).await;
    }
    // Python reads UTF-16 and UTF-32 too. JSON between programs is UTF-8 (RFC 8259), and no node sends anything else.
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (ours, theirs) = pair.ask("POST", "/transactions/new", JSON, &utf16).await;
    assert_eq!((ours.status, theirs.status), (400, 201));
    raw_request(pair.theirs.address(), "GET", "/mine", &[], b"").await;
    raw_request(pair.ours.address(), "GET", "/mine", &[], b"").await;
    pair.same("GET", "/mine", &[], b"").await;
}

#[tokio::test]
async fn content_types_are_told_as_flask_tells_them() {
    let pair = Pair::start(Rules::Article).await;
    let body = br#"{"sender": "a", "recipient": "b", "amount": 1}"#;
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=latin-1",
        "Application/JSON",
        "application/vnd.x+json",
        "application/+json",
        "application/problem+json; a=b",
        "text/json",
        "text/plain",
        "text/vnd.x+json",
        "application/jsonx",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "nonsense",
    ] {
        for target in ["/transactions/new", "/nodes/register"] {
            pair.same("POST", target, &[("Content-Type", content_type)], body)
                .await;
        }
    }
    pair.same("POST", "/transactions/new", &[], body).await;
    pair.same("POST", "/nodes/register", &[], body).await;
    pair.same("POST", "/transactions/new", &[], b"").await;
}

#[tokio::test]
async fn refusals_are_flasks_own_pages() {
    let pair = Pair::start(Rules::Article).await;
    for body in [
        "",
        "{",
        "{}",
        "[]",
        "\"text\"",
        "{\"sender\": \"a\"}",
        "{\"sender\": \"a\", \"recipient\": \"b\"}",
        "{\"sender\": \"a\", \"recipient\": \"b\", \"Amount\": 1}",
        "{\"sender\": \"a\", \"recipient\": \"b\", \"amount\": 1,}",
        "{\"sender\": \"a\", \"recipient\": \"b\", \"amount\": 01}",
        "{\"sender\": \"a\", \"recipient\": \"b\", \"amount\": +1}",
        "{\"sender\": \"a\", \"recipient\": \"b\", \"amount\": .5}",
        "{\"sender\": \"a\", \"recipient\": \"b\", \"amount\": 1.}",
        "{\"sender\": \"a\", \"recipient\": \"b\", \"amount\": 1} x",
        "{'sender': 'a', 'recipient': 'b', 'amount': 1}",
        "{\"sender\": \"a\nb\", \"recipient\": \"b\", \"amount\": 1}",
        "{\"sender\": \"\\x\", \"recipient\": \"b\", \"amount\": 1}",
        "{\"sender\": \"\\u12\", \"recipient\": \"b\", \"amount\": 1}",
        "{sender: 1}",
        "nan",
        "undefined",
    ] {
        pair.same("POST", "/transactions/new", JSON, body.as_bytes())
            .await;
    }
    // Python reads no integer of more than 4,300 digits.
    let huge = format!(
        "{{\"sender\": \"a\", \"recipient\": \"b\", \"amount\": {}}}",
        "1".repeat(4301)
    );
    pair.same("POST", "/transactions/new", JSON, huge.as_bytes())
        .await;
    for target in [
        "/nope",
        "/mine/",
        "/chain/x",
        "/transactions",
        "/nodes",
        "/Mine",
    ] {
        pair.same("GET", target, &[], b"").await;
        pair.same("POST", target, JSON, b"{}").await;
    }
    pair.same("GET", "/chain", &[], b"").await;
}

#[tokio::test]
async fn wrong_methods_are_told_the_right_ones() {
    let pair = Pair::start(Rules::Article).await;
    for target in ["/chain", "/transactions/new", "/nodes/register"] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
            pair.same(method, target, &[], b"").await;
        }
    }
    for target in ["/mine", "/nodes/resolve"] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let (ours, theirs) = pair.ask(method, target, &[], b"").await;
            assert_eq!(ours.status, theirs.status, "{method} {target}");
            assert_eq!(ours.text(), theirs.text(), "{method} {target}");
            // Ours does not mine on HEAD, so it may leave that out of what it allows.
            let allowed = methods(&ours).expect("Allow is there");
            assert!(
                allowed == ["GET", "HEAD", "OPTIONS"] || allowed == ["GET", "OPTIONS"],
                "{method} {target}: {allowed:?}"
            );
        }
        let head = raw_request(pair.ours.address(), "HEAD", target, &[], b"").await;
        assert_eq!(head.status, 405, "HEAD {target}");
    }
    assert_eq!(pair.ours.get("/chain").await["length"], 1);
}

#[tokio::test]
async fn where_python_fails_ours_says_why() {
    let pair = Pair::start(Rules::Article).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "null",
        "5",
        "true",
        "[\"sender\", \"recipient\", \"amount\"]",
        "\"sender recipient amount\"",
        deep.as_str(),
    ] {
        pair.python_fails("/transactions/new", body.as_bytes())
            .await;
    }
    for body in [
        "null",
        "5",
        "[]",
        "{\"nodes\": 5}",
        "{\"nodes\": true}",
        "{\"nodes\": [5]}",
        "{\"nodes\": [\"http://127.0.0.1:5001\", \"http://[::1\"]}",
    ] {
        pair.python_fails("/nodes/register", body.as_bytes()).await;
    }
    // All or nothing: the good address beside the bad one was not kept.
    let (_, answer) = pair
        .ours
        .post("/nodes/register", &serde_json::json!({"nodes": []}))
        .await;
    assert_eq!(answer["total_nodes"], serde_json::json!([]));
}

#[tokio::test]
async fn peers_are_registered_as_the_tutorial_does_it() {
    let pair = Pair::start(Rules::Article).await;
    for body in [
        "{}",
        "{\"nodes\": null}",
        "{\"node\": [\"http://127.0.0.1:5001\"]}",
        "{\"nodes\": []}",
        "{\"nodes\": [\"http://127.0.0.1:5001\"]}",
        "{\"nodes\": [\"http://127.0.0.1:5001\"]}",
        "{\"nodes\": [\"http://127.0.0.1:5001/\", \"http://127.0.0.1:5001/some/path?x=y#z\"]}",
    ] {
        pair.same("POST", "/nodes/register", JSON, body.as_bytes())
            .await;
    }
    let body = br#"{"nodes": ["http://127.0.0.1:5002", "http://127.0.0.1:5001", "http://127.0.0.1:5003"]}"#;
    let (ours, theirs) = pair.ask("POST", "/nodes/register", JSON, body).await;
    assert_eq!((ours.status, theirs.status), (201, 201));
    assert_eq!(nodes(&ours), nodes(&theirs));

    // An address without a scheme: the article loses it, the repository keeps it, and so do we under both.
    let pair = Pair::start(Rules::Repository).await;
    let body = br#"{"nodes": ["127.0.0.1:5001"]}"#;
    pair.same("POST", "/nodes/register", JSON, body).await;
    pair.same("POST", "/nodes/register", JSON, body).await;
    let ours = Node::start().await;
    let answer = raw_request(ours.address(), "POST", "/nodes/register", JSON, body).await;
    assert_eq!(nodes(&answer), ["127.0.0.1:5001"]);
}

/// The registered peers in an answer; Python's set has no order.
fn nodes(answer: &RawAnswer) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    let mut nodes: Vec<String> = value["total_nodes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|node| node.as_str().expect("a string").to_owned())
        .collect();
    nodes.sort();
    nodes
}

#[tokio::test]
async fn difficulty_can_be_raised() {
    let ours = NodeOptions::new()
        .configuration("[ledgers.tutorial]\nkind = \"tutorial\"\ndifficulty = 5\n")
        .start()
        .await;
    let theirs = PythonNode::with_difficulty(Rules::Article, 5).await;
    let pair = Pair { ours, theirs };
    pair.same("GET", "/mine", &[], b"").await;
    pair.same("GET", "/mine", &[], b"").await;
    let judge = PythonNode::with_difficulty(Rules::Article, 5).await;
    judge.register(pair.ours.address()).await;
    let verdict = judge.get_text("/nodes/resolve").await;
    assert!(verdict.contains("Our chain was replaced"), "{verdict}");
}

#[tokio::test]
async fn the_articles_own_commands_work_as_printed() {
    let node = Node::start().await;
    let port = node.address().port();
    // As the article prints it, but for the port.
    let script = format!(
        r#"curl -X POST -H "Content-Type: application/json" -d '{{
 "sender": "d4ee26eee15148ee92c6cd394edd974e",
 "recipient": "someone-other-address",
 "amount": 5
}}' "http://localhost:{port}/transactions/new""#
    );
    let said = shell(&script).await;
    assert_eq!(
        said,
        "{\"message\":\"Transaction will be added to Block 2\"}\n"
    );
    let said = shell(&format!("curl http://localhost:{port}/mine")).await;
    assert!(said.starts_with("{\"index\":2,\"message\":\"New Block Forged\",\"previous_hash\":\""));
    assert!(said.contains("\"proof\":35293,"), "{said}");
    let said = shell(&format!("curl http://localhost:{port}/chain")).await;
    assert!(said.ends_with("\"length\":2}\n"), "{said}");
    assert!(said.contains(
        r#"{"amount":5,"recipient":"someone-other-address","sender":"d4ee26eee15148ee92c6cd394edd974e"}"#
    ));
}

async fn shell(script: &str) -> String {
    let ended = run_to_end(Command::new("sh").args(["-c", script])).await;
    assert!(ended.status.success(), "{script}: {}", ended.stderr);
    ended.stdout
}
