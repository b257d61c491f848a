//! What a channel did, read back: verdicts that a real network gave, histories of keys, long values, statistics, by the API, by
//! commands and in the browser.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chainloom_tests::{
    Browser, Devnet, Ended, Node, NodeOptions, Process, Screen, broadcast, client, envelope,
    eventually, run_to_end, with_field,
};
use serde_json::{Value, json};

/// A network with a server that serves it.
struct Reading {
    node: Node,
    _network: Process,
    devnet: Devnet,
}

/// A transaction that is endorsed and not handed in yet.
struct Held {
    id: String,
    bytes: Vec<u8>,
}

impl Reading {
    async fn start() -> Self {
        let devnet = Devnet::new();
        let network = devnet.up().await;
        let configuration = devnet.directory().join("chainloom.toml");
        let configuration = configuration.to_str().expect("the folder's name is text");
        let options = NodeOptions::new().arguments(["--config", configuration]);
        Self {
            node: options.start().await,
            _network: network,
            devnet,
        }
    }

    async fn get(&self, path: &str) -> Value {
        let path = format!("/api/v1/ledgers/devnet{path}");
        self.node.get(&path).await
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let path = format!("/api/v1/ledgers/devnet{path}");
        self.node.post(&path, body).await
    }

    async fn invoke(&self, function: &str, args: &[&str]) -> Value {
        let body = json!({"function": function, "args": args});
        let (status, receipt) = self.post("/invoke", &body).await;
        assert_eq!(status, 200, "{receipt}");
        receipt
    }

    /// The only file of a folder of alice's.
    fn file_of_alice(&self, folder: &str) -> PathBuf {
        let msp = self.devnet.directory().join("wallets/org1/alice/msp");
        let mut files = fs::read_dir(msp.join(folder)).expect("the network made it");
        files
            .next()
            .expect("it holds a file")
            .expect("it can be read")
            .path()
    }

    /// Hands a payload to an orderer as it is, signed as orderers ask.
    async fn order(&self, payload: &[u8]) {
        let record = fs::read(self.devnet.directory().join("devnet.json"));
        let record: Value = serde_json::from_slice(&record.expect("it is there")).expect("JSON");
        let port = record["orderers"][0]["port"].as_u64().expect("a port");
        let organization = "organizations/ordererOrganizations/example.com/tlsca";
        let folder = self.devnet.directory().join(organization);
        let files = folder.read_dir().expect("the network made it");
        let mut files = files.map(|file| file.expect("it can be listed").path());
        let root = files.find(|path| path.extension().is_some_and(|end| end == "pem"));
        let signature = loop {
            let signature = self.sign(payload)["signature"].clone();
            let signature = BASE64_STANDARD.decode(signature.as_str().expect("a text"));
            let signature = signature.expect("it is base64");
            // Of the two halves in which s may lie only the lower one is taken; one that is near the border is not needed.
            let s = signature.len() - usize::from(signature[5 + usize::from(signature[3])]);
            if signature.len() - s < 32 || (signature.len() - s == 32 && signature[s] < 0x7f) {
                break signature;
            }
        };
        let port = u16::try_from(port).expect("a port");
        let root = root.expect("there is one");
        let status = broadcast(port, &root, &envelope(payload, &signature)).await;
        assert_eq!(status, 200);
    }

    fn sign(&self, bytes: &[u8]) -> Value {
        let key: &Path = &self.file_of_alice("keystore");
        let mut openssl = Command::new("openssl")
            .args(["dgst", "-sha256", "-sign"])
            .arg(key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("openssl is there");
        let mut input = openssl.stdin.take().expect("it is piped");
        input.write_all(bytes).expect("it reads");
        drop(input);
        let ended = openssl.wait_with_output().expect("it ends");
        assert!(ended.status.success(), "{ended:?}");
        json!({"signature": BASE64_STANDARD.encode(ended.stdout)})
    }

    /// Has a call endorsed as alice, and keeps it.
    async fn hold(&self, function: &str, args: &[&str]) -> Held {
        let bytes = |answer: &Value| {
            let text = answer["bytes"]["base64"].as_str().expect("there are bytes");
            BASE64_STANDARD.decode(text).expect("it is base64")
        };
        let certificate = fs::read_to_string(self.file_of_alice("signcerts"));
        let body = json!({
            "call": {"function": function, "args": args},
            "certificate": certificate.expect("it is text"),
            "organization": "Org1MSP",
        });
        let (status, proposal) = self.post("/transactions/prepare", &body).await;
        assert_eq!(status, 200, "{proposal}");
        let id = proposal["transaction_id"].as_str().expect("it has an id");
        let signature = self.sign(&bytes(&proposal));
        let path = format!("/transactions/{id}/endorse");
        let (status, endorsed) = self.post(&path, &signature).await;
        assert_eq!(status, 200, "{endorsed}");
        Held {
            id: id.to_owned(),
            bytes: bytes(&endorsed),
        }
    }

    /// Hands it in; what has to be said of it.
    async fn submit(&self, held: &Held) -> (u16, Value) {
        let path = format!("/transactions/{}/submit", held.id);
        self.post(&path, &self.sign(&held.bytes)).await
    }

    async fn run<const COUNT: usize>(&self, words: [&str; COUNT]) -> Ended {
        run_to_end(&mut self.node.client_command(words)).await
    }

    async fn printed<const COUNT: usize>(&self, words: [&str; COUNT]) -> String {
        let ended = self.run(words).await;
        assert!(ended.status.success(), "{words:?}: {ended:?}");
        ended.stdout
    }

    async fn ids(&self, query: &str) -> Vec<String> {
        let page = self.get(&format!("/transactions?{query}&limit=1000")).await;
        let rows = page["transactions"].as_array().expect("a list").iter();
        rows.map(|row| row["id"].as_str().expect("an id").to_owned())
            .collect()
    }
}

fn id_of(receipt: &Value) -> String {
    let id = receipt["transaction_id"].as_str();
    id.expect("it has an id").to_owned()
}

/// A call for which one organization's endorsement is too few, by Fabric's own client, which does not ask.
async fn fall_short_of_the_policy(reading: &Reading) -> String {
    let script = "cd \"$0\" && . ./env.sh && peer chaincode invoke -C $CHANNEL_NAME -n probe-all \
                  -c '{\"Args\":[\"put\",\"short\",\"1\"]}' -o $ORDERER_ADDRESS --tls --cafile \"$ORDERER_CA\" \
                  --peerAddresses $PEER0_ORG1_ADDRESS --tlsRootCertFiles \"$PEER0_ORG1_CA\"";
    let ran = Command::new("bash")
        .args(["-ec", script])
        .arg(reading.devnet.directory())
        .output()
        .expect("bash can be run");
    assert!(ran.status.success(), "{ran:?}");
    eventually("the transaction to stand in a block", async || {
        reading
            .ids("code=ENDORSEMENT_POLICY_FAILURE")
            .await
            .into_iter()
            .next()
    })
    .await
}

/// The parts of a payload, by the numbers of their fields.
const CHANNEL_HEADER: [u64; 2] = [1, 1];
const TRANSACTION_ID: [u64; 3] = [1, 1, 5];
const DATA: [u64; 1] = [2];
/// The field `epoch` of a channel header, which has to be 0, as 7.
const EPOCH_7: [u8; 2] = [6 << 3, 7];

/// What no client of Fabric's makes, and orderers pass on all the same.
async fn malformed(reading: &Reading) -> Vec<(&'static str, String)> {
    let twice = reading.hold("put", &["twice", "1"]).await;
    for _ in 0..2 {
        reading.order(&twice.bytes).await;
    }
    let other_id = reading.hold("put", &["other-id", "1"]).await;
    let id: String = other_id.id.chars().rev().collect();
    assert_ne!(id, other_id.id);
    let changed = with_field(&other_id.bytes, &TRANSACTION_ID, &|_| {
        id.clone().into_bytes()
    });
    reading.order(&changed).await;
    let epoch = reading.hold("put", &["epoch", "1"]).await;
    let changed = with_field(&epoch.bytes, &CHANNEL_HEADER, &|header| {
        [header, &EPOCH_7].concat()
    });
    reading.order(&changed).await;
    let actions = reading.hold("put", &["actions", "1"]).await;
    // A list that stands in a message twice is one with the elements of both.
    let changed = with_field(&actions.bytes, &DATA, &|data| [data, data].concat());
    reading.order(&changed).await;
    let told = [
        ("DUPLICATE_TXID", twice.id),
        ("BAD_PROPOSAL_TXID", id),
        ("BAD_COMMON_HEADER", epoch.id),
        ("INVALID_ENDORSER_TRANSACTION", actions.id),
    ];
    for (name, id) in &told {
        eventually("it to stand in a block", async || {
            let found = reading.ids(&format!("code={name}")).await;
            found.contains(id).then_some(())
        })
        .await;
    }
    told.into()
}

/// Each is seen where it stands: as a transaction, in its block, and in the statistics of that block.
async fn seen_everywhere(reading: &Reading, malformed: &[(&'static str, String)]) {
    for (name, id) in malformed {
        let page = reading.get(&format!("/transactions?code={name}")).await;
        let [row] = &page["transactions"].as_array().expect("a list")[..] else {
            panic!("{name}: {page}");
        };
        assert_eq!(row["id"], **id);
        let (block, index) = (&row["version"]["block"], &row["version"]["index"]);
        let transaction = reading
            .get(&format!("/blocks/{block}/transactions/{index}"))
            .await;
        let code = &transaction["validation_code"];
        assert_eq!(code["name"], *name);
        assert!(
            code["meaning"]
                .as_str()
                .is_some_and(|meaning| meaning.ends_with('.'))
        );
        let whole = reading.get(&format!("/blocks/{block}")).await;
        let place = usize::try_from(index.as_u64().expect("a number")).expect("it is short");
        assert_eq!(whole["transactions"][place]["validation_code"], *code);
        assert!(whole["valid_count"].as_u64() < whole["transaction_count"].as_u64());
        let stats = reading
            .get(&format!("/stats?from={block}&to={block}"))
            .await;
        let codes = stats["by_code"].as_array().expect("a list").iter();
        let counted: Vec<&Value> = codes.filter(|counted| counted["name"] == *name).collect();
        assert_eq!(counted.len(), 1, "{stats}");
        assert_eq!(counted[0]["transactions"], 1);
        // By its id the first one is shown, which counts; the other is named beside it.
        let by_id = reading.get(&format!("/transactions/{id}")).await;
        match *name {
            "DUPLICATE_TXID" => {
                assert_eq!(by_id["validation_code"]["name"], "VALID");
                assert_eq!(by_id["duplicates"], json!([row["version"]]));
            }
            _ => assert_eq!(by_id["version"], row["version"]),
        }
    }
    // What took no effect is no part of any key's state.
    for (key, written) in [("twice", 1), ("other-id", 0), ("epoch", 0), ("actions", 0)] {
        let history = reading
            .get(&format!("/keys/probe-all/history?key={key}"))
            .await;
        let probe = reading.get(&format!("/keys/probe/history?key={key}")).await;
        let writes =
            [history, probe].map(|history| history["writes"].as_array().map_or(0, Vec::len));
        assert_eq!(writes.iter().sum::<usize>(), written, "{key}");
    }
}

/// Verdicts that the network is made to give, each with its transaction.
async fn verdicts(reading: &Reading) -> Vec<(&'static str, String)> {
    let valid = reading.invoke("put", &["count", "1"]).await;
    let late = reading.hold("add", &["count", "1"]).await;
    reading.invoke("put", &["count", "5"]).await;
    let (status, problem) = reading.submit(&late).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("mvcc_read_conflict")),
        "{problem}"
    );
    reading.invoke("put", &["r1", "1"]).await;
    let phantom = reading.hold("range", &["r1", "r9"]).await;
    reading.invoke("put", &["r5", "5"]).await;
    let (status, problem) = reading.submit(&phantom).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("phantom_read_conflict")),
        "{problem}"
    );
    let short = fall_short_of_the_policy(reading).await;
    vec![
        ("VALID", id_of(&valid)),
        ("MVCC_READ_CONFLICT", late.id),
        ("PHANTOM_READ_CONFLICT", phantom.id),
        ("ENDORSEMENT_POLICY_FAILURE", short),
    ]
}

#[tokio::test]
async fn browser_and_commands_tell_what_a_channel_did() {
    let reading = Reading::start().await;
    let verdicts = verdicts(&reading).await;
    for (name, id) in &verdicts {
        let transaction = reading.get(&format!("/transactions/{id}")).await;
        let code = &transaction["validation_code"];
        assert_eq!(code["name"], *name);
        let meaning = code["meaning"].as_str().expect("it is told");
        assert!(meaning.ends_with('.'), "{meaning}");
        assert!(reading.ids(&format!("code={name}")).await.contains(id));
        let shown = reading.printed(["tx", id]).await;
        assert!(shown.contains(name) && shown.contains(meaning), "{shown}");
    }

    let malformed = malformed(&reading).await;
    seen_everywhere(&reading, &malformed).await;
    followers(&reading).await;

    // What was invalid is no part of a key's state, and can be seen all the same.
    let (_, answer) = reading
        .post("/query", &json!({"function": "get", "args": ["count"]}))
        .await;
    assert_eq!(answer, json!({"result": "5"}));
    let values = async |query: &str| {
        let history = reading.get(&format!("/keys/probe/history?{query}")).await;
        let writes = history["writes"].as_array().expect("a list").clone();
        let told = writes.iter().map(|write| {
            let name = write["validation_code"]["name"].as_str();
            let value = write["value"].as_str();
            format!(
                "{} {} {}",
                write["change"].as_str().unwrap_or_default(),
                value.unwrap_or("-"),
                name.unwrap_or_default()
            )
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(
        values("key=count").await,
        ["write 5 VALID", "write 1 VALID"]
    );
    assert_eq!(
        values("key=count&invalid=true").await,
        [
            "write 2 MVCC_READ_CONFLICT",
            "write 5 VALID",
            "write 1 VALID"
        ]
    );
    for (function, args) in [
        ("put", &["color", "blue"][..]),
        ("put", &["color", "green"]),
        ("delete", &["color"]),
        ("put", &["color", "red"]),
        ("setPolicy", &["color", "Org1MSP", "Org2MSP"]),
    ] {
        reading.invoke(function, args).await;
    }
    let color = values("key=color").await;
    assert_eq!(
        color,
        [
            "policy - VALID",
            "write red VALID",
            "delete - VALID",
            "write green VALID",
            "write blue VALID"
        ]
    );
    let table = reading.printed(["history", "probe", "color"]).await;
    assert!(
        table.contains("delete") && table.contains("green"),
        "{table}"
    );

    // A long value is shown cut, and can be had whole.
    let long = "<b>long</b> ".repeat(1_000);
    let receipt = reading.invoke("put", &["long", &long]).await;
    let id = id_of(&receipt);
    let path = format!("/api/v1/ledgers/devnet/transactions/{id}/values/writes.0.value");
    let answer = client().get(reading.node.url(&path)).send().await;
    let bytes = answer.expect("an answer").bytes().await.expect("bytes");
    assert_eq!(bytes, long.as_bytes());
    let printed = reading.printed(["tx", &id, "--value", "args.1"]).await;
    assert_eq!(printed, long);

    // JSON as JSON, and the time of a block as whose it is.
    let range = json!({"function": "range", "args": ["r1", "r9"]});
    let (_, answer) = reading.post("/query", &range).await;
    assert!(answer["result_json"].is_array(), "{answer}");
    let block = reading.get("/blocks/latest").await;
    assert_eq!(block["time_source"], "client");

    // One's own are all that alice made, the late ones too.
    let mine = reading.ids("creator=me").await;
    for (_, id) in &verdicts {
        assert!(mine.contains(id), "{id}");
    }
    let own = reading
        .get(&format!("/transactions/{}", verdicts[0].1))
        .await;
    let certificate = own["creator"]["certificate"]["sha256"].as_str();
    let certificate = certificate.expect("it can be read");
    assert_eq!(
        reading.ids(&format!("certificate={certificate}")).await,
        mine
    );
    let listed = reading.printed(["mytx", "--limit", "100"]).await;
    assert!(listed.contains("PHANTOM_READ_CONFLICT"), "{listed}");

    let stats = reading.get("/stats").await;
    let codes = stats["by_code"].as_array().expect("a list").iter();
    let invalid = codes
        .filter(|code| code["code"] != 0)
        .map(|code| &code["transactions"]);
    assert_eq!(invalid.collect::<Vec<_>>(), [&json!(1); 7]);
    let table = reading
        .printed(["stats", "--from", "1", "--to", "1000"])
        .await;
    for word in [
        "MVCC_READ_CONFLICT",
        "probe",
        "Org1MSP",
        "blocks are full to",
        "clients' clocks",
    ] {
        assert!(table.contains(word), "{word}\n{table}");
    }
    let table = reading.printed(["config"]).await;
    for word in ["etcdraft", "consenter", "MAJORITY of Admins", "OrdererMSP"] {
        assert!(table.contains(word), "{word}\n{table}");
    }

    // The paper's checks, in its order.
    for (block, index, words) in [
        ("-1", "-1", "block -1 is negative"),
        ("9999", "9999", "no block 9999"),
        ("0", "1", "block 0 has 1 transaction"),
        ("0", "0", "no endorsement"),
    ] {
        let words_of = ["showtxByVer", "--block", block, "--index", index];
        let ended = reading.run(words_of).await;
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(ended.stderr.contains(words), "{words}: {ended:?}");
    }
    let configuration = reading.get("/blocks/0/transactions/0").await;
    assert_eq!(configuration["kind"], "config");
    assert_eq!(configuration["header"]["type"], "CONFIG");

    pages(&reading, &verdicts, &id).await;
}

/// What follows a channel prints each new thing once, from a running server; what does not follow ends with what there is.
async fn followers(reading: &Reading) {
    let follow = |words: &[&str]| {
        let mut command = reading.node.client_command([words[0], "--follow"]);
        Process::start(command.args(&words[1..]))
    };
    let mut followers = [
        follow(&["blocks"]),
        follow(&["transactions"]),
        follow(&["transactions", "--function", "put"]),
        follow(&["mytx"]),
        follow(&["events"]),
    ];
    // They follow once they tell of something.
    eventually("all of them to follow", async || {
        reading.invoke("put", &["followed", "0"]).await;
        let heard = followers
            .iter()
            .all(|follower| !follower.stdout().is_empty());
        heard.then_some(())
    })
    .await;
    let mut ids = Vec::new();
    for value in ["1", "2", "3"] {
        ids.push(id_of(&reading.invoke("put", &["followed", value]).await));
    }
    for follower in &mut followers[1..] {
        let told = follower
            .wait_for_output("the last one", |text| {
                text.contains(&ids[2]).then(|| text.to_owned())
            })
            .await;
        for id in &ids {
            assert_eq!(told.matches(id.as_str()).count(), 1, "{told}");
        }
    }
    let height = reading.get("").await["height"].clone();
    let told = followers[0]
        .wait_for_output("the last block", |text| {
            let last = text.lines().last().is_some_and(|line| {
                line.split_whitespace().next() == Some(height.to_string().as_str())
            });
            last.then(|| text.to_owned())
        })
        .await;
    let numbers: Vec<u64> = told
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    let first = numbers[0];
    let expected: Vec<u64> = (first..first + numbers.len() as u64).collect();
    assert_eq!(numbers, expected, "{told}");
    let told = reading.printed(["events", "--kinds", "transaction"]).await;
    assert!(ids.iter().all(|id| told.contains(id)), "{told}");
}

/// The pages of all that, on every screen.
async fn pages(reading: &Reading, verdicts: &[(&'static str, String)], long: &str) {
    let base = "/explorer/devnet";
    let conflict = &verdicts[1].1;
    let pages = [
        (
            "mine",
            format!("{base}/transactions?creator=me"),
            vec!["Made by alice of Org1MSP", "PHANTOM_READ_CONFLICT"],
        ),
        (
            "found",
            format!("{base}/transactions?code=MVCC_READ_CONFLICT&creator="),
            vec!["MVCC_READ_CONFLICT", "probe.add"],
        ),
        (
            "key",
            format!("{base}/keys/probe?key=color"),
            vec!["deleted", "green", "AND(Org1MSP"],
        ),
        (
            "key-invalid",
            format!("{base}/keys/probe?key=count&invalid=true"),
            vec!["MVCC_READ_CONFLICT"],
        ),
        (
            "conflict",
            format!("{base}/transactions/{conflict}"),
            vec!["submit it anew", "ENDORSER_TRANSACTION", "issued by"],
        ),
        (
            "phantom",
            format!("{base}/transactions/{}", verdicts[2].1),
            vec!["Ranges read", "r1"],
        ),
        (
            "long",
            format!("{base}/transactions/{long}"),
            vec!["the beginning of 12.0 kB", "<b>long</b>", "whole"],
        ),
        (
            "statistics",
            format!("{base}/stats"),
            vec!["By verdict", "probe.put", "by the clients' clocks"],
        ),
        ("genesis", format!("{base}/blocks/0"), vec!["configuration"]),
    ];
    let browser = Browser::start().await;
    for (screen, size) in [(Screen::Desktop, "desktop"), (Screen::Phone, "phone")] {
        for scheme in ["light", "dark"] {
            browser.show(screen, scheme).await;
            for (name, path, words) in &pages {
                browser.open(&reading.node.url(path)).await;
                for word in words {
                    browser.see(word).await;
                }
                browser
                    .screenshot(&format!("fabric-{name}-{size}-{scheme}"))
                    .await;
                let overflow = browser
                    .run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    .await;
                assert!(
                    overflow.as_i64() <= Some(0),
                    "{name}, {size} is {overflow} pixels too wide"
                );
                let complaints = browser.complaints().await;
                assert!(complaints.is_empty(), "{name}: {complaints:?}");
            }
        }
    }
    // Lists follow the channel while they are looked at.
    browser.show(Screen::Desktop, "light").await;
    for (path, hears_of) in [
        (
            format!("{base}/transactions?creator=me"),
            "events?kinds=transaction&invalid=true",
        ),
        (
            format!("{base}/transactions?function=put"),
            "events?kinds=transaction&invalid=true",
        ),
        (
            format!("{base}/keys/probe?key=watched"),
            "events?kinds=transaction&invalid=true",
        ),
        (base.to_owned(), "events"),
    ] {
        browser.open(&reading.node.url(&path)).await;
        browser.find("[data-lamp].on").await;
        let stream = browser.run("return stream.url").await;
        assert!(
            stream.as_str().is_some_and(|url| url.ends_with(hears_of)),
            "{path}: {stream}"
        );
        let receipt = reading.invoke("put", &["watched", &path]).await;
        let block = receipt["version"]["block"].to_string();
        let place = format!("a[href='{base}/blocks/{block}'], a[href^='{base}/blocks/{block}/']");
        browser.find(&place).await;
    }
    // From a key that was read to its history, and from there to who wrote it.
    browser.show(Screen::Desktop, "light").await;
    browser
        .open(&reading.node.url(&format!("{base}/transactions/{conflict}")))
        .await;
    let key = browser.find("[data-testid=writes] td a").await;
    key.click().await.expect("it can be clicked");
    browser.see("Who wrote it").await;
    let writer = browser.find("#writes td a").await;
    writer.click().await.expect("it can be clicked");
    browser.see("Keys written").await;
    browser.close().await;
}
