//! Which chain becomes ours.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::server::{Act, Server, answer};
use super::{Fixture, article, codes, only, texts};
use crate::testing::body;

#[tokio::test]
async fn a_longer_chain_becomes_ours() {
    let fixture = Fixture::new();
    let theirs = article(1000, "alice");
    let server = Server::with_chain(&theirs).await;
    fixture.register(server.address).await;
    let resolution = fixture.resolve().await;
    assert!(resolution.replaced);
    assert_eq!((resolution.from, resolution.generation), (Some(1), 1));
    let outcome = only(&resolution);
    assert_eq!(
        (outcome.code.as_str(), outcome.verified_blocks),
        ("adopted", 1000)
    );
    assert_eq!(
        outcome.detail,
        "its chain of 1000 blocks is ours now, from block 1 on"
    );
    assert_eq!(fixture.chain(), texts(&theirs));

    let again = fixture.resolve().await;
    assert!(!again.replaced);
    assert_eq!((again.from, again.generation), (None, 1));
    assert_eq!(only(&again).code, "not_longer");
    assert_eq!(fixture.peers.reports(), again.reports);
}

#[tokio::test]
async fn only_what_is_new_is_replaced() {
    let fixture = Fixture::new();
    let theirs = article(30, "alice");
    fixture.begin_with(&theirs[..20]).await;
    let server = Server::with_chain(&theirs).await;
    fixture.register(server.address).await;
    assert_eq!(fixture.resolve().await.from, Some(21));
    assert_eq!(fixture.chain(), texts(&theirs));
}

#[tokio::test]
async fn an_equally_long_chain_does_not() {
    let fixture = Fixture::new();
    let ours = article(8, "alice");
    fixture.begin_with(&ours).await;
    let server = Server::with_chain(&article(8, "bob")).await;
    fixture.register(server.address).await;
    let resolution = fixture.resolve().await;
    assert!(!resolution.replaced);
    assert_eq!(
        only(&resolution).detail,
        "its chain is valid and has 8 blocks; ours has 8 blocks, and only a longer one replaces it"
    );
    assert_eq!(fixture.chain(), texts(&ours));
}

#[tokio::test]
async fn the_longest_wins_and_of_equals_the_first_registered() {
    let (short, long) = (article(5, "alice"), article(9, "bob"));
    let also_long = article(9, "carol");
    for (order, adopted) in [
        ([&short, &long, &also_long], &long),
        ([&also_long, &short, &long], &also_long),
        ([&long, &also_long, &short], &long),
    ] {
        let fixture = Fixture::new();
        let mut servers = Vec::new();
        for chain in order {
            let server = Server::with_chain(chain).await;
            fixture.register(server.address).await;
            servers.push(server);
        }
        let resolution = fixture.resolve().await;
        assert_eq!(fixture.chain(), texts(adopted));
        for (chain, code) in order.into_iter().zip(codes(&resolution)) {
            let expected = if std::ptr::eq(chain, adopted) {
                "adopted"
            } else {
                "shorter_than_best"
            };
            assert_eq!(code, expected);
        }
        let addresses = resolution
            .reports
            .iter()
            .map(|report| report.address.clone());
        let registered = servers.iter().map(|server| server.address.to_string());
        assert!(addresses.eq(registered));
    }
}

#[tokio::test]
async fn a_lesser_chain_is_told_which_was_better() {
    let fixture = Fixture::new();
    let servers = [
        Server::with_chain(&article(9, "alice")).await,
        Server::with_chain(&article(9, "bob")).await,
        Server::with_chain(&article(3, "carol")).await,
    ];
    for server in &servers {
        fixture.register(server.address).await;
    }
    let resolution = fixture.resolve().await;
    let detail = |index: usize| {
        resolution.reports[index]
            .outcome
            .as_ref()
            .unwrap()
            .detail
            .clone()
    };
    let best = servers[0].address;
    assert_eq!(
        detail(1),
        format!(
            "its chain is valid and has 9 blocks, as many as that of {best}, which was registered before"
        )
    );
    // Which of the two was the best so far depends on who came first.
    assert!(
        detail(2).starts_with("its chain is valid and has 3 blocks; 127.0.0.1:"),
        "{}",
        detail(2)
    );
    assert!(
        detail(2).ends_with(" has a longer one of 9"),
        "{}",
        detail(2)
    );
}

#[tokio::test]
async fn the_claimed_length_counts_in_neither_direction() {
    for claim in ["1000000000", "1", "-5", "\"many\"", "null", "1e400"] {
        for (ours, replaced) in [(4, true), (12, false)] {
            let fixture = Fixture::new();
            fixture.begin_with(&article(ours, "alice")).await;
            let text = String::from_utf8(body(&article(8, "bob"))).unwrap();
            let text = text.replace("\"length\":8", &format!("\"length\":{claim}"));
            let server = Server::answering(text).await;
            fixture.register(server.address).await;
            assert_eq!(
                fixture.resolve().await.replaced,
                replaced,
                "{claim} against {ours}"
            );
        }
    }
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_the_connection_goes_where_it_was_checked() {
    let lookups = Arc::new(AtomicUsize::new(0));
    let counter = lookups.clone();
    let fixture = Fixture::with_names(Arc::new(move |name| {
        assert_eq!(name, "node.example");
        // As a hostile name server does it: harmless when it is checked, something else when it is used.
        let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        let address = if first {
            "127.0.0.1"
        } else {
            "169.254.169.254"
        };
        Ok(vec![address.parse::<IpAddr>().unwrap()])
    }));
    let theirs = article(4, "alice");
    let server = Server::with_chain(&theirs).await;
    fixture
        .register(format!("node.example:{}", server.address.port()))
        .await;
    assert!(fixture.resolve().await.replaced);
    assert_eq!(server.asked(), 1);
    assert_eq!(lookups.load(Ordering::SeqCst), 1);
    assert_eq!(fixture.chain(), texts(&theirs));
    // Each time it is asked it is checked anew.
    assert_eq!(only(&fixture.resolve().await).code, "address_fenced");
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn without_peers_nothing_happens() {
    let fixture = Fixture::new();
    let resolution = fixture.resolve().await;
    assert!(!resolution.replaced);
    assert!(resolution.reports.is_empty());
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_the_run() {
    let fixture = Fixture::new();
    let half = body(&article(9, "alice"));
    let server = Server::doing(vec![Act::Send(answer(half)[..150].to_vec()), Act::Hang]).await;
    fixture.register(server.address).await;
    let peers = fixture.peers.clone();
    let caller = tokio::spawn(async move { peers.resolve().await });
    while server.asked() == 0 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    // The next run begins although the peer would have been waited for.
    assert!(
        fixture
            .peers
            .unregister(&server.address.to_string())
            .await
            .unwrap()
    );
    assert!(fixture.resolve().await.reports.is_empty());
}

#[tokio::test]
async fn in_the_background_it_happens_by_itself() {
    let fixture = Fixture::new();
    let theirs = article(6, "alice");
    let server = Server::with_chain(&theirs).await;
    fixture.register(server.address).await;
    let mut head = fixture.store.head();
    let peers = fixture.peers.clone();
    let interval = std::time::Duration::from_millis(20);
    let background =
        tokio::spawn(async move { crate::peers::resolve_every(&peers, interval).await });
    head.wait_for(|head| head.length == 6).await.unwrap();
    let asked = server.asked();
    while server.asked() == asked {
        tokio::time::sleep(interval).await;
    }
    background.abort();
    assert_eq!(fixture.chain(), texts(&theirs));
}
