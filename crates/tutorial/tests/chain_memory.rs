//! Memory does not grow with a peer's chain.
#![cfg(target_os = "linux")]

use chainloom_tutorial::json::{Json, compact};
use chainloom_tutorial::rules::{Rules, Tip, new_block, transaction};
use chainloom_tutorial::{Node, NodeOptions, PeerLimits};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

/// Hardly any work.
const DIFFICULTY: u32 = 1;
/// How many blocks the peer has.
const BLOCKS: u64 = 10_000;
/// About how long each is, in bytes: 200 MB in all.
const BLOCK_BYTES: usize = 20_000;
/// How much more memory the process may take at any time, in bytes.
const GROWTH_MAX: u64 = 64 << 20;

/// The process's memory, in bytes: what it takes (`VmRSS`) or the most that it ever took (`VmHWM`).
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    kilobytes
        .map(|kilobytes: u64| kilobytes << 10)
        .expect("a number")
}

/// The block after a tip.
fn block_after(tip: &Tip, index: u64, recipient: &str) -> Json {
    let proof = (0..)
        .find(|proof: &u64| {
            let digest = Rules::Article.proof_digest(tip, &proof.to_string());
            digest[0] >> 4 == 0
        })
        .expect("one of sixteen is a proof");
    let transfer = transaction("alice".into(), recipient.into(), index.into());
    new_block(index, index as f64, vec![transfer], proof, &tip.hash)
}

/// A peer that makes its chain while it sends it.
fn serve_one_chain() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the node asks");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a request");
            head.extend(byte);
        }
        let recipient = "x".repeat(BLOCK_BYTES);
        let mut block = Rules::Article.genesis(0.5);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"chain\":[")
            .expect("the node listens");
        for index in 2..=BLOCKS + 1 {
            let text = compact(&block);
            stream.write_all(text.as_bytes()).expect("the node listens");
            if index <= BLOCKS {
                stream.write_all(b",").expect("the node listens");
                let tip = Tip::of(&block).expect("it has a proof");
                block = block_after(&tip, index, &recipient);
            }
        }
        stream
            .write_all(b"],\"length\":1}\n")
            .expect("the node listens");
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_grow_with_a_chain_that_is_taken_over() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let node = Node::open(&NodeOptions {
        directory: directory.path().to_owned(),
        rules: Rules::Article,
        difficulty: DIFFICULTY,
        cache_bytes: 8 << 20,
        mining_threads: 1,
        peer_limits: PeerLimits::default(),
        resolve_interval: None,
        mine_every: None,
        mine_on_transaction: false,
    })
    .expect("a new store");
    let address = Json::from(serve_one_chain().to_string());
    node.register(&[address]).await.expect("an address");
    let before = memory("VmRSS");
    let resolution = node.resolve().await.expect("a working store");
    let growth = memory("VmHWM").saturating_sub(before);
    assert!(resolution.replaced, "{resolution:?}");
    assert_eq!(node.head().length, BLOCKS);
    assert!(node.head().chain_body_bytes > BLOCKS * BLOCK_BYTES as u64);
    println!("{} MiB more at most", growth >> 20);
    assert!(growth < GROWTH_MAX, "{} MiB more", growth >> 20);
}
