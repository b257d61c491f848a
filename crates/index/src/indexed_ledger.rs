use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chainloom_ledger::{
    Block, BlockEvent, BlockSelector, BoxFuture, BoxStream, Call, CallOptions, ConfigHistory,
    ContractDefinition, CreatorName, Hash, InvokeOptions, Ledger, LedgerConfig, LedgerError,
    LedgerInfo, PeerReport, Position, QueryAnswer, Receipt, Transaction, TransactionRange,
    TransactionSelector, Version,
};

use crate::as_indexed::as_indexed;
use crate::{Index, Indexed, Phase};

/// How long an answer from the index waits for it to reach the ledger, in milliseconds.
pub const CATCH_UP_WAIT_MS_MAX: u64 = 1_000;

/// A ledger with its index above it: the same verbs, and all of them answered.
///
/// A block by its hash, a transaction by the id it has in its block and a balance come through the
/// index; all else goes to the ledger below as it is.
#[derive(Clone)]
pub struct IndexedLedger {
    ledger: Arc<dyn Ledger>,
    index: Index,
    /// The last block in which a call stands that came through this.
    own_height: Arc<AtomicU64>,
    /// Whether a block is told of only when it is indexed.
    tells_what_is_indexed: bool,
}

impl IndexedLedger {
    /// `index` is to follow `ledger`, see [`Index::follow`].
    pub fn new(ledger: Arc<dyn Ledger>, index: Index) -> IndexedLedger {
        IndexedLedger {
            ledger,
            index,
            own_height: Arc::default(),
            tells_what_is_indexed: false,
        }
    }

    /// Has [`Ledger::blocks`] tell of a block when it is indexed and not before, and only as it was indexed: for an index that follows a
    /// ledger which asks more of its blocks than the one here.
    #[must_use]
    pub fn telling_what_is_indexed(self) -> IndexedLedger {
        IndexedLedger {
            tells_what_is_indexed: true,
            ..self
        }
    }

    /// The index.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Waits until the index holds what the ledger holds now, for one second at most; answers how
    /// far it has come.
    ///
    /// # Errors
    /// Those of [`Ledger::info`].
    pub async fn caught_up(&self) -> Result<Indexed, LedgerError> {
        let info = self.ledger.info().await?;
        let wait = Duration::from_millis(CATCH_UP_WAIT_MS_MAX);
        Ok(self
            .index
            .wait_for(info.generation, info.height, wait)
            .await)
    }

    /// Waits until the index holds every block in which a call stands that came through this, for one second at most; asks
    /// nobody else. An index that is not up to date yet is given the time to reach the ledger, if that answers.
    pub async fn caught_up_with_own_calls(&self) -> Indexed {
        if self.index.health().phase != Phase::Live
            && let Ok(indexed) = self.caught_up().await
        {
            return indexed;
        }
        let generation = self.index.position().generation;
        let height = self.own_height.load(Ordering::Acquire);
        let wait = Duration::from_millis(CATCH_UP_WAIT_MS_MAX);
        let indexed = self.index.wait_for(generation, height, wait).await;
        // Those blocks are gone where the channel was made anew.
        if !indexed.has_reached(generation, height)
            && let Ok(info) = self.ledger.info().await
            && info.height < height
        {
            // A call that came since is remembered.
            let _ =
                self.own_height
                    .compare_exchange(height, 0, Ordering::AcqRel, Ordering::Acquire);
        }
        indexed
    }

    /// Carries out a call, and remembers in which block it came to stand.
    async fn carry_out(&self, call: Call, options: InvokeOptions) -> Result<Receipt, LedgerError> {
        let outcome = self.ledger.invoke(call, options).await;
        let version = match &outcome {
            Ok(receipt) => receipt.version,
            Err(LedgerError::Invalid { version, .. }) => *version,
            Err(_) => None,
        };
        if let Some(version) = version {
            self.own_height.fetch_max(version.block, Ordering::AcqRel);
        }
        outcome
    }

    async fn block_by_hash(
        &self,
        hash: Hash,
        transactions: TransactionRange,
    ) -> Result<Block, LedgerError> {
        let not_found = || LedgerError::NotFound {
            code: "block_not_found",
            detail: format!("no block of the chain has the hash {hash}"),
        };
        let mut number = self.index.block_by_hash(hash).await?;
        if number.is_none() {
            // The ledger itself may know it, where the index is behind.
            let selector = BlockSelector::Hash(hash);
            match self.ledger.block(selector, transactions).await {
                Err(LedgerError::NotFound { .. }) => {}
                found => return found,
            }
            self.caught_up().await?;
            number = self.index.block_by_hash(hash).await?;
        }
        let number = number.ok_or_else(not_found)?;
        // The chain may have been replaced since the index looked.
        let selector = BlockSelector::Number(number);
        match self.ledger.block(selector, transactions).await {
            Ok(block) if block.hash == hash => Ok(block),
            Ok(_) | Err(LedgerError::NotFound { .. }) => Err(not_found()),
            Err(error) => Err(error),
        }
    }

    /// The first transaction of this id, with where the id stands again as far as the index has come.
    async fn transaction_by_id(&self, id: String) -> Result<Transaction, LedgerError> {
        let mut transaction = self.first_by_id(&id).await?;
        if let Some(first) = transaction.version {
            // What the ledger told is told, too, while the index cannot be read.
            let versions = self.index.versions_of_id(&id).await.unwrap_or_default();
            let later = versions.into_iter().filter(|version| *version > first);
            transaction.duplicates = later.collect();
        }
        Ok(transaction)
    }

    /// By the index where it knows the id; else by the ledger, which may know of one that is not indexed yet or waits for its block.
    async fn first_by_id(&self, id: &str) -> Result<Transaction, LedgerError> {
        // While the index cannot be read, the ledger is asked.
        let versions = self.index.versions_of_id(id).await.unwrap_or_default();
        if let Some(found) = self.first_of(id, versions).await? {
            return Ok(found);
        }
        let selector = TransactionSelector::Id(id.to_owned());
        let unknown_below = match self.ledger.transaction(selector).await {
            Err(error @ LedgerError::NotFound { .. }) => error,
            other => return other,
        };
        self.caught_up().await?;
        let versions = self.index.versions_of_id(id).await?;
        let found = self.first_of(id, versions).await?;
        found.ok_or(unknown_below)
    }

    /// What stands at the first of these places, if it is still of this id.
    async fn first_of(
        &self,
        id: &str,
        versions: Vec<Version>,
    ) -> Result<Option<Transaction>, LedgerError> {
        let Some(version) = versions.first().copied() else {
            return Ok(None);
        };
        let selector = TransactionSelector::Version(version);
        match self.ledger.transaction(selector).await {
            Ok(transaction) if transaction.id == id => Ok(Some(transaction)),
            // The chain was replaced since the index looked.
            Ok(_) | Err(LedgerError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn answer(&self, call: Call, options: CallOptions) -> Result<QueryAnswer, LedgerError> {
        let account = match self.ledger.query(call, options).await? {
            QueryAnswer::Balance(account) => account,
            result @ QueryAnswer::Result(_) => return Ok(result),
        };
        self.caught_up().await?;
        let balance = self.index.balance(&account).await?;
        Ok(QueryAnswer::Result(balance.balance.into()))
    }
}

impl Ledger for IndexedLedger {
    fn identity(&self) -> Option<CreatorName> {
        self.ledger.identity()
    }

    fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, LedgerError>> {
        self.ledger.info()
    }

    fn config(&self, block: Option<u64>) -> BoxFuture<'_, Result<LedgerConfig, LedgerError>> {
        self.ledger.config(block)
    }

    fn config_history(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<ConfigHistory, LedgerError>> {
        self.ledger.config_history(before, limit)
    }

    fn contracts(&self) -> BoxFuture<'_, Result<Vec<ContractDefinition>, LedgerError>> {
        self.ledger.contracts()
    }

    fn block(
        &self,
        selector: BlockSelector,
        transactions: TransactionRange,
    ) -> BoxFuture<'_, Result<Block, LedgerError>> {
        match selector {
            BlockSelector::Hash(hash) => Box::pin(self.block_by_hash(hash, transactions)),
            BlockSelector::Number(_) | BlockSelector::Latest => {
                self.ledger.block(selector, transactions)
            }
        }
    }

    fn blocks(
        &self,
        next: Position,
        transactions_max: usize,
    ) -> BoxStream<Result<BlockEvent, LedgerError>> {
        let blocks = self.ledger.blocks(next, transactions_max);
        match self.tells_what_is_indexed {
            true => as_indexed(blocks, self.index.clone()),
            false => blocks,
        }
    }

    fn transaction(
        &self,
        selector: TransactionSelector,
    ) -> BoxFuture<'_, Result<Transaction, LedgerError>> {
        match selector {
            TransactionSelector::Id(id) => Box::pin(self.transaction_by_id(id)),
            TransactionSelector::Version(_) => self.ledger.transaction(selector),
        }
    }

    fn query(
        &self,
        call: Call,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<QueryAnswer, LedgerError>> {
        Box::pin(self.answer(call, options))
    }

    fn invoke(
        &self,
        call: Call,
        options: InvokeOptions,
    ) -> BoxFuture<'_, Result<Receipt, LedgerError>> {
        Box::pin(self.carry_out(call, options))
    }

    fn peers(&self) -> BoxFuture<'_, Result<Vec<PeerReport>, LedgerError>> {
        self.ledger.peers()
    }
}
