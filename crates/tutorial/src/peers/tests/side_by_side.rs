//! Many peers at once: none waits for another's sake, and what they take is bounded.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::server::{Act, Server, answer, head, open_ended};
use super::{Fixture, article, codes, names_for, texts};
use crate::json::Json;
use crate::peers::resolver::Resolver;
use crate::peers::{PeerLimits, READING_MAX};
use crate::rules::{Rules, transaction};
use crate::testing::{ChainMaker, body};

/// With peers that are given up after this long.
fn fixture(idle_timeout: Duration) -> Fixture {
    let limits = PeerLimits {
        idle_timeout,
        ..PeerLimits::default()
    };
    Fixture::with(limits, Resolver::new(names_for("127.0.0.1")))
}

#[tokio::test]
async fn dead_peers_hold_nothing() {
    let fixture = fixture(Duration::from_secs(3));
    let dead = Server::doing(vec![Act::Hang]).await;
    let theirs = article(9, "alice");
    // Answers only when all dead ones have been asked.
    let (open, gate) = watch::channel(false);
    let good = Server::doing(vec![Act::Wait(gate), Act::Send(answer(body(&theirs)))]).await;
    let dead_count = 3 * READING_MAX;
    for number in 0..dead_count {
        let port = dead.address.port();
        fixture
            .register(format!("dead-{number}.example:{port}"))
            .await;
    }
    fixture.register(good.address).await;
    let mut length = fixture.store.head();
    let peers = fixture.peers.clone();
    let resolving = tokio::spawn(async move { peers.resolve().await });
    while dead.asked() < dead_count || good.asked() == 0 {
        tokio::task::yield_now().await;
    }
    open.send_replace(true);
    let resolution = resolving.await.unwrap().unwrap();
    length.wait_for(|head| head.length == 9).await.unwrap();
    assert_eq!(fixture.chain(), texts(&theirs));
    let mut expected = vec!["answer_timeout"; dead_count];
    expected.push("adopted");
    assert_eq!(codes(&resolution), expected);
}

#[tokio::test]
async fn a_peer_whose_turn_comes_late_is_asked_again() {
    let fixture = fixture(Duration::from_millis(200));
    let theirs = article(9, "alice");
    let begun = Act::Send(head("200 OK", "Content-Length: 100\r\n"));
    let chain = Act::Send(answer(body(&theirs)));
    let server = Server::doing_in_turn(vec![vec![begun, Act::UntilLeft], vec![chain]]).await;
    fixture.register(server.address).await;
    let reading = &fixture.peers.shared.reading;
    let all = reading.acquire_many(READING_MAX as u32).await.unwrap();
    let peers = fixture.peers.clone();
    let resolving = tokio::spawn(async move { peers.resolve().await });
    // It answered, waited, and was let go.
    while server.left() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(all);
    assert_eq!(codes(&resolving.await.unwrap().unwrap()), ["adopted"]);
    assert_eq!(server.asked(), 2);
    assert_eq!(fixture.chain(), texts(&theirs));
}

/// A chain with one block of several megabytes.
fn with_a_giant(length: usize, taste: &str) -> Vec<Json> {
    let mut maker = ChainMaker::new(Rules::Article, super::DIFFICULTY);
    let giant = "x".repeat(6 << 20);
    (0..length)
        .map(|index| {
            let recipient = if index == 1 { giant.as_str() } else { "bob" };
            maker.next(vec![transaction(
                taste.into(),
                recipient.into(),
                1u64.into(),
            )])
        })
        .collect()
}

#[tokio::test]
async fn giant_blocks_take_turns() {
    let fixture = fixture(Duration::from_secs(1));
    // Two that keep the giants' turn for a while, one after the other.
    let stuck = || {
        let begun =
            Act::Send(format!("{{\"chain\": [{{\"x\": \"{}", "x".repeat(5 << 20)).into_bytes());
        Server::doing(vec![open_ended(), begun, Act::Hang])
    };
    let mut servers = vec![stuck().await, stuck().await];
    let small = article(4, "alice");
    servers.push(Server::with_chain(&small).await);
    for (length, taste) in [(5, "alice"), (7, "bob"), (6, "carol")] {
        servers.push(Server::with_chain(&with_a_giant(length, taste)).await);
    }
    for server in &servers {
        fixture.register(server.address).await;
    }
    let resolution = fixture.resolve().await;
    assert_eq!(
        codes(&resolution),
        [
            "idle_timeout",
            "idle_timeout",
            "shorter_than_best",
            "shorter_than_best",
            "adopted",
            "shorter_than_best"
        ]
    );
    assert_eq!(fixture.chain(), texts(&with_a_giant(7, "bob")));
}

#[tokio::test]
async fn calls_at_the_same_time_share_their_runs() {
    let (open, gate) = watch::channel(false);
    let chain = Act::Send(answer(body(&article(9, "alice"))));
    let server = Server::doing(vec![Act::Wait(gate), chain]).await;
    let fixture = Fixture::new();
    fixture.register(server.address).await;
    let mut callers = JoinSet::new();
    for _ in 0..10 {
        let peers = fixture.peers.clone();
        callers.spawn(async move { peers.resolve().await.unwrap().replaced });
    }
    while server.asked() == 0 {
        tokio::task::yield_now().await;
    }
    open.send_replace(true);
    let replaced = callers.join_all().await;
    assert_eq!(replaced.iter().filter(|replaced| **replaced).count(), 1);
    assert_eq!(server.asked(), 2);
}
