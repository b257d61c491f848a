use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::application::{Application, PATIENCE};

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[tokio::test]
async fn refuses_large_bodies() {
    let application = Application::with(4, |options| options.limits.body_bytes = 1_000).await;
    let large = vec![b' '; 200_000];
    let post = async |path| {
        application
            .raw_with_body("POST", path, &[JSON], &large)
            .await
    };
    let refused = post("/transactions/new").await;
    assert_eq!(refused.status(), 413);
    assert!(refused.body.contains("1000 bytes"), "{}", refused.body);
    let refused = post("/api/v1/ledgers/tutorial/invoke").await;
    assert_eq!(refused.status(), 413);
    assert!(
        refused.body.contains("\"code\":\"body_too_large\""),
        "{}",
        refused.body
    );
}

#[tokio::test]
async fn who_is_not_known_yet_sends_little() {
    let application = Application::with(4, |_| {}).await;
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let large = vec![b'a'; 4097];
    let sign_in = async |body: &[u8]| {
        application
            .raw_with_body("POST", "/sign-in", &[form], body)
            .await
    };
    let refused = sign_in(&large).await;
    assert_eq!(refused.status(), 413, "{}", refused.body);
    assert_ne!(sign_in(&large[1..]).await.status(), 413);
}

#[tokio::test]
async fn refuses_slow_bodies() {
    let application = Application::with(4, |options| {
        options.limits.body_timeout = Duration::from_millis(50);
    })
    .await;
    for (path, sentence) in [
        ("/nodes/register", "did not arrive"),
        (
            "/api/v1/ledgers/tutorial/query",
            "\"code\":\"body_too_slow\"",
        ),
    ] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
        );
        let refused = application.exchange(request.as_bytes()).await;
        assert_eq!(refused.status(), 408, "{path}");
        assert!(refused.body.contains(sentence), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_ends_the_search() {
    // A search at this difficulty would outlast every test.
    let application = Application::with(16, |_| {}).await;
    for path in ["GET /mine", "POST /api/v1/ledgers/tutorial/mine"] {
        let mut stream = application.connect().await;
        let request = format!("{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        until(|| application.node.mining_status().searching).await;
        drop(stream);
        until(|| !application.node.mining_status().searching).await;
    }
}

#[tokio::test]
async fn mining_is_exempt_from_the_time_limit_and_other_answers_are_not() {
    let application = Application::with(16, |options| {
        options.limits.request_timeout = Duration::from_millis(20);
    })
    .await;
    let mut stream = application.connect().await;
    stream
        .write_all(b"GET /mine HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    until(|| application.node.mining_status().searching).await;
    // This answer waits for the read model to reach a block that does not come.
    let path = "/api/v1/ledgers/tutorial/blocks?min_block=99";
    let late = application.raw("GET", path, &[]).await;
    assert_eq!(late.status(), 503);
    assert!(
        late.body.contains("\"code\":\"request_timeout\""),
        "{}",
        late.body
    );
    assert!(application.node.mining_status().searching);
}

#[tokio::test]
async fn a_full_queue_of_miners_says_so() {
    let application = Application::with(16, |_| {}).await;
    let mut waiting = Vec::new();
    loop {
        let mut stream = application.connect().await;
        let before = application.node.mining_status();
        if before.waiting >= 64 {
            break;
        }
        stream
            .write_all(b"GET /mine HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        until(|| {
            let now = application.node.mining_status();
            now.waiting > before.waiting || (now.searching && !before.searching)
        })
        .await;
        waiting.push(stream);
    }
    let refused = application.raw("GET", "/mine", &[]).await;
    assert_eq!(refused.status_line, "HTTP/1.1 503 SERVICE UNAVAILABLE");
    assert!(refused.header("retry-after").is_some());
    let refused = application
        .raw("POST", "/api/v1/ledgers/tutorial/mine", &[])
        .await;
    assert_eq!(refused.status(), 503);
    assert!(
        refused.body.contains("\"code\":\"mining_queue_full\""),
        "{}",
        refused.body
    );
}

/// Waits for something that comes about by itself.
async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}
