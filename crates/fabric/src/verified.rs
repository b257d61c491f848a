//! A block that is shown by itself, where the orderers' signatures are verified: only as it was verified.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chainloom_ledger::{BoxFuture, Hash, LedgerError};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::deliver::{Source, Which};
use crate::verify::believes;
use crate::wire::Block;

/// The stable word for a block that was not verified.
const NOT_VERIFIED: &str = "block_not_verified";
/// How long each peer may take that is asked because another sent something else.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// What is known of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifiedBlock {
    /// It was verified, and this is its hash.
    Hash(Hash),
    /// It was not reached yet.
    NotYet,
    /// It is older than the first block that was verified, which is this.
    Before(u64),
}

/// The blocks of a channel whose orderers' signatures were verified.
pub trait VerifiedBlocks: Debug + Send + Sync {
    /// What is known of this block. One that is likely to be verified in a moment is waited for.
    fn find(&self, number: u64) -> BoxFuture<'_, Result<VerifiedBlock, LedgerError>>;

    /// Number of the last one; `None` while there is none.
    fn last(&self) -> Option<u64>;
}

/// Lets blocks through that were verified.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) blocks: Arc<dyn VerifiedBlocks>,
    /// Where the configurations are by which they were.
    pub(crate) journal: PathBuf,
}

impl Gate {
    /// Refuses a block that was not verified. Its hash covers its header, and that its data.
    ///
    /// # Errors
    /// [`LedgerError`].
    async fn pass(&self, block: Block) -> Result<Block, LedgerError> {
        let number = block.number;
        match self.blocks.find(number).await? {
            VerifiedBlock::Hash(hash) if hash == block.hash() => Ok(block),
            VerifiedBlock::Hash(hash) => Err(LedgerError::Storage {
                detail: format!(
                    "a peer sent a block {number} with the hash {}, and the one that the orderers signed has the hash {hash}: ask the peer's operator",
                    block.hash()
                ),
            }),
            VerifiedBlock::NotYet => Err(LedgerError::Unavailable {
                code: NOT_VERIFIED,
                detail: format!(
                    "the orderers' signatures of block {number} are not verified yet: try again, or look at the ledger's health"
                ),
                endorsers: Vec::new(),
            }),
            VerifiedBlock::Before(first) => Err(LedgerError::NotFound {
                code: NOT_VERIFIED,
                detail: format!(
                    "block {number} is older than block {first}, with which verifying the orderers' signatures began, and is not shown"
                ),
            }),
        }
    }
}

/// Lets a block through, where it has to have been verified only if it was.
///
/// # Errors
/// [`LedgerError`].
pub(crate) async fn passed(gate: Option<&Gate>, block: Block) -> Result<Block, LedgerError> {
    match gate {
        Some(gate) => gate.pass(block).await,
        None => Ok(block),
    }
}

impl Source {
    /// The block of this number; `None` where the chain is not that long. One peer that sends something else does not hide what others have.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn verified_block(
        &self,
        number: u64,
        gate: Option<&Gate>,
    ) -> Result<Option<Block>, LedgerError> {
        let which = Which::Number(number);
        let Some(block) = self.block(which).await? else {
            return Ok(None);
        };
        let other = match passed(gate, block).await {
            Err(other @ LedgerError::Storage { .. }) => other,
            told => return told.map(Some),
        };
        for peer in self.peers.iter() {
            let asked = timeout(ANSWERS_WITHIN, self.block_of(peer, which)).await;
            if let Ok(Ok(Some(block))) = asked
                && let Ok(block) = passed(gate, block).await
            {
                return Ok(Some(block));
            }
        }
        Err(other)
    }

    /// The newest block; else, where that is not verified yet, the newest that is.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn newest_verified(
        &self,
        gate: Option<&Gate>,
    ) -> Result<Option<Block>, LedgerError> {
        let Some(newest) = self.newest().await? else {
            return Ok(None);
        };
        let other = match passed(gate, newest).await {
            Ok(newest) => return Ok(Some(newest)),
            Err(other) => other,
        };
        match gate.and_then(|gate| gate.blocks.last()) {
            Some(last) => self.verified_block(last, gate).await,
            None => Err(other),
        }
    }

    /// The block with a configuration: one that was verified, or the one by which verifying began.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn verified_configuration(
        &self,
        number: u64,
        gate: Option<&Gate>,
    ) -> Result<Option<Block>, LedgerError> {
        match (self.verified_block(number, gate).await, gate) {
            (
                Err(
                    older @ LedgerError::NotFound {
                        code: NOT_VERIFIED, ..
                    },
                ),
                Some(gate),
            ) => {
                let Some(block) = self.block(Which::Number(number)).await? else {
                    return Ok(None);
                };
                let journal = gate.journal.clone();
                let work = spawn_blocking(move || (believes(&journal, &block), block)).await;
                let storage = |detail: String| LedgerError::Storage { detail };
                let (believed, block) = work.map_err(|error| storage(error.to_string()))?;
                match believed.map_err(|error| storage(error.to_string()))? {
                    true => Ok(Some(block)),
                    false => Err(older),
                }
            }
            (told, _) => told,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chainloom_ledger::{BlockSelector, Ledger, TransactionRange, TransactionSelector, Version};

    use super::*;
    use crate::block_server::{BlockServer, chain, ledger};
    use crate::ledger::FabricLedger;

    /// Blocks from `first` on.
    #[derive(Debug)]
    struct Known {
        first: u64,
        hashes: Vec<Hash>,
    }

    impl VerifiedBlocks for Known {
        fn find(&self, number: u64) -> BoxFuture<'_, Result<VerifiedBlock, LedgerError>> {
            let found = match number.checked_sub(self.first) {
                None => VerifiedBlock::Before(self.first),
                Some(place) => match self.hashes.get(usize::try_from(place).unwrap()) {
                    Some(hash) => VerifiedBlock::Hash(*hash),
                    None => VerifiedBlock::NotYet,
                },
            };
            Box::pin(async move { Ok(found) })
        }

        fn last(&self) -> Option<u64> {
            Some(self.first + (self.hashes.len() as u64).checked_sub(1)?)
        }
    }

    /// Shows the blocks `first..end` of a chain, and knows of no configuration.
    fn gated(servers: &[&BlockServer], word: &'static str, first: u64, end: u64) -> FabricLedger {
        let blocks = chain(word, end).into_iter().skip(first as usize);
        let hashes = blocks.map(|block| Block::from_message(block).unwrap().hash());
        let known = Known {
            first,
            hashes: hashes.collect(),
        };
        ledger(servers).showing_verified(Arc::new(known), "no/journal".into())
    }

    async fn number(ledger: &FabricLedger, selector: BlockSelector) -> Result<u64, LedgerError> {
        let block = ledger.block(selector, TransactionRange::first(1)).await;
        block.map(|block| block.number)
    }

    #[tokio::test]
    async fn only_what_was_verified_is_shown() {
        let peer = BlockServer::start(chain("a", 9)).await;
        let ledger = gated(&[&peer], "a", 2, 6);
        for verified in 2..6 {
            let shown = number(&ledger, BlockSelector::Number(verified)).await;
            assert_eq!(shown, Ok(verified));
        }
        let later = number(&ledger, BlockSelector::Number(6)).await.unwrap_err();
        assert!(
            matches!(
                later,
                LedgerError::Unavailable {
                    code: NOT_VERIFIED,
                    ..
                }
            ),
            "{later:?}"
        );
        let version = Version { block: 8, index: 0 };
        let selector = TransactionSelector::Version(version);
        assert_eq!(
            ledger.transaction(selector).await.unwrap_err().code(),
            NOT_VERIFIED
        );
        let older = number(&ledger, BlockSelector::Number(1)).await.unwrap_err();
        assert!(
            matches!(
                older,
                LedgerError::NotFound {
                    code: NOT_VERIFIED,
                    ..
                }
            ) && older.to_string().contains("older than block 2"),
            "{older:?}"
        );
        // The chain is longer, and the newest block that can be shown is the last one that was verified.
        assert_eq!(number(&ledger, BlockSelector::Latest).await, Ok(5));
        // Beyond the chain there is nothing, verified or not.
        let none = number(&ledger, BlockSelector::Number(9)).await.unwrap_err();
        assert_eq!(none.code(), "block_not_found");
        // How far the peers say that they have come is told as they say it.
        assert_eq!(ledger.info().await.unwrap().height, 8);
        // Nothing was verified: nothing is shown.
        let nothing = gated(&[&peer], "a", 0, 0);
        for selector in [BlockSelector::Latest, BlockSelector::Number(0)] {
            let refused = number(&nothing, selector).await.unwrap_err();
            assert_eq!(refused.code(), NOT_VERIFIED);
        }
    }

    #[tokio::test]
    async fn a_peer_that_sends_another_block_is_not_believed() {
        let liar = BlockServer::start(chain("b", 6)).await;
        let ledger = gated(&[&liar], "a", 0, 6);
        for selector in [BlockSelector::Number(3), BlockSelector::Latest] {
            let error = number(&ledger, selector).await.unwrap_err();
            assert!(
                matches!(error, LedgerError::Storage { .. })
                    && error
                        .to_string()
                        .contains("the one that the orderers signed"),
                "{error:?}"
            );
        }
        let version = Version { block: 3, index: 0 };
        let transaction = ledger.transaction(TransactionSelector::Version(version));
        assert_eq!(transaction.await.unwrap_err().code(), "storage_failed");
        // Another peer's is, however late it is asked.
        let honest = BlockServer::start(chain("a", 6)).await;
        let ledger = gated(&[&liar, &honest], "a", 0, 6);
        assert_eq!(number(&ledger, BlockSelector::Number(3)).await, Ok(3));
        assert_eq!(number(&ledger, BlockSelector::Latest).await, Ok(5));
        assert!(honest.asked_count() > 0);
    }
}
