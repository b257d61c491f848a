//! A user is connected to a channel while the server runs: by the seven parameters, over HTTP and by command.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chainloom_tests::{
    Browser, Devnet, Ended, Node, NodeOptions, Process, Screen, client, eventually, run_to_end,
};
use serde_json::{Value, json};

/// A network whose user stands in the wallet of a server that knows nothing of the channel.
struct Unconnected {
    devnet: Devnet,
    _network: Process,
}

impl Unconnected {
    async fn start() -> Self {
        let devnet = Devnet::new();
        let network = devnet.up().await;
        Self {
            devnet,
            _network: network,
        }
    }

    fn record(&self) -> Value {
        let text = fs::read(self.devnet.directory().join("devnet.json")).expect("it is there");
        serde_json::from_slice(&text).expect("it is JSON")
    }

    /// The root certificates of all nodes.
    fn roots(&self) -> PathBuf {
        let directory = self.devnet.directory();
        let mut bundle = String::new();
        for organization in [
            "peerOrganizations/org1.example.com",
            "peerOrganizations/org2.example.com",
            "ordererOrganizations/example.com",
        ] {
            let tls = directory
                .join("organizations")
                .join(organization)
                .join("tlsca");
            for file in tls.read_dir().expect("it is there") {
                let path = file.expect("it can be listed").path();
                if path.extension().is_some_and(|extension| extension == "pem") {
                    bundle.push_str(&fs::read_to_string(path).expect("it is text"));
                }
            }
        }
        let path = directory.join("roots.pem");
        fs::write(&path, bundle).expect("it can be written");
        path
    }

    fn parameters(&self) -> Value {
        let record = self.record();
        let port = |value: &Value| value["port"].as_u64().expect("it has a port");
        let peers: Vec<String> = record["organizations"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|organization| format!("grpcs://127.0.0.1:{}", port(&organization["peers"][0])))
            .collect();
        let orderers = record["orderers"].as_array().expect("a list");
        let orderers: Vec<String> = orderers
            .iter()
            .map(|orderer| format!("grpcs://127.0.0.1:{}", port(orderer)))
            .collect();
        let authority = port(&record["organizations"][0]["authority"]);
        json!({
            "name": "trade", "userid": "alice@Org1MSP", "chaincode_id": "probe-all", "channel_id": "devnet",
            "ca_id": "ca-org1", "ca_url": format!("https://localhost:{authority}"),
            "peer_url": peers, "order_url": orderers[0],
            "tls_ca_certs": fs::read_to_string(self.roots()).expect("it is there"),
        })
    }
}

/// Imports the network's alice into the server's wallet, by command.
async fn import(node: &Node, devnet: &Devnet) {
    let file = devnet.directory().join("wallets/org1/alice.id");
    let file = file.to_str().expect("the folder's name is text");
    let ended = command(node, ["identity", "import", "--id-file", file]).await;
    assert!(ended.status.success(), "{ended:?}");
}

async fn command<const COUNT: usize>(node: &Node, words: [&str; COUNT]) -> Ended {
    run_to_end(&mut node.client_command(words)).await
}

#[tokio::test]
async fn a_connection_is_a_ledger_until_it_is_deleted() {
    let unconnected = Unconnected::start().await;
    let mut parameters = unconnected.parameters();
    let mut node = NodeOptions::new().start().await;

    // Who is not enrolled is told how to enroll.
    let (status, problem) = node.post("/api/v1/connections", &parameters).await;
    assert_eq!(
        (status, &problem["code"]),
        (422, &json!("not_enrolled")),
        "{problem}"
    );
    let detail = problem["detail"].as_str().expect("a sentence");
    let enroll = "chainloom identity enroll alice --msp-id Org1MSP --ca-url https://localhost:";
    assert!(
        detail.contains("stage 1 (wallet)")
            && detail.contains(enroll)
            && detail.contains("--ca-name ca-org1"),
        "{detail}"
    );

    import(&node, &unconnected.devnet).await;
    let (status, connection) = node.post("/api/v1/connections", &parameters).await;
    assert_eq!(status, 201, "{connection}");
    assert_eq!(connection["is_open"], true);
    let nodes = connection["nodes"].as_array().expect("a list");
    let organizations: Vec<&Value> = nodes.iter().map(|node| &node["organization"]).collect();
    assert_eq!(
        organizations,
        [&json!("Org1MSP"), &json!("Org2MSP"), &Value::Null]
    );
    assert!(
        nodes.iter().all(|node| node["detail"].is_null()),
        "{connection}"
    );

    let put = json!({"function": "put", "args": ["color", "blue"]});
    let (status, receipt) = node.post("/api/v1/ledgers/trade/invoke", &put).await;
    assert_eq!(
        (status, &receipt["status"]),
        (200, &json!("committed")),
        "{receipt}"
    );
    let get = json!({"function": "get", "args": ["color"]});
    let (status, answer) = node.post("/api/v1/ledgers/trade/query", &get).await;
    assert_eq!(
        (status, &answer["result"]),
        (200, &json!("blue")),
        "{answer}"
    );

    // The name is taken now; other names are free, but not any text, and nodes that are not there are told.
    let (status, problem) = node.post("/api/v1/connections", &parameters).await;
    assert_eq!((status, &problem["code"]), (409, &json!("name_taken")));
    for name in ["../trade", "Trade", ""] {
        parameters["name"] = json!(name);
        let (status, problem) = node.post("/api/v1/connections", &parameters).await;
        assert_eq!(
            (status, &problem["code"]),
            (400, &json!("invalid_name")),
            "{name}"
        );
    }
    parameters["name"] = json!("other");
    for (key, value, told) in [
        (
            "peer_url",
            json!("grpcs://127.0.0.1:1"),
            (503, "nodes_unavailable", "127.0.0.1:1"),
        ),
        (
            "peer_url",
            json!("http://127.0.0.1:7051"),
            (422, "invalid_connection", "gRPC"),
        ),
        (
            "peer_url",
            json!("grpcs://169.254.169.254:7051"),
            (422, "invalid_connection", "metadata"),
        ),
        (
            "tls_ca_certs",
            json!("/etc/hostname"),
            (422, "invalid_connection", "files are not read"),
        ),
        (
            "channel_id",
            json!("elsewhere"),
            (422, "invalid_connection", "channel_id"),
        ),
        (
            "ssl_target_name_override",
            json!("elsewhere.example"),
            (
                422,
                "invalid_connection",
                "not for the name elsewhere.example",
            ),
        ),
    ] {
        let mut changed = parameters.clone();
        changed[key] = value;
        let (status, problem) = node.post("/api/v1/connections", &changed).await;
        let detail = problem["detail"].as_str().expect("a sentence");
        assert_eq!(
            (status, problem["code"].as_str()),
            (told.0, Some(told.1)),
            "{problem}"
        );
        assert!(detail.contains(told.2) && detail.contains(key), "{problem}");
    }

    // A contract that the channel has not yet is told, and does not stop anything.
    let mut early = parameters.clone();
    early["chaincode_id"] = json!("tomorrow");
    let (status, connection) = node.post("/api/v1/connections", &early).await;
    assert_eq!(status, 201, "{connection}");
    assert_eq!(
        connection["warnings"],
        json!([
            "chaincode_id: the channel has no contract `tomorrow` now, it has probe, probe-all; calls fail until it is committed there"
        ])
    );
    let (status, problem) = node.post("/api/v1/ledgers/other/query", &get).await;
    assert_eq!(
        (status, &problem["code"]),
        (404, &json!("contract_not_found")),
        "{problem}"
    );
    let ended = command(&node, ["connection", "remove", "other"]).await;
    assert!(ended.status.success(), "{ended:?}");
    let roots = unconnected.roots();
    let peer = parameters["peer_url"][0].as_str().expect("it is text");
    let words = [
        "connection",
        "add",
        "other",
        "--userid",
        "alice@Org1MSP",
        "--channel-id",
        "devnet",
        "--chaincode-id",
        "tomorrow",
        "--peer-url",
        peer,
        "--tls-ca-certs",
        roots.to_str().expect("it is text"),
    ];
    let ended = command(&node, words).await;
    assert!(ended.status.success(), "{ended:?}");
    let warning = "Warning: chaincode_id: the channel has no contract `tomorrow` now";
    assert!(ended.stdout.contains(warning), "{ended:?}");
    let ended = command(&node, ["connection", "remove", "other"]).await;
    assert!(ended.status.success(), "{ended:?}");

    let ended = command(&node, ["connection", "list"]).await;
    assert!(
        ended.status.success() && ended.stdout.contains("trade"),
        "{ended:?}"
    );

    node.restart().await;
    let (status, answer) = node.post("/api/v1/ledgers/trade/query", &get).await;
    assert_eq!(
        (status, &answer["result"]),
        (200, &json!("blue")),
        "{answer}"
    );
    let list = node.get("/api/v1/connections").await;
    assert_eq!(list["connections"][0]["source"], "request", "{list}");
    assert!(!list.to_string().contains("BEGIN"), "{list}");

    let ended = command(&node, ["connection", "remove", "trade"]).await;
    assert!(ended.status.success(), "{ended:?}");
    // All that was sent was seen, so that nothing of it is kept.
    let left = fs::read_dir(node.options().data_folder()).expect("it has a folder");
    let left = left.map(|entry| entry.expect("it can be listed").file_name());
    let left: Vec<_> = left
        .filter(|name| name.to_string_lossy().starts_with("trade."))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let gone = client().get(node.url("/api/v1/ledgers/trade")).send().await;
    assert_eq!(gone.expect("an answer").status(), 404);
    let metrics = client()
        .get(node.url("/metrics"))
        .send()
        .await
        .expect("an answer");
    let metrics = metrics.text().await.expect("it is text");
    assert!(!metrics.contains("ledger=\"trade\""), "{metrics}");
    let ended = command(&node, ["connection", "remove", "trade"]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");

    node.restart().await;
    let list = node.get("/api/v1/connections").await;
    assert_eq!(list, json!({"connections": []}));
}

/// Ends the server in good order: what is indexed is on the disk then.
async fn end(node: &mut Node) {
    node.process().terminate();
    node.process().wait(Duration::from_secs(60)).await;
}

/// The same channel by command, of whose blocks only those are shown that its orderers signed.
#[tokio::test]
async fn what_the_orderers_did_not_sign_is_neither_indexed_nor_shown() {
    let unconnected = Unconnected::start().await;
    let mut node = NodeOptions::new().start().await;
    import(&node, &unconnected.devnet).await;
    let parameters = unconnected.parameters();
    let (status, connection) = node.post("/api/v1/connections", &parameters).await;
    assert_eq!(status, 201, "{connection}");
    assert_eq!(connection["verify"], "hashes");
    let mut wrong = parameters.clone();
    wrong["name"] = json!("wrong");
    wrong["verify"] = json!("some");
    let (status, problem) = node.post("/api/v1/connections", &wrong).await;
    assert_eq!(
        (status, &problem["code"]),
        (400, &json!("invalid_body")),
        "{problem}"
    );
    let roots = unconnected.roots();
    let peer = parameters["peer_url"][0].as_str().expect("a URL");
    let ended = command(
        &node,
        [
            "connection",
            "add",
            "checked",
            "--userid",
            "alice@Org1MSP",
            "--channel-id",
            "devnet",
            "--chaincode-id",
            "probe-all",
            "--peer-url",
            peer,
            "--tls-ca-certs",
            roots.to_str().expect("it is text"),
            "--verify",
            "full",
        ],
    )
    .await;
    assert!(ended.status.success(), "{ended:?}");
    node.restart().await;
    let connection = node.get("/api/v1/connections/checked").await;
    assert_eq!(connection["verify"], "full", "{connection}");
    let listed = command(&node, ["connection", "list"]).await;
    assert!(listed.stdout.contains("full"), "{listed:?}");

    let put = json!({"function": "put", "args": ["color", "blue"]});
    let (status, receipt) = node.post("/api/v1/ledgers/checked/invoke", &put).await;
    assert_eq!(status, 200, "{receipt}");
    let last = receipt["version"]["block"].as_u64().expect("a number");
    let indexed = format!("/api/v1/ledgers/checked/blocks?limit=1&min_block={last}");
    node.get(&indexed).await;
    for path in [
        "blocks/0".to_owned(),
        format!("blocks/{last}/transactions/0"),
        "config".to_owned(),
    ] {
        let [checked, plain] =
            ["checked", "trade"].map(|ledger| format!("/api/v1/ledgers/{ledger}/{path}"));
        assert_eq!(node.get(&checked).await, node.get(&plain).await, "{path}");
    }

    // From now on others are believed to be the channel's orderers, as if the peers told of blocks that those have not signed.
    end(&mut node).await;
    let journal = node.options().data_folder().join("checked.verified.json");
    let believed = fs::read_to_string(&journal).expect("it is there");
    let mut changed: Value = serde_json::from_str(&believed).expect("it is JSON");
    let configurations = changed["configurations"].as_array_mut().expect("a list");
    let envelope = &mut configurations.last_mut().expect("there is one")["envelope"];
    let mut bytes = BASE64_STANDARD
        .decode(envelope.as_str().expect("a text"))
        .expect("it is base64");
    let (name, other) = (b"OrdererMSP", b"OrdererMSQ");
    for at in 0..bytes.len() - name.len() {
        if bytes[at..].starts_with(name) {
            bytes[at..at + name.len()].copy_from_slice(other);
        }
    }
    *envelope = json!(BASE64_STANDARD.encode(bytes));
    fs::write(&journal, changed.to_string()).expect("it can be written");
    node.restart().await;
    let (status, receipt) = node.post("/api/v1/ledgers/trade/invoke", &put).await;
    assert_eq!(status, 200, "{receipt}");
    let unsigned = receipt["version"]["block"].as_u64().expect("a number");
    assert_eq!(unsigned, last + 1);
    let told = format!("block {unsigned} is not signed as the configuration asks");
    eventually("the ledger's health to say so", async || {
        let ledger = node.get("/api/v1/ledgers/checked").await;
        ledger["health"].to_string().contains(&told).then_some(())
    })
    .await;
    let text = async |path: &str| {
        let answer = client()
            .get(node.url(path))
            .send()
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("it is text"))
    };
    let (status, ready) = text("/readyz").await;
    assert!(status == 503 && ready.contains(&told), "{status}: {ready}");
    let (status, page) = text("/explorer/checked").await;
    assert!(
        status == 200 && page.contains("The index does not go on") && page.contains(&told),
        "{status}: {page}"
    );
    for path in [
        format!("blocks/{unsigned}"),
        format!("blocks/{unsigned}/transactions/0"),
    ] {
        let path = format!("/api/v1/ledgers/checked/{path}");
        let (status, problem) = text(&path).await;
        assert!(
            status == 503 && problem.contains("block_not_verified"),
            "{path}: {status}: {problem}"
        );
    }
    let id = receipt["transaction_id"].as_str().expect("it has an id");
    let by_id = format!("/api/v1/ledgers/checked/transactions/{id}");
    assert_eq!(text(&by_id).await.0, 503);
    let latest = node.get("/api/v1/ledgers/checked/blocks/latest").await;
    assert_eq!(latest["number"], last);
    // The other connection asks for no signatures.
    node.get(&format!("/api/v1/ledgers/trade/blocks/{unsigned}"))
        .await;

    // Believing the right ones again, it goes on where it was.
    end(&mut node).await;
    fs::write(&journal, believed).expect("it can be written");
    node.restart().await;
    let indexed = format!("/api/v1/ledgers/checked/blocks?limit=1&min_block={unsigned}");
    assert_eq!(node.get(&indexed).await["blocks"][0]["number"], unsigned);
    assert_eq!(node.get(&by_id).await["id"], id);
    let ended = command(&node, ["connection", "remove", "checked"]).await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(!journal.exists());
}

/// Named as the tests of `browser.rs`, so that it runs where there is a browser.
#[tokio::test]
async fn browser_sees_a_ledger_that_was_connected_meanwhile() {
    let unconnected = Unconnected::start().await;
    let node = NodeOptions::new().start().await;
    import(&node, &unconnected.devnet).await;
    let browser = Browser::start().await;
    browser.show(Screen::Desktop, "light").await;
    let mut parameters = unconnected.parameters();
    parameters["mode"] = json!("direct");
    let (status, connection) = node.post("/api/v1/connections", &parameters).await;
    assert_eq!(status, 201, "{connection}");
    browser.open(&node.url("/")).await;
    browser.see("trade").await;
    browser.open(&node.url("/explorer/trade")).await;
    browser.see("trade").await;
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    browser.close().await;
}
