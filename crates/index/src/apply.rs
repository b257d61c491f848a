//! Putting blocks in.

use bigdecimal::BigDecimal;
use chainloom_ledger::{Block, Hash, LedgerError, Transaction, TransactionKind};
use jiff::Timestamp;
use redb::Error;

use crate::amount::bounded;
use crate::changes::{Changes, Counted, Direction};
use crate::limits::Limits;
use crate::short::{SHORT_VALUE_BYTES_MAX, short_account, short_json, short_text};
use crate::tables::{Digest, State, Tables, TimeRow};

/// Longest contract and function name that is told apart in counts and lists, in bytes.
const FUNCTION_BYTES_MAX: usize = 128;

/// Longest name of a validation code, in bytes; Fabric's longest has 36.
const CODE_BYTES_MAX: usize = 64;

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
        got: Hash,
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
        changes.write_if_large(tables)?;
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
    let got: Hash = block.previous_hash.parse().ok()?;
    (got != expected).then_some(Refusal::LinkBroken {
        number: block.number,
        expected,
        got,
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
            index = index.checked_add(1).ok_or_else(|| too_many(block.number))?;
        }
        if u64::from(index) >= block.transaction_count {
            break;
        }
        changes.write_if_large(tables)?;
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
///
/// One without a verdict, on a ledger that judges none, is valid.
fn add_transaction(
    tables: &mut Tables<'_>,
    changes: &mut Changes,
    version: (u64, u32),
    transaction: &Transaction,
) -> Result<bool, Error> {
    let (code, code_name) = match &transaction.validation_code {
        Some(code) => (code.code, short_text(&code.name, CODE_BYTES_MAX)),
        None => (0, "VALID".to_owned()),
    };
    let valid = code == 0;
    let call = transaction.call.as_ref().map(|call| {
        let contract = short_text(&call.contract, FUNCTION_BYTES_MAX);
        (contract, short_text(&call.function, FUNCTION_BYTES_MAX))
    });
    let call = call
        .as_ref()
        .map(|(one, other)| (one.as_str(), other.as_str()));
    let transfer = transaction.transfer.as_ref();
    let party = |account: &chainloom_ledger::Account| (account.digest().0, short_account(account));
    let sender = transfer
        .and_then(|transfer| transfer.sender.as_ref())
        .map(party);
    let recipient = transfer
        .and_then(|transfer| transfer.recipient.as_ref())
        .map(party);
    let sender = sender
        .as_ref()
        .map(|(digest, name)| (digest, name.as_str()));
    let recipient = recipient
        .as_ref()
        .map(|(digest, name)| (digest, name.as_str()));
    let amount = transfer
        .and_then(|transfer| transfer.amount.as_ref())
        .map(short_json);
    let moved: Option<BigDecimal> = transfer
        .filter(|_| valid)
        .and_then(|transfer| transfer.amount_exact.as_ref())
        .and_then(bounded);

    let id_digest = Hash::of(transaction.id.as_bytes()).0;
    let id = short_text(&transaction.id, SHORT_VALUE_BYTES_MAX);
    let was_cut = transaction.id.len() > SHORT_VALUE_BYTES_MAX;
    let moved_text = moved.as_ref().map(BigDecimal::to_string);
    let row = (
        id.as_str(),
        was_cut.then_some(&id_digest),
        kind_number(transaction.kind),
        transaction.time.map(time_row),
        (code, code_name.as_str()),
        call,
        sender,
        recipient,
        amount.as_deref(),
        moved_text.as_deref(),
    );
    tables.transactions.insert(version, row)?;
    changes.transaction(&Counted {
        version,
        id_digest,
        code: (code, &code_name),
        call,
        sender,
        recipient,
        moved: moved.as_ref(),
    });
    Ok(valid)
}

/// How a kind stands in its row.
pub(crate) fn kind_number(kind: TransactionKind) -> u8 {
    match kind {
        TransactionKind::Transfer => 0,
        TransactionKind::Reward => 1,
        TransactionKind::Unknown => 2,
        TransactionKind::Endorser => 3,
        TransactionKind::Config => 4,
    }
}

/// The digest under which a row's id is found.
pub(crate) fn digest_of_id(id: &str, digest: Option<&Digest>) -> Digest {
    digest.copied().unwrap_or_else(|| Hash::of(id.as_bytes()).0)
}

fn time_row(time: Timestamp) -> TimeRow {
    (time.as_second(), time.subsec_nanosecond())
}

fn too_many(number: u64) -> Error {
    Error::Corrupted(format!("block {number} has 2^32 transactions or more"))
}
