use crate::application::Application;

#[tokio::test]
async fn answers_for_its_own_names_only() {
    let application = Application::with(4, |options| {
        options.allowed_hosts.push("chain.example".to_owned());
    })
    .await;
    for host in ["localhost", "chain.example:5000", "[::1]:1", "192.0.2.1"] {
        let answer = application.raw("GET", "/chain", &[("Host", host)]).await;
        assert_eq!(answer.status(), 200, "{host}");
    }
    for path in ["/chain", "/", "/api/v1/ledgers", "/metrics", "/nope"] {
        let refused = application
            .raw("GET", path, &[("Host", "evil.example")])
            .await;
        assert_eq!(refused.status(), 421, "{path}");
        assert!(refused.body.contains("allowed_hosts"), "{}", refused.body);
    }
    let problem = application
        .raw("GET", "/api/v1/ledgers", &[("Host", "evil.example")])
        .await;
    assert_eq!(
        problem.header("content-type"),
        Some("application/problem+json")
    );
    let absent = application
        .exchange(b"GET /chain HTTP/1.1\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(absent.status(), 400);
}

#[tokio::test]
async fn other_sites_cannot_write() {
    let application = Application::start().await;
    let own = format!("http://{}", application.address);
    let body = br#"{"sender":"a","recipient":"b","amount":1}"#;
    let post = async |origin: &str| {
        let headers = [("Content-Type", "application/json"), ("Origin", origin)];
        application
            .raw_with_body("POST", "/transactions/new", &headers, body)
            .await
            .status()
    };
    assert_eq!(post(&own).await, 201);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(post(origin).await, 403, "{origin}");
    }
    for path in [
        "/api/v1/ledgers/tutorial/mine",
        "/api/v1/ledgers/tutorial/invoke",
    ] {
        let refused = application
            .raw("POST", path, &[("Origin", "http://evil.example")])
            .await;
        assert_eq!(refused.status(), 403, "{path}");
        assert!(
            refused.body.contains("\"code\":\"origin_foreign\""),
            "{}",
            refused.body
        );
    }
    assert_eq!(application.node.head().pending_count, 1);
}

#[tokio::test]
async fn other_sites_cannot_write_without_an_origin_either() {
    let application = Application::start().await;
    let body = br#"{"sender":"a","recipient":"b","amount":1}"#;
    let post = async |path: &str, site: &str| {
        let headers = [
            ("Content-Type", "application/json"),
            ("Sec-Fetch-Site", site),
        ];
        let answer = application
            .raw_with_body("POST", path, &headers, body)
            .await;
        answer.status()
    };
    for path in [
        "/transactions/new",
        "/nodes/register",
        "/api/v1/ledgers/tutorial/mine",
        "/explorer/tutorial/mine",
    ] {
        for site in ["cross-site", "same-site"] {
            assert_eq!(post(path, site).await, 403, "{path} {site}");
        }
    }
    assert_eq!(application.node.head().length, 1);
    assert_eq!(post("/transactions/new", "same-origin").await, 201);
}

#[tokio::test]
async fn other_sites_cannot_make_a_browser_mine() {
    let application = Application::start().await;
    for path in ["/mine", "/nodes/resolve", "//mine", "/%6dine"] {
        for header in [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
            ("Sec-Purpose", "prefetch;prerender"),
        ] {
            let refused = application.raw("GET", path, &[header]).await;
            assert_eq!(refused.status(), 403, "{path} {header:?}");
        }
    }
    assert_eq!(application.node.head().length, 1);
    for site in ["none", "same-origin"] {
        let mined = application
            .raw("GET", "/mine", &[("Sec-Fetch-Site", site)])
            .await;
        assert_eq!(mined.status(), 200, "{site}");
    }
    // Reading is not the same: a link from another site may lead to the explorer.
    let read = application
        .raw("GET", "/chain", &[("Sec-Fetch-Site", "cross-site")])
        .await;
    assert_eq!(read.status(), 200);
}

#[tokio::test]
async fn no_answer_is_shared_with_other_sites() {
    let application = Application::start().await;
    for path in ["/", "/chain", "/api/v1/ledgers", "/docs/", "/metrics"] {
        let answer = application
            .raw("GET", path, &[("Origin", "http://evil.example")])
            .await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
    for path in ["/", "/docs/", "/api/v1/ledgers"] {
        let answer = application.raw("GET", path, &[]).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let plain = application.raw("GET", "/chain", &[]).await;
    assert_eq!(plain.header("content-security-policy"), None);
}
