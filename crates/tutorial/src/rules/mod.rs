//! The tutorial's rules: what a block's hash is, what a proof must meet, and which chains are valid.
//!
//! Each rule is a small function in [`validity`] beside the error that it raises; [`RuleError`] is the list of all the
//! reasons to refuse a block. The two sets of [`Rules`] differ in what a proof commits to ([`article`], [`repository`])
//! and in the genesis block ([`genesis`](Rules::genesis)).
//!
//! What these rules leave open: index, time, transactions and rewards of a foreign block are not looked at, and under
//! the article's rules a proof commits to nothing but the proof before it.

pub mod article;
mod block;
mod error;
mod genesis;
mod hash;
mod recognition;
pub mod repository;
mod tip;
pub mod validity;

pub use block::{BlockFields, new_block, python_time, reward, transaction};
pub use error::RuleError;
pub use genesis::GENESIS_PROOF;
pub use hash::{block_hash, hashed_text, hex};
pub use recognition::Recognition;
pub use tip::Tip;

use chainloom_miner::{Puzzle, PuzzleError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Which of the two published versions of the tutorial a chain follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rules {
    /// The article: a proof commits to the proof before it.
    Article,
    /// The repository that came with the article: a proof commits to the hash of the block before it too.
    Repository,
}

/// The difficulty of both versions: how many hex digits `0` a proof's digest begins with.
pub const DIFFICULTY_DEFAULT: u32 = 4;

impl Rules {
    /// All of them.
    pub const ALL: [Rules; 2] = [Rules::Article, Rules::Repository];

    /// The name in configuration, answers and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Repository => "repository",
        }
    }

    /// The rules that these are not.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Article => Self::Repository,
            Self::Repository => Self::Article,
        }
    }

    /// The very string that is hashed to check a proof that continues this tip.
    #[must_use]
    pub fn message(self, tip: &Tip, proof: &str) -> String {
        let mut message = Vec::new();
        self.write_message(&tip.proof, proof, &tip.hash, &mut message);
        String::from_utf8(message).expect("it is made of texts")
    }

    /// The digest of [`message`](Self::message): a valid proof's begins with zeros.
    #[must_use]
    pub fn proof_digest(self, tip: &Tip, proof: &str) -> [u8; 32] {
        chainloom_miner::sha256(self.message(tip, proof).as_bytes())
    }

    /// Appends the string that is hashed to check a proof.
    pub(crate) fn write_message(
        self,
        last_proof: &str,
        proof: &str,
        last_hash: &[u8; 32],
        message: &mut Vec<u8>,
    ) {
        match self {
            Self::Article => article::write_message(last_proof, proof, message),
            Self::Repository => repository::write_message(last_proof, proof, last_hash, message),
        }
    }

    /// The puzzle whose answer is the proof of the block after this tip.
    ///
    /// # Errors
    /// [`PuzzleError`] for a difficulty that no digest can have.
    pub fn puzzle(self, tip: &Tip, difficulty: u32) -> Result<Puzzle, PuzzleError> {
        match self {
            Self::Article => article::puzzle(tip, difficulty),
            Self::Repository => repository::puzzle(tip, difficulty),
        }
    }
}

impl fmt::Display for Rules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A name that is none of the [`Rules`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` are no rules; choose `article` or `repository`")]
pub struct UnknownRules(pub String);

impl FromStr for Rules {
    type Err = UnknownRules;

    fn from_str(name: &str) -> Result<Self, UnknownRules> {
        Self::ALL
            .into_iter()
            .find(|rules| rules.name() == name)
            .ok_or_else(|| UnknownRules(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_read_back() {
        for rules in Rules::ALL {
            assert_eq!(rules.to_string().parse(), Ok(rules));
            let json = serde_json::to_string(&rules).unwrap();
            assert_eq!(json, format!("\"{rules}\""));
            assert_eq!(serde_json::from_str::<Rules>(&json).unwrap(), rules);
            assert_eq!(rules.other().other(), rules);
        }
        assert_eq!(
            "Article".parse::<Rules>(),
            Err(UnknownRules("Article".to_owned()))
        );
    }
}
