use chainloom_ledger::{Block, Hash, TimeSource};
use jiff::Timestamp;
use redb::{Error, ReadOnlyTable, ReadTransaction};
use serde::Serialize;

use super::{Order, check_limit, state_of};
use crate::short::{SHORT_VALUE_BYTES_MAX, short_text};
use crate::tables::{BLOCKS, BlockRow, TimeRow};
use crate::{Index, IndexError};

/// A block without its transactions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BlockSummary {
    /// The ledger's own number of it.
    pub number: u64,
    /// The hash by which the next block names it.
    #[schema(value_type = String)]
    pub hash: Hash,
    /// What it names as the block before; longer than 256 bytes it is cut and ends with `…`.
    pub previous_hash: String,
    /// When it was made, see `time_source`; absent where nothing in it says a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// Whose clock says so; absent where there is no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_source: Option<TimeSource>,
    /// Size of its encoded form in bytes.
    pub size_bytes: u64,
    /// How many transactions it holds.
    pub transaction_count: u64,
    /// How many of them are valid.
    pub valid_count: u64,
}

impl BlockSummary {
    /// The block as a ledger gives it.
    pub(crate) fn of(block: &Block) -> BlockSummary {
        BlockSummary {
            number: block.number,
            hash: block.hash,
            previous_hash: short_text(&block.previous_hash, SHORT_VALUE_BYTES_MAX),
            time: block.time,
            time_source: block.time_source,
            size_bytes: block.size_bytes,
            transaction_count: block.transaction_count,
            valid_count: block.valid_count,
        }
    }
}

/// Some blocks of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BlocksPage {
    /// The blocks, in the order that was asked for.
    pub blocks: Vec<BlockSummary>,
    /// The `from` of the next page; absent where there is none (yet).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Counts of the blocks on this page.
    pub page_totals: PageTotals,
    /// Counts of the whole chain.
    pub totals: Totals,
    /// Number of the last block that is indexed; 0 while there is none.
    pub indexed_height: u64,
}

/// Counts of the blocks on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct PageTotals {
    /// Transactions in them.
    pub transactions: u64,
    /// Valid ones.
    pub valid: u64,
}

/// Counts of the whole chain, as far as it is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Totals {
    /// Blocks.
    pub blocks: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Valid ones.
    pub valid: u64,
}

impl Index {
    /// A page of blocks from number `from` on, that one included; without `from`, from the tip
    /// down or from the first block up.
    ///
    /// # Errors
    /// [`IndexError::InvalidLimit`]; [`IndexError::Damaged`] and [`IndexError::Storage`], as every
    /// read.
    pub async fn blocks(
        &self,
        from: Option<u64>,
        limit: usize,
        order: Order,
    ) -> Result<BlocksPage, IndexError> {
        check_limit(limit)?;
        self.read(move |snapshot| page(snapshot, from, limit, order))
            .await
    }
}

fn page(
    snapshot: &ReadTransaction,
    from: Option<u64>,
    limit: usize,
    order: Order,
) -> Result<BlocksPage, Error> {
    let state = state_of(snapshot)?;
    let table = snapshot.open_table(BLOCKS)?;
    let (range, newest_first) = match order {
        Order::NewestFirst => (table.range(..=from.unwrap_or(u64::MAX))?, true),
        Order::OldestFirst => (table.range(from.unwrap_or(0)..)?, false),
    };
    let rows: Box<dyn Iterator<Item = _>> = if newest_first {
        Box::new(range.rev())
    } else {
        Box::new(range)
    };
    let mut blocks = Vec::with_capacity(limit);
    let mut next = None;
    let mut page_totals = PageTotals::default();
    for entry in rows {
        let (number, row) = entry?;
        let number = number.value();
        if blocks.len() == limit {
            next = Some(number);
            break;
        }
        let block = summary(&table, number, row.value(), state.time_source())?;
        page_totals.transactions += block.transaction_count;
        page_totals.valid += block.valid_count;
        blocks.push(block);
    }
    Ok(BlocksPage {
        blocks,
        next,
        page_totals,
        totals: Totals {
            blocks: state.blocks(),
            transactions: state.transactions,
            valid: state.valid,
        },
        indexed_height: state.height().unwrap_or(0),
    })
}

/// A row as it is shown; the previous hash is looked up where the row leaves it to the row before.
fn summary(
    table: &ReadOnlyTable<u64, BlockRow<'static>>,
    number: u64,
    row: BlockRow<'_>,
    time_source: TimeSource,
) -> Result<BlockSummary, Error> {
    let (hash, previous_hash, time, size_bytes, transaction_count, valid_count, ..) = row;
    let previous_hash = match (previous_hash, number.checked_sub(1)) {
        (Some(text), _) => text.to_owned(),
        (None, Some(before)) => match table.get(before)? {
            Some(row) => Hash(*row.value().0).to_string(),
            None => return Err(Error::Corrupted(format!("the index has no block {before}"))),
        },
        (None, None) => return Err(Error::Corrupted("block 0 follows no block".to_owned())),
    };
    let time = time.and_then(timestamp);
    Ok(BlockSummary {
        number,
        hash: Hash(*hash),
        previous_hash,
        time,
        time_source: time.map(|_| time_source),
        size_bytes,
        transaction_count,
        valid_count,
    })
}

/// The time that a row holds.
pub(super) fn timestamp((seconds, nanoseconds): TimeRow) -> Option<Timestamp> {
    Timestamp::new(seconds, nanoseconds).ok()
}
