use std::ops::RangeInclusive;

use chainloom_ledger::TimeSource;
use jiff::Timestamp;
use redb::{Error, ReadOnlyTable, ReadTransaction};
use serde::Serialize;

use super::blocks::timestamp;
use super::state_of;
use crate::changes::count_up_to;
use crate::facet;
use crate::tables::{BLOCKS, BlockRow, CODES, COUNTS, FUNCTIONS, Facet, ORGANIZATIONS};
use crate::{Index, IndexError};

/// Over how many blocks rates are taken where the caller names neither blocks nor a window.
pub const STATS_WINDOW_BLOCKS_DEFAULT: u64 = 100;

/// Over how many blocks rates are taken at most.
pub const STATS_WINDOW_BLOCKS_MAX: u64 = 100_000;

/// How many functions, validation codes and organizations are counted out at most.
pub const STATS_FUNCTIONS_MAX: usize = 1_000;

/// Of which blocks statistics are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatsRange {
    /// Number of the first block; the chain's first where absent.
    pub from: Option<u64>,
    /// Number of the last block; the chain's last where absent.
    pub to: Option<u64>,
    /// Over how many of the last of them rates are taken; where absent over all of them, up to
    /// [`STATS_WINDOW_BLOCKS_MAX`], or over [`STATS_WINDOW_BLOCKS_DEFAULT`] where no blocks are named.
    pub window: Option<u64>,
}

/// Counts of a range of blocks, and rates of its last blocks.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Stats {
    /// Number of the first block that counts; absent without blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_block: Option<u64>,
    /// Number of the last block that counts; absent without blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_block: Option<u64>,
    /// Blocks in all.
    pub blocks: u64,
    /// Transactions in all.
    pub transactions: u64,
    /// Valid ones in all.
    pub valid: u64,
    /// Transactions by validation code.
    pub by_code: Vec<CodeCount>,
    /// Transactions by the function that they called, in the order of the names; the first 1,000.
    pub by_function: Vec<FunctionCount>,
    /// Transactions by the organization that their creator is of, in the order of the names; the first 1,000.
    pub by_organization: Vec<OrganizationCount>,
    /// Over how many of the last of these blocks the following is taken.
    pub window_blocks: u64,
    /// Transactions in a block of the window, on average; absent without blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions_per_block: Option<f64>,
    /// Transactions a second in the window; absent where its blocks do not say times that grow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions_per_s: Option<f64>,
    /// Times between the blocks of the window; absent where fewer than two neighbours say a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_times: Option<BlockTimes>,
    /// Number of the last block that is indexed; 0 while there is none.
    pub indexed_height: u64,
}

/// How many transactions have a validation code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CodeCount {
    /// The code; 0 is valid.
    pub code: i32,
    /// Its name.
    pub name: String,
    /// How many.
    pub transactions: u64,
}

/// How many transactions called a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FunctionCount {
    /// The contract; longer than 128 bytes it is cut and ends with `…`.
    pub contract: String,
    /// The function; longer than 128 bytes it is cut and ends with `…`.
    pub function: String,
    /// How many.
    pub transactions: u64,
}

/// How many transactions members of an organization made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OrganizationCount {
    /// Its MSP id; longer than 256 bytes it is cut and ends with `…`.
    pub organization: String,
    /// How many.
    pub transactions: u64,
}

/// Times from a block to the next. They can be negative: each is by another clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct BlockTimes {
    /// On average, in seconds.
    pub average_s: f64,
    /// The shortest, in seconds.
    pub min_s: f64,
    /// The longest, in seconds.
    pub max_s: f64,
    /// Whose clocks say them: those of the blocks' miners, or where blocks have no time those of the clients that made their last transactions.
    pub time_source: TimeSource,
}

impl Index {
    /// Counts of a range of blocks, and rates of its last blocks. Counting costs the same for any range.
    ///
    /// # Errors
    /// [`IndexError::InvalidWindow`] and [`IndexError::InvalidRange`]; [`IndexError::Damaged`] and
    /// [`IndexError::Storage`], as every read.
    pub async fn stats(&self, range: StatsRange) -> Result<Stats, IndexError> {
        if let Some(window) = range.window
            && !(1..=STATS_WINDOW_BLOCKS_MAX).contains(&window)
        {
            return Err(IndexError::InvalidWindow(window));
        }
        if let (Some(from), Some(to)) = (range.from, range.to)
            && from > to
        {
            return Err(IndexError::InvalidRange { from, to });
        }
        self.read(move |snapshot| stats(snapshot, range)).await
    }
}

fn stats(snapshot: &ReadTransaction, range: StatsRange) -> Result<Stats, Error> {
    let state = state_of(snapshot)?;
    let from = range.from.unwrap_or(0).max(state.first);
    let to = range
        .to
        .unwrap_or(u64::MAX)
        .min(state.height().unwrap_or(0));
    let blocks = match state.blocks() > 0 {
        true => from..=to,
        // The empty one.
        false => RangeInclusive::new(1, 0),
    };
    let named = range.from.is_some() || range.to.is_some();
    let window_default = match named {
        true => STATS_WINDOW_BLOCKS_MAX,
        false => STATS_WINDOW_BLOCKS_DEFAULT,
    };
    let window = range.window.unwrap_or(window_default) as usize;
    let table = snapshot.open_table(BLOCKS)?;
    let window = Window::read(&table, &blocks, window)?;
    let (transactions, valid) = totals(&table, &blocks)?;
    let counting = Counting {
        snapshot,
        counts: snapshot.open_table(COUNTS)?,
        blocks: &blocks,
    };
    let is_empty = blocks.is_empty();
    Ok(Stats {
        from_block: (!is_empty).then_some(from),
        to_block: (!is_empty).then_some(to),
        blocks: if is_empty { 0 } else { to - from + 1 },
        transactions,
        valid,
        by_code: counting.by_code()?,
        by_function: counting.by_function()?,
        by_organization: counting.by_organization()?,
        window_blocks: window.blocks.len() as u64,
        transactions_per_block: window.transactions_per_block(),
        transactions_per_s: window.transactions_per_s(),
        block_times: window.block_times(state.time_source()),
        indexed_height: state.height().unwrap_or(0),
    })
}

type BlockTable = ReadOnlyTable<u64, BlockRow<'static>>;

/// Transactions and valid ones: those up to the last block less those before the first.
fn totals(table: &BlockTable, blocks: &RangeInclusive<u64>) -> Result<(u64, u64), Error> {
    if blocks.is_empty() {
        return Ok((0, 0));
    }
    let up_to = |number: u64| match table.get(number)? {
        Some(row) => {
            let (.., transactions, valid) = row.value();
            Ok::<_, Error>((transactions, valid))
        }
        None => Ok((0, 0)),
    };
    let (transactions, valid) = up_to(*blocks.end())?;
    let before = blocks.start().checked_sub(1).map_or(Ok((0, 0)), up_to)?;
    Ok((transactions - before.0, valid - before.1))
}

/// Counts of a range of blocks by name.
struct Counting<'s> {
    snapshot: &'s ReadTransaction,
    counts: ReadOnlyTable<(&'static Facet, u64), u64>,
    blocks: &'s RangeInclusive<u64>,
}

impl Counting<'_> {
    fn count(&self, facet: &Facet) -> Result<u64, Error> {
        if self.blocks.is_empty() {
            return Ok(0);
        }
        let up_to = |block| count_up_to(&self.counts, facet, block);
        let before = self.blocks.start().checked_sub(1).map_or(Ok(0), up_to)?;
        Ok(up_to(*self.blocks.end())? - before)
    }

    fn by_code(&self) -> Result<Vec<CodeCount>, Error> {
        let table = self.snapshot.open_table(CODES)?;
        let mut counts = Vec::new();
        for entry in table.range::<(i32, &str)>(..)?.take(STATS_FUNCTIONS_MAX) {
            let (key, _) = entry?;
            let (code, name) = key.value();
            counts.push(CodeCount {
                code,
                name: name.to_owned(),
                transactions: self.count(&facet::named_code(code, name))?,
            });
        }
        counts.retain(|count| count.transactions > 0);
        Ok(counts)
    }

    fn by_function(&self) -> Result<Vec<FunctionCount>, Error> {
        let table = self.snapshot.open_table(FUNCTIONS)?;
        let mut counts = Vec::new();
        for entry in table.range::<(&str, &str)>(..)?.take(STATS_FUNCTIONS_MAX) {
            let (key, _) = entry?;
            let (contract, function) = key.value();
            counts.push(FunctionCount {
                contract: contract.to_owned(),
                function: function.to_owned(),
                transactions: self.count(&facet::call(contract, function))?,
            });
        }
        counts.retain(|count| count.transactions > 0);
        Ok(counts)
    }

    fn by_organization(&self) -> Result<Vec<OrganizationCount>, Error> {
        let table = self.snapshot.open_table(ORGANIZATIONS)?;
        let mut counts = Vec::new();
        for entry in table.range::<&str>(..)?.take(STATS_FUNCTIONS_MAX) {
            let (key, _) = entry?;
            counts.push(OrganizationCount {
                organization: key.value().to_owned(),
                transactions: self.count(&facet::organization(key.value()))?,
            });
        }
        counts.retain(|count| count.transactions > 0);
        Ok(counts)
    }
}

/// Time and transaction count of the last blocks of a range, oldest first.
struct Window {
    blocks: Vec<(Option<Timestamp>, u64)>,
}

impl Window {
    fn read(
        table: &BlockTable,
        blocks: &RangeInclusive<u64>,
        window_blocks: usize,
    ) -> Result<Window, Error> {
        let mut window = Vec::new();
        if !blocks.is_empty() {
            for entry in table.range(blocks.clone())?.rev().take(window_blocks) {
                let (_, row) = entry?;
                let (_, _, time, _, transactions, ..) = row.value();
                window.push((time.and_then(timestamp), transactions));
            }
        }
        window.reverse();
        Ok(Window { blocks: window })
    }

    fn transactions_per_block(&self) -> Option<f64> {
        let transactions: u64 = self.blocks.iter().map(|(_, count)| count).sum();
        let blocks = self.blocks.len();
        (blocks > 0).then(|| transactions as f64 / blocks as f64)
    }

    /// The first block's transactions came before the span that is measured.
    fn transactions_per_s(&self) -> Option<f64> {
        let (first, rest) = self.blocks.split_first()?;
        let (last, _) = rest.last()?;
        let span_s = seconds_between(first.0?, (*last)?);
        let transactions: u64 = rest.iter().map(|(_, count)| count).sum();
        (span_s > 0.0).then(|| transactions as f64 / span_s)
    }

    fn block_times(&self, time_source: TimeSource) -> Option<BlockTimes> {
        let mut count = 0_u32;
        let mut sum_s = 0.0;
        let mut min_s = f64::INFINITY;
        let mut max_s = f64::NEG_INFINITY;
        for pair in self.blocks.windows(2) {
            let (Some(before), Some(after)) = (pair[0].0, pair[1].0) else {
                continue;
            };
            let span_s = seconds_between(before, after);
            count += 1;
            sum_s += span_s;
            min_s = span_s.min(min_s);
            max_s = span_s.max(max_s);
        }
        (count > 0).then(|| BlockTimes {
            average_s: sum_s / f64::from(count),
            min_s,
            max_s,
            time_source,
        })
    }
}

fn seconds_between(before: Timestamp, after: Timestamp) -> f64 {
    after.duration_since(before).as_secs_f64()
}
