//! Reading: snapshots of the store.

use chainloom_ledger::Hash;
use redb::{ReadTransaction, ReadableTable};

use super::Store;
use super::error::{Fault, StoreError};
use super::row::BlockRow;
use super::state::{Head, State};
use super::tables::{BLOCKS, META, REPLACEMENTS};

/// A block that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredBlock {
    /// Its position, from 1.
    pub(crate) number: u64,
    /// Its hash.
    pub(crate) hash: Hash,
    /// The block as Flask writes it.
    pub(crate) compact: Vec<u8>,
}

/// The store as it was at one moment. Holding it keeps the pages of that moment from being used
/// again, so hold it no longer than needed.
pub(crate) struct Snapshot {
    pub(super) transaction: ReadTransaction,
    pub(super) state: State,
    store: Store,
}

impl Store {
    /// The store as it is now. Blocking, as everything that reads.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.guarded(|| {
            let transaction = self.shared.database.begin_read()?;
            let state = {
                let meta = transaction.open_table(META)?;
                let record = meta
                    .get("state")?
                    .ok_or_else(|| Fault::missing("the state record"))?;
                State::decode(record.value())?
            };
            Ok(Snapshot {
                transaction,
                state,
                store: self.clone(),
            })
        })
    }

    /// Runs something that touches the file, and names the file if it fails.
    pub(super) fn guarded<T>(
        &self,
        work: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        Fault::of(&self.shared.database, work).map_err(|fault| fault.at(&self.shared.path))
    }
}

impl Snapshot {
    /// Where the chain and the queue stood.
    pub(crate) fn head(&self) -> Head {
        self.state.head()
    }

    /// A block; `None` beyond the chain.
    pub(crate) fn block(&self, number: u64) -> Result<Option<StoredBlock>, StoreError> {
        let Some(segment) = self.state.segment_of(number) else {
            return Ok(None);
        };
        self.guarded(|| {
            let blocks = self.transaction.open_table(BLOCKS)?;
            let row = blocks
                .get((segment, number))?
                .ok_or_else(|| Fault::missing(format_args!("block {number}")))?;
            let row = BlockRow::decode(row.value())?;
            Ok(Some(StoredBlock {
                number,
                hash: row.hash,
                compact: row.compact.to_vec(),
            }))
        })
    }

    /// How long a block is in its compact form, in bytes; 0 beyond the chain.
    pub(crate) fn block_bytes(&self, number: u64) -> Result<usize, StoreError> {
        let Some(segment) = self.state.segment_of(number) else {
            return Ok(0);
        };
        self.guarded(|| {
            let blocks = self.transaction.open_table(BLOCKS)?;
            let row = blocks.get((segment, number))?;
            let row = row.ok_or_else(|| Fault::missing(format_args!("block {number}")))?;
            Ok(BlockRow::decode(row.value())?.compact.len())
        })
    }

    /// Goes through the blocks from `from` on, in order, until `take` says stop or the chain ends.
    pub(crate) fn scan(
        &self,
        from: u64,
        mut take: impl FnMut(u64, Hash, &[u8]) -> Scan,
    ) -> Result<(), StoreError> {
        self.store.guarded(|| {
            let blocks = self.transaction.open_table(BLOCKS)?;
            scan_chain(&blocks, &self.state, from, |number, row| {
                Ok(take(number, row.hash, row.compact))
            })
        })
    }

    /// The first block that any replacement after `generation` replaced; `None` if there was none.
    pub(crate) fn replaced_since(&self, generation: u64) -> Result<Option<u64>, StoreError> {
        self.store.guarded(|| {
            let replacements = self.transaction.open_table(REPLACEMENTS)?;
            let mut first = None;
            for row in replacements.range(generation.saturating_add(1)..)? {
                let number = row?.1.value();
                first = Some(first.map_or(number, |first: u64| first.min(number)));
            }
            Ok(first)
        })
    }

    /// As [`Store::guarded`].
    pub(super) fn guarded<T>(
        &self,
        work: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.store.guarded(work)
    }
}

/// Whether a scan goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// To the next block.
    On,
    /// No further.
    Stop,
}

/// The table of blocks, in a read or a write transaction.
pub(super) trait BlockTable: ReadableTable<(u64, u64), &'static [u8]> {}

impl<T: ReadableTable<(u64, u64), &'static [u8]>> BlockTable for T {}

/// Goes through the chain's blocks from `from` on.
fn scan_chain(
    blocks: &impl BlockTable,
    state: &State,
    from: u64,
    mut take: impl FnMut(u64, BlockRow<'_>) -> Result<Scan, Fault>,
) -> Result<(), Fault> {
    for (index, segment) in state.segments.iter().enumerate() {
        let end = match state.segments.get(index + 1) {
            Some(next) => next.first,
            None => state.length + 1,
        };
        let range = (segment.first.max(from), end);
        if scan_segment(blocks, segment.id, range, &mut take)? == Scan::Stop {
            break;
        }
    }
    Ok(())
}

/// Goes through the blocks `first..end` of a segment, all of which must be there.
pub(super) fn scan_segment(
    blocks: &impl BlockTable,
    segment: u64,
    (first, end): (u64, u64),
    mut take: impl FnMut(u64, BlockRow<'_>) -> Result<Scan, Fault>,
) -> Result<Scan, Fault> {
    if first >= end {
        return Ok(Scan::On);
    }
    let mut expected = first;
    for row in blocks.range((segment, first)..(segment, end))? {
        let (key, row) = row?;
        if key.value().1 != expected {
            break;
        }
        if take(expected, BlockRow::decode(row.value())?)? == Scan::Stop {
            return Ok(Scan::Stop);
        }
        expected += 1;
    }
    if expected == end {
        Ok(Scan::On)
    } else {
        Err(Fault::missing(format_args!("block {expected}")))
    }
}
