//! The proof-of-work search of the tutorial's chain, in the fastest instructions the processor has.
//!
//! A [`Puzzle`] is a string with a hole: a prefix, a decimal number, a suffix. Its answer is the smallest number from 0
//! up for which the SHA-256 of the whole string, written in hex, begins with as many `0` as the difficulty asks for.
//! Under the article's rules the prefix is the last proof and there is no suffix; under the repository's rules the
//! suffix is the hash of the last block.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use chainloom_miner::{Progress, Puzzle};
//!
//! let puzzle = Puzzle::new(b"100", b"", 4)?;
//! let proof = puzzle.solve(1, &AtomicBool::new(false), &Progress::default());
//! assert_eq!(proof, Some(35293));
//! # Ok::<(), chainloom_miner::PuzzleError>(())
//! ```
//!
//! Which instructions are used is an [`Engine`], found at run time. All engines give the same answers; only the time
//! they take differs. Validation needs many unrelated hashes instead of a search: that is [`sha256_many`].
//!
//! # How a search goes
//! Numbers are tried in [`window`]s of ten thousand: within one, all but the last four digits stand still, so that
//! everything in front of them is hashed once (the midstate), blocks behind them have their message schedule computed
//! once, and each guess costs only the words that its digits touch. Vector engines ([`kernel`]) put one guess in each
//! 32-bit lane; the SHA extensions hash several guesses side by side to hide their latency. A guess is rejected on the
//! first word of its digest; the rare survivor is hashed again, plainly, before it is believed.
//!
//! This is the only crate of the workspace with `unsafe` code; each such block carries its argument.

#![allow(rustdoc::private_intra_doc_links)]

#[cfg(target_arch = "aarch64")]
mod arm;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod digest;
mod engine;
mod kernel;
#[cfg(target_arch = "x86_64")]
mod lane_group;
mod lanes;
mod many;
mod portable;
mod puzzle;
#[cfg(target_arch = "x86_64")]
mod sha_ni;
mod solve;
mod window;

pub use digest::{meets_difficulty, sha256};
pub use engine::Engine;
pub use many::sha256_many;
pub use puzzle::{DIFFICULTY_MAX, Outcome, Puzzle, PuzzleError};
pub use solve::Progress;
