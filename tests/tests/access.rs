//! Who may do what, through the program: tokens made at the shell, asked for by a server, sent by the commands, over TLS too.

use std::path::{Path, PathBuf};
use std::process::Command;

use chainloom_tests::{Ended, Node, NodeOptions, client, eventually, run_to_end};
use reqwest::Method;
use serde_json::{Value, json};

/// The chain of the tutorial.
const LEDGER: &str = "/api/v1/ledgers/tutorial";

/// `chainloom token` with these words, for the server with these options.
async fn token_command(options: &NodeOptions, words: &[&str]) -> Ended {
    let mut command = options.chainloom();
    command.arg("token").args(words);
    run_to_end(command.arg("--data-dir").arg(options.data_folder())).await
}

async fn revoke(options: &NodeOptions, name: &str) {
    let ended = token_command(options, &["revoke", name]).await;
    assert!(ended.status.success(), "{}", ended.stderr);
}

/// The status of an answer, and the code of its problem, if it is one.
async fn answer(node: &Node, method: Method, path: &str, token: &str) -> (u16, String) {
    let mut request = client().request(method.clone(), node.url(path));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if method == Method::POST {
        request = request.json(&json!({"function": "transfer", "args": ["alice", "bob", "1"]}));
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a whole answer");
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or_default();
    (status, code.to_owned())
}

async fn get(node: &Node, path: &str, token: &str) -> (u16, String) {
    answer(node, Method::GET, path, token).await
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn fine() -> (u16, String) {
    refused(200, "")
}

#[tokio::test]
async fn a_token_works_at_once_and_a_revoked_one_no_more() {
    let options = NodeOptions::new().arguments(["--tokens", "--log", "debug"]);
    // Before any server runs.
    let words = ["--may", "read", "--ledger", "tutorial", "--name", "early"];
    let early = options.token(words).await;
    assert_eq!(early.len(), "chainloom_".len() + 64, "{early}");
    let mut node = options.clone().start().await;
    assert_eq!(get(&node, "/chain", &early).await, fine());
    // While it runs: the very next request knows it.
    let late = options
        .token(["--may", "read,invoke", "--ledger", "*"])
        .await;
    assert_eq!(get(&node, "/mine", &late).await, fine());
    assert_eq!(
        get(&node, "/mine", &early).await,
        refused(403, "permission_missing")
    );
    let events = client().get(node.url(&format!("{LEDGER}/events")));
    let mut events = events.bearer_auth(&early).send().await.expect("an answer");
    assert_eq!(events.status(), 200);
    events.chunk().await.expect("it goes on").expect("an event");

    revoke(&options, "early").await;
    assert_eq!(
        get(&node, "/chain", &early).await,
        refused(401, "token_revoked")
    );
    // The stream breaks off, so that nobody takes it for whole; the client would give up after a minute only.
    let broken = loop {
        match events.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended as if it were complete"),
            Err(error) => break error,
        }
    };
    assert!(!broken.is_timeout(), "{broken}");

    // What was refused is in the log, by its code and without a secret; nor is one in a file.
    let log = eventually("the refusal to be logged", async || {
        let log = node.process().stderr();
        log.contains("token_revoked").then_some(log)
    })
    .await;
    let file = std::fs::read_to_string(options.data_folder().join("tokens.json"));
    let file = file.expect("the tokens are kept");
    let list = token_command(&options, &["list"]).await.stdout;
    assert!(list.contains("early"), "{list}");
    for secret in [&early, &late] {
        let digits = &secret["chainloom_".len()..];
        for text in [&log, &file, &list] {
            assert!(!text.contains(digits), "{text}");
        }
    }
}

#[tokio::test]
async fn each_refusal_has_its_status_and_its_code() {
    let options = NodeOptions::new().arguments(["--tokens"]);
    let node = options.clone().start().await;
    let info = async |token: &str| get(&node, LEDGER, token).await;
    assert_eq!(info("").await, refused(401, "token_missing"));
    assert_eq!(info("chainloom_no").await, refused(401, "token_malformed"));
    let unknown = format!("chainloom_{}", "0".repeat(64));
    assert_eq!(info(&unknown).await, refused(401, "token_unknown"));

    let read = ["--may", "read", "--ledger", "tutorial"];
    let [may, permission, on, ledger] = read;
    let short = options
        .token([may, permission, on, ledger, "--expires", "3s"])
        .await;
    let expired = eventually("the token to expire", async || {
        let answer = info(&short).await;
        (answer != fine()).then_some(answer)
    })
    .await;
    assert_eq!(expired, refused(401, "token_expired"));

    let elsewhere = options.token(["--may", "read", "--ledger", "other"]).await;
    assert_eq!(info(&elsewhere).await, refused(403, "ledger_not_permitted"));
    let reader = options.token(read).await;
    assert_eq!(info(&reader).await, fine());
    let invoke = format!("{LEDGER}/invoke");
    assert_eq!(
        answer(&node, Method::POST, &invoke, &reader).await,
        refused(403, "permission_missing")
    );
    assert_eq!(
        get(&node, "/metrics", &reader).await,
        refused(403, "every_ledger_needed")
    );
    let caller = options
        .token(["--may", "invoke", "--ledger", "tutorial"])
        .await;
    assert_eq!(
        answer(&node, Method::POST, &invoke, &caller).await,
        refused(202, "")
    );
    assert_eq!(info(&caller).await, refused(403, "permission_missing"));
    // What watches the server needs no token.
    assert_eq!(get(&node, "/healthz", "").await.0, 200);
}

#[tokio::test]
async fn the_commands_send_the_token_that_they_are_given() {
    let options = NodeOptions::new().arguments(["--tokens"]);
    let node = options.clone().start().await;
    let secret = options
        .token(["--may", "read,query,invoke", "--ledger", "tutorial"])
        .await;
    let file = options.folder().join("token");
    std::fs::write(&file, format!("{secret}\n")).expect("a file in a temporary folder");

    let without = run_to_end(&mut node.client_command(["info"])).await;
    assert!(!without.status.success());
    assert!(
        without.stderr.contains("CHAINLOOM_TOKEN") && without.stderr.contains("token create"),
        "it is said what to do: {}",
        without.stderr
    );
    let by_variable = run_to_end(
        node.client_command(["send", "alice", "bob", "5"])
            .env("CHAINLOOM_TOKEN", &secret),
    )
    .await;
    assert!(by_variable.status.success(), "{}", by_variable.stderr);
    let by_file = run_to_end(node.client_command(["mine"]).arg("--token-file").arg(&file)).await;
    assert!(by_file.status.success(), "{}", by_file.stderr);
    let mut by_flag = node.client_command(["balance", "bob", "--token", secret.as_str()]);
    let by_flag = run_to_end(&mut by_flag).await;
    assert_eq!(by_flag.stdout, "5\n", "{}", by_flag.stderr);

    // The flag is stronger than the variable, and a wrong token is not repeated.
    let wrong = format!("chainloom_{}", "5".repeat(64));
    let mut command = node.client_command(["info", "--token", wrong.as_str()]);
    let refused = run_to_end(command.env("CHAINLOOM_TOKEN", &secret)).await;
    assert!(!refused.status.success());
    assert!(
        refused.stderr.contains("does not know the token"),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains("5555"), "{}", refused.stderr);
}

/// A certificate for 127.0.0.1, which is its own issuer, and its key.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=chainloom", "-addext"])
        .args([
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl is there");
    assert!(made.status.success(), "{made:?}");
    (certificate, key)
}

/// The words by which a server is told to speak TLS.
fn tls(options: NodeOptions, certificate: &Path, key: &Path) -> NodeOptions {
    let text = |path: &Path| path.to_str().expect("a temporary folder's name").to_owned();
    let (certificate, key) = (text(certificate), text(key));
    options.arguments(["--tls-certificate", &certificate, "--tls-key", &key])
}

#[tokio::test]
async fn commands_reach_a_server_by_tls_whose_certificate_they_trust() {
    let options = NodeOptions::new();
    let (pem, key) = certificate(options.folder());
    let options = tls(options.arguments(["--tokens"]), &pem, &key);
    let secret = options
        .token(["--may", "read", "--ledger", "tutorial"])
        .await;
    let node = options.start().await;
    assert!(node.url("").starts_with("https://"), "{}", node.url(""));

    let info = async |trusted: &Path| {
        let mut command = node.client_command(["info"]);
        command.arg("--ca-certificate").arg(trusted);
        run_to_end(command.env("CHAINLOOM_TOKEN", &secret)).await
    };
    let trusted = info(&pem).await;
    assert!(trusted.status.success(), "{}", trusted.stderr);
    assert!(trusted.stdout.contains("tutorial"), "{}", trusted.stdout);

    let other = tempfile::tempdir().expect("a temporary folder");
    let (foreign, foreign_key) = certificate(other.path());
    let refused = info(&foreign).await;
    assert!(!refused.status.success());
    assert!(
        refused.stderr.contains("--ca-certificate"),
        "{}",
        refused.stderr
    );
    // Who speaks no TLS is not answered.
    let mut plain = node.options().chainloom();
    plain.args(["info", "--server", &format!("http://{}", node.address())]);
    let plain = run_to_end(plain.env("CHAINLOOM_TOKEN", &secret)).await;
    assert!(!plain.status.success(), "{}", plain.stdout);

    // A renewed certificate is taken into use while the server runs.
    std::fs::copy(&foreign_key, &key).expect("the key is replaced");
    std::fs::copy(&foreign, &pem).expect("the certificate is replaced");
    eventually("the renewed certificate to be used", async || {
        info(&foreign).await.status.success().then_some(())
    })
    .await;
}

#[tokio::test]
async fn beyond_this_machine_tokens_and_tls_are_needed() {
    // An address that no machine has (RFC 5737), so that nothing is opened to others, whatever the program says.
    let beyond = ["--listen", "192.0.2.1:0"];
    let options = NodeOptions::new();
    let (pem, key) = certificate(options.folder());
    for (options, needed) in [
        (options.clone(), "--tokens"),
        (options.clone().arguments(["--tokens"]), "--tls-certificate"),
        (tls(options.clone(), &pem, &key), "--tokens"),
    ] {
        let ended = options.arguments(beyond).start_in_vain().await;
        assert!(!ended.status.success());
        let said = ended.stderr;
        assert!(
            said.contains("192.0.2.1") && said.contains(needed),
            "{said}"
        );
        assert!(said.contains("--insecure-public"), "{said}");
    }
    // With both it goes on, to the system's word that this is nobody's address here.
    let safe = tls(options.arguments(["--tokens"]), &pem, &key);
    let ended = safe.arguments(beyond).start_in_vain().await;
    assert!(!ended.status.success());
    assert!(
        !ended.stderr.contains("--insecure-public"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("192.0.2.1"), "{}", ended.stderr);
}
