//! The search from 0 up, over several threads.

use crate::puzzle::{Outcome, Puzzle};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many numbers a thread takes at a time: the engines' own unit, a fraction of a millisecond of work.
const RANGE: u64 = 10_000;

/// How long this thread searches alone before it starts others. The fast engines have most solutions of the tutorial's
/// difficulty by then, while a thread costs a tenth of that to start, and, on a busy machine, far more to wait for.
const ALONE: Duration = Duration::from_millis(1);

/// Instead of the smallest solution while none is known.
const NONE: u64 = u64::MAX;

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
    /// The smallest solution found so far; [`NONE`] while there is none.
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
            best: AtomicU64::new(NONE),
        };
        let start = Instant::now();
        while search.take_range() {
            if threads > 1 && start.elapsed() >= ALONE {
                search.finish_with(threads);
                break;
            }
        }
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let best = search.best.into_inner();
        (best != NONE).then_some(best)
    }
}

impl Search<'_> {
    /// Takes ranges on this many threads, this one among them, until there is no more to search.
    fn finish_with(&self, threads: usize) {
        std::thread::scope(|scope| {
            for _ in 1..threads {
                let thread = std::thread::Builder::new()
                    .name("proof-of-work".to_owned())
                    .spawn_scoped(scope, || while self.take_range() {});
                if thread.is_err() {
                    // The system has no more threads to give: those there are find the same answer.
                    break;
                }
            }
            while self.take_range() {}
        });
    }

    /// Searches the next range. Returns whether there is more to search.
    fn take_range(&self) -> bool {
        let range = self.next_range.fetch_add(1, Ordering::Relaxed);
        let Some(start) = range.checked_mul(RANGE) else {
            return false;
        };
        let stop =
            || self.cancel.load(Ordering::Relaxed) || start > self.best.load(Ordering::Relaxed);
        if stop() {
            return false;
        }
        let end = start.saturating_add(RANGE);
        let (tried, more) = match self.puzzle.search_until(start..end, stop) {
            Outcome::NotFound => (end - start, true),
            Outcome::Found(number) => {
                self.best.fetch_min(number, Ordering::Relaxed);
                (number - start + 1, false)
            }
            Outcome::Cancelled => (0, false),
        };
        self.progress.tried.fetch_add(tried, Ordering::Relaxed);
        more
    }
}
