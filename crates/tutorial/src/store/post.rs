//! Accepting a transaction into the queue.

use chainloom_ledger::Hash;
use redb::{ReadableTable, WriteTransaction};

use super::Store;
use super::error::{Fault, StoreError};
use super::row::{IdempotencyRow, PendingRow, TicketPlace};
use super::tables::{IDEMPOTENCY, IDEMPOTENCY_TIMES, PENDING, TICKETS, TicketBytes};
use super::writer::{Batch, Sync};

/// How many transactions may wait for a block.
pub(crate) const PENDING_COUNT_MAX: u64 = 100_000;
/// How many bytes of transactions may wait for a block.
pub(crate) const PENDING_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// How long an idempotency key is remembered.
pub(crate) const IDEMPOTENCY_KEPT_S: u64 = 24 * 60 * 60;
/// How many forgotten keys one new key removes; more than one, so that they do not pile up.
const PURGED_PER_KEY: usize = 4;

/// A transaction to accept.
#[derive(Debug)]
pub(crate) struct Posting {
    /// As Flask writes it.
    pub(crate) compact: Vec<u8>,
    /// The ticket to keep for it.
    pub(crate) ticket: Option<TicketBytes>,
    /// The caller's own key for this request.
    pub(crate) key: Option<IdempotencyKey>,
}

/// An idempotency key, with what it takes to recognize a repetition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdempotencyKey {
    /// SHA-256 of the key.
    pub(crate) digest: Hash,
    /// SHA-256 of the request.
    pub(crate) request: Hash,
    /// Now, in Unix seconds.
    pub(crate) now_s: u64,
}

/// What came of a posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Posted {
    /// It waits for a block.
    Accepted {
        /// The N that `Block N` says.
        next_index: String,
    },
    /// It was accepted before, under the same key.
    Repeated {
        /// The ticket of that time.
        ticket: TicketBytes,
    },
    /// The key belongs to another request.
    KeyReused,
    /// Too much waits already.
    Full,
}

impl Store {
    /// Accepts a transaction; on the disk when this returns.
    pub(crate) async fn post(&self, posting: Posting) -> Result<Posted, StoreError> {
        self.writer()
            .write(Sync::Durable, move |batch| accept(batch, &posting))
            .await
    }
}

fn accept(batch: &mut Batch<'_>, posting: &Posting) -> Result<Posted, Fault> {
    if let Some(key) = &posting.key
        && let Some(known) = known_key(batch.transaction, key)?
    {
        return Ok(if known.request == key.request {
            Posted::Repeated {
                ticket: known.ticket,
            }
        } else {
            Posted::KeyReused
        });
    }
    let state = &mut *batch.state;
    let bytes = posting.compact.len() as u64;
    if state.pending_count >= PENDING_COUNT_MAX || state.pending_bytes + bytes > PENDING_BYTES_MAX {
        return Ok(Posted::Full);
    }
    let sequence = state.next_sequence;
    state.next_sequence += 1;
    state.pending_count += 1;
    state.pending_bytes += bytes;
    let next_index = state.next_index.clone();
    let row = PendingRow {
        ticket: posting.ticket,
        returned: false,
        compact: &posting.compact,
    };
    batch
        .transaction
        .open_table(PENDING)?
        .insert(sequence, row.encode().as_slice())?;
    if let Some(ticket) = posting.ticket {
        let place = TicketPlace::Pending(sequence).encode();
        batch
            .transaction
            .open_table(TICKETS)?
            .insert(&ticket, place.as_slice())?;
        if let Some(key) = &posting.key {
            remember_key(batch.transaction, key, ticket)?;
        }
    }
    Ok(Posted::Accepted { next_index })
}

/// What the key was used for, unless that is too long ago.
fn known_key(
    transaction: &WriteTransaction,
    key: &IdempotencyKey,
) -> Result<Option<IdempotencyRow>, Fault> {
    let keys = transaction.open_table(IDEMPOTENCY)?;
    let Some(row) = keys.get(&key.digest.0)? else {
        return Ok(None);
    };
    let known = IdempotencyRow::decode(row.value())?;
    let expired = known.written_at_s.saturating_add(IDEMPOTENCY_KEPT_S) <= key.now_s;
    Ok((!expired).then_some(known))
}

fn remember_key(
    transaction: &WriteTransaction,
    key: &IdempotencyKey,
    ticket: TicketBytes,
) -> Result<(), Fault> {
    let mut keys = transaction.open_table(IDEMPOTENCY)?;
    let mut times = transaction.open_table(IDEMPOTENCY_TIMES)?;
    for _ in 0..PURGED_PER_KEY {
        let Some((written_at_s, digest)) = times.first()?.map(|(time, _)| {
            let (written_at_s, digest) = time.value();
            (written_at_s, *digest)
        }) else {
            break;
        };
        if written_at_s.saturating_add(IDEMPOTENCY_KEPT_S) > key.now_s {
            break;
        }
        times.remove((written_at_s, &digest))?;
        keys.remove(&digest)?;
    }
    let row = IdempotencyRow {
        written_at_s: key.now_s,
        request: key.request,
        ticket,
    };
    // An expired use of the same key that the purge did not reach.
    if let Some(old) = keys.insert(&key.digest.0, row.encode().as_slice())? {
        let old = IdempotencyRow::decode(old.value())?;
        times.remove((old.written_at_s, &key.digest.0))?;
    }
    times.insert((key.now_s, &key.digest.0), ())?;
    Ok(())
}
