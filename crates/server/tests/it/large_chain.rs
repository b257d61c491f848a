//! A chain that is sent in pieces.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::application::{Application, PATIENCE};

/// A chain too large for one piece, and for the buffers of a connection.
async fn grow(application: &Application) {
    let large = "x".repeat(900_000);
    for block in 0..12 {
        let body = json!({"sender": large, "recipient": block, "amount": 1});
        let answer = application.post("/transactions/new", body).await;
        assert_eq!(answer.status(), 201);
        application.mine().await;
    }
}

#[tokio::test]
async fn is_sent_whole_with_its_length_known_before() {
    let application = Application::start().await;
    grow(&application).await;
    let chain = application.raw("GET", "/chain", &[]).await;
    assert_eq!(chain.status(), 200);
    assert_eq!(chain.header("transfer-encoding"), None);
    let length = chain.body.len().to_string();
    assert_eq!(chain.header("content-length"), Some(length.as_str()));
    let value: serde_json::Value = serde_json::from_str(&chain.body).unwrap();
    assert_eq!(value["length"], 13);
    assert_eq!(value["chain"].as_array().unwrap().len(), 13);
    let head = application.raw("HEAD", "/chain", &[]).await;
    assert_eq!(head.header("content-length"), Some(length.as_str()));
}

#[tokio::test]
async fn a_reader_that_stalls_is_cut_and_frees_its_place() {
    let application = Application::with(4, |options| {
        options.limits.chain_streams = 1;
        options.limits.chain_stream_wait = Duration::from_millis(1);
        options.limits.stall_timeout = Duration::from_millis(300);
    })
    .await;
    grow(&application).await;
    let mut stalled = application.connect().await;
    stalled
        .write_all(b"GET /chain HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    stalled.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let refused = application.raw("GET", "/chain", &[]).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.header("retry-after"), Some("5"));
    let freed = async {
        while application.raw("GET", "/chain", &[]).await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.unwrap();
    // What the reader finds is not taken for the whole.
    let mut rest = Vec::new();
    let outcome = stalled.read_to_end(&mut rest).await;
    assert!(outcome.is_err() || rest.len() < 9_000_000);
}
