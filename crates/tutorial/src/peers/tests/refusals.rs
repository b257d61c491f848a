//! What each refused peer is told, one case for every word.

use std::time::Duration;

use chainloom_ledger::PeerOutcome;

use super::server::{Act, Server, answer, head, open_ended};
use super::{Fixture, article, chain, names_for, only};
use crate::json::{Json, compact};
use crate::peers::PeerLimits;
use crate::rules::Rules;
use crate::testing::body;

/// How a peer that does this ends, for a node with a chain of its own.
async fn outcome_of(acts: Vec<Act>, limits: PeerLimits) -> PeerOutcome {
    let fixture = Fixture::with_limits(limits);
    let before = fixture.chain();
    let server = Server::doing(acts).await;
    fixture.register(server.address).await;
    let resolution = fixture.resolve().await;
    assert!(!resolution.replaced);
    assert_eq!((resolution.from, resolution.generation), (None, 0));
    assert_eq!(fixture.chain(), before);
    let outcome = only(&resolution);
    let kept = fixture.peers.reports().remove(0);
    assert_eq!(kept.outcome.as_ref(), Some(&outcome));
    assert_eq!(kept, resolution.reports[0]);
    outcome
}

async fn outcome_of_body(body: impl Into<Vec<u8>>) -> PeerOutcome {
    let acts = vec![Act::Send(answer(body))];
    outcome_of(acts, PeerLimits::default()).await
}

fn assert_outcome(outcome: &PeerOutcome, code: &str, detail: &str, verified_blocks: u64) {
    assert_eq!(outcome.code, code, "{outcome:?}");
    assert!(outcome.detail.contains(detail), "{outcome:?}");
    assert_eq!(outcome.verified_blocks, verified_blocks, "{outcome:?}");
}

fn text(chain: &[Json]) -> String {
    String::from_utf8(body(chain)).unwrap()
}

#[tokio::test]
async fn other_rules_are_recognized() {
    let body = body(&chain(Rules::Repository, 5, "a"));
    let outcome = outcome_of_body(body).await;
    assert_outcome(
        &outcome,
        "other_rules",
        "peer follows `repository`, ours is `article`",
        1,
    );
}

#[tokio::test]
async fn a_block_that_breaks_a_rule_is_named() {
    let good = text(&article(9, "a"));
    let changed = good.replacen("\"amount\":1", "\"amount\":2", 3);
    let changed = changed.replacen("\"amount\":2", "\"amount\":1", 2);
    let outcome = outcome_of_body(changed).await;
    assert_outcome(
        &outcome,
        "invalid_block",
        "block 5: its `previous_hash` is",
        4,
    );
    let outcome = outcome_of_body("{\"chain\": [{\"proof\": 1}, 5]}").await;
    assert_outcome(
        &outcome,
        "invalid_block",
        "block 2: it is not an object but a number",
        1,
    );
}

#[tokio::test]
async fn what_is_no_json_is_told() {
    for garbage in [
        "",
        "<html>A router's login</html>",
        "{\"chain\": [{\"index\": 1, oops",
        "\u{0}\u{1}\u{2}",
        "{'chain': []}",
    ] {
        let outcome = outcome_of_body(garbage).await;
        let code = if garbage.is_empty() {
            "truncated"
        } else {
            "not_json"
        };
        assert_outcome(&outcome, code, "", 0);
    }
    let outcome = outcome_of_body(b"{\"chain\": [\"\xff\"]}".to_vec()).await;
    assert_outcome(
        &outcome,
        "not_json",
        "not JSON at byte 12: the bytes are not UTF-8",
        0,
    );
}

#[tokio::test]
async fn json_that_holds_no_chain_is_told() {
    for (body, detail) in [
        ("[1, 2]", "not a JSON object"),
        ("{}", "no member `chain`"),
        ("{\"length\": 1000000000}", "no member `chain`"),
        ("{\"chain\": 5}", "not an array"),
        ("{\"chain\": []}", "holds no block"),
        ("{\"chain\": [{\"proof\": 1}], \"chain\": []}", "twice"),
    ] {
        let outcome = outcome_of_body(body).await;
        assert_eq!(outcome.code, "not_a_chain", "{outcome:?}");
        assert!(outcome.detail.contains(detail), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_lying_content_length_cuts_the_chain() {
    let chain = text(&article(9, "a"));
    let with_length = |length: usize| {
        let mut answer = head("200 OK", &format!("Content-Length: {length}\r\n"));
        answer.extend_from_slice(chain.as_bytes());
        vec![Act::Send(answer)]
    };
    let outcome = outcome_of(with_length(chain.len() / 2), PeerLimits::default()).await;
    assert_eq!(outcome.code, "truncated", "{outcome:?}");
    let outcome = outcome_of(with_length(chain.len() + 1), PeerLimits::default()).await;
    assert_eq!(outcome.code, "cut_off", "{outcome:?}");
    let outcome = outcome_of(with_length(2 << 30), PeerLimits::default()).await;
    assert_eq!(outcome.code, "chain_too_large", "{outcome:?}");
}

#[tokio::test]
async fn depth_has_its_limit() {
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!("{{\"chain\": [{{\"proof\": 1, \"deep\": {open}{close}}}], \"length\": 9}}")
    };
    for depth in [998, 1_000_000] {
        let outcome = outcome_of_body(deep(depth)).await;
        assert_outcome(&outcome, "too_deep", "more than 1000 arrays and objects", 0);
    }
    let outcome = outcome_of_body(deep(997)).await;
    assert_outcome(&outcome, "not_longer", "1 block;", 1);
    let limits = PeerLimits {
        json_depth_max: 20,
        ..PeerLimits::default()
    };
    let outcome = outcome_of(vec![Act::Send(answer(deep(18)))], limits).await;
    assert_outcome(&outcome, "too_deep", "more than 20 arrays and objects", 0);
}

#[tokio::test]
async fn bytes_have_their_limits() {
    let limits = PeerLimits {
        block_bytes_max: 3000,
        chain_bytes_max: 4_000_000,
        ..PeerLimits::default()
    };
    let giant = format!(
        "{{\"chain\": [{{\"proof\": 1, \"x\": \"{}\"}}]}}",
        "x".repeat(3000)
    );
    let outcome = outcome_of(vec![Act::Send(answer(giant))], limits).await;
    assert_outcome(
        &outcome,
        "block_too_large",
        "block 1 is longer than 3000 bytes",
        0,
    );
    let growing = format!(
        "{{\"chain\": [{{\"proof\": 1, \"x\": \"{}\"}}]}}",
        "é".repeat(1400)
    );
    let outcome = outcome_of(vec![Act::Send(answer(growing))], limits).await;
    assert_outcome(&outcome, "block_too_large", "3000 bytes", 0);
    let giant = format!("{{\"x\": \"{}\", \"chain\": []}}", "x".repeat(3000));
    let outcome = outcome_of(vec![Act::Send(answer(giant))], limits).await;
    assert_outcome(&outcome, "member_too_large", "3000 bytes", 0);

    let begun = Act::Send(b"{\"chain\": [{\"proof\": 1}".to_vec());
    let space = Act::Repeat(vec![b' '; 60_000], Duration::ZERO);
    let outcome = outcome_of(vec![open_ended(), begun, space], limits).await;
    assert_outcome(&outcome, "chain_too_large", "more than 4000000 bytes", 1);
    let begun = Act::Send(b"{\"chain\": [{\"x\": [".to_vec());
    let endless = Act::Repeat(b"{\"sender\": 1}, ".repeat(4000), Duration::ZERO);
    let outcome = outcome_of(vec![open_ended(), begun, endless], limits).await;
    assert_outcome(&outcome, "block_too_large", "3000 bytes", 0);
}

#[tokio::test]
async fn a_peer_that_sends_nothing_more_is_given_up() {
    let limits = PeerLimits {
        idle_timeout: Duration::from_millis(300),
        ..PeerLimits::default()
    };
    let outcome = outcome_of(vec![Act::Hang], limits).await;
    assert_outcome(&outcome, "answer_timeout", "did not answer within 300ms", 0);
    let mut begun = text(&article(9, "a"));
    begun.truncate(begun.len() / 2);
    let acts = vec![open_ended(), Act::Send(begun.into_bytes()), Act::Hang];
    let outcome = outcome_of(acts, limits).await;
    assert_outcome(&outcome, "idle_timeout", "nothing came for 300ms", 0);
}

#[tokio::test]
async fn a_chain_that_is_not_longer_is_told_so() {
    let outcome = outcome_of_body(body(&article(1, "a"))).await;
    assert_outcome(&outcome, "not_longer", "has 1 block; ours has 1 block", 1);
}

#[tokio::test]
async fn a_fenced_name_is_not_asked() {
    let fixture = Fixture::with_names(names_for("169.254.169.254"));
    fixture.register("innocent.example:5000").await;
    let outcome = only(&fixture.resolve().await);
    assert_outcome(
        &outcome,
        "address_fenced",
        "169.254.169.254 must not be asked",
        0,
    );
    let fixture = Fixture::with_names(names_for("::ffff:169.254.169.254"));
    fixture.register("innocent.example:5000").await;
    assert_eq!(only(&fixture.resolve().await).code, "address_fenced");
}

#[tokio::test]
async fn ourselves_are_not_asked() {
    let fixture = Fixture::with_names(names_for("127.0.0.1"));
    let server = Server::with_chain(&article(5, "a")).await;
    fixture.register(server.address).await;
    fixture
        .register(format!("some-name:{}", server.address.port()))
        .await;
    for listening in [server.address, ([0, 0, 0, 0], server.address.port()).into()] {
        fixture.peers.set_listen_addresses(vec![listening]);
        let resolution = fixture.resolve().await;
        assert_eq!(super::codes(&resolution), ["own_address", "own_address"]);
        assert_eq!(server.asked(), 0);
    }
    fixture.peers.set_listen_addresses(Vec::new());
    assert!(fixture.resolve().await.replaced);
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_told_so() {
    let gone = Server::answering("").await.address;
    let fixture = Fixture::new();
    fixture.register(gone).await;
    // The port is free only when the server's task has ended.
    let outcome = loop {
        let outcome = only(&fixture.resolve().await);
        if outcome.code != "truncated" && outcome.code != "bad_answer" {
            break outcome;
        }
    };
    assert_outcome(&outcome, "connection_refused", "is the node running?", 0);
}

#[tokio::test]
async fn unknown_fields_and_any_proof_that_python_prints_are_fine() {
    let block = compact(&article(1, "a")[0]);
    let more = block.replacen('{', "{\"zzz\":[null,NaN,\"\\ud800\"],", 1);
    let outcome = outcome_of_body(format!(
        "{{\"x\": {{}}, \"chain\": [{more}], \"length\": -1}}"
    ))
    .await;
    assert_outcome(&outcome, "not_longer", "", 1);
}

#[tokio::test]
async fn what_is_quoted_of_a_peer_does_nothing_to_a_terminal() {
    let genesis = compact(&article(1, "a")[0]);
    let hash = crate::rules::hex(&crate::rules::block_hash(&article(1, "a")[0]));
    let proof = "\\u001b[2J\\u0085";
    let body = format!(
        "{{\"chain\": [{genesis}, {{\"previous_hash\": \"{hash}\", \"proof\": \"{proof}\"}}]}}"
    );
    let outcome = outcome_of_body(body).await;
    assert_outcome(&outcome, "invalid_block", "100\\u{1b}[2J\\u{85}", 1);
}
