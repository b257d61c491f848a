//! A foreign chain on its way in: compared with ours, and stored from the first difference on.

use chainloom_ledger::Hash;

use super::error::{Fault, StoreError};
use super::row::BlockRow;
use super::tables::BLOCKS;
use super::writer::{Claim, Sync};
use super::{NewBlock, Store};

/// After how many staged bytes one batch is synced. redb keeps a note in memory of every page that
/// it has written since the last sync; this bounds the notes.
const UNSYNCED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A foreign chain that is being taken in, beside ours. Give it every verified block from the
/// first on; what it has in common with our chain is recognized and not stored again.
///
/// Nothing of it is part of the chain before [`Store::adopt`]. Dropping it frees its rows.
pub(crate) struct Staging {
    store: Store,
    /// Taken along by the adoption.
    pub(super) claim: Option<Claim>,
    pub(super) segment: u64,
    /// How many blocks are the same as ours, from the first on.
    pub(super) shared: u64,
    /// Hash of the last of them.
    pub(super) shared_hash: Option<Hash>,
    /// How many blocks are stored after those.
    pub(super) staged: u64,
    /// Hash of the last block of all.
    pub(super) tip_hash: Option<Hash>,
    /// Bytes of all compact blocks up to now, shared ones included.
    pub(super) compact_bytes: u64,
    unsynced_bytes: u64,
}

/// What came of offering a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adoption {
    /// It is our chain now.
    Adopted {
        /// The generation that began.
        generation: u64,
        /// Number of the first block that is new.
        from: u64,
    },
    /// Ours is at least as long.
    NotLonger,
    /// Ours was replaced while this one came in, before the place where they part: fetch it again.
    BaseChanged,
}

impl Store {
    /// Begins to take in a chain.
    pub(crate) async fn begin_staging(&self) -> Result<Staging, StoreError> {
        let claim = self
            .writer()
            .write(Sync::Later, |batch| {
                let segment = batch.state.next_segment;
                batch.state.next_segment += 1;
                Ok::<Claim, Fault>(batch.claimed.claim(segment))
            })
            .await?;
        Ok(Staging {
            store: self.clone(),
            segment: claim.segment,
            claim: Some(claim),
            shared: 0,
            shared_hash: None,
            staged: 0,
            tip_hash: None,
            compact_bytes: 0,
            unsynced_bytes: 0,
        })
    }
}

impl Staging {
    /// How many blocks it has been given.
    pub(crate) fn length(&self) -> u64 {
        self.shared + self.staged
    }

    /// Takes the next blocks, in order. Keep batches to a few megabytes: each is written at once.
    pub(crate) async fn append(&mut self, blocks: Vec<NewBlock>) -> Result<(), StoreError> {
        let blocks = if self.staged == 0 {
            self.skip_shared(blocks).await?
        } else {
            blocks
        };
        let Some(last) = blocks.last() else {
            return Ok(());
        };
        let tip_hash = last.hash;
        let count = blocks.len() as u64;
        let bytes: u64 = blocks.iter().map(|block| block.compact.len() as u64).sum();
        let (segment, first, body_start) = (self.segment, self.length() + 1, self.compact_bytes);
        self.unsynced_bytes += bytes;
        let sync = if self.unsynced_bytes > UNSYNCED_BYTES_MAX {
            self.unsynced_bytes = 0;
            Sync::Durable
        } else {
            Sync::Later
        };
        self.store
            .writer()
            .write(sync, move |batch| {
                let mut rows = batch.transaction.open_table(BLOCKS)?;
                let mut body_end = body_start;
                for (number, block) in (first..).zip(&blocks) {
                    body_end += block.compact.len() as u64;
                    let row = BlockRow {
                        hash: block.hash,
                        body_end,
                        compact: &block.compact,
                    };
                    rows.insert((segment, number), row.encode().as_slice())?;
                }
                Ok::<(), Fault>(())
            })
            .await?;
        self.staged += count;
        self.compact_bytes += bytes;
        self.tip_hash = Some(tip_hash);
        Ok(())
    }

    /// Counts the blocks that our chain has at the same place, and gives back the others.
    async fn skip_shared(
        &mut self,
        mut blocks: Vec<NewBlock>,
    ) -> Result<Vec<NewBlock>, StoreError> {
        let store = self.store.clone();
        let first = self.shared + 1;
        let (blocks, shared) = tokio::task::spawn_blocking(move || {
            let snapshot = store.snapshot()?;
            let mut shared = 0;
            snapshot.scan(first, |_, hash, _| {
                if blocks.get(shared).is_some_and(|block| block.hash == hash) {
                    shared += 1;
                    super::read::Scan::On
                } else {
                    super::read::Scan::Stop
                }
            })?;
            let rest = blocks.split_off(shared);
            Ok::<_, StoreError>((rest, blocks))
        })
        .await
        .map_err(|_| StoreError::Closed)??;
        if let Some(last) = shared.last() {
            self.shared_hash = Some(last.hash);
            self.tip_hash = Some(last.hash);
        }
        self.shared += shared.len() as u64;
        self.compact_bytes += shared
            .iter()
            .map(|block| block.compact.len() as u64)
            .sum::<u64>();
        Ok(blocks)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What was adopted is the chain's own by now; the sweep sees that.
        self.claim = None;
        self.store.writer().nudge();
    }
}
