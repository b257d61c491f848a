//! What is told of a peer: a stable word and a sentence for every way in which asking it can end.

use std::time::Duration;

use chainloom_ledger::PeerOutcome;

use super::fetch_error::FetchError;
use crate::json::{JsonProblem, Limits};
use crate::verify::ChainError;

/// How asking a peer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its chain is ours now.
    Adopted { length: u64, from: u64 },
    /// Its chain is valid, but not longer than ours.
    NotLonger { length: u64, ours: u64 },
    /// Its chain is valid, but another peer's is longer, or as long and registered before.
    ShorterThanBest {
        length: u64,
        best: u64,
        best_peer: String,
    },
    /// Its chain was the best, but ours was replaced while it came in, twice.
    ChainChanged,
    /// Its chain could not be fetched.
    NotFetched(FetchError),
    /// Its chain is refused.
    Refused(ChainError),
}

impl Verdict {
    /// The stable word for it.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Verdict::Adopted { .. } => "adopted",
            Verdict::NotLonger { .. } => "not_longer",
            Verdict::ShorterThanBest { .. } => "shorter_than_best",
            Verdict::ChainChanged => "chain_changed",
            Verdict::NotFetched(error) => error.code(),
            Verdict::Refused(error) => refusal_code(error),
        }
    }

    /// A sentence that says what happened and what can be done.
    pub(super) fn sentence(&self, json_depth_max: usize) -> String {
        match self {
            Verdict::Adopted { length, from } => {
                format!("its chain of {} is ours now, from block {from} on", blocks(*length))
            }
            Verdict::NotLonger { length, ours } => format!(
                "its chain is valid and has {}; ours has {}, and only a longer one replaces it",
                blocks(*length),
                blocks(*ours)
            ),
            Verdict::ShorterThanBest {
                length,
                best,
                best_peer,
            } if length < best => format!(
                "its chain is valid and has {}; {best_peer} has a longer one of {best}",
                blocks(*length)
            ),
            Verdict::ShorterThanBest {
                length, best_peer, ..
            } => format!(
                "its chain is valid and has {}, as many as that of {best_peer}, which was registered before",
                blocks(*length)
            ),
            Verdict::ChainChanged => {
                "its chain is longer than ours, but ours was replaced by another one while it came in; ask again".into()
            }
            Verdict::NotFetched(error) => error.to_string(),
            Verdict::Refused(ChainError::Json {
                offset,
                problem: JsonProblem::TooDeep { .. },
            }) => format!(
                "its chain holds more than {} arrays and objects within each other (at byte {offset})",
                json_depth_max.min(Limits::DEPTH_MAX)
            ),
            Verdict::Refused(error) => error.to_string(),
        }
    }

    /// What is kept of it.
    pub(super) fn outcome(
        &self,
        verified_blocks: u64,
        duration: Duration,
        json_depth_max: usize,
    ) -> PeerOutcome {
        PeerOutcome {
            code: self.code().to_owned(),
            detail: self.sentence(json_depth_max),
            verified_blocks,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

fn refusal_code(error: &ChainError) -> &'static str {
    match error {
        ChainError::TooLong { .. } => "chain_too_large",
        ChainError::BlockTooLong { .. } => "block_too_large",
        ChainError::MemberTooLong { .. } => "member_too_large",
        ChainError::Truncated { .. } => "truncated",
        ChainError::Json {
            problem: JsonProblem::TooDeep { .. },
            ..
        } => "too_deep",
        ChainError::Json { .. } => "not_json",
        ChainError::NotAnObject
        | ChainError::ChainMissing
        | ChainError::ChainTwice
        | ChainError::ChainNotAnArray
        | ChainError::Empty => "not_a_chain",
        ChainError::BlockRefused { .. } => "invalid_block",
        ChainError::OtherRules { .. } => "other_rules",
    }
}

fn blocks(count: u64) -> String {
    match count {
        1 => "1 block".into(),
        _ => format!("{count} blocks"),
    }
}
