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
            detail: printable(&self.sentence(json_depth_max)),
            verified_blocks,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// A sentence that may quote a peer, without characters that do something to a terminal.
fn printable(sentence: &str) -> String {
    let mut shown = String::with_capacity(sentence.len());
    for character in sentence.chars() {
        if character.is_control() {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rules::{RuleError, Rules};
    use chainloom_ledger::fence;
    use std::collections::BTreeSet;

    fn fetch_errors() -> Vec<FetchError> {
        let detail = || "it says".to_owned();
        let limit = Duration::from_secs(10);
        let fenced = fence::check("0.0.0.0".parse().unwrap()).unwrap_err();
        vec![
            FetchError::OwnAddress,
            FetchError::Fenced(fenced),
            FetchError::NameNotFound {
                name: "node.example".into(),
                detail: detail(),
            },
            FetchError::LookupTimeout { limit },
            FetchError::Refused,
            FetchError::Unreachable { detail: detail() },
            FetchError::ConnectTimeout { limit },
            FetchError::AnswerTimeout { limit },
            FetchError::IdleTimeout { bytes: 5, limit },
            FetchError::ChainTimeout { bytes: 5, limit },
            FetchError::BadAnswer { detail: detail() },
            FetchError::Redirect { status: 302 },
            FetchError::Status { status: 404 },
            FetchError::Encoded {
                encoding: "gzip".into(),
            },
            FetchError::TooLarge { limit: 1 << 30 },
            FetchError::CutOff {
                bytes: 5,
                detail: detail(),
            },
        ]
    }

    fn chain_errors() -> Vec<ChainError> {
        let json = |problem| ChainError::Json { offset: 9, problem };
        vec![
            ChainError::BlockTooLong {
                number: 3,
                limit: 64,
            },
            ChainError::MemberTooLong {
                offset: 9,
                limit: 64,
            },
            ChainError::Truncated { length: 9 },
            json(JsonProblem::TooDeep { limit: 998 }),
            json(JsonProblem::ValueExpected),
            ChainError::Empty,
            ChainError::BlockRefused {
                number: 3,
                rule: RuleError::ProofMissing,
            },
            ChainError::OtherRules {
                number: 2,
                peer: Rules::Repository,
                ours: Rules::Article,
            },
        ]
    }

    #[test]
    fn every_end_has_a_word_of_its_own_and_a_sentence() {
        let mut verdicts = vec![
            Verdict::Adopted { length: 9, from: 4 },
            Verdict::NotLonger { length: 9, ours: 9 },
            Verdict::ShorterThanBest {
                length: 9,
                best: 10,
                best_peer: "127.0.0.1:5001".into(),
            },
            Verdict::ChainChanged,
        ];
        verdicts.extend(fetch_errors().into_iter().map(Verdict::NotFetched));
        verdicts.extend(chain_errors().into_iter().map(Verdict::Refused));
        let mut codes = BTreeSet::new();
        for verdict in &verdicts {
            let outcome = verdict.outcome(7, Duration::from_millis(1500), 1000);
            assert!(outcome.detail.len() > 15, "{outcome:?}");
            assert_eq!((outcome.verified_blocks, outcome.duration_ms), (7, 1500));
            let is_word = outcome
                .code
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(is_word, "{outcome:?}");
            assert!(codes.insert(outcome.code.clone()), "{outcome:?}");
        }
    }

    #[test]
    fn what_means_the_same_has_the_same_word() {
        let codes = |errors: Vec<ChainError>| -> BTreeSet<&str> {
            errors.iter().map(refusal_code).collect()
        };
        let no_chain = vec![
            ChainError::NotAnObject,
            ChainError::ChainMissing,
            ChainError::ChainTwice,
            ChainError::ChainNotAnArray,
            ChainError::Empty,
        ];
        assert_eq!(codes(no_chain), BTreeSet::from(["not_a_chain"]));
        let too_large = FetchError::TooLarge { limit: 5 };
        assert_eq!(
            codes(vec![ChainError::TooLong { limit: 5 }]),
            BTreeSet::from([too_large.code()])
        );
    }

    #[test]
    fn sentences_say_how_many() {
        let shorter = |length, best| {
            let best_peer = "127.0.0.1:5001".to_owned();
            let verdict = Verdict::ShorterThanBest {
                length,
                best,
                best_peer,
            };
            verdict.sentence(1000)
        };
        assert_eq!(
            shorter(1, 2),
            "its chain is valid and has 1 block; 127.0.0.1:5001 has a longer one of 2"
        );
        assert_eq!(
            shorter(2, 2),
            "its chain is valid and has 2 blocks, as many as that of 127.0.0.1:5001, which was registered before"
        );
        let too_deep = Verdict::Refused(ChainError::Json {
            offset: 9,
            problem: JsonProblem::TooDeep { limit: 18 },
        });
        assert!(too_deep.sentence(20).contains("more than 20 arrays"));
        assert!(too_deep.sentence(5000).contains("more than 1000 arrays"));
    }
}
