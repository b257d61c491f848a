//! The repository's rule for proofs: the string is `{last_proof}{proof}{hash of the last block}`.

use super::{Tip, hash::hex_digits};
use chainloom_miner::{Puzzle, PuzzleError};

/// Appends the string that is hashed to check a proof.
pub(crate) fn write_message(
    last_proof: &str,
    proof: &str,
    last_hash: &[u8; 32],
    message: &mut Vec<u8>,
) {
    message.extend_from_slice(last_proof.as_bytes());
    message.extend_from_slice(proof.as_bytes());
    message.extend_from_slice(&hex_digits(last_hash));
}

/// The puzzle after a tip.
pub(crate) fn puzzle(tip: &Tip, difficulty: u32) -> Result<Puzzle, PuzzleError> {
    Puzzle::new(tip.proof.as_bytes(), &hex_digits(&tip.hash), difficulty)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rules::Rules;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn the_proof_after_the_golden_genesis() {
        let genesis = Rules::Repository.genesis(1506280650.770839);
        let tip = Tip::of(&genesis).unwrap();
        let found = puzzle(&tip, 4).unwrap().solve(
            1,
            &AtomicBool::new(false),
            &chainloom_miner::Progress::default(),
        );
        assert_eq!(found, Some(63663));
        let message = Rules::Repository.message(&tip, "63663");
        assert_eq!(
            message,
            "10063663a54baf00bfbe53601094e03bbc98f580a2b996f2d5aa46ffddd4576888981029"
        );
        assert_eq!(Rules::Repository.proof_digest(&tip, "63663")[..2], [0, 0]);
    }
}
