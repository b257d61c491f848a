//! Of a thousand invokes each is told rightly and takes effect once at most, whichever process is killed in the middle: a peer, the orderer that
//! leads, Chainloom itself. What the callers were told is compared with the chain as a peer of the other organization has it. One caller in five waits
//! for a second only: what came of its call it has to ask later, and is told then.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chainloom_devnet::{DevnetError, FabricVersion, Network, Options};
use chainloom_tests::{Node, NodeOptions, client, eventually};
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::RwLock;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

const INVOKES: usize = 1_000;
const AT_ONCE: usize = 50;
/// One caller of so many does not wait for long, so that trouble leaves it without the outcome.
const IMPATIENT_ONE_IN: usize = 5;
/// How many of the patient calls have an effect at least: who is killed has somebody to stand in.
const COMMITTED_MIN: usize = (INVOKES - INVOKES / IMPATIENT_ONE_IN) * 9 / 10;
/// Shorter than the harness's client waits.
const TIMEOUT_MS: u64 = 50_000;
/// Shorter than a new leader takes to be found.
const IMPATIENT_TIMEOUT_MS: u64 = 1_000;
/// A caller's pause before it calls again.
const PAUSE: Duration = Duration::from_millis(100);

/// A network of two peers per organization, and the program that serves its channel three times: as alice of the first organization both ways, and
/// as alice of the second, whose peers nobody kills.
struct Field {
    node: RwLock<Node>,
    client: reqwest::Client,
    network: Arc<Network>,
    _folder: TempDir,
}

/// What a caller was told at last.
struct Told {
    key: String,
    is_patient: bool,
    status: u16,
    answer: Value,
}

/// How far the calls are.
#[derive(Debug, Default)]
struct Progress {
    /// Told at last.
    done: AtomicUsize,
    /// Told to try again.
    refused: AtomicUsize,
    /// Without an answer.
    unanswered: AtomicUsize,
}

impl Field {
    async fn start(version: FabricVersion) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let directory = folder.path().join("net");
        let options = Options {
            fabric: Some(version),
            peers_per_organization: Some(2),
            ..Options::in_directory(&directory)
        };
        let network = spawn_blocking(move || Network::start(&options, &|_| ()));
        let network = network.await.expect("it does not panic");
        let network = network.unwrap_or_else(|error| panic!("{error}"));
        let ledgers = [
            ("gateway", "gateway", "org1"),
            ("direct", "direct", "org1"),
            ("witness", "gateway", "org2"),
        ];
        let configuration = ledgers.map(|(name, mode, organization)| {
            let file = |name: String| directory.join(name).display().to_string();
            let profile = file(format!("connection-full-{organization}.yaml"));
            let wallet = file(format!("wallets/{organization}"));
            format!(
                r#"
[ledgers.{name}]
kind = "fabric"
mode = "{mode}"
profile = "{profile}"
channel = "devnet"
contract = "probe"
wallet = "{wallet}"
identity = "alice"
"#
            )
        });
        let node = NodeOptions::new().configuration(&configuration.concat());
        Self {
            node: RwLock::new(node.start().await),
            client: client(),
            network: Arc::new(network),
            _folder: folder,
        }
    }

    async fn url(&self, ledger: &str, path: &str) -> String {
        let path = format!("/api/v1/ledgers/{ledger}{path}");
        self.node.read().await.url(&path)
    }

    /// The answer, if there is one.
    async fn put(
        &self,
        ledger: &str,
        key: &str,
        timeout_ms: u64,
        has_idempotency_key: bool,
    ) -> Option<(u16, Value)> {
        let body = json!({"function": "put", "args": [key, "1"], "timeout_ms": timeout_ms});
        let mut request = self.client.post(self.url(ledger, "/invoke").await);
        if has_idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = request.json(&body).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }

    /// Makes a thousand calls with keys of the chain that nobody else writes; in the middle there is trouble. Whoever is told to try again calls
    /// again, as does, with an idempotency key, whoever had no answer.
    async fn storm(
        &self,
        ledger: &str,
        name: &str,
        has_idempotency_keys: bool,
        trouble: impl AsyncFnOnce(&Progress),
    ) -> (Vec<Told>, Progress) {
        let progress = Progress::default();
        let call = async |number: usize| {
            let key = format!("{name}-{ledger}-{number}");
            let is_patient = !number.is_multiple_of(IMPATIENT_ONE_IN);
            let timeout_ms = match is_patient {
                true => TIMEOUT_MS,
                false => IMPATIENT_TIMEOUT_MS,
            };
            let (status, answer) = loop {
                let told = self.put(ledger, &key, timeout_ms, has_idempotency_keys);
                match told.await {
                    None if has_idempotency_keys => count(&progress.unanswered),
                    None => panic!("{key}: no answer"),
                    Some((status, answer)) if answer["retryable"] == true => {
                        // Nothing was submitted, so that there is no id.
                        assert!(matches!(status, 429 | 503), "{key}: {status} {answer}");
                        assert!(answer["transaction_id"].is_null(), "{key}: {answer}");
                        count(&progress.refused);
                    }
                    Some(told) => break told,
                }
                sleep(PAUSE).await;
            };
            count(&progress.done);
            Told {
                key,
                is_patient,
                status,
                answer,
            }
        };
        let calls = stream::iter(0..INVOKES).map(call);
        let calls = calls.buffer_unordered(AT_ONCE).collect::<Vec<_>>();
        let (told, ()) = tokio::join!(calls, trouble(&progress));
        (told, progress)
    }

    /// Compares what was told with the blocks from `from` on. Answers the number of the next block.
    async fn check(&self, ledger: &str, told: &[Told], from: u64) -> u64 {
        // What could not be confirmed is sent again until it is seen.
        let mut found_later = HashMap::new();
        for told in told.iter().filter(|told| told.status == 504) {
            let id = id_in(&told.answer);
            let path = format!("/transactions/{id}");
            let what = format!("{}: {id} to be seen", told.key);
            let found = eventually(&what, async || {
                let (status, found) = self.get(ledger, &path).await;
                assert_eq!(status, 200, "{}: {found}", told.key);
                found["version"].is_object().then_some(found)
            });
            found_later.insert(told.key.clone(), found.await);
        }
        let (status, last) = self
            .put(ledger, &format!("last-{from}"), TIMEOUT_MS, false)
            .await
            .expect("an answer");
        assert_eq!(status, 200, "{last}");
        let end = last["version"]["block"]
            .as_u64()
            .expect("it stands in a block");
        let mut by_key: HashMap<String, Vec<Value>> = HashMap::new();
        for number in from..=end {
            let block = eventually(&format!("the witness to have block {number}"), async || {
                let (status, block) = self.get("witness", &format!("/blocks/{number}")).await;
                (status == 200).then_some(block)
            })
            .await;
            assert!(
                block["transactions_next"].is_null(),
                "it fits into an answer"
            );
            for transaction in block["transactions"].as_array().expect("an array") {
                let key = transaction["call"]["args"][0].as_str().unwrap_or_default();
                by_key
                    .entry(key.to_owned())
                    .or_default()
                    .push(transaction.clone());
            }
        }
        let mut counts = HashMap::<u16, usize>::new();
        for told in told {
            let standing = by_key.get(&told.key).map_or(&[][..], Vec::as_slice);
            told.check(standing);
            if let Some(found) = found_later.get(&told.key) {
                // The first of them, where the envelope was taken twice.
                assert_eq!(found["version"], standing[0]["version"], "{}", told.key);
                let name = |transaction: &Value| transaction["validation_code"]["name"].clone();
                assert_eq!(name(found), name(&standing[0]), "{}", told.key);
            }
            *counts.entry(told.status).or_default() += 1;
        }
        eprintln!("{ledger}, blocks {from} to {end}: told {counts:?}");
        assert_eq!(told.len(), INVOKES);
        let patient = told.iter().filter(|told| told.is_patient);
        let committed = patient.filter(|told| told.status == 200).count();
        assert!(committed >= COMMITTED_MIN, "{committed}: {counts:?}");
        end + 1
    }

    async fn get(&self, ledger: &str, path: &str) -> (u16, Value) {
        let answer = self.client.get(self.url(ledger, path).await).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn blocking(
        &self,
        work: impl FnOnce(&Network) -> Result<(), DevnetError> + Send + 'static,
    ) {
        let network = self.network.clone();
        let done = spawn_blocking(move || work(&network)).await;
        done.expect("it does not panic")
            .unwrap_or_else(|error| panic!("{error}"));
    }

    async fn kill(&self, process: &str) {
        let name = process.to_owned();
        self.blocking(move |network| network.kill(&name)).await;
    }

    async fn start_again(&self, process: &str) {
        let name = process.to_owned();
        self.blocking(move |network| network.start_process(&name))
            .await;
    }

    /// The orderer that says that it leads.
    async fn leader(&self) -> String {
        eventually("an orderer to lead", async || {
            for orderer in &self.network.topology().orderers {
                let url = format!("http://127.0.0.1:{}/metrics", orderer.operations_port);
                let metrics = self.client.get(url).send().await.ok()?.text().await.ok()?;
                let mut lines = metrics.lines();
                if lines.any(|line| {
                    line.starts_with("consensus_etcdraft_is_leader") && line.ends_with(" 1")
                }) {
                    return Some(orderer.name.clone());
                }
            }
            None
        })
        .await
    }
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

async fn until(counter: &AtomicUsize, count: usize) {
    while counter.load(Ordering::Relaxed) < count {
        sleep(Duration::from_millis(5)).await;
    }
}

fn id_in(answer: &Value) -> &str {
    answer["transaction_id"]
        .as_str()
        .unwrap_or_else(|| panic!("it has an id: {answer}"))
}

impl Told {
    /// Compares it with the transactions that stand on the chain and name its key.
    fn check(&self, standing: &[Value]) {
        let Self {
            key,
            status,
            answer,
            ..
        } = self;
        let is_valid = |transaction: &&Value| transaction["validation_code"]["code"] == 0;
        let valid: Vec<_> = standing.iter().filter(is_valid).collect();
        let ids: BTreeSet<_> = standing.iter().map(id_of).collect();
        assert!(valid.len() <= 1, "{key} is written twice: {standing:?}");
        // However often its envelope was sent.
        assert!(
            ids.len() <= 1,
            "{key}: one call, several transactions: {standing:?}"
        );
        match (status, answer["retryable"].as_bool()) {
            (200, None) => {
                assert_eq!(answer["status"], "committed", "{key}: {answer}");
                assert_eq!(valid.len(), 1, "{key} is told to be there: {answer}");
                assert_eq!(id_of(valid[0]), id_in(answer), "{key}");
                assert_eq!(valid[0]["version"], answer["version"], "{key}");
                // A receipt says it in the name alone, a block also in a sentence.
                let (stands, told) = (&valid[0]["validation_code"], &answer["validation_code"]);
                assert_eq!(
                    (&stands["code"], &stands["name"]),
                    (&told["code"], &told["name"]),
                    "{key}"
                );
            }
            (504, Some(false)) => {
                assert_eq!(answer["code"], "outcome_unknown", "{key}: {answer}");
                assert_eq!(
                    ids.into_iter().collect::<Vec<_>>(),
                    [id_in(answer)],
                    "{key}"
                );
            }
            _ => panic!("{key}: {status} {answer}"),
        }
    }
}

fn id_of(transaction: &Value) -> &str {
    transaction["id"].as_str().expect("it has an id")
}

impl Field {
    /// Signs as alice, whose key the program does not get here.
    fn signature(&self, answer: &Value) -> Value {
        let bytes = answer["bytes"]["base64"].as_str().expect("there are bytes");
        let msp = self.alice();
        let ran = Command::new("bash")
            .args(["-euo", "pipefail", "-c"])
            .arg("base64 -d <<< \"$0\" | openssl dgst -sha256 -sign \"$1\"/keystore/* | base64 -w0")
            .args([bytes, msp.to_str().expect("the folder's name is text")])
            .output()
            .expect("there is a shell");
        assert!(ran.status.success(), "{ran:?}");
        let signature = String::from_utf8(ran.stdout).expect("it prints text");
        json!({"signature": signature, "wait": "ordered"})
    }

    fn alice(&self) -> PathBuf {
        self.network
            .layout()
            .directory()
            .join("wallets/org1/alice/msp")
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = self.url("gateway", &format!("/transactions/{path}")).await;
        let answer = self.client.post(url).json(body).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    /// An envelope that was signed outside, and that no orderer has, is in the store when the program is killed: it is sent when there is an orderer.
    async fn what_was_signed_outside_survives(&self) {
        let certificate = std::fs::read_to_string(self.alice().join("signcerts/cert.pem"));
        let prepare = json!({
            "call": {"function": "put", "args": ["signed-outside", "1"], "timeout_ms": 10_000},
            "certificate": certificate.expect("she is enrolled"),
            "organization": "Org1MSP",
        });
        let (status, proposal) = self.post("prepare", &prepare).await;
        assert_eq!(status, 200, "{proposal}");
        let id = id_in(&proposal);
        let endorse = format!("{id}/endorse");
        let signed = json!({"signature": self.signature(&proposal)["signature"]});
        let (status, transaction) = self.post(&endorse, &signed).await;
        assert_eq!(status, 200, "{transaction}");
        let topology = self.network.topology();
        let orderers = &topology.orderers;
        for orderer in orderers {
            self.kill(&orderer.name).await;
        }
        let submit = format!("{id}/submit");
        let (status, unknown) = self.post(&submit, &self.signature(&transaction)).await;
        assert_eq!(
            (status, &unknown["code"], id_in(&unknown)),
            (504, &json!("outcome_unknown"), id),
            "{unknown}"
        );
        self.node.write().await.restart().await;
        let path = format!("/transactions/{id}");
        let pending = eventually("the channel to be open", async || {
            let (status, pending) = self.get("gateway", &path).await;
            (status == 200).then_some(pending)
        });
        let pending = pending.await;
        assert_eq!(pending["version"], Value::Null, "{pending}");
        for orderer in orderers {
            self.start_again(&orderer.name).await;
        }
        let found = eventually("what was signed outside to be seen", async || {
            let (_, found) = self.get("gateway", &path).await;
            found["version"].is_object().then_some(found)
        });
        let found = found.await;
        assert_eq!(found["validation_code"]["name"], "VALID", "{found}");
    }
}

/// Both ways of calls, one trouble after the other, on one network.
async fn every_outcome_is_told_rightly(version: FabricVersion) {
    let field = Field::start(version).await;
    field.what_was_signed_outside_survives().await;
    let mut from = 0;
    for ledger in ["gateway", "direct"] {
        let (told, _) = field
            .storm(ledger, "peer", false, async |progress| {
                until(&progress.done, INVOKES / 4).await;
                field.kill("peer0.org1").await;
                match ledger {
                    // The organization's other peer stands in.
                    "gateway" => until(&progress.done, INVOKES / 2).await,
                    // Each peer of the profile has to endorse.
                    _ => until(&progress.refused, AT_ONCE).await,
                }
                field.start_again("peer0.org1").await;
            })
            .await;
        from = field.check(ledger, &told, from).await;

        let (told, _) = field
            .storm(ledger, "orderer", false, async |progress| {
                until(&progress.done, INVOKES / 4).await;
                let leader = field.leader().await;
                field.kill(&leader).await;
                until(&progress.done, INVOKES / 2).await;
                field.start_again(&leader).await;
            })
            .await;
        let unknown = told.iter().filter(|told| told.status == 504).count();
        assert!(unknown > 0, "nobody had to ask for an outcome later");
        from = field.check(ledger, &told, from).await;

        let (told, progress) = field
            .storm(ledger, "chainloom", true, async |progress| {
                for quarter in 1..=3 {
                    until(&progress.done, INVOKES / 4 * quarter).await;
                    field.node.write().await.restart().await;
                }
            })
            .await;
        assert!(
            progress.unanswered.into_inner() > 0,
            "it was killed while nobody waited"
        );
        from = field.check(ledger, &told, from).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_is_told_rightly_on_fabric_2_5() {
    every_outcome_is_told_rightly(FabricVersion::V2_5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_is_told_rightly_on_fabric_3_1() {
    every_outcome_is_told_rightly(FabricVersion::V3_1).await;
}
