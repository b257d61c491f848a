//! The read model of a ledger: what a chain of blocks cannot answer by itself.
//!
//! [`Index`] is one redb file beside a ledger. It follows the ledger's block stream
//! ([`Index::follow`]) and answers by hash, by transaction id, by account, with balances and
//! counts. Everything in it is derived: it can be thrown away at any time and is built again.
//!
//! Three promises hold it up.
//! - *Position and data agree.* A batch of blocks, or of removed blocks, and the position after it
//!   are one redb transaction; a reader sees one such state and never a mixture.
//! - *It equals an index built from nothing*, row for row, after any replacements of the chain and
//!   after any crash: a block is taken out by the same rules by which it was put in.
//! - *What cannot be trusted is built again*: a damaged file, another format, another ledger.
//!
//! [`IndexedLedger`] is a [`Ledger`](chainloom_ledger::Ledger) that answers through the index what
//! the ledger below leaves to it.
#![forbid(unsafe_code)]

mod amount;
mod apply;
mod as_indexed;
mod batch;
mod changes;
mod entry;
mod error;
mod events;
mod facet;
mod file;
mod follow;
mod further;
mod health;
mod id;
mod index;
mod indexed_ledger;
mod limits;
mod postings;
mod progress;
mod read;
mod reconcile;
mod rollback;
mod short;
mod spans;
mod tables;
mod writes;

pub use amount::{AMOUNT_DIGITS_MAX, BALANCE_TEXT_BYTES_MAX};
pub use error::IndexError;
pub use events::{
    ContractEventSummary, EventId, EventIdParseError, EventPart, EventSelection, EventStart,
    LedgerEvent, ToldEvent,
};
pub use health::{Health, Phase};
pub use index::{Index, Indexed};
pub use indexed_ledger::{CATCH_UP_WAIT_MS_MAX, IndexedLedger};
pub use progress::Progress;
pub use read::{
    Balance, BlockSummary, BlockTimes, BlocksPage, CallSummary, CodeCount, CodeName,
    CreatorSummary, FunctionCount, KeyChange, KeyHistoryPage, KeyName, KeyVersion, Order,
    OrganizationCount, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, PageTotals, STATS_FUNCTIONS_MAX,
    STATS_WINDOW_BLOCKS_DEFAULT, STATS_WINDOW_BLOCKS_MAX, Stats, StatsRange, Totals,
    TransactionFilter, TransactionSummary, TransactionsPage, TransferSummary,
};
pub use short::SHORT_VALUE_BYTES_MAX;
pub use writes::HISTORY_VALUE_BYTES_MAX;

#[cfg(test)]
mod tests;
