//! The search, one core against one core.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use chainloom_miner::{Engine, Outcome, Puzzle};

use crate::python;
use crate::report::{Report, Row, median, rate};

/// Turns that each side gets, one after the other, so that a machine that slows down slows both.
const TURNS: usize = 5;
const TRIES_PYTHON: u64 = 400_000;
const TRIES_OURS: u64 = 20_000_000;

pub(crate) fn run(report: &mut Report) {
    let hash = "c099bc76471bfdd48ae262ba832388af2b87904924730633db415994fb82bfb7";
    for (rules, suffix, goal) in [("article", "", 20), ("repository", hash, 10)] {
        for engine in Engine::available() {
            // Nothing is found at this difficulty, and nothing could be remembered: each try is made.
            let puzzle = Puzzle::new(b"35293", suffix.as_bytes(), 64)
                .and_then(|puzzle| puzzle.with_engine(engine))
                .expect("the engine is available");
            let turns: Vec<(f64, f64)> = (0..TURNS)
                .map(|_| {
                    let rival =
                        python::figure("proof_of_work.py", &[rules, &TRIES_PYTHON.to_string()]);
                    let start = Instant::now();
                    let outcome = puzzle.search(0..TRIES_OURS, &AtomicBool::new(false));
                    let ours = TRIES_OURS as f64 / start.elapsed().as_secs_f64();
                    assert!(matches!(outcome, Outcome::NotFound));
                    (rival, ours)
                })
                .collect();
            let middle = |pick: fn(&(f64, f64)) -> f64| median(turns.iter().map(pick).collect());
            let best = engine == Engine::detect();
            report.add(Row {
                work: format!(
                    "search under `{rules}`, one core, {}{}",
                    engine.name(),
                    if best { " (chosen here)" } else { "" }
                ),
                rival: rate(middle(|turn| turn.0), "tries"),
                ours: rate(middle(|turn| turn.1), "tries"),
                ratio: Some(middle(|turn| turn.1 / turn.0)),
                goal: if best {
                    format!("{goal}x")
                } else {
                    String::new()
                },
            });
        }
    }
}
