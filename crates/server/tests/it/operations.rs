use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::application::Application;
use crate::channel::{Channel, ChannelServer, Frozen};

#[tokio::test]
async fn says_that_it_lives_and_is_ready() {
    let application = Application::start().await;
    let health = application.raw("GET", "/healthz", &[]).await;
    assert_eq!((health.status(), health.body.as_str()), (200, "ok\n"));
    let ready = async {
        loop {
            let answer = application.raw("GET", "/readyz", &[]).await;
            if answer.status() == 200 {
                return answer.body;
            }
        }
    };
    let body = tokio::time::timeout(crate::application::PATIENCE, ready)
        .await
        .unwrap();
    assert_eq!(body, "tutorial: ready\n");
}

#[tokio::test]
async fn counts_what_it_does() {
    let application = Application::start().await;
    application.mine().await;
    application.send("alice", "bob", 5.into()).await;
    application.read("/blocks/1").await;
    application.read("/blocks/2").await;
    application.read("/blocks").await;
    let metrics = application.raw("GET", "/metrics", &[]).await.body;
    for line in [
        "chainloom_http_requests_total{route=\"/mine\",method=\"GET\",status=\"200\"} 1",
        "chainloom_http_requests_total{route=\"/api/v1/ledgers/{ledger}/blocks/{block}\",\
         method=\"GET\",status=\"200\"} 2",
        "chainloom_http_request_duration_seconds_count{route=\"/transactions/new\"} 1",
        "chainloom_ledger_height{ledger=\"tutorial\"} 2",
        "chainloom_ledger_indexed_height{ledger=\"tutorial\"} 2",
        "chainloom_ledger_pending_transactions{ledger=\"tutorial\"} 1",
        "chainloom_ledger_peers{ledger=\"tutorial\"} 0",
        "chainloom_ledger_replacements{ledger=\"tutorial\"} 0",
        "chainloom_mining_waiting{ledger=\"tutorial\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
}

#[tokio::test]
async fn channels_that_do_not_answer_are_given_up_side_by_side() {
    let frozen = Arc::new(Frozen::default());
    let channels = [
        ("a", Channel::freezing(&frozen)),
        ("b", Channel::freezing(&frozen)),
        ("c", Channel::new()),
    ];
    let server = ChannelServer::start(&channels, None);
    server.ready().await;
    frozen.is_frozen.store(true, Ordering::SeqCst);

    let answer = server.get("/readyz").await;
    assert_eq!(answer.status(), 503);
    let told = answer.text().await.unwrap();
    let given_up = "it did not answer within 8 s";
    assert_eq!(told, format!("a: {given_up}\nb: {given_up}\nc: ready\n"));
    assert_eq!(frozen.asked_at_once.swap(0, Ordering::SeqCst), 2);

    let metrics = server.get("/metrics").await.text().await.unwrap();
    assert_eq!(frozen.asked_at_once.load(Ordering::SeqCst), 2);
    let height = |name: &str| format!("chainloom_ledger_height{{ledger=\"{name}\"}} 2");
    assert!(metrics.contains(&height("c")), "{metrics}");
    assert!(!metrics.contains(&height("a")), "{metrics}");
    let indexed = "chainloom_ledger_indexed_height{ledger=\"a\"} 2";
    assert!(metrics.contains(indexed), "{metrics}");
    server.stop().await;
}
