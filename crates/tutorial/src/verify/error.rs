use crate::json::JsonProblem;
use crate::rules::{RuleError, Rules};

/// Why a chain was refused. Blocks are numbered by their position, from 1; offsets count from the start of the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The body is longer than is read.
    #[error("the chain is longer than {limit} bytes, the most that is read")]
    TooLong {
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// A block is longer than is read.
    #[error("block {number} is longer than {limit} bytes, the most that is read of one block")]
    BlockTooLong {
        /// Which block.
        number: u64,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// Some other member of the body is longer than is read.
    #[error("at byte {offset}: a member longer than {limit} bytes, the most that is read of one")]
    MemberTooLong {
        /// Where it begins.
        offset: u64,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// The body ends early.
    #[error("the chain ends in the middle, after {length} bytes")]
    Truncated {
        /// How long the body was.
        length: u64,
    },
    /// The body is not JSON, or not within the limits.
    #[error("not JSON at byte {offset}: {problem}")]
    Json {
        /// Where.
        offset: u64,
        /// What is wrong there.
        problem: JsonProblem,
    },
    /// The body is JSON, but no object.
    #[error("the answer is not a JSON object with the member `chain`")]
    NotAnObject,
    /// The body has no chain.
    #[error("the answer has no member `chain`")]
    ChainMissing,
    /// The body has two chains.
    #[error("the answer has the member `chain` twice; it is not clear which one counts")]
    ChainTwice,
    /// The chain is no array.
    #[error("`chain` is not an array of blocks")]
    ChainNotAnArray,
    /// The chain has no blocks.
    #[error("`chain` holds no block; every chain has a first one")]
    Empty,
    /// A block breaks a rule.
    #[error("block {number}: {rule}")]
    BlockRefused {
        /// Which block.
        number: u64,
        /// Which rule, and how.
        #[source]
        rule: RuleError,
    },
    /// The chain follows the other rules, in every block so far.
    #[error("peer follows `{peer}`, ours is `{ours}` (seen at block {number})")]
    OtherRules {
        /// The block whose proof showed it.
        number: u64,
        /// The rules of the chain.
        peer: Rules,
        /// The rules that were applied.
        ours: Rules,
    },
}
