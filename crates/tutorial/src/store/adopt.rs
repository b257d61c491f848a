//! Making a staged chain ours, and bringing back what was accepted here.
//!
//! The rule: what waits goes on waiting. A transaction that was accepted here and stood in a block
//! that is replaced waits again, at its old place in the order of acceptance; except that as many
//! equal ones (the same canonical JSON) as the new blocks hold count as mined there. That holds as well
//! for what waits again since an earlier replacement, for the chain that comes now may hold it. Rewards
//! are not recorded as accepted, so they never come back.
//!
//! What is displaced is found out before the write, from a snapshot, because that means reading all
//! new blocks. The write then checks that the chain is still that of the snapshot; where blocks
//! keep being mined in between, the last attempt does both in one write.
//!
//! Memory: a [`Displaced`], about 80 bytes, for each transaction that was accepted here and stands in
//! a block that is replaced, or stood in one and waits.

use chainloom_ledger::{Hash, Version};
use redb::{ReadableTable, WriteTransaction};

use super::Store;
use super::block_text::{next_index, transactions};
use super::error::{Fault, StoreError};
use super::read::{BlockTable, Scan, scan_segment};
use super::row::{BlockRow, OwnRow, PendingRow, TicketPlace};
use super::staging::{Adoption, Staging};
use super::state::{Segment, State};
use super::tables::{BLOCKS, OWN, PENDING, REPLACEMENTS, TICKETS, TicketBytes};
use super::writer::{Batch, Sync};

/// How often what is displaced is found out before the write; after that, in it.
const ATTEMPTS: u32 = 3;

impl Store {
    /// Makes a staged chain ours if it is longer, in one write.
    pub(crate) async fn adopt(&self, mut staging: Staging) -> Result<Adoption, StoreError> {
        let offered = Offered::of(&staging);
        for _ in 0..ATTEMPTS {
            let store = self.clone();
            let found = tokio::task::spawn_blocking(move || {
                let snapshot = store.snapshot()?;
                snapshot.guarded(|| {
                    let blocks = snapshot.transaction.open_table(BLOCKS)?;
                    let own = snapshot.transaction.open_table(OWN)?;
                    let pending = snapshot.transaction.open_table(PENDING)?;
                    let tables = (&blocks, &own, &pending);
                    let displaced = find_displaced(tables, &snapshot.state, &offered)?;
                    Ok((Seen::of(&snapshot.state), displaced))
                })
            });
            let (seen, displaced) = found.await.map_err(|_| StoreError::Closed)??;
            let claim = staging.claim.take();
            let (adoption, claim) = self
                .writer()
                .write(Sync::Durable, move |batch| {
                    if Seen::of(batch.state) != seen {
                        return Ok((None, claim));
                    }
                    // The claim came along, so that the rows are there when this comes to its
                    // turn, even if the caller has gone away by then.
                    Ok((Some(swap(batch, &offered, displaced)?), claim))
                })
                .await?;
            if let Some(adoption) = adoption {
                return Ok(adoption);
            }
            staging.claim = claim;
        }
        let claim = staging.claim.take();
        self.writer()
            .write(Sync::Durable, move |batch| {
                let displaced = {
                    let blocks = batch.transaction.open_table(BLOCKS)?;
                    let own = batch.transaction.open_table(OWN)?;
                    let pending = batch.transaction.open_table(PENDING)?;
                    find_displaced((&blocks, &own, &pending), batch.state, &offered)?
                };
                let adoption = swap(batch, &offered, displaced)?;
                drop(claim);
                Ok(adoption)
            })
            .await
    }
}

/// The numbers of a staged chain.
#[derive(Debug, Clone, Copy)]
struct Offered {
    segment: u64,
    shared: u64,
    shared_hash: Option<Hash>,
    length: u64,
    tip_hash: Option<Hash>,
    compact_bytes: u64,
}

impl Offered {
    fn of(staging: &Staging) -> Offered {
        Offered {
            segment: staging.segment,
            shared: staging.shared,
            shared_hash: staging.shared_hash,
            length: staging.length(),
            tip_hash: staging.tip_hash,
            compact_bytes: staging.compact_bytes,
        }
    }

    /// Number of the first block that is not shared.
    fn first(&self) -> u64 {
        self.shared + 1
    }
}

/// What must be the same in the write as in the snapshot.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    generation: u64,
    length: u64,
}

impl Seen {
    fn of(state: &State) -> Seen {
        Seen {
            generation: state.generation,
            length: state.length,
        }
    }
}

/// A transaction that was accepted here and stands in a block that is replaced, or stood in one and waits.
#[derive(Debug, Clone)]
struct Displaced {
    /// SHA-256 of its compact form.
    digest: [u8; 32],
    sequence: u64,
    /// Where it stood, unless `block` is 0: then it waits.
    block: u64,
    index: u32,
    /// Where an equal one stands now, unless `new_block` is 0.
    new_index: u32,
    new_block: u64,
    ticket: Option<TicketBytes>,
}

impl Displaced {
    /// Where an equal one stands now, if one does.
    fn new_version(&self) -> Version {
        Version {
            block: self.new_block,
            index: self.new_index,
        }
    }
}

/// Finds what the replacement displaces, and which of that the new blocks hold.
fn find_displaced(
    (blocks, own, pending): (
        &impl BlockTable,
        &impl ReadableTable<(u64, u32), &'static [u8]>,
        &impl ReadableTable<u64, &'static [u8]>,
    ),
    state: &State,
    offered: &Offered,
) -> Result<Vec<Displaced>, Fault> {
    let mut displaced = displaced_from(blocks, own, state, offered.first())?;
    displaced_before(pending, &mut displaced)?;
    if displaced.is_empty() {
        return Ok(displaced);
    }
    displaced.sort_unstable_by_key(|one| (one.digest, one.sequence));
    // For the first of each group of equal ones: how many of the group are found already.
    let mut found = vec![0_u32; displaced.len()];
    let range = (offered.first(), offered.length + 1);
    scan_segment(blocks, offered.segment, range, |number, row| {
        for (index, transaction) in (0..).zip(transactions(row.compact)) {
            let digest = Hash::of(transaction).0;
            let group = displaced.partition_point(|one| one.digest < digest);
            let Some(found) = found.get_mut(group) else {
                continue;
            };
            if let Some(one) = displaced.get_mut(group + *found as usize)
                && one.digest == digest
            {
                one.new_block = number;
                one.new_index = index;
                *found += 1;
            }
        }
        Ok(Scan::On)
    })?;
    Ok(displaced)
}

/// Every transaction in our blocks from `first` on that was accepted here, as not found again.
fn displaced_from(
    blocks: &impl BlockTable,
    own: &impl ReadableTable<(u64, u32), &'static [u8]>,
    state: &State,
    first: u64,
) -> Result<Vec<Displaced>, Fault> {
    let mut displaced = Vec::new();
    for row in own.range((first, 0)..)? {
        let (key, row) = row?;
        let (block, index) = key.value();
        let OwnRow { sequence, ticket } = OwnRow::decode(row.value())?;
        displaced.push(Displaced {
            digest: [0; 32],
            sequence,
            block,
            index,
            new_index: 0,
            new_block: 0,
            ticket,
        });
    }
    for same_block in displaced.chunk_by_mut(|before, after| before.block == after.block) {
        let number = same_block[0].block;
        with_transactions(blocks, state, number, same_block, |one, transaction| {
            one.digest = Hash::of(transaction).0;
            Ok(())
        })?;
    }
    Ok(displaced)
}

/// Adds what waits since an earlier replacement.
fn displaced_before(
    pending: &impl ReadableTable<u64, &'static [u8]>,
    displaced: &mut Vec<Displaced>,
) -> Result<(), Fault> {
    for row in pending.iter()? {
        let (sequence, row) = row?;
        let row = PendingRow::decode(row.value())?;
        if row.returned {
            displaced.push(Displaced {
                digest: Hash::of(row.compact).0,
                sequence: sequence.value(),
                block: 0,
                index: 0,
                new_index: 0,
                new_block: 0,
                ticket: row.ticket,
            });
        }
    }
    Ok(())
}

/// Gives each of these, which stand in one block of our chain in this order, its transaction.
fn with_transactions(
    blocks: &impl BlockTable,
    state: &State,
    number: u64,
    wanted: &mut [Displaced],
    mut take: impl FnMut(&mut Displaced, &[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let missing = || Fault::missing(format_args!("block {number}"));
    let segment = state.segment_of(number).ok_or_else(missing)?;
    let row = blocks.get((segment, number))?.ok_or_else(missing)?;
    let block = BlockRow::decode(row.value())?;
    let mut wanted = wanted.iter_mut().peekable();
    for (index, transaction) in (0..).zip(transactions(block.compact)) {
        if let Some(one) = wanted.next_if(|one| one.index == index) {
            take(one, transaction)?;
        }
    }
    match wanted.next() {
        None => Ok(()),
        Some(one) => Err(Fault::missing(format_args!(
            "transaction {} of block {number}",
            one.index
        ))),
    }
}

/// Swaps the chain, moves what is displaced, and notes the replacement.
fn swap(
    batch: &mut Batch<'_>,
    offered: &Offered,
    displaced: Vec<Displaced>,
) -> Result<Adoption, Fault> {
    let Some(tip_hash) = offered.tip_hash else {
        return Ok(Adoption::NotLonger);
    };
    if offered.length <= batch.state.length {
        return Ok(Adoption::NotLonger);
    }
    let tip_index = {
        let blocks = batch.transaction.open_table(BLOCKS)?;
        if !base_stands(&blocks, batch.state, offered)? {
            return Ok(Adoption::BaseChanged);
        }
        let tip = blocks
            .get((offered.segment, offered.length))?
            .ok_or_else(|| Fault::missing(format_args!("staged block {}", offered.length)))?;
        next_index(BlockRow::decode(tip.value())?.compact, offered.length)
    };
    move_displaced(batch, displaced)?;
    let from = offered.first();
    let state = &mut *batch.state;
    state.segments.retain(|segment| segment.first < from);
    state.segments.push(Segment {
        id: offered.segment,
        first: from,
    });
    state.generation += 1;
    state.length = offered.length;
    state.tip_hash = tip_hash;
    state.compact_bytes = offered.compact_bytes;
    state.next_index = tip_index;
    let generation = state.generation;
    batch
        .transaction
        .open_table(REPLACEMENTS)?
        .insert(generation, from)?;
    Ok(Adoption::Adopted { generation, from })
}

/// Whether the last block that both chains had in common is still at its place in ours.
fn base_stands(blocks: &impl BlockTable, state: &State, offered: &Offered) -> Result<bool, Fault> {
    let Some(shared_hash) = offered.shared_hash else {
        return Ok(true);
    };
    let Some(segment) = state.segment_of(offered.shared) else {
        return Ok(false);
    };
    let row = blocks
        .get((segment, offered.shared))?
        .ok_or_else(|| Fault::missing(format_args!("block {}", offered.shared)))?;
    Ok(BlockRow::decode(row.value())?.hash == shared_hash)
}

/// Writes each displaced transaction to its new place, in the new chain or in the queue. The state
/// is still that of the old chain.
fn move_displaced(batch: &mut Batch<'_>, mut displaced: Vec<Displaced>) -> Result<(), Fault> {
    // Back in the order of the old blocks, so that each is read once.
    displaced.sort_unstable_by_key(|one| (one.block, one.index));
    let transaction: &WriteTransaction = batch.transaction;
    let blocks = transaction.open_table(BLOCKS)?;
    let mut own = transaction.open_table(OWN)?;
    let mut pending = transaction.open_table(PENDING)?;
    let mut tickets = transaction.open_table(TICKETS)?;
    let waiting = displaced.partition_point(|one| one.block == 0);
    let (waiting, standing) = displaced.split_at_mut(waiting);
    for one in waiting.iter().filter(|one| one.new_block != 0) {
        let row = pending.remove(one.sequence)?;
        let row = row.ok_or_else(|| Fault::missing("a transaction that waits"))?;
        let bytes = PendingRow::decode(row.value())?.compact.len() as u64;
        batch.state.pending_count = batch.state.pending_count.saturating_sub(1);
        batch.state.pending_bytes = batch.state.pending_bytes.saturating_sub(bytes);
        if let Some(ticket) = one.ticket {
            let place = TicketPlace::Mined(one.new_version());
            tickets.insert(&ticket, place.encode().as_slice())?;
        }
    }
    let (mut count, mut bytes) = (0, 0);
    for same_block in standing.chunk_by_mut(|before, after| before.block == after.block) {
        let number = same_block[0].block;
        with_transactions(&blocks, batch.state, number, same_block, |one, compact| {
            own.remove((one.block, one.index))?;
            let ticket = one.ticket;
            let place = if one.new_block == 0 {
                let row = PendingRow {
                    ticket,
                    returned: true,
                    compact,
                }
                .encode();
                pending.insert(one.sequence, row.as_slice())?;
                count += 1;
                bytes += compact.len() as u64;
                TicketPlace::Pending(one.sequence)
            } else {
                TicketPlace::Mined(one.new_version())
            };
            if let Some(ticket) = ticket {
                tickets.insert(&ticket, place.encode().as_slice())?;
            }
            Ok(())
        })?;
    }
    for one in displaced.iter().filter(|one| one.new_block != 0) {
        let row = OwnRow {
            sequence: one.sequence,
            ticket: one.ticket,
        };
        own.insert((one.new_block, one.new_index), row.encode().as_slice())?;
    }
    batch.state.pending_count += count;
    batch.state.pending_bytes += bytes;
    Ok(())
}
