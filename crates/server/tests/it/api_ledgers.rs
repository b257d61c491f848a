use chainloom_server::{Ledgers, Server, ServerOptions};
use serde_json::Value;

use crate::application::Application;
use crate::redacted::redacted;

#[tokio::test]
async fn lists_what_is_served() {
    let application = Application::start().await;
    application.mine().await;
    application.send("alice", "bob", 5.into()).await;
    // The list of blocks waits for the read model.
    application.read("/blocks").await;
    let list: Value = application
        .get("/api/v1/ledgers")
        .await
        .json()
        .await
        .unwrap();
    insta::assert_snapshot!(redacted(&list));
    let one = application.read("").await;
    assert_eq!(one, list["ledgers"][0]);
}

#[tokio::test]
async fn shows_configuration_and_counts() {
    let application = Application::start().await;
    application.mine().await;
    insta::assert_snapshot!("config", redacted(&application.read("/config").await));
    let mut stats = application.read("/stats?window=10").await;
    assert_eq!(stats["block_times"]["time_source"], "miner");
    for rate in ["transactions_per_s", "block_times"] {
        stats[rate] = "<rate>".into();
    }
    insta::assert_snapshot!("stats", redacted(&stats));
    let mining = application.read("/mining").await;
    assert_eq!(mining["searching"], false);
    assert_eq!(mining["expected_hashes"], 65_536.0);
}

#[tokio::test]
async fn a_server_without_the_tutorial_has_not_its_routes() {
    let options = ServerOptions {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        ..ServerOptions::default()
    };
    let server = Server::bind(options, Ledgers::default()).unwrap();
    let address = server.addresses()[0];
    let running = tokio::spawn(server.run(std::future::pending()));
    for path in ["chain", "mine", "nodes/resolve"] {
        let answer = reqwest::get(format!("http://{address}/{path}"))
            .await
            .unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        let sentence = answer.text().await.unwrap();
        let expected = format!("there is no /{path} here: no ledger of kind `tutorial` is served");
        assert!(sentence.starts_with(&expected), "{sentence}");
    }
    running.abort();
}
