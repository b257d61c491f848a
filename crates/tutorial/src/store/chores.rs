//! What the writer does when it has nothing better to do: sweep rows that no chain claims, and
//! merge short segments. Every step is small, so that a request that comes in waits a few
//! milliseconds at most.

use redb::ReadableTable;

use super::error::Fault;
use super::state::Segment;
use super::tables::BLOCKS;
use super::writer::{Batch, Claim, Sync};

/// How many segments the chain may consist of before short ones are merged.
pub(super) const SEGMENTS_MAX: usize = 64;
/// How many rows one step deletes or copies.
const STEP_ROWS_MAX: usize = 1_024;
/// How many bytes one step deletes or copies, the last row excepted.
const STEP_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What is left to do.
#[derive(Debug, Default)]
pub(super) struct Chores {
    /// Where the sweep goes on.
    sweep: Option<(u64, u64)>,
    /// Whether it has removed something.
    swept: bool,
    /// The merge on its way.
    merge: Option<Merge>,
    /// Whether a merge is to be looked for once the sweep is done.
    look_for_merge: bool,
}

/// Two neighbouring segments that are being copied into one.
#[derive(Debug)]
struct Merge {
    generation: u64,
    /// Their place in the list.
    index: usize,
    pair: [Segment; 2],
    into: Claim,
    /// Number of the next block to copy.
    next: u64,
}

impl Chores {
    /// Something changed: look through everything once.
    pub(super) fn begin(&mut self) {
        self.sweep = Some((0, 0));
        self.look_for_merge = true;
    }

    /// Whether [`Chores::step`] has something to do.
    pub(super) fn are_due(&self) -> bool {
        self.sweep.is_some() || self.merge.is_some() || self.look_for_merge
    }

    /// Leaves everything as it is.
    pub(super) fn give_up(&mut self) {
        *self = Chores::default();
    }

    /// Does one small piece of work, and says how it is to be committed.
    pub(super) fn step(&mut self, batch: &mut Batch<'_>) -> Result<Sync, Fault> {
        if let Some(from) = self.sweep {
            let (next, removed) = sweep(batch, from)?;
            self.sweep = next;
            self.swept |= removed;
            // Freed pages can be used again once a durable commit says so.
            return Ok(if next.is_none() && std::mem::take(&mut self.swept) {
                Sync::Durable
            } else {
                Sync::Later
            });
        }
        if let Some(merge) = &mut self.merge {
            match merge.step(batch)? {
                Progress::More => return Ok(Sync::Later),
                Progress::Done => {
                    self.merge = None;
                    self.begin();
                    return Ok(Sync::Durable);
                }
            }
        }
        self.look_for_merge = false;
        self.merge = Merge::find(batch);
        Ok(Sync::Later)
    }
}

/// Deletes rows from `from` on that neither the chain nor anyone else claims: where to go on, which
/// is nowhere at the end, and whether there were any.
fn sweep(batch: &mut Batch<'_>, from: (u64, u64)) -> Result<(Option<(u64, u64)>, bool), Fault> {
    let mut blocks = batch.transaction.open_table(BLOCKS)?;
    let claimed = batch.claimed.set().clone();
    let mut from = from;
    let mut rows = 0;
    let mut bytes = 0;
    while rows < STEP_ROWS_MAX && bytes < STEP_BYTES_MAX {
        let Some((segment, number)) = first_key(&blocks, from)? else {
            return Ok((None, rows > 0));
        };
        let kept = if claimed.contains(&segment) {
            Some((0, u64::MAX))
        } else {
            batch.state.range_of(segment)
        };
        match kept {
            Some((_, u64::MAX)) => match segment.checked_add(1) {
                Some(next) => from = (next, 0),
                None => return Ok((None, rows > 0)),
            },
            Some((first, end)) if (first..end).contains(&number) => from = (segment, end),
            _ => {
                if let Some(row) = blocks.remove((segment, number))? {
                    bytes += row.value().len();
                }
                rows += 1;
                from = (segment, number);
            }
        }
    }
    Ok((Some(from), rows > 0))
}

fn first_key(
    blocks: &impl ReadableTable<(u64, u64), &'static [u8]>,
    from: (u64, u64),
) -> Result<Option<(u64, u64)>, Fault> {
    match blocks.range(from..)?.next() {
        Some(row) => Ok(Some(row?.0.value())),
        None => Ok(None),
    }
}

enum Progress {
    More,
    Done,
}

impl Merge {
    /// The two neighbours that are the cheapest to copy, if there are too many segments.
    fn find(batch: &mut Batch<'_>) -> Option<Merge> {
        let state = &mut *batch.state;
        if state.segments.len() <= SEGMENTS_MAX {
            return None;
        }
        let rows = |index: usize| {
            let first = state.segments[index].first;
            let end = match state.segments.get(index + 2) {
                Some(after) => after.first,
                None => state.length + 1,
            };
            end - first
        };
        let index = (0..state.segments.len() - 1).min_by_key(|index| rows(*index))?;
        let into = state.next_segment;
        state.next_segment += 1;
        Some(Merge {
            generation: state.generation,
            index,
            pair: [state.segments[index], state.segments[index + 1]],
            into: batch.claimed.claim(into),
            next: state.segments[index].first,
        })
    }

    /// Copies some rows; with the last of them the copy takes the place of the pair.
    fn step(&mut self, batch: &mut Batch<'_>) -> Result<Progress, Fault> {
        let state = &mut *batch.state;
        if state.generation != self.generation {
            // The chain was replaced meanwhile; what was copied is swept, and the list looked at
            // again.
            return Ok(Progress::Done);
        }
        let end = match state.segments.get(self.index + 2) {
            Some(after) => after.first,
            None => state.length + 1,
        };
        let mut blocks = batch.transaction.open_table(BLOCKS)?;
        let mut rows = 0;
        let mut bytes = 0;
        while self.next < end && rows < STEP_ROWS_MAX && bytes < STEP_BYTES_MAX {
            let number = self.next;
            let from = if number < self.pair[1].first {
                self.pair[0].id
            } else {
                self.pair[1].id
            };
            let row = blocks
                .get((from, number))?
                .ok_or_else(|| Fault::missing(format_args!("block {number}")))?
                .value()
                .to_vec();
            blocks.insert((self.into.segment, number), row.as_slice())?;
            rows += 1;
            bytes += row.len();
            self.next += 1;
        }
        if self.next < end {
            return Ok(Progress::More);
        }
        let merged = Segment {
            id: self.into.segment,
            first: self.pair[0].first,
        };
        state.segments.splice(self.index..self.index + 2, [merged]);
        Ok(Progress::Done)
    }
}
