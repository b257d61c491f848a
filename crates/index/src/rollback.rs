//! Taking blocks out, from the tip down.

use redb::{Error, ReadableTable};

use crate::changes::{Changes, Direction};
use crate::entry::Entry;
use crate::limits::Limits;
use crate::spans::cut;
use crate::tables::{State, Tables};
use crate::writes::remove_writes;

/// Takes out the last blocks down to `from`, or as many of them as one batch may hold.
///
/// The caller writes the state; until the last batch with its old generation, so that after a crash
/// in between the ledger is asked again from there, and says again what was replaced. What stands
/// in between is the beginning of a chain that held, never a mixture.
pub(crate) fn remove_blocks(
    tables: &mut Tables<'_>,
    state: &mut State,
    from: u64,
    limits: Limits,
) -> Result<(), Error> {
    let mut changes = Changes::new(Direction::Remove, limits.changes_bytes);
    let mut blocks = 0;
    let mut transactions = 0;
    while state.blocks() > 0
        && state.next > from
        && blocks < limits.rollback_blocks
        && transactions < limits.rollback_transactions
    {
        transactions += remove_last_block(tables, &mut changes, state)?;
        blocks += 1;
    }
    changes.write(tables)?;
    cut(tables, state.next)
}

/// Takes out the last block and says how many transactions it had.
fn remove_last_block(
    tables: &mut Tables<'_>,
    changes: &mut Changes,
    state: &mut State,
) -> Result<usize, Error> {
    let number = state.next - 1;
    let removed = remove_transactions(tables, changes, number)?;
    let (hash, valid_count) = {
        let row = tables.blocks.remove(number)?;
        let row = row.ok_or_else(|| missing(number))?;
        let (hash, _, _, _, _, valid_count, ..) = row.value();
        (*hash, valid_count)
    };
    // Where an earlier block has the same hash, that one is found by it.
    let found = tables.numbers.get(&hash)?.map(|row| row.value());
    if found == Some(number) {
        tables.numbers.remove(&hash)?;
    }

    state.next = number;
    state.transactions = less(state.transactions, removed as u64)?;
    state.valid = less(state.valid, valid_count)?;
    if state.blocks() == 0 {
        *state = State {
            generation: state.generation,
            node_id: state.node_id.take(),
            ..State::default()
        };
    } else {
        let row = tables.blocks.get(number - 1)?;
        let row = row.ok_or_else(|| missing(number - 1))?;
        state.tip = *row.value().0;
    }
    Ok(removed)
}

fn remove_transactions(
    tables: &mut Tables<'_>,
    changes: &mut Changes,
    block: u64,
) -> Result<usize, Error> {
    let mut removed = 0;
    while let Some((index, entry)) = remove_last_transaction(tables, block)? {
        let version = (block, index);
        let keys = remove_writes(tables, version)?;
        changes.transaction(version, &entry, keys);
        changes.write_if_large(tables)?;
        removed += 1;
    }
    Ok(removed)
}

fn remove_last_transaction(
    tables: &mut Tables<'_>,
    block: u64,
) -> Result<Option<(u32, Entry)>, Error> {
    let of_block = (block, 0)..=(block, u32::MAX);
    let mut rows = tables.transactions.extract_from_if(of_block, |_, _| true)?;
    let Some(row) = rows.next_back() else {
        return Ok(None);
    };
    let (key, row) = row?;
    Ok(Some((key.value().1, Entry::of_row(row.value())?)))
}

fn less(total: u64, part: u64) -> Result<u64, Error> {
    total
        .checked_sub(part)
        .ok_or_else(|| Error::Corrupted("a total has fallen below zero".to_owned()))
}

fn missing(number: u64) -> Error {
    Error::Corrupted(format!("the index has no block {number}"))
}
