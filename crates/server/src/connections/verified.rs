//! What an index of verified blocks says of a block that is to be shown by itself.

use std::fmt;
use std::time::Duration;

use chainloom_fabric::{VerifiedBlock, VerifiedBlocks};
use chainloom_index::{CATCH_UP_WAIT_MS_MAX, Index};
use chainloom_ledger::{BoxFuture, LedgerError};

/// The blocks of an index into which only verified ones come.
pub(super) struct VerifiedIndex(pub(super) Index);

impl fmt::Debug for VerifiedIndex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "VerifiedIndex({:?})", self.0.position())
    }
}

impl VerifiedBlocks for VerifiedIndex {
    fn find(&self, number: u64) -> BoxFuture<'_, Result<VerifiedBlock, LedgerError>> {
        Box::pin(async move {
            let wait = Duration::from_millis(CATCH_UP_WAIT_MS_MAX);
            // A channel has one generation.
            let indexed = self.0.wait_for(0, number, wait).await;
            if let Some(hash) = self.0.hash_of(number).await? {
                return Ok(VerifiedBlock::Hash(hash));
            }
            Ok(match indexed.first() {
                Some(first) if number < first => VerifiedBlock::Before(first),
                _ => VerifiedBlock::NotYet,
            })
        })
    }

    fn last(&self) -> Option<u64> {
        let indexed = self.0.position();
        indexed.first().map(|_| indexed.height)
    }
}
