//! How far a channel has come: by the word of the first peer that answers, and of all where that one has come less far than was seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chainloom_ledger::LedgerError;
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::deliver::{Source, Which};
use crate::wire::Block;

/// How long the other peers may take.
const OTHERS_ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Nothing was seen yet.
const UNKNOWN: u64 = u64::MAX;

/// The last block that any peer was seen to have.
#[derive(Debug, Clone)]
pub(crate) struct Seen(Arc<AtomicU64>);

impl Default for Seen {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(UNKNOWN)))
    }
}

impl Seen {
    /// A peer has this block.
    pub(crate) fn block(&self, number: u64) {
        let further = |seen| (seen == UNKNOWN || seen < number).then_some(number);
        // It is left alone where more was seen.
        let _ = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, further);
    }

    /// Whether the block lies behind all that was seen.
    pub(crate) fn is_before(&self, which: Which) -> bool {
        match (which, self.get()) {
            (Which::Number(number), Some(seen)) => number > seen,
            _ => false,
        }
    }

    fn get(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Acquire)).filter(|seen| *seen != UNKNOWN)
    }
}

impl Source {
    /// The newest block; `None` where no peer has one yet. One peer that catches up does not hide what the others have.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn newest(&self) -> Result<Option<Block>, LedgerError> {
        let first = self.block(Which::Newest).await?;
        let seen = self.seen.get();
        let height = |block: &Option<Block>| block.as_ref().map(|block| block.number);
        if self.peers.len() == 1 || (seen.is_some() && height(&first) >= seen) {
            if let Some(height) = height(&first) {
                self.seen.block(height);
            }
            return Ok(first);
        }
        let (others, all_answered) = self.newest_of_all().await;
        let best = [others, first].into_iter().max_by_key(height).flatten();
        if let Some(height) = height(&best) {
            match all_answered {
                // What was seen is gone.
                true => self.seen.0.store(height, Ordering::Release),
                false => self.seen.block(height),
            }
        }
        Ok(best)
    }

    /// The newest block of all peers that answer soon, and whether all did.
    pub(crate) async fn newest_of_all(&self) -> (Option<Block>, bool) {
        let asked = self.peers.iter().map(|peer| async move {
            let newest = self.block_of(peer, Which::Newest);
            timeout(OTHERS_ANSWER_WITHIN, newest).await.ok()?.ok()
        });
        let answers = join_all(asked).await;
        let all_answered = answers.iter().all(Option::is_some);
        let blocks = answers.into_iter().flatten().flatten();
        (blocks.max_by_key(|block| block.number), all_answered)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chainloom_index::Index;
    use chainloom_ledger::Ledger;

    use super::*;
    use crate::block_server::{BlockServer, chain, ledger};

    const PATIENCE: Duration = Duration::from_secs(60);

    async fn height(source: &Source) -> u64 {
        source.newest().await.unwrap().unwrap().number
    }

    #[tokio::test]
    async fn one_that_is_behind_does_not_hide_what_another_has() {
        let first = BlockServer::start(chain("a", 3)).await;
        let second = BlockServer::start(chain("a", 6)).await;
        let source = ledger(&[&first, &second]).source;
        assert_eq!(height(&source).await, 5);
        assert_eq!(height(&source).await, 5);
        // Where the first one has all that was seen, nobody else is asked.
        first.exchange(chain("a", 6));
        let asked = second.asked_count();
        assert_eq!(height(&source).await, 5);
        assert_eq!(second.asked_count(), asked);
        // A block that was read somewhere was seen.
        second.exchange(chain("a", 8));
        source.seen.block(7);
        assert_eq!(height(&source).await, 7);
        // A channel that was made anew is as long as it is now.
        for server in [&first, &second] {
            server.exchange(chain("b", 2));
        }
        assert_eq!(height(&source).await, 1);
        let asked = second.asked_count();
        assert_eq!(height(&source).await, 1);
        assert_eq!(second.asked_count(), asked);
    }

    #[tokio::test]
    async fn an_index_goes_on_while_the_first_peer_catches_up() {
        let first = BlockServer::start(chain("a", 5)).await;
        let second = BlockServer::start(chain("a", 5)).await;
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(folder.path().join("index.redb"), 4 << 20).unwrap();
        let follow = || {
            let ledger: Arc<dyn Ledger> = Arc::new(ledger(&[&first, &second]));
            let index = index.clone();
            tokio::spawn(async move { index.follow(ledger, std::future::pending()).await })
        };
        let following = follow();
        assert_eq!(index.wait_for(0, 4, PATIENCE).await.height, 4);
        following.abort();
        let _ = following.await;
        // It was away, and is back with less than is indexed.
        first.exchange(chain("a", 3));
        second.exchange(chain("a", 7));
        let following = follow();
        assert_eq!(index.wait_for(0, 6, PATIENCE).await.height, 6);
        let health = index.health();
        assert_eq!((health.error, health.other_ledger), (None, None));
        following.abort();
    }
}
