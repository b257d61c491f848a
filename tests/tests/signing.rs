//! Calls that openssl signs, on a real network through the program: `docs/signing.md`, line by line.

use std::fs;
use std::path::Path;
use std::process::Command;

use chainloom_tests::{Devnet, Node, NodeOptions, Process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The lines of a section of the document that are to be typed.
fn section(title: &str) -> String {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/signing.md");
    let document = fs::read_to_string(document).expect("the document is there");
    let heading = format!("## {title}\n");
    let (_, rest) = document.split_once(&heading).expect("it has the section");
    let section = rest.split("\n## ").next().unwrap_or_default();
    let lines = section.lines().filter_map(|line| line.strip_prefix("    "));
    let lines: Vec<&str> = lines.collect();
    assert!(!lines.is_empty(), "nothing is to be typed under {title}");
    lines.join("\n") + "\n"
}

/// A network, the program that serves it, and a folder for whoever types.
struct Desk {
    node: Node,
    _network: Process,
    devnet: Devnet,
    folder: TempDir,
}

impl Desk {
    async fn start(fabric: &[&str]) -> Self {
        let devnet = Devnet::new();
        let mut network = Process::start(&mut devnet.command(&[&["up"], fabric].concat()));
        network
            .wait_for_output("that Ctrl-C ends it", |text| {
                text.contains("Ctrl-C ends it").then_some(())
            })
            .await;
        let configuration = devnet.directory().join("chainloom.toml");
        let configuration = configuration.to_str().expect("the folder's name is text");
        let options = NodeOptions::new().arguments(["--config", configuration]);
        Self {
            node: options.start().await,
            _network: network,
            devnet,
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// Types these lines into a shell, in the places that this network has, and gives what they print.
    fn type_in(&self, script: &str) -> String {
        let network = self.devnet.directory();
        let places = [
            (
                "~/.local/share/chainloom/devnet",
                network.to_str().expect("the folder's name is text"),
            ),
            ("http://127.0.0.1:5000", &*self.node.url("")),
        ];
        let script = places
            .iter()
            .fold(script.to_owned(), |script, (theirs, ours)| {
                script.replace(theirs, ours.trim_end_matches('/'))
            });
        let ran = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(self.folder.path())
            .output()
            .expect("there is a shell");
        let complaint = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{complaint}\n{script}");
        String::from_utf8(ran.stdout).expect("it prints text")
    }

    fn json(&self, file: &str) -> Value {
        let path: &Path = self.folder.path();
        let text = fs::read(path.join(file)).expect("the shell wrote it");
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// The document's transaction and query, with whatever signs.
    async fn transacts(&self, who: &str) {
        let typed = [who, &section("A transaction"), &section("A query")].concat();
        self.type_in(&typed);
        let receipt = self.json("receipt.json");
        assert_eq!(receipt["status"], "committed", "{receipt}");
        assert_eq!(receipt["validation_code"]["name"], "VALID");
        assert_eq!(self.json("answer.json"), json!({"result": "green"}));
        let endorsed = self.json("transaction.json");
        assert_eq!(endorsed["step"], "transaction");
        assert!(endorsed["endorsers"][0]["organization"].is_string());
        let id = receipt["transaction_id"].as_str().expect("it has an id");
        let path = format!("/api/v1/ledgers/devnet/transactions/{id}");
        let transaction = self.node.get(&path).await;
        let creator = &transaction["creator"];
        assert_eq!(creator["enrollment_id"], "alice", "{transaction}");
        // By the certificate that was enrolled for openssl's key, and not by that of the ledger's own alice.
        let told = "openssl x509 -in certificate.pem -outform DER | sha256sum | cut -d' ' -f1";
        let certificate = self.type_in(told);
        assert_eq!(creator["certificate"]["sha256"], certificate.trim());
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let path = format!("/api/v1/ledgers/devnet/transactions/{path}");
        self.node.post(&path, body).await
    }

    /// What the document's first step answers.
    fn prepare(&self) -> Value {
        let transaction = section("A transaction");
        let end = transaction.find("sign <").expect("it signs in the end");
        self.type_in(&format!("{API}{}", &transaction[..end]));
        self.json("proposal.json")
    }

    /// The same with its id.
    fn prepared(&self) -> (Value, String) {
        let proposal = self.prepare();
        let id = proposal["transaction_id"].as_str().expect("it has an id");
        (proposal.clone(), id.to_owned())
    }

    /// What a shell makes a signature of: the bytes are in the file `bytes`.
    fn signature(&self, answer: &Value, command: &str) -> Value {
        let bytes = answer["bytes"]["base64"].as_str().expect("there are bytes");
        let digest = answer["digest"].as_str().unwrap_or_default();
        let signature = self.type_in(&format!(
            "echo {bytes} | base64 -d > bytes\necho {digest} | xxd -r -p > digest\n{command}"
        ));
        json!({"signature": signature.trim()})
    }
}

/// What a second shell has to be told again.
const API: &str = "API=http://127.0.0.1:5000/api/v1/ledgers/devnet\n";
/// The way of the document, and others.
const DER: &str = "openssl dgst -sha256 -sign key.pem bytes | base64 -w0";
const OF_DIGEST: &str = "openssl pkeyutl -sign -inkey key.pem -in digest | base64 -w0";
/// r and s side by side, each as long as the curve's order.
const RAW: &str = "openssl dgst -sha256 -sign key.pem bytes | openssl asn1parse -inform DER |
  awk -F: '/INTEGER/ {printf \"%64s\", $4}' | tr ' ' 0 | xxd -r -p | base64 -w0";

#[tokio::test(flavor = "multi_thread")]
async fn openssl_signs_as_the_document_says() {
    let desk = Desk::start(&[]).await;
    let who = section("Who signs");
    desk.transacts(&who.replace("P-256", "P-384")).await;
    desk.transacts(&who).await;
    takes_signatures_in_every_form(&desk).await;
    refuses_before_any_peer_is_asked(&desk).await;
    // A channel of 2.5 has no Ed25519.
    let typed = who.replace(
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "-algorithm ED25519",
    );
    desk.type_in(&typed);
    let problem = desk.prepare();
    assert_eq!(
        (&problem["status"], &problem["code"]),
        (&json!(422), &json!("ed25519_unsupported")),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_signs_with_ed25519_where_the_channel_takes_it() {
    let desk = Desk::start(&["--fabric", "3.1", "--consensus", "bft"]).await;
    let who = section("Who signs").replace(
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "-algorithm ED25519",
    );
    let transaction = section("A transaction");
    let (_, rest) = transaction.split_once('\n').expect("it has lines");
    assert!(transaction.starts_with("sign() {") && !rest.contains("sign() {"));
    let (sign, query) = (section("What is signed, and how"), section("A query"));
    desk.type_in(&[who.as_str(), &sign, rest, &query].concat());
    assert_eq!(desk.json("receipt.json")["status"], "committed");
    assert_eq!(desk.json("answer.json"), json!({"result": "green"}));
    let proposal = desk.json("proposal.json");
    assert_eq!(proposal["algorithm"], "ed25519");
    assert_eq!(proposal["digest"], Value::Null);
}

/// DER, raw, and over the digest; often enough that half of them have the s that Fabric refuses.
async fn takes_signatures_in_every_form(desk: &Desk) {
    for command in [DER, RAW, OF_DIGEST] {
        for _ in 0..3 {
            let (proposal, id) = desk.prepared();
            let signed = desk.signature(&proposal, command);
            let (status, answer) = desk.post(&format!("{id}/endorse"), &signed).await;
            assert_eq!(status, 200, "{answer}");
            let text = desk.signature(&answer, command);
            let signed = json!({"signature": {"base64": text["signature"]}, "wait": "ordered"});
            let (status, receipt) = desk.post(&format!("{id}/submit"), &signed).await;
            assert_eq!(
                (status, &receipt["status"]),
                (202, &json!("ordered")),
                "{receipt}"
            );
        }
    }
}

async fn refuses_before_any_peer_is_asked(desk: &Desk) {
    let (proposal, id) = desk.prepared();
    let endorse = format!("{id}/endorse");
    let cases = [
        (
            "openssl dgst -sha256 -sign key.pem digest | base64 -w0",
            "hashed once more",
        ),
        (
            "openssl dgst -sha384 -sign key.pem bytes | base64 -w0",
            "SHA-384",
        ),
        (
            "base64 -w0 bytes | openssl dgst -sha256 -sign key.pem | base64 -w0",
            "signed as text",
        ),
        (
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem
             openssl dgst -sha256 -sign other.pem bytes | base64 -w0",
            "by another key",
        ),
    ];
    for (command, reason) in cases {
        let signed = desk.signature(&proposal, command);
        let (status, problem) = desk.post(&endorse, &signed).await;
        assert_eq!(
            (status, &problem["code"], &problem["retryable"]),
            (422, &json!("signature_mismatch"), &json!(false)),
            "{problem}"
        );
        let detail = problem["detail"].as_str().expect("it has a sentence");
        assert!(detail.contains(reason), "{detail}");
    }
    let told = |(status, problem): (u16, Value)| (status, problem["code"].clone());
    let unreadable = json!({"signature": "AAAA"});
    assert_eq!(
        told(desk.post(&endorse, &unreadable).await),
        (422, json!("signature_unreadable"))
    );
    let no_base64 = json!({"signature": "no base64"});
    assert_eq!(
        told(desk.post(&endorse, &no_base64).await),
        (400, json!("invalid_body"))
    );
    let signed = desk.signature(&proposal, DER);
    assert_eq!(
        told(desk.post(&format!("{id}/submit"), &signed).await),
        (409, json!("wrong_step"))
    );
    assert_eq!(
        told(desk.post("1f/endorse", &signed).await),
        (404, json!("prepared_not_found"))
    );
    let certificate = fs::read_to_string(desk.folder.path().join("certificate.pem"));
    let certificate = certificate.expect("it was enrolled");
    let prepare = |organization: &str| json!({"call": {"function": "get", "args": ["color"]}, "certificate": certificate, "organization": organization});
    assert_eq!(
        told(desk.post("prepare", &prepare("Org9MSP")).await),
        (422, json!("unknown_organization"))
    );
    assert_eq!(
        told(desk.post("prepare", &prepare("Org2MSP")).await),
        (422, json!("certificate_not_accepted"))
    );
}
