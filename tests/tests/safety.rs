//! Safe by default: other sites, strange hosts, too much of everything.

use std::time::Duration;

use chainloom_tests::{
    Behaviour, ChainRecipe, HostilePeer, Node, NodeOptions, Rules, eventually, raw_request,
    send_raw,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TRANSACTION: &[u8] = br#"{"sender": "a", "recipient": "b", "amount": 1}"#;

async fn length(node: &Node) -> u64 {
    node.get("/chain").await["length"]
        .as_u64()
        .expect("a number")
}

#[tokio::test]
async fn only_known_hosts_are_answered() {
    let node = NodeOptions::new()
        .arguments(["--allowed-host", "chain.example"])
        .start()
        .await;
    let ask = async |target: &str, host: &str| {
        raw_request(node.address(), "GET", target, &[("Host", host)], b"").await
    };
    for target in ["/chain", "/", "/api/v1/ledgers", "/healthz", "/docs"] {
        for host in ["127.0.0.1", "localhost:5000", "[::1]:5000", "chain.example"] {
            let answer = ask(target, host).await;
            assert!(answer.status < 400, "{host}{target}: {}", answer.status);
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:5000",
            "chain.example.evil.example",
        ] {
            let answer = ask(target, host).await;
            // Misdirected: the request is for somebody else.
            assert_eq!(answer.status, 421, "{host}{target}");
            assert!(answer.text().contains("allowed"), "{}", answer.text());
        }
    }
    let bytes = b"GET /chain HTTP/1.1\r\nConnection: close\r\n\r\n";
    let answer = send_raw(node.address(), bytes).await;
    assert!(answer.starts_with(b"HTTP/1.1 400"), "no Host");
}

#[tokio::test]
async fn other_sites_cannot_write() {
    let node = Node::start().await;
    let own = format!("http://{}", node.address());
    let post = async |target: &str, origin: &str| {
        let headers = [("Content-Type", "application/json"), ("Origin", origin)];
        raw_request(node.address(), "POST", target, &headers, TRANSACTION).await
    };
    assert_eq!(post("/transactions/new", &own).await.status, 201);
    let other_port = "http://127.0.0.1:1";
    for origin in ["http://evil.example", "null", other_port] {
        for target in [
            "/transactions/new",
            "/nodes/register",
            "/api/v1/ledgers/tutorial/invoke",
            "/api/v1/ledgers/tutorial/mine",
        ] {
            let answer = post(target, origin).await;
            assert_eq!(answer.status, 403, "{origin} {target}: {}", answer.text());
        }
    }
    assert_eq!(length(&node).await, 1);
}

#[tokio::test]
async fn other_sites_cannot_make_a_browser_mine_or_resolve() {
    let node = Node::start().await;
    let refused = [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
    ];
    for target in ["/mine", "/nodes/resolve"] {
        for header in refused {
            let answer = raw_request(node.address(), "GET", target, &[header], b"").await;
            assert_eq!(answer.status, 403, "{target} {header:?}");
        }
        let answer = raw_request(node.address(), "HEAD", target, &[], b"").await;
        assert_eq!(answer.status, 405, "HEAD {target}");
    }
    assert_eq!(length(&node).await, 1);
    // A page of our own, the address bar, and programs, which say nothing.
    for headers in [
        &[("Sec-Fetch-Site", "same-origin")][..],
        &[("Sec-Fetch-Site", "none")],
        &[],
    ] {
        let answer = raw_request(node.address(), "GET", "/mine", headers, b"").await;
        assert_eq!(answer.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn nobody_is_invited_to_read_from_another_site() {
    let node = Node::start().await;
    for target in ["/chain", "/api/v1/ledgers", "/"] {
        let headers = [("Origin", "http://evil.example")];
        let answer = raw_request(node.address(), "GET", target, &headers, b"").await;
        let invitations: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with("access-control-"))
            .collect();
        assert!(invitations.is_empty(), "{target}: {invitations:?}");
    }
}

#[tokio::test]
async fn too_much_is_refused() {
    let node = Node::start().await;
    let json = [("Content-Type", "application/json")];
    let big = format!("{{\"sender\": \"{}\"}}", "a".repeat(20 * 1024 * 1024));
    for target in ["/transactions/new", "/api/v1/ledgers/tutorial/invoke"] {
        let answer = raw_request(node.address(), "POST", target, &json, big.as_bytes()).await;
        assert_eq!(answer.status, 413, "{target}: {}", answer.text());
    }
    let long = "a".repeat(100_000);
    let answer = raw_request(node.address(), "GET", "/chain", &[("X-Long", &long)], b"").await;
    assert_eq!(answer.status, 431);
    let target = format!("/{long}");
    let answer = raw_request(node.address(), "GET", &target, &[], b"").await;
    assert!([414, 431].contains(&answer.status), "{}", answer.status);
    let many: Vec<(String, String)> = (0..2000)
        .map(|n| (format!("X-{n}"), n.to_string()))
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let answer = raw_request(node.address(), "GET", "/chain", &many, b"").await;
    assert_eq!(answer.status, 431);
    let deep = format!(
        "{{\"function\": {}1{}}}",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    for target in ["query", "invoke"] {
        let target = format!("/api/v1/ledgers/tutorial/{target}");
        let answer = raw_request(node.address(), "POST", &target, &json, deep.as_bytes()).await;
        assert_eq!(answer.status, 400, "{target}: {}", answer.text());
    }
    assert_eq!(length(&node).await, 1);
}

#[tokio::test]
async fn peers_are_never_asked_at_addresses_that_a_network_keeps_for_itself() {
    let node = Node::start().await;
    for address in [
        "http://169.254.169.254",
        "http://169.254.1.1:5000",
        "http://[fe80::1]:5000",
        "http://[fd00:ec2::254]",
        "http://[::ffff:169.254.169.254]",
        "http://0.0.0.0:5000",
        "http://224.0.0.1:5000",
        "http://255.255.255.255:5000",
    ] {
        let body = serde_json::json!({"nodes": [address]});
        let (status, answer) = node.post("/nodes/register", &body).await;
        assert_eq!(status, 400, "{address}: {answer}");
    }
    for address in [
        "ftp://127.0.0.1:5000",
        "https://127.0.0.1:5000",
        "",
        "http://",
        "http://a b",
    ] {
        let body = serde_json::json!({"nodes": [address]});
        let (status, answer) = node.post("/nodes/register", &body).await;
        assert_eq!(status, 400, "{address}: {answer}");
    }
    let peers = node.get("/api/v1/ledgers/tutorial/peers").await;
    assert_eq!(peers["peers"], serde_json::json!([]));
}

#[tokio::test]
async fn listening_beyond_this_machine_has_to_be_wanted() {
    let options = NodeOptions::new().arguments(["--listen", "0.0.0.0:0"]);
    let ended = options.start_in_vain().await;
    assert!(!ended.status.success());
    assert!(
        ended.stderr.contains("--insecure-public"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stdout.contains("http://"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_chains_are_sent_to_sixteen_at_once_and_not_to_sleepers() {
    // Far more than the system takes in on its own before the reader reads.
    let chain = ChainRecipe::new(Rules::Article, 100_000).answer();
    let peer = HostilePeer::start(Behaviour::Answer(chain)).await;
    let node = Node::start().await;
    node.register(peer.address()).await;
    assert_eq!(node.resolve().await["message"], "Our chain was replaced");

    let request = format!(
        "GET /chain HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        node.address()
    );
    let mut sleepers = Vec::new();
    for _ in 0..16 {
        let mut stream = TcpStream::connect(node.address())
            .await
            .expect("it listens");
        stream.write_all(request.as_bytes()).await.expect("taken");
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.expect("a beginning");
        assert_eq!(&first, b"HTTP/1.1 200");
        sleepers.push(stream);
    }
    let refused = raw_request(node.address(), "GET", "/chain", &[], b"").await;
    assert_eq!(refused.status, 503, "the seventeenth");
    assert!(refused.header("retry-after").is_some());
    // Everything else goes on.
    node.get("/api/v1/ledgers/tutorial").await;
    // The sleepers are cut, and the next is served.
    eventually("the sleepers to be cut", async || {
        let answer = raw_request(node.address(), "GET", "/chain", &[], b"").await;
        (answer.status == 200).then_some(())
    })
    .await;
    let mut cut = 0;
    for stream in &mut sleepers {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut rest))
            .await
            .expect("an end");
        let is_whole = rest.ends_with(b"\"length\":100000}\n");
        cut += usize::from(read.is_err() || !is_whole);
    }
    assert!(cut >= 1, "no sleeper was cut");
}
