use serde_json::json;

use crate::application::Application;
use crate::redacted::redacted;

#[tokio::test]
async fn walks_the_blocks() {
    let application = Application::start().await;
    for _ in 0..4 {
        application.mine().await;
    }
    insta::assert_snapshot!(
        "newest",
        redacted(&application.read("/blocks?limit=2").await)
    );
    let path = "/blocks?limit=2&from=3&order=oldest_first&min_block=5";
    insta::assert_snapshot!("oldest", redacted(&application.read(path).await));
    let last = application.read("/blocks?from=1").await;
    assert_eq!(last["blocks"].as_array().unwrap().len(), 1);
    assert!(last["next"].is_null());
}

#[tokio::test]
async fn shows_a_block_by_each_of_its_names() {
    let application = Application::start().await;
    application.send("alice", "bob", json!(2.5)).await;
    application.mine().await;
    let block = application.read("/blocks/2").await;
    insta::assert_snapshot!(redacted(&block));
    let hash = block["hash"].as_str().unwrap();
    assert_eq!(application.read(&format!("/blocks/{hash}")).await, block);
    assert_eq!(application.read("/blocks/latest").await, block);

    let transaction = application.read("/blocks/2/transactions/1").await;
    assert_eq!(transaction, block["transactions"][1]);
    let rest = application.read("/blocks/2?from=1").await;
    assert_eq!(rest["transactions"], json!([transaction]));
    assert_eq!(rest["transaction_count"], 2);
    insta::assert_snapshot!("first", redacted(&application.read("/blocks/1").await));
}

#[tokio::test]
async fn shows_the_text_that_is_hashed() {
    let application = Application::start().await;
    let block = application.read("/blocks/1").await;
    let path = "/api/v1/ledgers/tutorial/blocks/1/hash-input";
    let input = application.raw("GET", path, &[]).await;
    assert_eq!(
        input.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(
        input
            .body
            .starts_with("{\"index\": 1, \"previous_hash\": 1, \"proof\": 100, ")
    );
    let hash = chainloom_ledger::Hash::of(input.body.as_bytes());
    assert_eq!(block["hash"], hash.to_string());
}
