//! Chains that come from a file.

use bytes::Bytes;
use chainloom_ledger::LedgerError;
use futures_util::stream;

use super::{Fixture, article, chain, texts};
use crate::json::Json;
use crate::peers::{Import, ImportError, PeerLimits};
use crate::rules::{Rules, transaction};
use crate::testing::{ChainMaker, body};
use crate::verify::ChainError;

#[tokio::test]
async fn a_longer_chain_becomes_ours() {
    let fixture = Fixture::new();
    let theirs = article(40, "alice");
    let imported = fixture.import(&theirs).await.unwrap();
    let expected = Import {
        replaced: true,
        from: Some(1),
        generation: 1,
        length: 40,
    };
    assert_eq!(imported, expected);
    assert_eq!(fixture.chain(), texts(&theirs));
    let again = fixture.import(&theirs).await.unwrap();
    assert_eq!(
        (again.replaced, again.from, again.length),
        (false, None, 40)
    );
    // A piece may be as small as it likes.
    let longer = article(42, "alice");
    let pieces = body(&longer)
        .into_iter()
        .map(|byte| Ok::<_, String>(Bytes::from(vec![byte])));
    let pieces: Vec<_> = pieces.collect();
    let imported = fixture.peers.import(stream::iter(pieces)).await.unwrap();
    assert_eq!(imported.from, Some(41));
}

#[tokio::test]
async fn the_rules_are_those_for_peers() {
    let fixture = Fixture::with_limits(PeerLimits {
        chain_bytes_max: 10_000,
        ..PeerLimits::default()
    });
    let before = fixture.chain();
    let error = fixture
        .import(&chain(Rules::Repository, 9, "a"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ImportError::Chain(ChainError::OtherRules { .. })),
        "{error}"
    );
    let error = fixture.import(&article(100, "a")).await.unwrap_err();
    assert_eq!(
        error,
        ImportError::Chain(ChainError::TooLong { limit: 10_000 })
    );
    assert!(
        error.to_string().starts_with("the chain was refused: "),
        "{error}"
    );
    assert_eq!(fixture.chain(), before);
}

#[tokio::test]
async fn a_source_that_fails_is_told() {
    let fixture = Fixture::new();
    let whole = Bytes::from(body(&article(9, "a")));
    let pieces = stream::iter([Ok(whole.slice(..50)), Err("the disk went away")]);
    let error = fixture.peers.import(pieces).await.unwrap_err();
    let detail = "the disk went away".to_owned();
    assert_eq!(error, ImportError::Unreadable { detail });
    let pieces = stream::iter([Ok::<_, String>(whole.slice(..50))]);
    let error = fixture.peers.import(pieces).await.unwrap_err();
    assert_eq!(
        error,
        ImportError::Chain(ChainError::Truncated { length: 50 })
    );
    let told = ImportError::from(LedgerError::ShuttingDown);
    assert_eq!(told.to_string(), LedgerError::ShuttingDown.to_string());
}

/// A chain of several megabytes.
fn large(length: usize) -> Vec<Json> {
    let mut maker = ChainMaker::new(Rules::Article, super::DIFFICULTY);
    let recipient = "x".repeat(50_000);
    let transfer = || transaction("a".into(), recipient.as_str().into(), 1u64.into());
    (0..length).map(|_| maker.next(vec![transfer()])).collect()
}

#[tokio::test]
async fn a_chain_that_was_replaced_meanwhile_is_told() {
    let fixture = Fixture::new();
    let ours = large(300);
    fixture.begin_with(&ours[..290]).await;
    let whole = Bytes::from(body(&ours));
    // What is in all the buffers is less than what comes before the end, so its beginning has been compared with ours
    // by the time the end is asked for.
    let (first, last) = (
        whole.slice(..whole.len() - 10),
        whole.slice(whole.len() - 10..),
    );
    let piece = first.len() / 20;
    let mut pieces: Vec<Bytes> = first.chunks(piece).map(Bytes::copy_from_slice).collect();
    pieces.push(last);
    let count = pieces.len();
    let other = article(295, "bob");
    let pieces = stream::unfold((pieces.into_iter().enumerate(), &fixture), |state| {
        let other = &other;
        async move {
            let (mut pieces, fixture) = state;
            let (index, piece) = pieces.next()?;
            if index == count - 1 {
                assert!(fixture.import(other).await.unwrap().replaced);
            }
            Some((Ok::<_, String>(piece), (pieces, fixture)))
        }
    });
    let error = fixture.peers.import(Box::pin(pieces)).await.unwrap_err();
    assert_eq!(error, ImportError::ChainChanged);
    assert_eq!(fixture.chain(), texts(&other));
}
