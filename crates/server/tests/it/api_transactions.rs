use serde_json::{Value, json};

use crate::application::Application;
use crate::redacted::redacted;

fn versions(page: &Value) -> Vec<(u64, u64)> {
    let place = |transaction: &Value| {
        let version = &transaction["version"];
        (
            version["block"].as_u64().unwrap(),
            version["index"].as_u64().unwrap(),
        )
    };
    page["transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(place)
        .collect()
}

#[tokio::test]
async fn lists_the_transactions_of_an_account() {
    let application = Application::start().await;
    application.send("alice", "bob", 5.into()).await;
    let number = json!({"sender": 5, "recipient": "5", "amount": 1});
    application.post("/transactions/new", number).await;
    application.mine().await;
    application.mine().await;

    let bob = application.read("/transactions?account=bob").await;
    insta::assert_snapshot!(redacted(&bob));
    let of =
        async |query: &str| versions(&application.read(&format!("/transactions?{query}")).await);
    assert_eq!(of("account=5").await, [(2, 1)]);
    assert_eq!(of("account_json=5").await, [(2, 1)]);
    assert_eq!(of("account_json=5.0").await, []);
    assert_eq!(of("account_json=%22bob%22").await, [(2, 0)]);
    assert_eq!(of("account=me").await, [(3, 0), (2, 2)]);
    assert_eq!(of("account=me&order=oldest_first").await, [(2, 2), (3, 0)]);
    assert_eq!(of("account_json=%22me%22").await, []);
    assert_eq!(of("limit=2").await, [(3, 0), (2, 2)]);
    let page = application.read("/transactions?limit=2").await;
    let cursor = page["next"].as_str().unwrap();
    assert_eq!(
        of(&format!("cursor={cursor}&limit=2")).await,
        [(2, 1), (2, 0)]
    );
}

#[tokio::test]
async fn a_list_holds_what_was_mined_before_it_was_asked_for() {
    let application = Application::start().await;
    for height in 2..12_u64 {
        application.mine().await;
        let page = application.read("/transactions?account=me").await;
        assert_eq!(page["indexed_height"], height);
        assert_eq!(
            page["transactions"].as_array().unwrap().len() as u64,
            height - 1
        );
    }
    let page = application
        .read("/transactions?creator=me&min_block=11&limit=1")
        .await;
    assert_eq!(page["indexed_height"], 11);
    assert_eq!(page["transactions"][0]["version"]["block"], 11);
    let path = "/api/v1/ledgers/tutorial/transactions?min_block=99";
    let ahead = application.raw("GET", path, &[]).await;
    assert_eq!(ahead.status(), 504);
    assert!(ahead.body.contains("block_not_reached"), "{}", ahead.body);
    assert!(
        ahead.body.contains("the ledger's last block is 11"),
        "{}",
        ahead.body
    );
}

#[tokio::test]
async fn finds_a_transaction_by_its_id() {
    let application = Application::start().await;
    application.mine().await;
    let block = application.read("/blocks/2").await;
    let hash = block["hash"].as_str().unwrap();
    let id = chainloom_ledger::Hash::of(format!("{hash}:0").as_bytes()).to_string();
    assert_eq!(block["transactions"][0]["id"], id);
    let transaction = application.read(&format!("/transactions/{id}")).await;
    assert_eq!(transaction, block["transactions"][0]);
}
