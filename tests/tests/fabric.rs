//! `chainloom up` with the configuration that `chainloom devnet up` writes: the same verbs on a channel of Fabric.

use std::collections::BTreeSet;

use chainloom_tests::{
    Browser, Devnet, Node, NodeOptions, Process, Screen, client, eventually, run_to_end,
};
use serde_json::{Value, json};

/// A network with a server that serves it. The network ends with its process, the server with the node.
struct Served {
    node: Node,
    _network: Process,
    devnet: Devnet,
}

impl Served {
    async fn start() -> Self {
        Self::with(NodeOptions::new()).await
    }

    async fn with(options: NodeOptions) -> Self {
        let devnet = Devnet::new();
        let network = devnet.up().await;
        let configuration = devnet.directory().join("chainloom.toml");
        let configuration = configuration.to_str().expect("the folder's name is text");
        let options = options.arguments(["--config", configuration]);
        Self {
            node: options.start().await,
            _network: network,
            devnet,
        }
    }

    async fn invoke(&self, body: Value) -> (u16, Value) {
        self.node.post("/api/v1/ledgers/devnet/invoke", &body).await
    }

    async fn invoke_with_key(&self, key: &str, body: &Value) -> (u16, Value) {
        let url = self.node.url("/api/v1/ledgers/devnet/invoke");
        let request = client().post(url).header("Idempotency-Key", key).json(body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("JSON"))
    }

    /// All calls of `add` on the chain with this counter.
    async fn additions(&self, counter: &str) -> Vec<Value> {
        let newest = self.get("/blocks/latest").await;
        let newest = newest["number"].as_u64().expect("a number");
        let mut additions = Vec::new();
        for number in 0..=newest {
            let block = self.get(&format!("/blocks/{number}")).await;
            let transactions = block["transactions"].as_array().expect("an array");
            let ours = transactions.iter().filter(|transaction| {
                transaction["call"]["function"] == "add"
                    && transaction["call"]["args"][0] == counter
            });
            additions.extend(ours.cloned());
        }
        additions
    }

    /// An answer of status 200.
    async fn get(&self, path: &str) -> Value {
        self.node
            .get(&format!("/api/v1/ledgers/devnet{path}"))
            .await
    }
}

#[tokio::test]
async fn a_channel_is_served_with_the_verbs_of_every_ledger() {
    let served = Served::start().await;

    let (status, receipt) = served
        .invoke(json!({"function": "put", "args": ["color", "blue"]}))
        .await;
    assert_eq!(
        (status, &receipt["status"]),
        (200, &json!("committed")),
        "{receipt}"
    );
    assert_eq!(
        receipt["validation_code"],
        json!({"code": 0, "name": "VALID"})
    );
    let id = receipt["transaction_id"]
        .as_str()
        .expect("it has an id")
        .to_owned();
    let block = receipt["version"]["block"]
        .as_u64()
        .expect("it stands in a block");

    let query = json!({"function": "get", "args": ["color"]});
    let (status, answer) = served
        .node
        .post("/api/v1/ledgers/devnet/query", &query)
        .await;
    assert_eq!((status, answer), (200, json!({"result": "blue"})));

    let transaction = served.get(&format!("/transactions/{id}")).await;
    assert_eq!(transaction["kind"], "endorser");
    assert_eq!(
        transaction["call"],
        json!({"contract": "probe", "function": "put", "args": ["color", "blue"]})
    );
    assert_eq!(transaction["creator"]["organization"], "Org1MSP");
    assert_eq!(transaction["creator"]["enrollment_id"], "alice");
    assert_eq!(
        transaction["writes"],
        json!([{"contract": "probe", "key": "color", "value": "blue"}])
    );
    let place = transaction["version"]["index"]
        .as_u64()
        .expect("it has a place");
    let same = served
        .get(&format!("/blocks/{block}/transactions/{place}"))
        .await;
    assert_eq!(same, transaction);

    let newest = served.get("/blocks/latest").await;
    assert!(newest["data_hash"].is_string(), "{newest}");
    let hash = newest["hash"].as_str().expect("a hash is text");
    let by_hash = served.get(&format!("/blocks/{hash}")).await;
    assert_eq!(by_hash["number"], newest["number"]);
    let first = served.get("/blocks/0").await;
    assert_eq!(first["transactions"][0]["kind"], "config");
    let walk = served.get("/blocks?from=0&order=oldest_first").await;
    assert_eq!(walk["blocks"][0]["number"], 0);
    assert_eq!(walk["totals"]["blocks"], block + 1);
    let config = served.get("/config").await;
    assert_eq!(config["orderer"]["consensus_type"], "etcdraft");
    let ledgers = served.node.get("/api/v1/ledgers").await;
    assert_eq!(ledgers["ledgers"][0]["kind"], "fabric");

    // The nodes, in the same words by HTTP and by command.
    let told = eventually("the peer to be asked anew", async || {
        let told = served.get("/peers").await;
        (told["peers"][0]["height"] == block).then_some(told)
    })
    .await;
    let peer = &told["peers"][0];
    assert_eq!(
        (
            &peer["role"],
            &peer["organization"],
            &peer["outcome"]["code"]
        ),
        (&json!("peer"), &json!("Org1MSP"), &json!("answered")),
        "{told}"
    );
    assert_eq!(
        (&peer["height"], &peer["last_error"]),
        (&json!(block), &Value::Null),
        "{told}"
    );
    let list = async |words: &[&str]| {
        let mut command = served.node.client_command(["nodes", "list"]);
        let ended = run_to_end(command.args(words)).await;
        assert!(ended.status.success(), "{ended:?}");
        ended.stdout
    };
    let json: Value = serde_json::from_str(&list(&["--json"]).await).expect("it is JSON");
    assert_eq!(json["peers"][0]["address"], peer["address"]);
    let table = list(&[]).await;
    let lines: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let headings = "node role organization reachable last block last error";
    assert_eq!(lines[0].join(" "), headings, "{table}");
    let address = peer["address"].as_str().expect("it is text");
    let height = block.to_string();
    assert_eq!(
        lines[1],
        [address, "peer", "Org1MSP", "yes", &height, "-"],
        "{table}"
    );
}

#[tokio::test]
async fn what_peers_and_contracts_refuse_is_a_problem_with_their_words() {
    let served = Served::start().await;
    // Commands of the tutorial's chain say so, and what is meant here.
    for (words, instead) in [
        (&["send", "alice", "bob", "5"][..], "chainloom invoke"),
        (&["balance", "alice"], "chainloom query"),
        (&["pending"], "chainloom tx ID"),
    ] {
        let mut command = served.node.client_command([words[0]]);
        let ended = run_to_end(command.args(&words[1..])).await;
        assert!(!ended.status.success(), "{ended:?}");
        for word in ["the ledger `devnet` is a channel of Fabric", instead] {
            assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
        }
    }

    let (status, problem) = served
        .invoke(json!({"function": "fail", "args": ["not today"]}))
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (422, &json!("contract_refused")),
        "{problem}"
    );
    assert_eq!(problem["detail"], "not today");
    assert_eq!(problem["retryable"], false);
    assert_eq!(
        problem["endorsers"][0]["organization"], "Org1MSP",
        "{problem}"
    );

    let random = json!({"contract": "probe-all", "function": "random"});
    let (status, problem) = served.invoke(random).await;
    assert_eq!(
        (status, &problem["code"]),
        (422, &json!("endorsements_differ")),
        "{problem}"
    );

    served
        .invoke(json!({"function": "put", "args": ["n", "0"]}))
        .await;
    let add = json!({"function": "add", "args": ["n", "1"]});
    let outcomes = futures_util::future::join_all((0..4).map(|_| served.invoke(add.clone()))).await;
    let refused = outcomes.iter().filter(|(status, _)| *status != 200);
    for (status, problem) in refused {
        assert_eq!(
            (*status, &problem["code"]),
            (409, &json!("mvcc_read_conflict")),
            "{problem}"
        );
        assert_eq!(
            (&problem["retryable"], &problem["validation_code"]["code"]),
            (&json!(true), &json!(11))
        );
        assert!(problem["version"]["block"].is_u64() && problem["transaction_id"].is_string());
    }

    let chain = client()
        .get(served.node.url("/chain"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(chain.status(), 404);
}

#[tokio::test]
async fn an_idempotency_key_has_one_effect_before_and_after_a_restart() {
    let mut served = Served::start().await;
    let add = json!({"function": "add", "args": ["sum", "5"]});
    let (status, first) = served.invoke_with_key("order-1", &add).await;
    assert_eq!(
        (status, &first["status"], &first["result"]),
        (200, &json!("committed"), &json!("5"))
    );
    let ordered = json!({"function": "add", "args": ["later", "5"], "wait": "ordered"});
    let (status, receipt) = served.invoke_with_key("order-2", &ordered).await;
    assert_eq!((status, &receipt["status"]), (202, &json!("ordered")));
    let id = receipt["transaction_id"].as_str().expect("it has an id");
    assert!(receipt["version"].is_null(), "{receipt}");
    // At every moment it is known, pending at first.
    let path = format!("/transactions/{id}");
    let found = served.get(&path).await;
    assert_eq!(found["id"], id, "{found}");

    for is_restarted in [false, true] {
        if is_restarted {
            served.node.restart().await;
        }
        let again = served.invoke_with_key("order-1", &add).await;
        assert_eq!(again, (200, first.clone()));
        let other = json!({"function": "add", "args": ["sum", "6"]});
        let (status, problem) = served.invoke_with_key("order-1", &other).await;
        assert_eq!(
            (status, &problem["code"], &problem["retryable"]),
            (422, &json!("idempotency_key_reused"), &json!(false))
        );
    }
    let committed = eventually("what was ordered to stand in a block", async || {
        let found = served.get(&path).await;
        found["version"].is_object().then_some(found)
    })
    .await;
    assert_eq!(committed["validation_code"]["name"], "VALID");
    // What to wait for is not part of what was called.
    let waiting = json!({"function": "add", "args": ["later", "5"]});
    let (status, told) = served.invoke_with_key("order-2", &waiting).await;
    assert_eq!(
        (status, &told["status"], &told["transaction_id"]),
        (200, &json!("committed"), &json!(id))
    );
    assert_eq!(
        (&told["version"], &told["result"]),
        (&committed["version"], &json!("5"))
    );
    for (counter, receipt) in [("sum", &first), ("later", &told)] {
        let additions = served.additions(counter).await;
        assert_eq!(additions[0]["id"], receipt["transaction_id"]);
        assert_eq!(additions[0]["version"], receipt["version"]);
        // An envelope that was sent again stands there again, without effect.
        for addition in &additions[1..] {
            assert_eq!(addition["id"], receipt["transaction_id"]);
            assert_eq!(addition["validation_code"]["name"], "DUPLICATE_TXID");
        }
    }
    let query = json!({"function": "get", "args": ["sum"]});
    let (_, answer) = served
        .node
        .post("/api/v1/ledgers/devnet/query", &query)
        .await;
    assert_eq!(answer["result"], "5");
}

/// A call with a token; answers the status and the answer's JSON.
async fn call_with(served: &Served, token: &str, verb: &str, body: Value) -> (u16, Value) {
    let url = served.node.url(&format!("/api/v1/ledgers/devnet/{verb}"));
    let request = client().post(url).bearer_auth(token).json(&body);
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("an answer in JSON"))
}

/// Who made the transactions that the bearer of a token is told are its own; else the problem's code.
async fn creators_of_own(served: &Served, token: &str) -> Result<BTreeSet<String>, String> {
    let path = "/api/v1/ledgers/devnet/transactions?creator=me&limit=100";
    let list = client().get(served.node.url(path)).bearer_auth(token);
    let list = list.send().await.expect("an answer");
    let status = list.status().as_u16();
    let answer: Value = list.json().await.expect("an answer in JSON");
    if status != 200 {
        let code = answer["code"].as_str().expect("it has a code");
        return Err(format!("{status} {code}"));
    }
    let rows = answer["transactions"].as_array().expect("a list");
    let names = rows.iter().map(|row| {
        assert_eq!(row["creator"]["organization"], "Org1MSP", "{row}");
        let name = row["creator"]["enrollment_id"].as_str();
        name.expect("it has a name").to_owned()
    });
    Ok(names.collect())
}

/// Whose signature a transaction on the chain has: a user of the first organization.
async fn creator(served: &Served, token: &str, receipt: &Value) -> String {
    let id = receipt["transaction_id"].as_str().expect("it has an id");
    let path = format!("/api/v1/ledgers/devnet/transactions/{id}");
    let read = client().get(served.node.url(&path)).bearer_auth(token);
    let read = read.send().await.expect("an answer");
    let transaction: Value = read.json().await.expect("an answer in JSON");
    let creator = &transaction["creator"];
    assert_eq!(creator["organization"], "Org1MSP", "{transaction}");
    let name = creator["enrollment_id"].as_str();
    name.expect("it has a name").to_owned()
}

/// The network's own configuration has the channel opened as alice.
#[tokio::test]
async fn a_token_invokes_as_its_own_identity_and_as_nobody_else() {
    let options = NodeOptions::new().arguments(["--tokens"]);
    let token = async |words: [&str; 4]| {
        let [may, permissions, flag, value] = words;
        options
            .token([may, permissions, "--ledger", "devnet", flag, value])
            .await
    };
    let everything = "read,query,invoke";
    let admin = token(["--may", everything, "--identity", "admin@Org1MSP"]).await;
    let alice = token(["--may", "invoke", "--identity", "alice@Org1MSP"]).await;
    let nobody = token(["--may", everything, "--name", "nobody"]).await;
    let reader = token(["--may", "read,invoke", "--identity", "alice@Org1MSP"]).await;
    let ghost = token(["--may", "read,invoke", "--identity", "ghost@Org1MSP"]).await;
    let stranger = token(["--may", "invoke", "--identity", "alice@Org2MSP"]).await;
    let served = Served::with(options.clone()).await;
    let put = |value: &str, identity: Option<&str>| {
        let mut body = json!({"function": "put", "args": ["color", value]});
        if let Some(identity) = identity {
            body["identity"] = identity.into();
        }
        body
    };

    for (token, named, name, value) in [
        (&admin, None, "admin", "red"),
        (&alice, None, "alice", "green"),
        (&admin, Some("admin@Org1MSP"), "admin", "blue"),
    ] {
        let (status, receipt) = call_with(&served, token, "invoke", put(value, named)).await;
        assert_eq!(status, 200, "{receipt}");
        assert_eq!(creator(&served, &admin, &receipt).await, name);
    }

    // One's own are those of the token's identity; of the ledger's own user where the token has none.
    for (token, expected) in [
        (&admin, Ok("admin")),
        (&reader, Ok("alice")),
        (&nobody, Ok("alice")),
        (&ghost, Err("403 identity_unavailable")),
        (&alice, Err("403 permission_missing")),
    ] {
        let creators = creators_of_own(&served, token).await;
        let expected = expected.map(|name| BTreeSet::from([name.to_owned()]));
        assert_eq!(creators, expected.map_err(str::to_owned));
    }

    for (token, named, code) in [
        (&admin, Some("alice@Org1MSP"), "other_identity"),
        (&alice, Some("admin@Org1MSP"), "other_identity"),
        (&nobody, None, "identity_missing"),
        (&nobody, Some("alice@Org1MSP"), "identity_missing"),
        (&ghost, None, "identity_unavailable"),
        (&stranger, None, "identity_unavailable"),
    ] {
        let (status, problem) = call_with(&served, token, "invoke", put("black", named)).await;
        assert_eq!((status, &problem["code"]), (403, &json!(code)), "{problem}");
    }
    // Whoever may ask asks as the ledger's own user; nothing of what was refused took effect.
    let get = json!({"function": "get", "args": ["color"]});
    let (status, answer) = call_with(&served, &nobody, "query", get.clone()).await;
    assert_eq!((status, answer), (200, json!({"result": "blue"})));
    let (status, problem) = call_with(&served, &alice, "query", get).await;
    assert_eq!(
        (status, &problem["code"]),
        (403, &json!("permission_missing")),
        "{problem}"
    );

    // Somebody who comes into the wallet later is known then, and so is whoever takes that place.
    let wallet = served.devnet.directory().join("wallets/org1");
    for name in ["alice", "admin"] {
        let file = wallet.join(format!("{name}.id"));
        std::fs::copy(file, wallet.join("ghost.id")).expect("a file of the wallet");
        let (status, receipt) = call_with(&served, &ghost, "invoke", put("white", None)).await;
        assert_eq!(status, 200, "{receipt}");
        assert_eq!(creator(&served, &admin, &receipt).await, name);
    }
}

/// Named as the tests of `browser.rs`, so that it runs where there is a browser.
#[tokio::test]
async fn browser_shows_a_channel_of_fabric() {
    let served = Served::start().await;
    let (_, receipt) = served
        .invoke(json!({"contract": "probe-all", "function": "put", "args": ["color", "blue"]}))
        .await;
    let id = receipt["transaction_id"].as_str().expect("it has an id");
    let browser = Browser::start().await;
    for (screen, scheme) in [(Screen::Desktop, "light"), (Screen::Phone, "dark")] {
        browser.show(screen, scheme).await;
        browser.open(&served.node.url("/explorer/devnet")).await;
        let text = browser.visible_text().await;
        assert!(
            !text.contains("Mine a block"),
            "there is nothing to mine:\n{text}"
        );
        browser
            .screenshot(&format!("fabric-overview-{scheme}"))
            .await;
        browser
            .open(
                &served
                    .node
                    .url(&format!("/explorer/devnet/transactions/{id}")),
            )
            .await;
        for told in [
            "Org1MSP",
            "Org2MSP",
            "alice",
            "probe-all",
            "put",
            "color",
            "blue",
            "VALID",
        ] {
            browser.see(told).await;
        }
        browser
            .screenshot(&format!("fabric-transaction-{scheme}"))
            .await;
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{complaints:?}");
    }
    browser.close().await;
}
