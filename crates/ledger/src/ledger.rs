use std::pin::Pin;

use futures_core::Stream;

use crate::{
    Block, BlockEvent, BlockSelector, Call, CallOptions, ConfigHistory, ContractDefinition,
    CreatorName, InvokeOptions, LedgerConfig, LedgerError, LedgerInfo, PeerReport, Position,
    QueryAnswer, Receipt, Transaction, TransactionRange, TransactionSelector,
};

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A stream that a trait object can return.
pub type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send>>;

/// A ledger: the same verbs on the tutorial's chain and on Fabric.
///
/// What only an index can answer (a block by hash, a transaction by the id it has in a block, a
/// balance) an implementation may leave to the read model that stands above it.
pub trait Ledger: Send + Sync + 'static {
    /// Who calls and submits through this, on a ledger with identities.
    fn identity(&self) -> Option<CreatorName> {
        None
    }

    /// Height, tip, kind.
    fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, LedgerError>>;

    /// The ordering parameters in force at a block, or now.
    fn config(&self, block: Option<u64>) -> BoxFuture<'_, Result<LedgerConfig, LedgerError>>;

    /// What changed the parameters, the newest change first: at most `limit` changes by blocks before `before`, or the last ones.
    ///
    /// Where there is one configuration only it is the one answer.
    fn config_history(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<ConfigHistory, LedgerError>>;

    /// The contracts that can be called, by name.
    fn contracts(&self) -> BoxFuture<'_, Result<Vec<ContractDefinition>, LedgerError>>;

    /// One block with some of its transactions; its counts are of all.
    fn block(
        &self,
        selector: BlockSelector,
        transactions: TransactionRange,
    ) -> BoxFuture<'_, Result<Block, LedgerError>>;

    /// Whether [`Ledger::blocks`] gives only blocks that were proven to follow those before them. What else is told of the chain proves nothing then.
    fn verifies_blocks(&self) -> bool {
        false
    }

    /// The blocks from `next` on, then each new one as it comes; never ends by itself. Each comes
    /// with its first transactions, as [`TransactionRange::first`] of `transactions_max` answers.
    ///
    /// `next.generation` is the generation in which the reader saw the blocks before
    /// `next.number`; if any of them has been replaced since, [`BlockEvent::Replaced`] comes
    /// first. Nothing is missed and nothing comes twice, however slowly it is read.
    fn blocks(
        &self,
        next: Position,
        transactions_max: usize,
    ) -> BoxStream<Result<BlockEvent, LedgerError>>;

    /// One transaction.
    fn transaction(
        &self,
        selector: TransactionSelector,
    ) -> BoxFuture<'_, Result<Transaction, LedgerError>>;

    /// Asks a contract without changing the ledger.
    fn query(
        &self,
        call: Call,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<QueryAnswer, LedgerError>>;

    /// Submits a call.
    fn invoke(
        &self,
        call: Call,
        options: InvokeOptions,
    ) -> BoxFuture<'_, Result<Receipt, LedgerError>>;

    /// The nodes it talks to, and what each last did.
    fn peers(&self) -> BoxFuture<'_, Result<Vec<PeerReport>, LedgerError>>;
}
