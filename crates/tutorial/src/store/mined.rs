//! Appending a block that was mined here.

use chainloom_ledger::{Hash, Version};
use redb::ReadableTable;

use super::error::{Fault, StoreError};
use super::post::PENDING_BYTES_MAX;
use super::row::{BlockRow, OwnRow, PendingRow, TicketPlace};
use super::tables::{BLOCKS, OWN, PENDING, TICKETS};
use super::writer::{Batch, Sync};
use super::{Store, StoredBlock};
use crate::json::{Limits, compact};
use crate::rules::{hashed_text, new_block, reward};

/// How many JSON values a mined block may hold, so that every node with the default limits reads
/// it; one transaction that exceeds it alone is still taken.
const BLOCK_VALUES_MAX: usize = Limits::VALUES / 2;

/// A proof that was found, and what goes into its block.
#[derive(Debug, Clone)]
pub(crate) struct Mined {
    /// Hash of the block for which the proof was searched.
    pub(crate) parent: Hash,
    /// The proof.
    pub(crate) proof: u64,
    /// Now, in Unix seconds.
    pub(crate) timestamp_s: f64,
}

/// What came of a mined block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Appended {
    /// It is the chain's last block now.
    Block(StoredBlock),
    /// The chain has another last block by now: search again.
    TipChanged,
}

impl Store {
    /// Makes a block of what waits and appends it; on the disk when this returns.
    pub(crate) async fn append_mined(&self, mined: Mined) -> Result<Appended, StoreError> {
        let node_id = self.identity().node_id.clone();
        self.writer()
            .write(Sync::Durable, move |batch| append(batch, &mined, &node_id))
            .await
    }
}

fn append(batch: &mut Batch<'_>, mined: &Mined, node_id: &str) -> Result<Appended, Fault> {
    if batch.state.tip_hash != mined.parent {
        return Ok(Appended::TipChanged);
    }
    let number = batch.state.length + 1;
    let empty = new_block(
        number,
        mined.timestamp_s,
        Vec::new(),
        mined.proof,
        &mined.parent.0,
    );
    // The list of transactions is the last field: they are written into it as they are stored,
    // without a tree of them all.
    let mut body = compact(&empty).into_bytes();
    let list_end = body.split_off(body.len() - 2);
    take_pending(batch, number, &mut body)?;
    body.extend_from_slice(compact(&reward(node_id)).as_bytes());
    body.extend_from_slice(&list_end);

    let hashed = hashed_text(&body)
        .map_err(|error| Fault::Damage(format!("a pending transaction is no JSON: {error}")))?;
    let hash = Hash::of(hashed.as_bytes());
    let state = &mut *batch.state;
    let segment = state
        .segments
        .last()
        .ok_or_else(|| Fault::missing("every segment of the chain"))?
        .id;
    state.length = number;
    state.tip_hash = hash;
    state.next_index = (number + 1).to_string();
    state.compact_bytes += body.len() as u64;
    let row = BlockRow {
        hash,
        body_end: state.compact_bytes,
        compact: &body,
    };
    batch
        .transaction
        .open_table(BLOCKS)?
        .insert((segment, number), row.encode().as_slice())?;
    Ok(Appended::Block(StoredBlock {
        number,
        hash,
        compact: body,
    }))
}

/// Moves transactions from the queue into the block, in the order of their acceptance, each
/// followed by a comma.
fn take_pending(batch: &mut Batch<'_>, block: u64, body: &mut Vec<u8>) -> Result<(), Fault> {
    let mut pending = batch.transaction.open_table(PENDING)?;
    let mut own = batch.transaction.open_table(OWN)?;
    let mut tickets = batch.transaction.open_table(TICKETS)?;
    let mut bytes = 0;
    let mut values = 0;
    let mut index = 0;
    loop {
        let (sequence, ticket, size) = {
            let first = pending.first()?;
            let Some((sequence, row)) = first else {
                break;
            };
            let transaction = PendingRow::decode(row.value())?;
            bytes += transaction.compact.len() as u64;
            values += values_at_most(transaction.compact);
            if index > 0 && (bytes > PENDING_BYTES_MAX || values > BLOCK_VALUES_MAX) {
                break;
            }
            body.extend_from_slice(transaction.compact);
            body.push(b',');
            let size = transaction.compact.len() as u64;
            (sequence.value(), transaction.ticket, size)
        };
        let version = Version { block, index };
        let row = OwnRow { sequence, ticket }.encode();
        own.insert((block, index), row.as_slice())?;
        if let Some(ticket) = ticket {
            tickets.insert(&ticket, TicketPlace::Mined(version).encode().as_slice())?;
        }
        pending.remove(sequence)?;
        let state = &mut *batch.state;
        state.pending_count = state.pending_count.saturating_sub(1);
        state.pending_bytes = state.pending_bytes.saturating_sub(size);
        index += 1;
    }
    Ok(())
}

/// How many values a JSON text holds at most: each is the first of all or follows one of three
/// characters (which may also stand in strings).
fn values_at_most(compact: &[u8]) -> usize {
    1 + compact
        .iter()
        .filter(|byte| matches!(byte, b',' | b':' | b'['))
        .count()
}
