//! A great block that is read part by part is asked of a peer once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chainloom_ledger::TransactionRange;
use tokio::time::Instant;

use crate::wire::Block;

/// How long the next part may be waited for; the block is asked for anew then.
const KEPT_FOR: Duration = Duration::from_secs(30);

/// The block of which a part was read last: one, and none once its last part is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts(Arc<Mutex<Option<(Instant, Block)>>>);

impl Parts {
    /// The block of this number, where it is a part behind the first that is read.
    pub(crate) fn find(&self, number: u64, range: TransactionRange) -> Option<Block> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (kept_at, block) = kept.as_ref()?;
        let fits = range.from > 0 && block.number == number && kept_at.elapsed() < KEPT_FOR;
        fits.then(|| block.clone())
    }

    /// Remembers the block as long as there is a part behind the one that is read.
    pub(crate) fn read(&self, block: &Block, range: TransactionRange) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_more = range.from.saturating_add(range.limit) < block.envelopes.len();
        let is_kept = kept
            .as_ref()
            .is_some_and(|(_, kept)| kept.number == block.number);
        if range.from > 0 && has_more {
            *kept = Some((Instant::now(), block.clone()));
        } else if is_kept && !has_more {
            *kept = None;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chainloom_ledger::{BlockSelector, Ledger};

    use super::*;
    use crate::block_server::{BlockServer, great_block, ledger};

    async fn part(ledger: &impl Ledger, from: usize, limit: usize) -> usize {
        let range = TransactionRange { from, limit };
        let block = ledger.block(BlockSelector::Number(0), range).await.unwrap();
        assert_eq!(block.transaction_count, 10);
        block.transactions.len()
    }

    #[tokio::test]
    async fn the_parts_of_a_block_are_of_one_that_was_sent_once() {
        let server = BlockServer::start(vec![great_block(10)]).await;
        let ledger = ledger(&[&server]);
        // The first part comes by the stream as a rule.
        let mut sizes = Vec::new();
        for from in [4, 7, 8] {
            sizes.push(part(&ledger, from, 1).await);
        }
        assert_eq!((sizes, server.asked_count()), (vec![1, 1, 1], 1));
        assert_eq!(part(&ledger, 9, 5).await, 1);
        assert_eq!(server.asked_count(), 1);
        // With the last part it is gone, and who begins anew gets what there is now.
        assert_eq!(part(&ledger, 4, 1).await, 1);
        assert_eq!(server.asked_count(), 2);
        assert_eq!(part(&ledger, 0, 1).await, 1);
        assert_eq!(server.asked_count(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_is_not_asked_for_soon_is_asked_of_a_peer() {
        let block = Block::from_message(great_block(10)).unwrap();
        let parts = Parts::default();
        let range = TransactionRange { from: 2, limit: 2 };
        parts.read(&block, range);
        assert!(parts.find(0, range).is_some());
        assert!(parts.find(1, range).is_none());
        tokio::time::sleep(KEPT_FOR).await;
        assert!(parts.find(0, range).is_none());
    }
}
