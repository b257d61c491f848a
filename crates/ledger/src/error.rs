use serde::Serialize;

use crate::{ValidationCode, Version};

/// Why a ledger did not do what it was asked; each variant says what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The call itself is wrong, or the key that it comes with.
    #[error("{detail}")]
    InvalidCall {
        /// A stable word, such as `unknown_function`.
        code: &'static str,
        /// What is wrong, where, and what to do.
        detail: String,
    },
    /// There is no such block, transaction or account.
    #[error("{detail}")]
    NotFound {
        /// A stable word, such as `block_not_found`.
        code: &'static str,
        /// What was looked for, and where.
        detail: String,
    },
    /// The call contradicts one that was made before, as things stand.
    #[error("{detail}")]
    Conflict {
        /// A stable word, such as `idempotency_key_in_use`.
        code: &'static str,
        /// What contradicts what.
        detail: String,
        /// After how many seconds to make the same call again, where the one before is still under way; `None` where it fails again.
        retry_after_s: Option<u32>,
    },
    /// Too much waits already.
    #[error("{detail}")]
    Overloaded {
        /// A stable word, such as `pending_full`.
        code: &'static str,
        /// What is full and what empties it.
        detail: String,
        /// After how many seconds to try again.
        retry_after_s: u32,
    },
    /// More is asked for at once than is taken; nothing was begun.
    #[error("{detail}")]
    TooManyRequests {
        /// A stable word, such as `peer_busy`.
        code: &'static str,
        /// Who takes no more, and how much it takes.
        detail: String,
        /// After how many seconds to try again.
        retry_after_s: u32,
    },
    /// A contract or a peer refused the call.
    #[error("{detail}")]
    Refused {
        /// A stable word, such as `contract_refused`.
        code: &'static str,
        /// Who refused it and in which words.
        detail: String,
        /// The transaction that came of it nevertheless, where one did.
        transaction_id: Option<String>,
        /// What each peer said that was asked.
        endorsers: Vec<Endorser>,
    },
    /// The transaction stands in a block and took no effect.
    #[error("{detail}")]
    Invalid {
        /// A stable word, such as `mvcc_read_conflict`.
        code: &'static str,
        /// What was wrong with it, and what to do.
        detail: String,
        /// Its id.
        transaction_id: String,
        /// Where it stands.
        version: Option<Version>,
        /// The verdict.
        validation_code: Box<ValidationCode>,
        /// Whether the same call, as a new transaction, can succeed: others changed what it had read.
        is_conflict: bool,
    },
    /// The ledger does not let this identity do it.
    #[error("{detail}")]
    AccessDenied {
        /// Who refused whom, and what to look at.
        detail: String,
    },
    /// A part of the ledger cannot be reached; nothing was submitted.
    #[error("{detail}")]
    Unavailable {
        /// A stable word, such as `peer_unavailable`.
        code: &'static str,
        /// What cannot be reached.
        detail: String,
        /// What each peer said that was asked.
        endorsers: Vec<Endorser>,
    },
    /// The outcome was not known in time; the transaction may still take effect.
    #[error("{detail}")]
    Unconfirmed {
        /// The id under which to ask again.
        transaction_id: String,
        /// What was waited for, how long, and how to ask.
        detail: String,
    },
    /// The ledger is shutting down.
    #[error("the server is shutting down; try again when it is back")]
    ShuttingDown,
    /// The ledger's own store failed.
    #[error("{detail}")]
    Storage {
        /// Which store, what failed, and what an operator can do.
        detail: String,
    },
}

/// What one peer said of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Endorser {
    /// Where it is, `host:port`.
    pub address: String,
    /// Its organization's MSP id.
    pub organization: String,
    /// Its own words.
    pub message: String,
}

/// What a caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Correct the call; the same one fails again.
    FixCall,
    /// Make the same call again, later.
    TryAgain,
    /// Ask under the transaction's id; do not submit again.
    AskForOutcome,
    /// Someone must look at the server.
    AskOperator,
}

impl LedgerError {
    /// The stable word for this error.
    pub fn code(&self) -> &'static str {
        match self {
            LedgerError::InvalidCall { code, .. }
            | LedgerError::NotFound { code, .. }
            | LedgerError::Conflict { code, .. }
            | LedgerError::Refused { code, .. }
            | LedgerError::Invalid { code, .. }
            | LedgerError::Unavailable { code, .. }
            | LedgerError::Overloaded { code, .. }
            | LedgerError::TooManyRequests { code, .. } => code,
            LedgerError::AccessDenied { .. } => "access_denied",
            LedgerError::Unconfirmed { .. } => "outcome_unknown",
            LedgerError::ShuttingDown => "shutting_down",
            LedgerError::Storage { .. } => "storage_failed",
        }
    }

    /// What the caller can do.
    pub fn advice(&self) -> Advice {
        match self {
            LedgerError::InvalidCall { .. }
            | LedgerError::NotFound { .. }
            | LedgerError::Refused { .. }
            | LedgerError::Invalid {
                is_conflict: false, ..
            }
            | LedgerError::AccessDenied { .. }
            | LedgerError::Conflict {
                retry_after_s: None,
                ..
            } => Advice::FixCall,
            LedgerError::Overloaded { .. }
            | LedgerError::TooManyRequests { .. }
            | LedgerError::Conflict {
                retry_after_s: Some(_),
                ..
            }
            | LedgerError::Invalid {
                is_conflict: true, ..
            }
            | LedgerError::Unavailable { .. }
            | LedgerError::ShuttingDown => Advice::TryAgain,
            LedgerError::Unconfirmed { .. } => Advice::AskForOutcome,
            LedgerError::Storage { .. } => Advice::AskOperator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid(is_conflict: bool) -> LedgerError {
        LedgerError::Invalid {
            code: "f",
            detail: String::new(),
            transaction_id: String::new(),
            version: None,
            validation_code: Box::new(ValidationCode::valid()),
            is_conflict,
        }
    }

    #[test]
    fn every_error_says_what_to_do() {
        let detail = String::new;
        let cases = [
            (
                LedgerError::InvalidCall {
                    code: "a",
                    detail: detail(),
                },
                "a",
                Advice::FixCall,
            ),
            (
                LedgerError::NotFound {
                    code: "b",
                    detail: detail(),
                },
                "b",
                Advice::FixCall,
            ),
            (
                LedgerError::Conflict {
                    code: "c",
                    detail: detail(),
                    retry_after_s: None,
                },
                "c",
                Advice::FixCall,
            ),
            (
                LedgerError::Conflict {
                    code: "c",
                    detail: detail(),
                    retry_after_s: Some(1),
                },
                "c",
                Advice::TryAgain,
            ),
            (
                LedgerError::Overloaded {
                    code: "d",
                    detail: detail(),
                    retry_after_s: 1,
                },
                "d",
                Advice::TryAgain,
            ),
            (
                LedgerError::TooManyRequests {
                    code: "h",
                    detail: detail(),
                    retry_after_s: 1,
                },
                "h",
                Advice::TryAgain,
            ),
            (
                LedgerError::Unconfirmed {
                    transaction_id: detail(),
                    detail: detail(),
                },
                "outcome_unknown",
                Advice::AskForOutcome,
            ),
            (
                LedgerError::Refused {
                    code: "e",
                    detail: detail(),
                    transaction_id: None,
                    endorsers: Vec::new(),
                },
                "e",
                Advice::FixCall,
            ),
            (invalid(true), "f", Advice::TryAgain),
            (invalid(false), "f", Advice::FixCall),
            (
                LedgerError::AccessDenied { detail: detail() },
                "access_denied",
                Advice::FixCall,
            ),
            (
                LedgerError::Unavailable {
                    code: "g",
                    detail: detail(),
                    endorsers: Vec::new(),
                },
                "g",
                Advice::TryAgain,
            ),
            (LedgerError::ShuttingDown, "shutting_down", Advice::TryAgain),
            (
                LedgerError::Storage { detail: detail() },
                "storage_failed",
                Advice::AskOperator,
            ),
        ];
        for (error, code, advice) in cases {
            assert_eq!((error.code(), error.advice()), (code, advice));
        }
    }
}
