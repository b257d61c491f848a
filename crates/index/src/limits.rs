/// How much is done in one go. Tests set it small, so that little data makes many batches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Blocks that are added in one transaction at most.
    pub(crate) batch_blocks: usize,
    /// Encoded size of blocks beyond which no further one is added in the same transaction.
    pub(crate) batch_bytes: u64,
    /// Transactions that are decoded at once at most: those of one block, and of a batch those beyond
    /// which no further block is added to it.
    pub(crate) batch_transactions: usize,
    /// Blocks that one transaction takes out at most.
    pub(crate) rollback_blocks: usize,
    /// Transactions after which no further block is taken out in the same redb transaction.
    pub(crate) rollback_transactions: usize,
    /// Batches after which what was written is synced to the disk.
    pub(crate) sync_batches: u32,
    /// About how much memory gathered changes of balances and counts take before they are written.
    pub(crate) changes_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            batch_blocks: 4_000,
            batch_bytes: 2 << 20,
            batch_transactions: 10_000,
            rollback_blocks: 2_000,
            rollback_transactions: 20_000,
            sync_batches: 8,
            changes_bytes: 8 << 20,
        }
    }
}
