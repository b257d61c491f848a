//! Putting blocks in.

use chainloom_ledger::{Block, Hash, LedgerError, Transaction};
use redb::Error;

use crate::changes::{Changes, Direction};
use crate::entry::{Entry, time_row};
use crate::limits::Limits;
use crate::short::{SHORT_VALUE_BYTES_MAX, short_text};
use crate::tables::{State, Tables};
use crate::writes::add_writes;

/// Why a block cannot stand where the ledger put it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// A gap, or a block that came twice.
    #[error("the ledger's stream gave block {got} where block {expected} follows")]
    NumberDoesNotFollow { expected: u64, got: u64 },
    /// It names another block as the one before it.
    #[error("block {number} names {got} as the block before it, which is {expected}")]
    LinkBroken {
        number: u64,
        expected: Hash,
        got: String,
    },
    /// Generations only grow.
    #[error("the ledger's stream went back from generation {expected} to {got}")]
    GenerationFell { expected: u64, got: u64 },
}

/// Why blocks could not be put in; what was written of them must not stay.
#[derive(Debug)]
pub(crate) enum AddError {
    /// The file failed.
    File(Error),
    /// The ledger did not give the rest of a block.
    Ledger(LedgerError),
}

impl<T: Into<Error>> From<T> for AddError {
    fn from(error: T) -> AddError {
        AddError::File(error.into())
    }
}

/// Puts the blocks behind those that are there, up to the first that cannot stand. A block may come with its first
/// transactions only: `more` answers further ones, from an index on.
pub(crate) fn add_blocks(
    tables: &mut Tables<'_>,
    state: &mut State,
    blocks: &[(u64, Box<Block>)],
    limits: Limits,
    mut more: impl FnMut(&Block, u32) -> Result<Vec<Transaction>, LedgerError>,
) -> Result<Option<Refusal>, AddError> {
    let mut changes = Changes::new(Direction::Add, limits.changes_bytes);
    let mut refusal = None;
    for (generation, block) in blocks {
        refusal = refused(state, *generation, block);
        if refusal.is_some() {
            break;
        }
        add_block(tables, &mut changes, state, (*generation, block), &mut more)?;
    }
    changes.write(tables)?;
    tables.set_state(state)?;
    Ok(refusal)
}

/// Whether a block cannot stand behind what is there.
fn refused(state: &State, generation: u64, block: &Block) -> Option<Refusal> {
    if generation < state.generation {
        return Some(Refusal::GenerationFell {
            expected: state.generation,
            got: generation,
        });
    }
    // The first block may have any number: a ledger counts from 0 or from 1.
    let expected = state.tip_hash()?;
    if block.number != state.next {
        return Some(Refusal::NumberDoesNotFollow {
            expected: state.next,
            got: block.number,
        });
    }
    let follows = block.previous_hash.parse() == Ok(expected);
    (!follows).then(|| Refusal::LinkBroken {
        number: block.number,
        expected,
        got: short_text(&block.previous_hash, SHORT_VALUE_BYTES_MAX),
    })
}

fn add_block(
    tables: &mut Tables<'_>,
    changes: &mut Changes,
    state: &mut State,
    (generation, block): (u64, &Block),
    more: &mut impl FnMut(&Block, u32) -> Result<Vec<Transaction>, LedgerError>,
) -> Result<(), AddError> {
    let mut valid_count = 0;
    let mut index = 0_u32;
    let mut further;
    let mut transactions = block.transactions.as_slice();
    loop {
        for transaction in transactions {
            if add_transaction(tables, changes, (block.number, index), transaction)? {
                valid_count += 1;
            }
            changes.write_if_large(tables)?;
            index = index.checked_add(1).ok_or_else(|| too_many(block.number))?;
        }
        if u64::from(index) >= block.transaction_count {
            break;
        }
        further = more(block, index).map_err(AddError::Ledger)?;
        transactions = &further;
    }
    let follows = state
        .tip_hash()
        .is_some_and(|tip| block.previous_hash == tip.to_string());
    let previous_hash = (!follows).then(|| short_text(&block.previous_hash, SHORT_VALUE_BYTES_MAX));
    let row = (
        &block.hash.0,
        previous_hash.as_deref(),
        block.time.map(time_row),
        block.size_bytes,
        u64::from(index),
        valid_count,
        state.transactions + u64::from(index),
        state.valid + valid_count,
    );
    tables.blocks.insert(block.number, row)?;
    // Of two blocks with one hash, which no chain of linked blocks has, the first is found.
    let held = tables.numbers.insert(&block.hash.0, block.number)?;
    let held = held.map(|number| number.value());
    if let Some(first) = held {
        tables.numbers.insert(&block.hash.0, first)?;
    }

    if state.blocks() == 0 {
        state.first = block.number;
    }
    state.generation = generation;
    state.next = block.number + 1;
    state.tip = block.hash.0;
    state.transactions += u64::from(index);
    state.valid += valid_count;
    Ok(())
}

/// Puts a transaction in and says whether it is valid.
fn add_transaction(
    tables: &mut Tables<'_>,
    changes: &mut Changes,
    version: (u64, u32),
    transaction: &Transaction,
) -> Result<bool, Error> {
    let entry = Entry::of(transaction);
    entry.with_row(|row| tables.transactions.insert(version, row).map(drop))?;
    let keys = match &transaction.endorsed {
        Some(endorsed) => add_writes(tables, version, endorsed, entry.is_valid())?,
        None => Vec::new(),
    };
    changes.transaction(version, &entry, keys);
    Ok(entry.is_valid())
}

fn too_many(number: u64) -> Error {
    Error::Corrupted(format!("block {number} has 2^32 transactions or more"))
}
