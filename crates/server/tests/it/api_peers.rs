use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::application::Application;
use crate::redacted::redacted;

const PEERS: &str = "/api/v1/ledgers/tutorial/peers";

#[tokio::test]
async fn adopts_a_longer_chain_and_says_what_each_peer_did() {
    let ours = Application::start().await;
    let theirs = Application::start().await;
    theirs.mine().await;
    let address = theirs.address.to_string();
    let added = ours.post(PEERS, json!({"nodes": [address]})).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    let peers: Value = added.json().await.unwrap();
    assert_eq!(peers, json!({"peers": [{"address": address}]}));

    let resolved = ours.post(&format!("{PEERS}/resolve"), json!({})).await;
    assert_eq!(resolved.status(), StatusCode::OK);
    let text = redacted(&resolved.json().await.unwrap());
    insta::assert_snapshot!(text.replace(&address, "<address>"));
    assert_eq!(ours.node.head().tip_hash, theirs.node.head().tip_hash);
    let path = "/nodes/resolve";
    let again = ours.raw("GET", path, &[]).await.body;
    assert!(
        again.ends_with("\"message\":\"Our chain is authoritative\"}\n"),
        "{again}"
    );

    theirs.mine().await;
    let replaced = ours.raw("GET", path, &[]).await.body;
    let chain = theirs.raw("GET", "/chain", &[]).await.body;
    let blocks = chain.strip_prefix("{\"chain\":[").unwrap();
    let blocks = blocks.strip_suffix("],\"length\":3}\n").unwrap();
    let expected = format!("{{\"message\":\"Our chain was replaced\",\"new_chain\":[{blocks}]}}\n");
    assert_eq!(replaced, expected);
}

#[tokio::test]
async fn forgets_a_peer() {
    let application = Application::start().await;
    application
        .post(PEERS, json!({"nodes": ["127.0.0.1:5001"]}))
        .await;
    let forget = async || {
        let path = format!("{PEERS}/127.0.0.1:5001");
        application
            .request(Method::DELETE, &path)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(forget().await.status(), StatusCode::NO_CONTENT);
    assert_eq!(application.read("/peers").await, json!({"peers": []}));
    let again = forget().await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    let problem: Value = again.json().await.unwrap();
    assert_eq!(problem["code"], "peer_not_found");
}
