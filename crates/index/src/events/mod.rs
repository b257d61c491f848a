//! What happens on a ledger, told one after the other: blocks, their transactions, what contracts say in them.

mod id;
mod stream;

use chainloom_ledger::{BoxStream, LedgerError, Payload, ValidationCode, Version};
use serde::Serialize;

pub use self::id::{EventId, EventIdParseError, EventPart};
use self::stream::Events;
use crate::{BlockSummary, IndexedLedger, TransactionSummary};

/// Which events are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSelection {
    /// Blocks, each behind what else is told of it.
    pub blocks: bool,
    /// Transactions.
    pub transactions: bool,
    /// What contracts say in their transactions.
    pub contract_events: bool,
    /// Of transactions and contracts' events only those of this contract.
    pub contract: Option<String>,
    /// Of contracts' events only those of this name.
    pub event: Option<String>,
    /// Transactions without effect, too, and what contracts said in them: it never happened.
    pub invalid: bool,
}

impl Default for EventSelection {
    /// Blocks alone.
    fn default() -> Self {
        Self {
            blocks: true,
            transactions: false,
            contract_events: false,
            contract: None,
            event: None,
            invalid: false,
        }
    }
}

/// Where a stream of events begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStart {
    /// With the next block.
    Now,
    /// With this block, which may be one that is still to come.
    Block(u64),
    /// Behind this event.
    After(EventId),
}

/// An event, and by what name the stream goes on behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldEvent {
    /// Absent where there is no place before it: the chain was replaced from block 0 on.
    pub id: Option<EventId>,
    /// What happened.
    pub event: LedgerEvent,
}

/// What happened on a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerEvent {
    /// The blocks from this number on, and what was told of them, are no longer part of the chain.
    Replaced {
        /// Number of the first one.
        from: u64,
    },
    /// A block came.
    Block(Box<BlockSummary>),
    /// A block came that holds nothing of what was asked for; its id says how far the stream is.
    Passed,
    /// A transaction came.
    Transaction(Box<TransactionSummary>),
    /// A contract told something.
    ContractEvent(Box<ContractEventSummary>),
}

/// What a contract told in a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ContractEventSummary {
    /// Id of the transaction.
    pub transaction_id: String,
    /// Where it stands.
    pub version: Version,
    /// The contract.
    pub contract: String,
    /// The event's name.
    pub name: String,
    /// What it says.
    pub payload: Payload,
    /// The verdict on the transaction. Unless invalid ones are asked for it is valid.
    pub validation_code: ValidationCode,
}

impl IndexedLedger {
    /// What happens from `start` on. Nothing is missed and nothing comes twice, however slowly it is read, and little is held in memory.
    /// After an error it goes on where it was when it is asked again.
    ///
    /// # Errors
    /// Those of [`Ledger::info`](chainloom_ledger::Ledger::info).
    pub async fn events(
        &self,
        selection: EventSelection,
        start: EventStart,
    ) -> Result<BoxStream<Result<ToldEvent, LedgerError>>, LedgerError> {
        Events::open(self.clone(), selection, start).await
    }
}
