//! What is searched for, and the search of a range on one thread.

use crate::digest::{INITIAL, State, meets_difficulty, sha256};
use crate::engine::Engine;
use crate::window::Layout;
use sha2::block_api::compress256;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// The highest difficulty: as many hex digits as a digest has.
pub const DIFFICULTY_MAX: u32 = 64;

/// A proof-of-work puzzle: which number between a prefix and a suffix makes the SHA-256 begin with zeros?
///
/// Prefix and suffix may be of any length, empty too. A long prefix costs nothing, a suffix its blocks in each guess.
#[derive(Clone, Debug)]
pub struct Puzzle {
    prefix: Vec<u8>,
    suffix: Vec<u8>,
    difficulty: u32,
    engine: Engine,
    /// The state after the whole blocks of the prefix.
    midstate: State,
}

/// Why a puzzle cannot be posed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PuzzleError {
    /// More zeros are asked for than a digest has digits.
    #[error(
        "difficulty {difficulty} is impossible: a SHA-256 digest has {DIFFICULTY_MAX} hex digits; choose 0 to {DIFFICULTY_MAX}"
    )]
    DifficultyTooHigh {
        /// What was asked for, in hex digits.
        difficulty: u32,
    },
    /// The processor lacks the instructions of the engine that was asked for.
    #[error(
        "this processor has no engine `{engine}`; choose one of those that `Engine::available` lists"
    )]
    EngineUnavailable {
        /// What was asked for.
        engine: Engine,
    },
}

/// How the search of a range ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The smallest solution in the range.
    Found(u64),
    /// The whole range was searched and has no solution.
    NotFound,
    /// The search was told to stop before it knew.
    Cancelled,
}

impl Puzzle {
    /// Poses a puzzle: `difficulty` is the number of hex digits `0` that the digest must begin with (the tutorial's is 4).
    ///
    /// # Errors
    /// [`PuzzleError::DifficultyTooHigh`] above [`DIFFICULTY_MAX`].
    pub fn new(prefix: &[u8], suffix: &[u8], difficulty: u32) -> Result<Self, PuzzleError> {
        if difficulty > DIFFICULTY_MAX {
            return Err(PuzzleError::DifficultyTooHigh { difficulty });
        }
        let mut midstate = INITIAL;
        compress256(&mut midstate, prefix.as_chunks::<64>().0);
        Ok(Self {
            prefix: prefix.to_vec(),
            suffix: suffix.to_vec(),
            difficulty,
            engine: Engine::detect(),
            midstate,
        })
    }

    /// The same puzzle, solved with this engine instead of the fastest one. For tests and benchmarks.
    ///
    /// # Errors
    /// [`PuzzleError::EngineUnavailable`] if this processor lacks the engine's instructions.
    pub fn with_engine(mut self, engine: Engine) -> Result<Self, PuzzleError> {
        if !engine.is_available() {
            return Err(PuzzleError::EngineUnavailable { engine });
        }
        self.engine = engine;
        Ok(self)
    }

    /// The engine that searches.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The number of hex digits `0` that the digest must begin with.
    #[must_use]
    pub fn difficulty(&self) -> u32 {
        self.difficulty
    }

    /// The very bytes that are hashed for this number.
    #[must_use]
    pub fn input(&self, number: u64) -> Vec<u8> {
        let digits = number.to_string();
        [&self.prefix, digits.as_bytes(), &self.suffix].concat()
    }

    /// The SHA-256 of [`input`](Self::input).
    #[must_use]
    pub fn digest(&self, number: u64) -> [u8; 32] {
        sha256(&self.input(number))
    }

    /// Whether this number's digest begins with enough zeros. It need not be the smallest such number.
    #[must_use]
    pub fn is_solution(&self, number: u64) -> bool {
        meets_difficulty(&self.digest(number), self.difficulty)
    }

    /// Searches a range on this thread for its smallest solution.
    ///
    /// `cancel` is looked at every few thousand hashes, well under 10 ms apart.
    #[must_use]
    pub fn search(&self, range: Range<u64>, cancel: &AtomicBool) -> Outcome {
        self.search_until(range, || cancel.load(Ordering::Relaxed))
    }

    /// As [`search`](Self::search), asking whether to stop every few thousand hashes.
    pub(crate) fn search_until(&self, range: Range<u64>, stop: impl Fn() -> bool) -> Outcome {
        let mut position = range.start;
        let mut layout: Option<(usize, Layout)> = None;
        while position < range.end {
            let digits = decimal_digits(position);
            let layout = match &mut layout {
                Some((known, layout)) if *known == digits => layout,
                other => &mut other.insert((digits, self.layout(digits))).1,
            };
            let length = u64::from(layout.window_length());
            // Below 10,000, so both fit.
            let first = (position % length) as u32;
            let last = (length.min(range.end - (position - u64::from(first)))) as u32;
            let stride = stride(layout);
            let standing = position / length;
            let window = layout.window(standing);

            let mut next = first;
            while next < last {
                if stop() {
                    return Outcome::Cancelled;
                }
                let end = last.min(next.saturating_add(stride));
                let Some(found) = self.engine.scan(&window, next..end) else {
                    next = end;
                    continue;
                };
                let number = standing * length + u64::from(found);
                // The engines look at the first word of the digest only.
                if self.is_solution(number) {
                    return Outcome::Found(number);
                }
                next = found + 1;
            }
            position = match position.checked_add(u64::from(last - first)) {
                Some(position) => position,
                None => break,
            };
        }
        Outcome::NotFound
    }

    /// The layout for numbers of this many digits.
    fn layout(&self, digits: usize) -> Layout {
        let mask = !u32::MAX.unbounded_shr(4 * self.difficulty);
        Layout::new(self.midstate, &self.prefix, digits, &self.suffix, mask)
    }
}

/// How many numbers of a window to try before looking whether to stop: fewer where each takes long.
fn stride(layout: &Layout) -> u32 {
    const BLOCKS: u32 = 2_560;
    const STRIDE_MIN: u32 = 32;
    let blocks = u32::try_from(layout.blocks_per_number()).unwrap_or(u32::MAX);
    (BLOCKS / blocks)
        .next_multiple_of(STRIDE_MIN)
        .max(STRIDE_MIN)
}

/// How long a number is in decimal.
fn decimal_digits(number: u64) -> usize {
    number
        .checked_ilog10()
        .map_or(1, |power| power as usize + 1)
}
