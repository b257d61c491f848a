//! Ten thousand callers at once, or as many as the system's limit of descriptors allows: all are held in bounded memory, and all are
//! answered.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use chainloom_tests::{Devnet, NodeOptions};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const CALLERS_MAX: usize = 10_000;
/// What the server may hold meanwhile: 64 kB for each.
const MEMORY_KB_MAX: u64 = 640_000;

/// How many callers there can be: each is a connection of this process, and the server takes three quarters of its own.
fn callers() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("a process may have what its limit allows");
    let granted = limit.current.unwrap_or(u64::MAX);
    let room = usize::try_from(granted / 4 * 3).unwrap_or(usize::MAX);
    CALLERS_MAX.min(room.saturating_sub(200))
}

/// Connects, and calls when all have connected; answers the status and whether the answer says when to come again.
async fn call(address: SocketAddr, all_connected: Arc<Barrier>) -> (u16, bool) {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the server takes as many connections");
    all_connected.wait().await;
    let body = r#"{"function": "get", "args": ["color"]}"#;
    let request = format!(
        "POST /api/v1/ledgers/devnet/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let sent = stream.write_all(request.as_bytes()).await;
    sent.expect("the server reads");
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer).await;
    read.expect("the server answers");
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status: {answer:?}"));
    (
        status,
        answer.to_ascii_lowercase().contains("\nretry-after: "),
    )
}

/// The most memory that a process has held so far, in kB.
fn peak_memory_kb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the server runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let peak = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    peak.expect("Linux tells of it")
}

#[tokio::test]
async fn ten_thousand_callers_at_once_are_answered_in_bounded_memory() {
    let count = callers();
    let devnet = Devnet::new();
    let _network = devnet.up().await;
    let configuration = devnet.directory().join("chainloom.toml");
    let configuration = configuration.to_str().expect("the folder's name is text");
    let options = NodeOptions::new().arguments(["--config", configuration]);
    let mut node = options.start().await;
    let put = serde_json::json!({"function": "put", "args": ["color", "blue"]});
    let (status, receipt) = node.post("/api/v1/ledgers/devnet/invoke", &put).await;
    assert_eq!(status, 200, "{receipt}");

    let address = node.address();
    let all_connected = Arc::new(Barrier::new(count));
    let mut callers: JoinSet<_> = (0..count)
        .map(|_| call(address, all_connected.clone()))
        .collect();
    let mut answers = BTreeMap::new();
    while let Some(answer) = callers.join_next().await {
        let answer = answer.unwrap_or_else(|error| panic!("{error}"));
        *answers.entry(answer).or_insert(0) += 1;
    }
    let peak_kb = peak_memory_kb(node.process().id());
    println!("{answers:?}, {peak_kb} kB");
    for (answer, times) in &answers {
        // Who did not get a turn is told when to come again.
        assert!(
            matches!(answer, (200, false) | (429 | 503, true)),
            "{times} times {answer:?}: {answers:?}"
        );
    }
    assert!(answers[&(200, false)] > count / 10, "{answers:?}");
    assert!(peak_kb < MEMORY_KB_MAX, "{peak_kb} kB");
}
