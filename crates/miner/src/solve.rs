//! The search from 0 up, over several threads.

use crate::puzzle::{Outcome, Puzzle};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How many numbers a thread takes at a time.
const RANGE: u64 = 10_000;

/// How far a search is: to be read by another thread while it runs, for rates and expected times.
#[derive(Debug, Default)]
pub struct Progress {
    tried: AtomicU64,
}

impl Progress {
    /// How many numbers were tried up to now, in all searches that were given this.
    #[must_use]
    pub fn tried(&self) -> u64 {
        self.tried.load(Ordering::Relaxed)
    }
}

/// What the threads of one search share.
struct Search<'a> {
    puzzle: &'a Puzzle,
    cancel: &'a AtomicBool,
    progress: &'a Progress,
    next_range: AtomicU64,
    /// The smallest solution found so far; `u64::MAX` while there is none.
    best: AtomicU64,
}

impl Puzzle {
    /// Searches for the smallest solution of all, on up to `threads` threads, this one among them.
    ///
    /// The answer does not depend on the number of threads: ranges are handed out in order, and a solution counts only
    /// when all ranges below it were searched. `None` if the search was cancelled first (or, as far as anyone will ever
    /// see, if no 64-bit number is a solution).
    #[must_use]
    pub fn solve(&self, threads: usize, cancel: &AtomicBool, progress: &Progress) -> Option<u64> {
        let search = Search {
            puzzle: self,
            cancel,
            progress,
            next_range: AtomicU64::new(0),
            best: AtomicU64::new(u64::MAX),
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| search.work());
            }
            search.work();
        });
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        match search.best.into_inner() {
            u64::MAX => None,
            number => Some(number),
        }
    }
}

impl Search<'_> {
    /// Takes ranges until none can hold a smaller solution than the best.
    fn work(&self) {
        loop {
            let Some(start) = self
                .next_range
                .fetch_add(1, Ordering::Relaxed)
                .checked_mul(RANGE)
            else {
                return;
            };
            if start > self.best.load(Ordering::Relaxed) {
                return;
            }
            match self
                .puzzle
                .search(start..start.saturating_add(RANGE), self.cancel)
            {
                Outcome::Found(number) => {
                    self.best.fetch_min(number, Ordering::Relaxed);
                    self.progress
                        .tried
                        .fetch_add(number - start + 1, Ordering::Relaxed);
                    return;
                }
                Outcome::NotFound => {
                    self.progress.tried.fetch_add(RANGE, Ordering::Relaxed);
                }
                Outcome::Cancelled => return,
            }
        }
    }
}
