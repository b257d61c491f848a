use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::application::{Application, PATIENCE};

/// At a difficulty at which no search ends, with a grace period that no test waits for.
async fn application() -> Application {
    Application::with(16, |options| {
        options.limits.shutdown_grace = 10 * PATIENCE;
    })
    .await
}

async fn ask(application: &Application, request: &str) -> TcpStream {
    let mut connection = application.connect().await;
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

async fn rest(mut connection: TcpStream) -> String {
    let mut text = String::new();
    connection.read_to_string(&mut text).await.unwrap();
    text
}

async fn until(condition: impl Fn() -> bool) {
    let met = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, met).await.unwrap();
}

#[tokio::test]
async fn stopping_ends_searches_whoever_asked_for_them() {
    let mut application = application().await;
    let mut searches = Vec::new();
    for request in [
        "GET /mine HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /api/v1/ledgers/tutorial/mine HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        "POST /explorer/tutorial/mine HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    ] {
        searches.push(ask(&application, request).await);
    }
    until(|| application.node.mining_status().waiting == 2).await;
    application.stop().await;
    for search in searches {
        let answer = rest(search).await;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
}

#[tokio::test]
async fn stopping_ends_the_wait_for_a_block() {
    let mut application = application().await;
    let body = r#"{"function":"transfer","args":["a","b","1"],"wait":"committed"}"#;
    let request = format!(
        "POST /api/v1/ledgers/tutorial/invoke HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let waiting = ask(&application, &request).await;
    until(|| application.node.head().pending_count == 1).await;
    application.stop().await;
    let answer = rest(waiting).await;
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
    assert!(answer.contains("transaction_id"), "{answer}");
}

#[tokio::test]
async fn stopping_ends_event_streams() {
    let mut application = application().await;
    let request = "GET /api/v1/ledgers/tutorial/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = ask(&application, request).await;
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    application.stop().await;
    let rest = rest(stream).await;
    assert!(rest.ends_with("0\r\n\r\n"), "it ends properly: {rest}");
}
