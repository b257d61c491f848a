//! Between which times the transactions of a block, and of many blocks, were made.
//!
//! Times are their makers' and need not grow from block to block, so no order can be searched. In its place groups of 64, 64 × 64
//! … blocks have rows of their own, and whoever looks for a time passes over those whose span it is outside of.

use std::collections::BTreeMap;

use redb::{Error, ReadableTable};

use crate::tables::{SpanRow, Tables, TimeRow};

/// By how many bits of a block's number a level's groups are greater than those of the level below.
const GROUP_BITS: u32 = 6;

/// The level of the greatest groups: of 64^4 blocks. Level 0 has a row for each block.
pub(crate) const LEVEL_MAX: u8 = 4;

/// The group of a level in which a block is.
pub(crate) fn group(level: u8, block: u64) -> u64 {
    block >> (GROUP_BITS * u32::from(level))
}

/// The number of a group's first block.
pub(crate) fn first_block(level: u8, group: u64) -> u64 {
    group << (GROUP_BITS * u32::from(level))
}

/// Both.
fn joined(one: SpanRow, other: SpanRow) -> SpanRow {
    (one.0.min(other.0), one.1.max(other.1))
}

/// Spans of blocks that come in, gathered until they are written.
#[derive(Default)]
pub(crate) struct Spans(BTreeMap<(u8, u64), SpanRow>);

impl Spans {
    /// A transaction of this block was made at this time.
    pub(crate) fn add(&mut self, block: u64, time: TimeRow) {
        for level in 0..=LEVEL_MAX {
            let span = self.0.entry((level, group(level, block)));
            let span = span.or_insert((time, time));
            *span = joined(*span, (time, time));
        }
    }

    /// How many rows are gathered.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes them, and starts again with none.
    pub(crate) fn write(&mut self, tables: &mut Tables<'_>) -> Result<(), Error> {
        for (key, span) in std::mem::take(&mut self.0) {
            let held = tables.spans.get(key)?.map(|row| row.value());
            let span = held.map_or(span, |held| joined(held, span));
            tables.spans.insert(key, span)?;
        }
        Ok(())
    }
}

/// Takes out the blocks from `next` on.
pub(crate) fn cut(tables: &mut Tables<'_>, next: u64) -> Result<(), Error> {
    for level in 0..=LEVEL_MAX {
        let first = (level, group(level, next));
        let mut gone = tables
            .spans
            .extract_from_if(first..=(level, u64::MAX), |_, _| true)?;
        gone.try_for_each(|row| row.map(drop))?;
        drop(gone);
        if level == 0 {
            continue;
        }
        // Of the first group some blocks may stay; their spans are those of the level below.
        let below = |block| (level - 1, group(level - 1, block));
        let parts = below(first_block(level, first.1))..=below(next);
        let mut span: Option<SpanRow> = None;
        for part in tables.spans.range(parts)? {
            let part = part?.1.value();
            span = Some(span.map_or(part, |span| joined(span, part)));
        }
        if let Some(span) = span {
            tables.spans.insert(first, span)?;
        }
    }
    Ok(())
}
