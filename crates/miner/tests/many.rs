//! Hashing many messages gives what hashing each of them gives, on every engine.

#![allow(clippy::unwrap_used)]

use chainloom_miner::{Engine, sha256, sha256_many};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn plain(messages: &[Vec<u8>]) -> Vec<[u8; 32]> {
    messages
        .iter()
        .map(|message| Sha256::digest(message).into())
        .collect()
}

#[test]
fn every_length_up_to_four_blocks() {
    let messages: Vec<Vec<u8>> = (0..=256_usize)
        .map(|length| {
            (0..length)
                .map(|index| (index * 7 + length) as u8)
                .collect()
        })
        .collect();
    let expected = plain(&messages);
    for engine in Engine::ALL {
        assert_eq!(engine.sha256_many(&messages), expected, "{engine}");
    }
    assert_eq!(sha256_many(&messages), expected);
    for (message, digest) in messages.iter().zip(&expected) {
        assert_eq!(sha256(message), *digest);
    }
}

#[test]
fn every_count_up_to_two_groups() {
    for count in 0..=40 {
        let messages: Vec<Vec<u8>> = (0..count)
            .map(|index| vec![index; 3 * usize::from(index)])
            .collect();
        let expected = plain(&messages);
        for engine in Engine::available() {
            assert_eq!(
                engine.sha256_many(&messages),
                expected,
                "{engine}, {count} messages"
            );
        }
    }
}

proptest! {
    #[test]
    fn any_messages(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..60),
    ) {
        let expected = plain(&messages);
        for engine in Engine::available() {
            prop_assert_eq!(engine.sha256_many(&messages), expected.clone(), "{}", engine);
        }
    }
}
