//! The store's errors as a ledger's.

use chainloom_ledger::LedgerError;

use crate::store::StoreError;

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> LedgerError {
        match error {
            StoreError::Closed => LedgerError::ShuttingDown,
            StoreError::Damaged { .. } | StoreError::Failed { .. } => LedgerError::Storage {
                detail: error.to_string(),
            },
        }
    }
}

/// A blocking job that did not end by itself: the runtime is shutting down, or it panicked.
pub(super) fn reader_failed(error: tokio::task::JoinError) -> LedgerError {
    if error.is_cancelled() {
        LedgerError::ShuttingDown
    } else {
        LedgerError::Storage {
            detail: format!("reading the chain failed: {error}; please report this"),
        }
    }
}

/// There is no such block.
pub(super) fn block_not_found(number: u64, length: u64) -> LedgerError {
    LedgerError::NotFound {
        code: "block_not_found",
        detail: format!("there is no block {number}; the chain has the blocks 1 to {length}"),
    }
}
