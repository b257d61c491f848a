//! A ledger that is a file of blocks: what a peer would send, as fast as the disk gives it.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use chainloom_fabric::wire::{Block, Transaction};
use chainloom_fabric::{block_in_words, transaction_in_words};
use chainloom_ledger as words;
use chainloom_ledger::{
    BlockEvent, BlockSelector, BoxFuture, BoxStream, Call, CallOptions, ConfigHistory,
    ContractDefinition, CreatorName, Hash, InvokeOptions, Ledger, LedgerConfig, LedgerError,
    LedgerInfo, LedgerKind, PeerReport, Position, QueryAnswer, Receipt, TransactionRange,
    TransactionSelector, Version,
};
use futures_util::stream;
use tokio::sync::watch;

use super::block_file::BlockFile;
use super::laps::{LAPS_MAX, in_lap};

/// The blocks of a file, lap after lap, as far as they are shown yet.
#[derive(Clone)]
pub(crate) struct Replay {
    file: Arc<BlockFile>,
    /// As whom it is used.
    identity: CreatorName,
    /// How many blocks there are by now. More may come.
    end: Arc<watch::Sender<u64>>,
    /// Of the blocks that were read so far, from block 0 on: those after the first lap name them.
    hashes: Arc<Mutex<Vec<Hash>>>,
}

impl Replay {
    /// No blocks yet.
    pub(crate) fn new(file: BlockFile, identity: CreatorName) -> Self {
        Self {
            file: Arc::new(file),
            identity,
            end: Arc::new(watch::Sender::new(0)),
            hashes: Arc::default(),
        }
    }

    /// Shows the blocks before this number.
    pub(crate) fn show(&self, end: u64) {
        assert!(
            end <= self.file.blocks() * LAPS_MAX,
            "there are not so many blocks"
        );
        self.end.send_replace(end);
    }

    /// A block as Fabric has it. All blocks before it have been read.
    fn read(&self, number: u64) -> Result<Block, LedgerError> {
        let (lap, block) = self.decode(number)?;
        let previous = match number.checked_sub(1) {
            None => Hash([0; 32]),
            Some(before) => self.hash_of(before).expect("it has been read"),
        };
        let block = in_lap(block, lap, number, previous);
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        if hashes.len() as u64 == number {
            hashes.push(block.hash());
        }
        Ok(block)
    }

    /// The hash of a block that has been read.
    fn hash_of(&self, number: u64) -> Option<Hash> {
        let hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        hashes.get(usize::try_from(number).ok()?).copied()
    }

    /// A block as the file has it, and in which lap it is to be.
    fn decode(&self, number: u64) -> Result<(u64, Block), LedgerError> {
        let broken = |error: String| LedgerError::Storage {
            detail: format!("block {number} of the file: {error}"),
        };
        let (lap, index) = (number / self.file.blocks(), number % self.file.blocks());
        let bytes = self.file.block(index);
        let bytes = bytes.map_err(|error| broken(error.to_string()))?;
        let block = Block::decode(bytes).map_err(|error| broken(error.to_string()))?;
        Ok((lap, block))
    }

    /// A block that can be read already.
    fn find(&self, number: u64) -> Result<Block, LedgerError> {
        match self.hash_of(number) {
            Some(_) => self.read(number),
            None => Err(not_found("block_not_found")),
        }
    }

    fn transaction_at(&self, version: Version) -> Result<words::Transaction, LedgerError> {
        let hash = self.hash_of(version.block);
        let hash = hash.ok_or_else(|| not_found("block_not_found"))?;
        let (lap, block) = self.decode(version.block)?;
        let transaction = block.transaction(version.index as usize);
        let transaction = transaction.ok_or_else(|| not_found("transaction_not_found"))?;
        // Of a later lap it alone is made, and not its whole block.
        let alone = Block {
            envelopes: vec![transaction.envelope.clone()],
            ..block
        };
        let mut alone = in_lap(alone, lap, version.block, Hash([0; 32]));
        let envelope = alone.envelopes.remove(0);
        let transaction = Transaction {
            envelope,
            ..transaction
        };
        Ok(transaction_in_words(&transaction, hash))
    }

    fn last(&self) -> u64 {
        self.end.borrow().saturating_sub(1)
    }

    async fn next(
        &mut self,
        number: u64,
        range: TransactionRange,
    ) -> Result<BlockEvent, LedgerError> {
        let mut end = self.end.subscribe();
        let shown = end.wait_for(|end| number < *end).await;
        drop(shown.expect("this holds the sender"));
        let block = self.read(number)?;
        Ok(BlockEvent::Block {
            generation: 0,
            block: Box::new(block_in_words(&block, range)),
        })
    }
}

fn not_found(code: &'static str) -> LedgerError {
    LedgerError::NotFound {
        code,
        detail: "a file of blocks has none".to_owned(),
    }
}

/// What no file of blocks can do.
fn refused<T: Send + 'static>() -> BoxFuture<'static, Result<T, LedgerError>> {
    Box::pin(ready(Err(LedgerError::Unavailable {
        code: "peer_unavailable",
        detail: "a file of blocks answers no calls".to_owned(),
        endorsers: Vec::new(),
    })))
}

impl Ledger for Replay {
    fn identity(&self) -> Option<CreatorName> {
        Some(self.identity.clone())
    }

    fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, LedgerError>> {
        // What is not read yet has no hash yet; nobody compares that of a chain that only grows.
        let hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        let tip_hash = hashes.last().copied().unwrap_or(Hash([0; 32]));
        Box::pin(ready(Ok(LedgerInfo {
            kind: LedgerKind::Fabric,
            height: self.last(),
            generation: 0,
            tip_hash,
            pending_count: None,
            first_block: None,
            node_id: None,
        })))
    }

    fn block(
        &self,
        selector: BlockSelector,
        transactions: TransactionRange,
    ) -> BoxFuture<'_, Result<words::Block, LedgerError>> {
        let block = match selector {
            BlockSelector::Number(number) => self.find(number),
            BlockSelector::Latest => self.find(self.last()),
            BlockSelector::Hash(_) => Err(not_found("block_not_found")),
        };
        Box::pin(ready(
            block.map(|block| block_in_words(&block, transactions)),
        ))
    }

    fn blocks(
        &self,
        next: Position,
        transactions_max: usize,
    ) -> BoxStream<Result<BlockEvent, LedgerError>> {
        let range = TransactionRange::first(transactions_max);
        let reader = (self.clone(), next.number);
        Box::pin(stream::unfold(
            reader,
            move |(mut replay, number)| async move {
                let event = replay.next(number, range).await;
                Some((event, (replay, number + 1)))
            },
        ))
    }

    /// By id the read model above finds it.
    fn transaction(
        &self,
        selector: TransactionSelector,
    ) -> BoxFuture<'_, Result<words::Transaction, LedgerError>> {
        Box::pin(ready(match selector {
            TransactionSelector::Version(version) => self.transaction_at(version),
            TransactionSelector::Id(_) => Err(not_found("transaction_not_found")),
        }))
    }

    fn config(&self, _: Option<u64>) -> BoxFuture<'_, Result<LedgerConfig, LedgerError>> {
        refused()
    }

    fn config_history(
        &self,
        _: Option<u64>,
        _: usize,
    ) -> BoxFuture<'_, Result<ConfigHistory, LedgerError>> {
        refused()
    }

    fn contracts(&self) -> BoxFuture<'_, Result<Vec<ContractDefinition>, LedgerError>> {
        refused()
    }

    fn query(&self, _: Call, _: CallOptions) -> BoxFuture<'_, Result<QueryAnswer, LedgerError>> {
        refused()
    }

    fn invoke(&self, _: Call, _: InvokeOptions) -> BoxFuture<'_, Result<Receipt, LedgerError>> {
        refused()
    }

    fn peers(&self) -> BoxFuture<'_, Result<Vec<PeerReport>, LedgerError>> {
        Box::pin(ready(Ok(Vec::new())))
    }
}
