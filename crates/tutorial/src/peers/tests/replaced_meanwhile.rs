//! Our chain is replaced by another one while the best of the peers' comes in.

use std::time::Duration;

use tokio::sync::watch;

use super::server::{Act, Server, answer, head};
use super::{Fixture, article, codes, texts};
use crate::json::Json;
use crate::peers::READING_MAX;
use crate::testing::body;

fn chain_of(chain: &[Json]) -> Vec<Act> {
    vec![Act::Send(answer(body(chain)))]
}

/// What a peer does that keeps a run from ending until the gate opens.
fn holding(gate: watch::Receiver<bool>) -> Vec<Act> {
    let begun = head("200 OK", "Content-Length: 100\r\n");
    vec![Act::Send(begun), Act::Wait(gate)]
}

/// Waits until the first peer's chain, the `runs`th, is staged and only the second peer holds the run up.
async fn staged(fixture: &Fixture, peers: [&Server; 2], runs: usize) {
    let reading = &fixture.peers.shared.reading;
    loop {
        let is_staged = peers[0].left() == runs
            && peers[1].asked() == runs
            && reading.available_permits() == READING_MAX - 1;
        if is_staged {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn once_the_peers_are_asked_again() {
    let (open, gate) = watch::channel(false);
    let ours = article(20, "alice");
    let best = Server::with_chain(&ours).await;
    let holder = Server::doing_in_turn(vec![holding(gate), chain_of(&article(2, "eve"))]).await;
    let fixture = Fixture::new();
    fixture.begin_with(&ours[..10]).await;
    fixture.register(best.address).await;
    fixture.register(holder.address).await;
    let peers = fixture.peers.clone();
    let resolving = tokio::spawn(async move { peers.resolve().await });
    staged(&fixture, [&best, &holder], 1).await;
    fixture.begin_with(&article(15, "bob")).await;
    open.send_replace(true);
    let resolution = resolving.await.unwrap().unwrap();
    assert_eq!(codes(&resolution), ["adopted", "not_longer"]);
    assert_eq!((best.asked(), holder.asked()), (2, 2));
    assert_eq!((resolution.from, resolution.generation), (Some(2), 3));
    assert_eq!(fixture.chain(), texts(&ours));
}

#[tokio::test]
async fn twice_it_is_given_up_for_now() {
    let (open, gate) = watch::channel(false);
    let (open_again, second_gate) = watch::channel(false);
    let (first, second) = (article(20, "alice"), article(30, "bob"));
    let best = Server::doing_in_turn(vec![chain_of(&first), chain_of(&second)]).await;
    let holder = Server::doing_in_turn(vec![holding(gate), holding(second_gate)]).await;
    let fixture = Fixture::new();
    fixture.begin_with(&first[..10]).await;
    fixture.register(best.address).await;
    fixture.register(holder.address).await;
    let peers = fixture.peers.clone();
    let resolving = tokio::spawn(async move { peers.resolve().await });
    staged(&fixture, [&best, &holder], 1).await;
    fixture.begin_with(&second[..15]).await;
    open.send_replace(true);
    staged(&fixture, [&best, &holder], 2).await;
    let last = article(18, "carol");
    fixture.begin_with(&last).await;
    open_again.send_replace(true);
    let resolution = resolving.await.unwrap().unwrap();
    assert!(!resolution.replaced);
    assert_eq!(codes(&resolution), ["chain_changed", "cut_off"]);
    assert_eq!(fixture.chain(), texts(&last));
    // The next time it is adopted.
    assert_eq!(codes(&fixture.resolve().await)[0], "adopted");
}

#[tokio::test]
async fn by_one_as_long_it_stays() {
    let (open, gate) = watch::channel(false);
    let theirs = article(20, "alice");
    let best = Server::with_chain(&theirs).await;
    let holder = Server::doing(holding(gate)).await;
    let fixture = Fixture::new();
    fixture.register(best.address).await;
    fixture.register(holder.address).await;
    let peers = fixture.peers.clone();
    let resolving = tokio::spawn(async move { peers.resolve().await });
    staged(&fixture, [&best, &holder], 1).await;
    let ours = article(20, "bob");
    fixture.begin_with(&ours).await;
    open.send_replace(true);
    let resolution = resolving.await.unwrap().unwrap();
    assert_eq!(codes(&resolution), ["not_longer", "cut_off"]);
    assert_eq!(fixture.chain(), texts(&ours));
}
