//! The article's rule for proofs: the string is `{last_proof}{proof}`.
//!
//! So the proofs are the same on every chain, and after 47 blocks they run in a circle of 61: a proof says nothing about
//! the block it stands in.

use super::Tip;
use chainloom_miner::{Puzzle, PuzzleError};

/// Appends the string that is hashed to check a proof.
pub(crate) fn write_message(last_proof: &str, proof: &str, message: &mut Vec<u8>) {
    message.extend_from_slice(last_proof.as_bytes());
    message.extend_from_slice(proof.as_bytes());
}

/// The puzzle after a tip.
pub(crate) fn puzzle(tip: &Tip, difficulty: u32) -> Result<Puzzle, PuzzleError> {
    Puzzle::new(tip.proof.as_bytes(), b"", difficulty)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rules::Rules;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn the_first_proofs_are_the_articles() {
        let mut tip = Tip {
            hash: [7; 32],
            proof: "100".to_owned(),
        };
        for proof in [35293, 35089, 119678, 146502, 43538] {
            let found = puzzle(&tip, 4).unwrap().solve(
                1,
                &AtomicBool::new(false),
                &chainloom_miner::Progress::default(),
            );
            assert_eq!(found, Some(proof));
            let digest = Rules::Article.proof_digest(&tip, &proof.to_string());
            assert_eq!(digest[..2], [0, 0]);
            tip.proof = proof.to_string();
        }
    }
}
