//! Every engine against a plain search with the crate `sha2`: any prefix and suffix, every place of the digits in
//! their block, and numbers whose length changes on the way.

#![allow(clippy::unwrap_used)]

use chainloom_miner::{Engine, Outcome, Puzzle, meets_difficulty};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::sync::atomic::AtomicBool;

fn plain_search(prefix: &[u8], suffix: &[u8], difficulty: u32, range: Range<u64>) -> Outcome {
    for number in range {
        let digest = Sha256::new()
            .chain_update(prefix)
            .chain_update(number.to_string())
            .chain_update(suffix)
            .finalize();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if hex
            .bytes()
            .take(difficulty as usize)
            .all(|digit| digit == b'0')
        {
            return Outcome::Found(number);
        }
    }
    Outcome::NotFound
}

/// Checks that all engines answer as the plain search, for this range and for what follows its solution.
fn check(prefix: &[u8], suffix: &[u8], difficulty: u32, range: Range<u64>) {
    let mut range = range;
    loop {
        let expected = plain_search(prefix, suffix, difficulty, range.clone());
        for engine in Engine::available() {
            let puzzle = Puzzle::new(prefix, suffix, difficulty)
                .unwrap()
                .with_engine(engine)
                .unwrap();
            assert_eq!(
                puzzle.search(range.clone(), &AtomicBool::new(false)),
                expected,
                "{engine}, prefix of {}, suffix of {}, difficulty {difficulty}, {range:?}",
                prefix.len(),
                suffix.len(),
            );
        }
        match expected {
            Outcome::Found(number) => range.start = number + 1,
            _ => return,
        }
    }
}

#[test]
fn every_place_in_a_block() {
    for length in 0..=130 {
        let prefix = vec![b'1'; length];
        for range in [0..120, 990..1120, 99_900..100_120] {
            check(&prefix, b"", 1, range);
        }
    }
}

#[test]
fn every_length_of_the_suffix() {
    for length in 0..=200 {
        let suffix = vec![b'e'; length];
        check(b"35293", &suffix, 1, 9_950..10_050);
        check(&[b'9'; 58], &suffix, 1, 9_950..10_050);
    }
}

#[test]
fn every_place_with_the_repositorys_suffix() {
    let suffix = "5ad1".repeat(16);
    for length in 0..=66 {
        check(&vec![b'4'; length], suffix.as_bytes(), 2, 99_700..100_300);
    }
}

#[test]
fn every_change_of_length() {
    for power in 1..=19 {
        let limit = 10_u64.pow(power);
        check(b"100", b"", 1, limit.saturating_sub(40)..limit + 40);
    }
}

#[test]
fn the_largest_numbers() {
    check(b"100", b"suffix", 1, u64::MAX - 100..u64::MAX);
}

#[test]
fn empty_and_reversed_ranges_hold_nothing() {
    let puzzle = Puzzle::new(b"100", b"", 0).unwrap();
    let cancel = AtomicBool::new(false);
    assert_eq!(puzzle.search(5..5, &cancel), Outcome::NotFound);
    #[allow(clippy::reversed_empty_ranges)]
    let reversed = 7..5;
    assert_eq!(puzzle.search(reversed, &cancel), Outcome::NotFound);
}

#[test]
fn a_whole_window_is_searched() {
    // No proof of difficulty 4 lies below the first one: the ends of windows and vectors on the way are not skipped.
    for engine in Engine::available() {
        let puzzle = Puzzle::new(b"100", b"", 4)
            .unwrap()
            .with_engine(engine)
            .unwrap();
        let cancel = AtomicBool::new(false);
        assert_eq!(puzzle.search(0..35_293, &cancel), Outcome::NotFound);
        assert_eq!(puzzle.search(0..35_294, &cancel), Outcome::Found(35_293));
        assert_eq!(
            puzzle.search(35_293..u64::MAX, &cancel),
            Outcome::Found(35_293)
        );
    }
}

#[test]
fn a_thousand_digits_in_front() {
    check(&[b'8'; 4300], b"", 2, 99_000..101_000);
}

proptest! {
    #[test]
    fn any_puzzle(
        prefix in prop::collection::vec(any::<u8>(), 0..200),
        suffix in prop::collection::vec(any::<u8>(), 0..200),
        difficulty in 1_u32..=2,
        magnitude in 0_u32..=19,
        offset in 0_u64..1_000_000,
        length in 1_u64..300,
    ) {
        let start = (10_u64.pow(magnitude) - 1).saturating_add(offset).min(u64::MAX - length);
        check(&prefix, &suffix, difficulty, start..start + length);
    }

    #[test]
    fn input_and_digest_are_those_of_the_string(
        prefix in prop::collection::vec(any::<u8>(), 0..200),
        suffix in prop::collection::vec(any::<u8>(), 0..200),
        number in any::<u64>(),
    ) {
        let puzzle = Puzzle::new(&prefix, &suffix, 1).unwrap();
        let input = [&prefix, number.to_string().as_bytes(), &suffix].concat();
        prop_assert_eq!(puzzle.input(number), input.clone());
        let digest: [u8; 32] = Sha256::digest(&input).into();
        prop_assert_eq!(puzzle.digest(number), digest);
        prop_assert_eq!(puzzle.is_solution(number), meets_difficulty(&digest, 1));
    }
}
