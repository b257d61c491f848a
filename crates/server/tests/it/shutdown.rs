use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::application::Application;

#[tokio::test]
async fn stopping_ends_searches_and_event_streams() {
    let mut application = Application::with(16, |_| {}).await;
    let mut miner = application.connect().await;
    miner
        .write_all(b"GET /mine HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut reader = application.connect().await;
    reader
        .write_all(b"GET /api/v1/ledgers/tutorial/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    reader.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    while !application.node.mining_status().searching {
        tokio::task::yield_now().await;
    }
    application.stop().await;
    let mut answer = String::new();
    miner.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let mut rest = String::new();
    reader.read_to_string(&mut rest).await.unwrap();
    assert!(
        rest.ends_with("0\r\n\r\n"),
        "the stream ends properly: {rest}"
    );
}
