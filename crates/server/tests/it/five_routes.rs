//! The tutorial's routes, byte for byte. What Flask answers was read off Flask 3.1 with Werkzeug
//! 3.1; the end-to-end tests hold both side by side.

use serde_json::{Value, json};

use crate::application::Application;

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];

const NOT_FOUND: &str = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n\
    <h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL \
    manually please check your spelling and try again.</p>\n";
const NOT_ALLOWED: &str = "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n\
    <h1>Method Not Allowed</h1>\n<p>The method is not allowed for the requested URL.</p>\n";
const BAD_REQUEST: &str = "<!doctype html>\n<html lang=en>\n<title>400 Bad Request</title>\n\
    <h1>Bad Request</h1>\n<p>The browser (or proxy) sent a request that this server could not \
    understand.</p>\n";
const UNSUPPORTED: &str = "<!doctype html>\n<html lang=en>\n<title>415 Unsupported Media Type</title>\n\
    <h1>Unsupported Media Type</h1>\n<p>Did not attempt to load JSON data because the request \
    Content-Type was not &#39;application/json&#39;.</p>\n";

#[tokio::test]
async fn mines_and_shows_the_chain() {
    let application = Application::start().await;
    let mined = application.raw("GET", "/mine", &[]).await;
    assert_eq!(mined.status_line, "HTTP/1.1 200 OK");
    assert_eq!(mined.header("content-type"), Some("application/json"));
    let block: Value = serde_json::from_str(&mined.body).unwrap();
    let previous_hash = block["previous_hash"].as_str().unwrap();
    let node = application.node.id();
    assert_eq!(
        mined.body,
        format!(
            "{{\"index\":2,\"message\":\"New Block Forged\",\"previous_hash\":\"{previous_hash}\",\
             \"proof\":35293,\"transactions\":[{{\"amount\":1,\"recipient\":\"{node}\",\
             \"sender\":\"0\"}}]}}\n"
        )
    );

    let chain = application.raw("GET", "/chain", &[]).await;
    let length = chain.body.len().to_string();
    assert_eq!(chain.header("content-length"), Some(length.as_str()));
    assert_eq!(chain.header("content-encoding"), None);
    assert!(
        chain
            .body
            .starts_with("{\"chain\":[{\"index\":1,\"previous_hash\":1,\"proof\":100,")
    );
    assert!(chain.body.ends_with("}],\"length\":2}\n"), "{}", chain.body);

    let head = application.raw("HEAD", "/chain", &[]).await;
    assert_eq!(head.status(), 200);
    assert_eq!(head.header("content-length"), Some(length.as_str()));
    assert_eq!(head.body, "");

    let resolved = application.raw("GET", "/nodes/resolve", &[]).await;
    assert_eq!(
        resolved.body,
        chain.body.replace(
            "],\"length\":2}\n",
            "],\"message\":\"Our chain is authoritative\"}\n"
        )
    );
}

#[tokio::test]
async fn takes_transactions_as_flask_does() {
    let application = Application::start().await;
    let post = async |headers, body: &str| {
        application
            .raw_with_body("POST", "/transactions/new", headers, body.as_bytes())
            .await
    };
    let taken = post(
        JSON,
        r#"{"sender":"é","recipient":5.0,"amount":1e400,"more":2}"#,
    )
    .await;
    assert_eq!(taken.status_line, "HTTP/1.1 201 CREATED");
    assert_eq!(
        taken.body,
        "{\"message\":\"Transaction will be added to Block 2\"}\n"
    );
    let other = [("Content-Type", "application/vnd.chain+json; charset=utf-8")];
    assert_eq!(
        post(&other, r#"{"sender":1,"recipient":2,"amount":3}"#)
            .await
            .status(),
        201
    );

    for (headers, body, status_line, answer) in [
        (JSON, r#"{"sender":1}"#, "400 BAD REQUEST", "Missing values"),
        (JSON, "[]", "400 BAD REQUEST", "Missing values"),
        (JSON, "{bad", "400 BAD REQUEST", BAD_REQUEST),
        (JSON, "", "400 BAD REQUEST", BAD_REQUEST),
        (&[], "{}", "415 UNSUPPORTED MEDIA TYPE", UNSUPPORTED),
        (&[], "", "415 UNSUPPORTED MEDIA TYPE", UNSUPPORTED),
    ] {
        let refused = post(headers, body).await;
        assert_eq!(
            refused.status_line,
            format!("HTTP/1.1 {status_line}"),
            "{body}"
        );
        assert_eq!(
            refused.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(refused.body, answer, "{body}");
    }
    // Python fails on these.
    for body in ["null", "5", "\"sender recipient amount\""] {
        let refused = post(JSON, body).await;
        assert_eq!(refused.status(), 400);
        assert!(
            refused.body.contains("must be a JSON object"),
            "{}",
            refused.body
        );
    }

    let mined = application.raw("GET", "/mine", &[]).await;
    assert_eq!(mined.status(), 200);
    let chain = application.raw("GET", "/chain", &[]).await.body;
    assert!(chain.contains(
        "{\"amount\":Infinity,\"recipient\":5.0,\"sender\":\"\\u00e9\"},\
         {\"amount\":3,\"recipient\":2,\"sender\":1},{\"amount\":1,"
    ));
}

#[tokio::test]
async fn registers_all_nodes_or_none() {
    let application = Application::start().await;
    let post = async |body: Value| {
        let body = body.to_string();
        application
            .raw_with_body("POST", "/nodes/register", JSON, body.as_bytes())
            .await
    };
    let added = post(json!({"nodes": ["http://127.0.0.1:5001", "127.0.0.1:5001/chain"]})).await;
    assert_eq!(added.status_line, "HTTP/1.1 201 CREATED");
    assert_eq!(
        added.body,
        "{\"message\":\"New nodes have been added\",\"total_nodes\":[\"127.0.0.1:5001\"]}\n"
    );
    for body in [json!({}), json!({"nodes": null})] {
        let refused = post(body).await;
        assert_eq!(refused.status_line, "HTTP/1.1 400 BAD REQUEST");
        assert_eq!(refused.body, "Error: Please supply a valid list of nodes");
    }
    for body in [
        json!([]),
        json!({"nodes": "127.0.0.1:5002"}),
        json!({"nodes": ["127.0.0.1:5002", "http://"]}),
        json!({"nodes": ["127.0.0.1:5002", 5]}),
    ] {
        let refused = post(body).await;
        assert_eq!(refused.status(), 400, "{}", refused.body);
    }
    let total = post(json!({"nodes": []})).await;
    assert!(
        total
            .body
            .ends_with("\"total_nodes\":[\"127.0.0.1:5001\"]}\n")
    );
}

#[tokio::test]
async fn answers_other_methods_and_addresses_as_flask_does() {
    let application = Application::start().await;
    for (path, allowed) in [
        ("/mine", "GET, OPTIONS"),
        ("/nodes/resolve", "GET, OPTIONS"),
        ("/chain", "GET, OPTIONS, HEAD"),
        ("/transactions/new", "POST, OPTIONS"),
        ("/nodes/register", "POST, OPTIONS"),
    ] {
        let refused = application.raw("DELETE", path, &[]).await;
        assert_eq!(refused.status_line, "HTTP/1.1 405 METHOD NOT ALLOWED");
        assert_eq!(refused.header("allow"), Some(allowed), "{path}");
        assert_eq!(refused.body, NOT_ALLOWED);
        let options = application.raw("OPTIONS", path, &[]).await;
        assert_eq!(options.status(), 200);
        assert_eq!(options.header("allow"), Some(allowed), "{path}");
        assert_eq!(options.header("content-length"), Some("0"));
        assert_eq!(options.body, "");
    }
    for path in ["/mine", "/nodes/resolve", "/transactions/new"] {
        assert_eq!(application.raw("HEAD", path, &[]).await.status(), 405);
    }
    for path in ["/nope", "/chain/", "/Chain", "/mine/x"] {
        for method in ["GET", "POST", "OPTIONS"] {
            let refused = application.raw(method, path, &[]).await;
            assert_eq!(
                refused.status_line, "HTTP/1.1 404 NOT FOUND",
                "{method} {path}"
            );
            assert_eq!(refused.body, NOT_FOUND);
        }
    }
    for path in ["//chain", "/%63hain", "/chain?x=1"] {
        assert_eq!(
            application.raw("GET", path, &[]).await.status(),
            200,
            "{path}"
        );
    }
    assert_eq!(application.node.head().length, 1);
}
