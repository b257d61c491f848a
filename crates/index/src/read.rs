//! What the index answers. Each answer is read from one snapshot and carries its height.

mod balance;
mod blocks;
mod cursor;
mod filter;
mod find;
mod history;
mod lookup;
mod stats;
mod transactions;

use redb::{Error, ReadTransaction};
use serde::{Deserialize, Serialize};

use crate::IndexError;
use crate::tables::State;

pub use balance::Balance;
pub use blocks::{BlockSummary, BlocksPage, PageTotals, Totals};
pub use filter::{CodeName, KeyName, TransactionFilter};
pub use history::{KeyChange, KeyHistoryPage, KeyVersion};
pub(crate) use lookup::{block_by_hash, hash_of_block, versions_of_id};
pub use stats::{
    BlockTimes, CodeCount, FunctionCount, OrganizationCount, STATS_FUNCTIONS_MAX,
    STATS_WINDOW_BLOCKS_DEFAULT, STATS_WINDOW_BLOCKS_MAX, Stats, StatsRange,
};
pub use transactions::{
    CallSummary, CreatorSummary, TransactionSummary, TransactionsPage, TransferSummary,
};

/// Rows of a page where the caller does not say.
pub const PAGE_LIMIT_DEFAULT: usize = 50;

/// Rows of a page at most.
pub const PAGE_LIMIT_MAX: usize = 1_000;

/// In which order a page runs through the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// From the tip down.
    #[default]
    NewestFirst,
    /// From the first block up.
    OldestFirst,
}

impl Order {
    fn reversed(self) -> Order {
        match self {
            Order::NewestFirst => Order::OldestFirst,
            Order::OldestFirst => Order::NewestFirst,
        }
    }
}

/// Refuses a page of no rows or of too many.
fn check_limit(limit: usize) -> Result<(), IndexError> {
    if (1..=PAGE_LIMIT_MAX).contains(&limit) {
        Ok(())
    } else {
        Err(IndexError::InvalidLimit(limit))
    }
}

/// What the snapshot stands at.
fn state_of(snapshot: &ReadTransaction) -> Result<State, Error> {
    Ok(State::read(snapshot)?.unwrap_or_default())
}
