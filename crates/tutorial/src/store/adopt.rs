//! Making a staged chain ours.

use chainloom_ledger::Hash;

use redb::ReadableTable;

use super::Store;
use super::error::{Fault, StoreError};
use super::row::BlockRow;
use super::staging::{Adoption, Staging};
use super::state::Segment;
use super::tables::{BLOCKS, REPLACEMENTS};
use super::writer::{Batch, Sync};

impl Store {
    /// Makes a staged chain ours if it is longer, in one write.
    pub(crate) async fn adopt(&self, mut staging: Staging) -> Result<Adoption, StoreError> {
        let offered = Offered::of(&staging);
        // The claim goes along, so that the rows are there when the write comes to its turn, even
        // if the caller has gone away by then.
        let claim = staging.claim.take();
        self.writer()
            .write(Sync::Durable, move |batch| {
                let adoption = swap(batch, offered)?;
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
}

fn swap(batch: &mut Batch<'_>, offered: Offered) -> Result<Adoption, Fault> {
    let Some(tip_hash) = offered.tip_hash else {
        return Ok(Adoption::NotLonger);
    };
    if offered.length <= batch.state.length {
        return Ok(Adoption::NotLonger);
    }
    if !base_stands(batch, &offered)? {
        return Ok(Adoption::BaseChanged);
    }
    let state = &mut *batch.state;
    let from = offered.shared + 1;
    state.segments.retain(|segment| segment.first < from);
    state.segments.push(Segment {
        id: offered.segment,
        first: from,
    });
    state.generation += 1;
    state.length = offered.length;
    state.tip_hash = tip_hash;
    state.compact_bytes = offered.compact_bytes;
    state.next_index = (offered.length + 1).to_string();
    let generation = state.generation;
    batch
        .transaction
        .open_table(REPLACEMENTS)?
        .insert(generation, from)?;
    Ok(Adoption::Adopted { generation, from })
}

/// Whether the last block that both chains had in common is still at its place in ours.
fn base_stands(batch: &Batch<'_>, offered: &Offered) -> Result<bool, Fault> {
    let Some(shared_hash) = offered.shared_hash else {
        return Ok(true);
    };
    let Some(segment) = batch.state.segment_of(offered.shared) else {
        return Ok(false);
    };
    let blocks = batch.transaction.open_table(BLOCKS)?;
    let row = blocks
        .get((segment, offered.shared))?
        .ok_or_else(|| Fault::missing(format_args!("block {}", offered.shared)))?;
    Ok(BlockRow::decode(row.value())?.hash == shared_hash)
}
