use std::fmt::Write;

use reqwest::Method;
use serde_json::Value;

use crate::application::Application;

/// Each way in which a request can be wrong, with the whole answer.
#[tokio::test]
async fn every_wrong_request_is_told_what_is_wrong() {
    let application = Application::start().await;
    application.mine().await;
    application.read("/blocks").await;
    let missing = "ab".repeat(32);
    let reads = [
        "/nope".to_owned(),
        "/ledgers/nope".to_owned(),
        "/ledgers/tutorial/nope".to_owned(),
        "/ledgers/tutorial?x=1".to_owned(),
        "/ledgers/tutorial/config?block=99".to_owned(),
        "/ledgers/tutorial/blocks/0".to_owned(),
        "/ledgers/tutorial/blocks/99".to_owned(),
        "/ledgers/tutorial/blocks/first".to_owned(),
        format!("/ledgers/tutorial/blocks/{missing}"),
        "/ledgers/tutorial/blocks/%FF".to_owned(),
        "/ledgers/tutorial/blocks/99/hash-input".to_owned(),
        "/ledgers/tutorial/blocks/2/transactions/1".to_owned(),
        "/ledgers/tutorial/blocks/2/transactions/x".to_owned(),
        "/ledgers/tutorial/blocks?limit=0".to_owned(),
        "/ledgers/tutorial/blocks?limit=1001".to_owned(),
        "/ledgers/tutorial/blocks?form=1".to_owned(),
        "/ledgers/tutorial/blocks?from=-1".to_owned(),
        "/ledgers/tutorial/blocks?order=up".to_owned(),
        "/ledgers/tutorial/transactions/nope".to_owned(),
        "/ledgers/tutorial/transactions?cursor=x".to_owned(),
        "/ledgers/tutorial/transactions?account=a&account_json=5".to_owned(),
        "/ledgers/tutorial/transactions?account_json=bob".to_owned(),
        "/ledgers/tutorial/stats?window=0".to_owned(),
        "/ledgers/tutorial/events?form=1".to_owned(),
    ];
    let mut answers = String::new();
    for path in reads {
        let response = application.get(&format!("/api/v1{path}")).await;
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json",
            "{path}"
        );
        let problem: Value = response.json().await.unwrap();
        write_problem(&mut answers, "GET", &path, &problem);
    }
    insta::assert_snapshot!("reads", answers);

    let mut answers = String::new();
    for (path, body) in [
        ("invoke", ""),
        ("invoke", "{"),
        ("invoke", "[]"),
        ("invoke", "{}"),
        ("invoke", r#"{"function":5}"#),
        ("invoke", r#"{"function":"transfer","args":["a","b",5]}"#),
        ("invoke", r#"{"function":"transfer","args":["a","b"]}"#),
        (
            "invoke",
            r#"{"function":"transfer","args":["a","b","five"]}"#,
        ),
        (
            "invoke",
            r#"{"function":"transfer","args":["a","b",{"base64":"/w=="}]}"#,
        ),
        (
            "invoke",
            r#"{"function":"transfer","args":[],"wait":"long"}"#,
        ),
        ("invoke", r#"{"function":"transfer","args":[],"timeout":5}"#),
        ("invoke", r#"{"function":"transfer","args":[],"retry":11}"#),
        ("invoke", r#"{"function":"nope","args":[]}"#),
        (
            "invoke",
            r#"{"function":"transfer","contract":"nope","args":[]}"#,
        ),
        ("query", r#"{"function":"nope"}"#),
        ("query", r#"{"function":"balance"}"#),
        ("peers", r#"{"nodes":"127.0.0.1:5001"}"#),
        ("peers", r#"{"nodes":["http://"]}"#),
        ("peers", r#"{"nodes":["169.254.169.254:80"]}"#),
    ] {
        let path = format!("/api/v1/ledgers/tutorial/{path}");
        let request = application.request(Method::POST, &path);
        let request = request
            .header("content-type", "application/json")
            .body(body);
        let response = request.send().await.unwrap();
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json",
            "{body}"
        );
        let problem: Value = response.json().await.unwrap();
        write_problem(&mut answers, "POST", body, &problem);
    }
    insta::assert_snapshot!("writes", answers);
}

fn write_problem(answers: &mut String, method: &str, what: &str, problem: &Value) {
    assert_eq!(problem["type"], "about:blank");
    writeln!(
        answers,
        "{method} {what}\n  {} {} {}\n  {}",
        problem["status"],
        problem["code"].as_str().unwrap(),
        if problem["retryable"] == true {
            "(retry)"
        } else {
            ""
        },
        problem["detail"].as_str().unwrap()
    )
    .unwrap();
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let application = Application::start().await;
    for (method, path, allowed) in [
        ("DELETE", "/api/v1/ledgers", "GET,HEAD"),
        ("PUT", "/api/v1/ledgers/tutorial/blocks/1", "GET,HEAD"),
        ("GET", "/api/v1/ledgers/tutorial/invoke", "POST"),
        ("PATCH", "/api/v1/ledgers/tutorial/peers", "GET,HEAD,POST"),
    ] {
        let answer = application.raw(method, path, &[]).await;
        assert_eq!(answer.status(), 405, "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        assert!(
            answer.body.contains("\"code\":\"method_not_allowed\""),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    let application = Application::start().await;
    let path = "/api/v1/ledgers/tutorial/query";
    let answer = application.raw_with_body("POST", path, &[], b"{}").await;
    assert_eq!(answer.status(), 415);
    assert!(
        answer.body.contains("Content-Type: application/json"),
        "{}",
        answer.body
    );
    let headers = [
        ("Content-Type", "application/json"),
        ("Idempotency-Key", ""),
    ];
    let body = br#"{"function":"transfer","args":["a","b","1"]}"#;
    let path = "/api/v1/ledgers/tutorial/invoke";
    let answer = application
        .raw_with_body("POST", path, &headers, body)
        .await;
    assert_eq!(answer.status(), 400);
    assert!(
        answer.body.contains("invalid_idempotency_key"),
        "{}",
        answer.body
    );
}
