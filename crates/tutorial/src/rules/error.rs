use super::Rules;
use crate::json::PythonStrError;
use chainloom_ledger::Hash;

/// Why a block is refused: one variant for each rule of [`validity`](super::validity).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A block has fields, so it must be an object.
    #[error("it is not an object but {found}")]
    NotAnObject {
        /// What it is, in a few words.
        found: &'static str,
    },
    /// Every block has a proof.
    #[error("it has no `proof`")]
    ProofMissing,
    /// A proof must have a place in the string that is hashed.
    #[error("its `proof` {found} cannot be used: {reason}")]
    ProofUnusable {
        /// The proof, shortened.
        found: String,
        /// What is wrong with it.
        reason: PythonStrError,
    },
    /// Every block but the first names the one before it.
    #[error("it has no `previous_hash`")]
    PreviousHashMissing,
    /// A block names the hash of the one before it.
    #[error("its `previous_hash` is {found}, but the block before it has the hash {expected}")]
    PreviousHashDiffers {
        /// What the block says, shortened.
        found: String,
        /// The hash of the block before it.
        expected: Hash,
    },
    /// A proof's digest begins with zeros.
    #[error(
        "its proof is invalid under the rules `{rules}` at difficulty {difficulty}: the SHA-256 of `{message}` is {digest}"
    )]
    ProofInvalid {
        /// The rules that were applied.
        rules: Rules,
        /// How many zeros are wanted.
        difficulty: u32,
        /// The string that was hashed, shortened.
        message: String,
        /// Its digest.
        digest: Hash,
    },
}

/// How much of a foreign text an error quotes, in characters.
const EXCERPT_LENGTH: usize = 160;

/// The beginning of a foreign text.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_LENGTH) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_are_shortened() {
        assert_eq!(excerpt("short"), "short");
        let long = "é".repeat(EXCERPT_LENGTH + 1);
        assert_eq!(excerpt(&long), format!("{}…", "é".repeat(EXCERPT_LENGTH)));
    }
}
