use std::path::{Path, PathBuf};

use chainloom_database::is_damage;
use chainloom_ledger::LedgerError;

use crate::{PAGE_LIMIT_MAX, STATS_WINDOW_BLOCKS_MAX};

/// Why the index could not be opened or could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// Another process has the file open.
    #[error(
        "the index {} is in use by another process; stop that one or give this one another data folder",
        path.display()
    )]
    Locked {
        /// The index file.
        path: PathBuf,
    },
    /// The file cannot be created, opened or moved aside.
    #[error("the index {} cannot be opened: {detail}", path.display())]
    Inaccessible {
        /// The index file.
        path: PathBuf,
        /// What the system says.
        detail: String,
    },
    /// The file holds what no index holds; the follower moves it aside and builds another.
    #[error("the index {} is damaged ({detail}); it is being built again from the ledger", path.display())]
    Damaged {
        /// The index file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Reading or writing the file failed, as on a full disk.
    #[error("the index {} failed: {detail}; look after the disk, the index goes on by itself", path.display())]
    Storage {
        /// The index file.
        path: PathBuf,
        /// What failed.
        detail: String,
    },
    /// A cursor that no page has given.
    #[error("`{0}` is no cursor: pass the `next` of an earlier page as it stands, or none")]
    InvalidCursor(String),
    /// A page of no rows or of too many.
    #[error(
        "the limit {0} is outside of 1 to {PAGE_LIMIT_MAX}: ask for that many at most and follow `next`"
    )]
    InvalidLimit(usize),
    /// Statistics over no blocks or over too many.
    #[error("statistics over {0} blocks: 1 to {STATS_WINDOW_BLOCKS_MAX} can be taken")]
    InvalidWindow(u64),
    /// Statistics from a block on that comes behind their last.
    #[error("statistics from block {from} to {to}: the first block comes behind the last")]
    InvalidRange {
        /// The first block.
        from: u64,
        /// The last block.
        to: u64,
    },
}

impl IndexError {
    /// Names the file where redb's errors do not, and tells damage from other failures.
    pub(crate) fn from_redb(path: &Path, error: redb::Error) -> IndexError {
        let (path, detail) = (path.to_owned(), error.to_string());
        if is_damage(&error) {
            IndexError::Damaged { path, detail }
        } else {
            IndexError::Storage { path, detail }
        }
    }
}

impl From<IndexError> for LedgerError {
    fn from(error: IndexError) -> LedgerError {
        let detail = error.to_string();
        match error {
            IndexError::InvalidCursor(_) => LedgerError::InvalidCall {
                code: "invalid_cursor",
                detail,
            },
            IndexError::InvalidLimit(_) => LedgerError::InvalidCall {
                code: "invalid_limit",
                detail,
            },
            IndexError::InvalidWindow(_) => LedgerError::InvalidCall {
                code: "invalid_window",
                detail,
            },
            IndexError::InvalidRange { .. } => LedgerError::InvalidCall {
                code: "invalid_range",
                detail,
            },
            IndexError::Locked { .. }
            | IndexError::Inaccessible { .. }
            | IndexError::Damaged { .. }
            | IndexError::Storage { .. } => LedgerError::Storage { detail },
        }
    }
}
