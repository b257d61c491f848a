use jiff::Timestamp;
use redb::{Error, ReadTransaction};
use serde::Serialize;

use super::blocks::timestamp;
use super::state_of;
use crate::tables::{BLOCKS, CODES, FUNCTIONS};
use crate::{Index, IndexError};

/// Over how many blocks rates are taken where the caller does not say.
pub const STATS_WINDOW_BLOCKS_DEFAULT: u64 = 100;

/// Over how many blocks rates are taken at most.
pub const STATS_WINDOW_BLOCKS_MAX: u64 = 1_000;

/// How many functions, and how many validation codes, are counted out at most.
pub const STATS_FUNCTIONS_MAX: usize = 1_000;

/// Counts of the whole chain, and rates of its last blocks.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Stats {
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
    /// Over how many of the last blocks the following is taken.
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
    /// Number of the last block that counts; 0 while there is none.
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

/// Times from a block to the next, by their makers' clocks: they can be negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct BlockTimes {
    /// On average, in seconds.
    pub average_s: f64,
    /// The shortest, in seconds.
    pub min_s: f64,
    /// The longest, in seconds.
    pub max_s: f64,
}

impl Index {
    /// Counts of the whole chain, and rates of its last `window_blocks` blocks.
    ///
    /// # Errors
    /// [`IndexError::InvalidWindow`]; [`IndexError::Damaged`] and [`IndexError::Storage`], as every
    /// read.
    pub async fn stats(&self, window_blocks: u64) -> Result<Stats, IndexError> {
        if !(1..=STATS_WINDOW_BLOCKS_MAX).contains(&window_blocks) {
            return Err(IndexError::InvalidWindow(window_blocks));
        }
        self.read(move |snapshot| stats(snapshot, window_blocks as usize))
            .await
    }
}

fn stats(snapshot: &ReadTransaction, window_blocks: usize) -> Result<Stats, Error> {
    let state = state_of(snapshot)?;
    let window = Window::read(snapshot, window_blocks)?;
    Ok(Stats {
        blocks: state.blocks(),
        transactions: state.transactions,
        valid: state.valid,
        by_code: by_code(snapshot)?,
        by_function: by_function(snapshot)?,
        window_blocks: window.blocks.len() as u64,
        transactions_per_block: window.transactions_per_block(),
        transactions_per_s: window.transactions_per_s(),
        block_times: window.block_times(),
        indexed_height: state.height().unwrap_or(0),
    })
}

/// Time and transaction count of the last blocks, oldest first.
struct Window {
    blocks: Vec<(Option<Timestamp>, u64)>,
}

impl Window {
    fn read(snapshot: &ReadTransaction, window_blocks: usize) -> Result<Window, Error> {
        let table = snapshot.open_table(BLOCKS)?;
        let mut blocks = Vec::with_capacity(window_blocks);
        for entry in table.range::<u64>(..)?.rev().take(window_blocks) {
            let (_, row) = entry?;
            let (_, _, time, _, transactions, _) = row.value();
            blocks.push((time.and_then(timestamp), transactions));
        }
        blocks.reverse();
        Ok(Window { blocks })
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

    fn block_times(&self) -> Option<BlockTimes> {
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
        })
    }
}

fn seconds_between(before: Timestamp, after: Timestamp) -> f64 {
    after.duration_since(before).as_secs_f64()
}

fn by_code(snapshot: &ReadTransaction) -> Result<Vec<CodeCount>, Error> {
    let table = snapshot.open_table(CODES)?;
    let mut counts = Vec::new();
    for entry in table.range::<(i32, &str)>(..)?.take(STATS_FUNCTIONS_MAX) {
        let (key, count) = entry?;
        let (code, name) = key.value();
        counts.push(CodeCount {
            code,
            name: name.to_owned(),
            transactions: count.value(),
        });
    }
    Ok(counts)
}

fn by_function(snapshot: &ReadTransaction) -> Result<Vec<FunctionCount>, Error> {
    let table = snapshot.open_table(FUNCTIONS)?;
    let mut counts = Vec::new();
    for entry in table.range::<(&str, &str)>(..)?.take(STATS_FUNCTIONS_MAX) {
        let (key, count) = entry?;
        let (contract, function) = key.value();
        counts.push(FunctionCount {
            contract: contract.to_owned(),
            function: function.to_owned(),
            transactions: count.value(),
        });
    }
    Ok(counts)
}
