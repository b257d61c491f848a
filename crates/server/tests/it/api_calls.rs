use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::application::Application;
use crate::redacted::redacted;

const INVOKE: &str = "/api/v1/ledgers/tutorial/invoke";
const QUERY: &str = "/api/v1/ledgers/tutorial/query";

fn transfer() -> Value {
    json!({"function": "transfer", "args": ["alice", "bob", "2.50"]})
}

async fn query(application: &Application, function: &str, args: &[&str]) -> Value {
    let body = json!({"function": function, "args": args});
    let answer = application.post(QUERY, body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_transfer_is_followed_into_its_block() {
    let application = Application::start().await;
    let answer = application.post(INVOKE, transfer()).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let receipt: Value = answer.json().await.unwrap();
    insta::assert_snapshot!("receipt", redacted(&receipt));
    let path = format!(
        "/transactions/{}",
        receipt["transaction_id"].as_str().unwrap()
    );
    insta::assert_snapshot!("pending", redacted(&application.read(&path).await));
    let pending = query(&application, "pending", &[]).await;
    assert!(
        pending["result"].as_str().unwrap().contains("alice"),
        "{pending}"
    );

    application.mine().await;
    let mined = application.read(&path).await;
    insta::assert_snapshot!("mined", redacted(&mined));
    assert_eq!(mined["id"], receipt["transaction_id"]);
    assert_eq!(
        query(&application, "balance", &["bob"]).await,
        json!({"result": "2.5"})
    );
    assert_eq!(
        query(&application, "balance", &["alice"]).await,
        json!({"result": "-2.5"})
    );
    assert_eq!(
        query(&application, "balance", &["nobody"]).await,
        json!({"result": "0"})
    );
}

#[tokio::test]
async fn waits_for_the_block_where_asked_to() {
    let application = Application::start().await;
    let mut body = transfer();
    body["wait"] = "committed".into();
    let (answer, _) = tokio::join!(application.post(INVOKE, body.clone()), async {
        while application.node.head().pending_count == 0 {
            tokio::task::yield_now().await;
        }
        application.mine().await
    });
    assert_eq!(answer.status(), StatusCode::OK);
    insta::assert_snapshot!(redacted(&answer.json().await.unwrap()));

    body["timeout_ms"] = 10.into();
    let late = application.post(INVOKE, body).await;
    assert_eq!(late.status(), StatusCode::GATEWAY_TIMEOUT);
    let problem: Value = late.json().await.unwrap();
    assert_eq!(problem["code"], "outcome_unknown");
    assert_eq!(problem["retryable"], false);
    let id = problem["transaction_id"].as_str().unwrap();
    let pending = application.read(&format!("/transactions/{id}")).await;
    assert!(pending["version"].is_null());
}

#[tokio::test]
async fn the_same_key_submits_once() {
    let application = Application::start().await;
    let submit = async |body: Value| {
        let request = application.request(Method::POST, INVOKE).json(&body);
        request
            .header("Idempotency-Key", "k-1")
            .send()
            .await
            .unwrap()
    };
    let first: Value = submit(transfer()).await.json().await.unwrap();
    let second: Value = submit(transfer()).await.json().await.unwrap();
    assert_eq!(first, second);
    assert_eq!(application.node.head().pending_count, 1);
    let mut other = transfer();
    other["args"][2] = "3".into();
    let refused = submit(other).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "idempotency_key_reused");
    assert_eq!(problem["retryable"], false);
}

#[tokio::test]
async fn mines_for_programs() {
    let application = Application::start().await;
    let answer = application
        .post("/api/v1/ledgers/tutorial/mine", json!({}))
        .await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let mined: Value = answer.json().await.unwrap();
    let block = application.read("/blocks/2").await;
    assert_eq!(mined, json!({"number": 2, "hash": block["hash"]}));
}
