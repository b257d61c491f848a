//! The tutorial's own proofs, on every engine and any number of threads.

#![allow(clippy::unwrap_used)]

use chainloom_miner::{DIFFICULTY_MAX, Engine, Outcome, Progress, Puzzle, PuzzleError};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn article_proof(last_proof: u64, engine: Engine, threads: usize) -> u64 {
    Puzzle::new(last_proof.to_string().as_bytes(), b"", 4)
        .unwrap()
        .with_engine(engine)
        .unwrap()
        .solve(threads, &AtomicBool::new(false), &Progress::default())
        .unwrap()
}

#[test]
fn the_articles_proofs_on_every_engine() {
    for engine in Engine::available() {
        for threads in [1, 2, 3, 8] {
            let mut proof = 100;
            for expected in [35_293, 35_089, 119_678, 146_502, 43_538] {
                proof = article_proof(proof, engine, threads);
                assert_eq!(proof, expected, "{engine}, {threads} threads");
            }
        }
    }
}

#[test]
fn the_articles_proofs_run_in_a_circle() {
    let mut seen = HashMap::new();
    let mut proof = 100;
    let (first, again) = loop {
        if let Some(first) = seen.insert(proof, seen.len()) {
            break (first, seen.len());
        }
        proof = article_proof(proof, Engine::detect(), 2);
    };
    assert_eq!((first, again - first), (47, 61));
}

#[test]
fn the_repositorys_proof_after_genesis() {
    let suffix = b"a54baf00bfbe53601094e03bbc98f580a2b996f2d5aa46ffddd4576888981029";
    for engine in Engine::available() {
        let puzzle = Puzzle::new(b"100", suffix, 4)
            .unwrap()
            .with_engine(engine)
            .unwrap();
        let progress = Progress::default();
        let proof = puzzle.solve(2, &AtomicBool::new(false), &progress);
        assert_eq!(proof, Some(63_663), "{engine}");
        assert!(progress.tried() >= 63_664);
    }
}

#[test]
fn threads_do_not_change_the_answer() {
    for last_proof in 0..60 {
        let puzzle = Puzzle::new(format!("{last_proof}").as_bytes(), b"x", 3).unwrap();
        let cancel = AtomicBool::new(false);
        let expected = puzzle.search(0..u64::MAX, &cancel);
        for threads in [0, 1, 2, 3, 8] {
            let proof = puzzle.solve(threads, &cancel, &Progress::default());
            assert_eq!(
                expected,
                Outcome::Found(proof.unwrap()),
                "{threads} threads"
            );
        }
    }
}

#[test]
fn difficulty_0_is_met_by_0() {
    for engine in Engine::available() {
        let puzzle = Puzzle::new(b"100", b"", 0)
            .unwrap()
            .with_engine(engine)
            .unwrap();
        let cancel = AtomicBool::new(false);
        assert_eq!(puzzle.solve(2, &cancel, &Progress::default()), Some(0));
        assert_eq!(puzzle.search(17..20, &cancel), Outcome::Found(17));
    }
}

#[test]
fn a_cancelled_search_ends_without_an_answer() {
    let puzzle = Puzzle::new(b"100", b"", DIFFICULTY_MAX).unwrap();
    let cancelled = AtomicBool::new(true);
    assert_eq!(puzzle.search(0..u64::MAX, &cancelled), Outcome::Cancelled);
    assert_eq!(puzzle.solve(2, &cancelled, &Progress::default()), None);

    let cancel = AtomicBool::new(false);
    let progress = Progress::default();
    std::thread::scope(|scope| {
        let search = scope.spawn(|| puzzle.solve(2, &cancel, &progress));
        while progress.tried() < 100_000 {
            std::thread::sleep(Duration::from_millis(1));
        }
        cancel.store(true, Ordering::Relaxed);
        assert_eq!(search.join().unwrap(), None);
    });
}

#[test]
fn impossible_difficulties_are_refused() {
    let error = Puzzle::new(b"100", b"", 65).unwrap_err();
    assert_eq!(error, PuzzleError::DifficultyTooHigh { difficulty: 65 });
    assert!(error.to_string().contains("difficulty 65"));
    assert!(Puzzle::new(b"100", b"", DIFFICULTY_MAX).is_ok());
}

#[test]
fn engines_of_other_processors_are_refused() {
    let engine = Engine::ALL
        .into_iter()
        .find(|engine| !engine.is_available())
        .expect("no processor has the instructions of both x86-64 and ARM");
    let error = Puzzle::new(b"100", b"", 4)
        .unwrap()
        .with_engine(engine)
        .unwrap_err();
    assert_eq!(error, PuzzleError::EngineUnavailable { engine });
    assert!(error.to_string().contains(engine.name()));
}

#[test]
fn a_puzzle_says_what_it_is() {
    let puzzle = Puzzle::new(b"100", b"", 4).unwrap();
    assert_eq!(puzzle.difficulty(), 4);
    assert_eq!(puzzle.engine(), Engine::detect());
    assert_eq!(puzzle.input(35_293), b"10035293");
    assert!(puzzle.is_solution(35_293));
}
