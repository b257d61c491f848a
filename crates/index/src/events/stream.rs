use std::collections::VecDeque;

use chainloom_ledger::{
    Block, BlockEvent, BlockSelector, BoxStream, Hash, Ledger, LedgerError, LedgerInfo, LedgerKind,
    Position, Transaction, TransactionRange, ValidationCode, Version,
};
use futures_util::{StreamExt, stream};

use super::id::{ChainMark, EventPart};
use super::{ContractEventSummary, EventId, EventSelection, EventStart, LedgerEvent, ToldEvent};
use crate::further::further_transactions;
use crate::{BlockSummary, IndexedLedger, TransactionSummary};

/// Transactions of a block that are decoded at once.
const TRANSACTIONS_AT_ONCE: usize = 200;

/// A reader's place in what happens on a ledger.
pub(super) struct Events {
    ledger: IndexedLedger,
    selection: EventSelection,
    /// Of which chain the blocks are.
    chain: Option<ChainMark>,
    blocks: BoxStream<Result<BlockEvent, LedgerError>>,
    /// The block to begin with, while the chain was not that high yet.
    first: Option<u64>,
    /// What was told before of the block that comes first.
    told: Option<EventId>,
    /// To be told next.
    ready: VecDeque<ToldEvent>,
    /// The block of which a part is ready or told.
    current: Option<Current>,
    /// The last block that came, by number and hash.
    last: Option<(u64, Hash)>,
}

/// A block that is told part by part.
struct Current {
    generation: u64,
    block: Box<Block>,
    /// Index of the transaction that comes next.
    next: u32,
    /// What was told of it before.
    told: Option<EventPart>,
}

/// Where a stream begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) next: Position,
    pub(super) first: Option<u64>,
    pub(super) told: Option<EventId>,
    /// From which block on nothing holds that the reader saw.
    pub(super) replaced: Option<u64>,
}

impl Start {
    /// `now` is how far the ledger has come, and `chain` of which chain its blocks are.
    pub(super) fn of(start: EventStart, now: &LedgerInfo, chain: Option<ChainMark>) -> Self {
        let at = |generation, number| Self {
            next: Position { generation, number },
            first: None,
            told: None,
            replaced: None,
        };
        let coming = now.height.saturating_add(1);
        match start {
            EventStart::Now => at(now.generation, coming),
            EventStart::Block(from) => Self {
                first: Some(from).filter(|from| *from > coming),
                ..at(now.generation, from.min(coming))
            },
            EventStart::After(EventId {
                position,
                part,
                chain: theirs,
            }) => {
                let Position { generation, number } = position;
                let is_other = match (theirs, chain) {
                    // However far it has come: a peer may be behind.
                    (Some(theirs), Some(ours)) => theirs != ours,
                    _ => (generation, number) > (now.generation, now.height),
                };
                // The ledger was begun anew since: nothing that the reader saw holds.
                if is_other {
                    let first = now.first_block.unwrap_or(first_number(now.kind));
                    return Self {
                        replaced: Some(first),
                        ..at(now.generation, first)
                    };
                }
                match part {
                    None => at(generation, number.saturating_add(1)),
                    Some(part) => Self {
                        told: Some(EventId::of_part(generation, number, part, chain)),
                        ..at(generation, number)
                    },
                }
            }
        }
    }
}

/// The number of a ledger's first block.
fn first_number(kind: LedgerKind) -> u64 {
    match kind {
        LedgerKind::Tutorial => 1,
        LedgerKind::Fabric => 0,
    }
}

impl Events {
    pub(super) async fn open(
        ledger: IndexedLedger,
        selection: EventSelection,
        start: EventStart,
    ) -> Result<BoxStream<Result<ToldEvent, LedgerError>>, LedgerError> {
        let (now, chain) = standing(&ledger).await?;
        let start = Start::of(start, &now, chain);
        let transactions_max = match selection.looks_into_blocks() {
            true => TRANSACTIONS_AT_ONCE,
            false => 0,
        };
        let mut events = Self {
            blocks: ledger.blocks(start.next, transactions_max),
            ledger,
            selection,
            chain,
            first: start.first,
            told: start.told,
            ready: VecDeque::new(),
            current: None,
            last: None,
        };
        if let Some(from) = start.replaced {
            events.replaced(now.generation, from);
        }
        Ok(Box::pin(stream::unfold(events, |mut events| async move {
            let event = events.next().await?;
            Some((event, events))
        })))
    }

    /// `None` when the ledger's own stream ends.
    async fn next(&mut self) -> Option<Result<ToldEvent, LedgerError>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.current.is_some() {
                match self.go_on().await {
                    Ok(()) => continue,
                    Err(error) => return Some(Err(error)),
                }
            }
            match self.blocks.next().await? {
                Ok(BlockEvent::Replaced { generation, from }) => {
                    self.told = None;
                    // Before the first block that was asked for nothing was told that could be replaced.
                    if self.first.is_none() {
                        self.replaced(generation, from);
                    }
                }
                Ok(BlockEvent::Block { generation, block }) => {
                    if let Err(error) = self.follows(&block) {
                        return Some(Err(error));
                    }
                    self.begin(generation, block);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Its id is that of the last block which still holds. Before block 0 there is none: a reader that breaks off there keeps the id that
    /// it has, and is told the same again.
    fn replaced(&mut self, generation: u64, from: u64) {
        let id = from.checked_sub(1);
        self.ready.push_back(ToldEvent {
            id: id.map(|number| EventId::of_block(generation, number, self.chain)),
            event: LedgerEvent::Replaced { from },
        });
    }

    /// A channel is never replaced, so that a block which does not link to the one before it is of another channel, made anew under
    /// the name of this one. Whoever reads comes back then, and is told so.
    fn follows(&mut self, block: &Block) -> Result<(), LedgerError> {
        let last = self.last.replace((block.number, block.hash));
        let Some((number, hash)) = last.filter(|_| self.chain.is_some()) else {
            return Ok(());
        };
        if number.checked_add(1) != Some(block.number) || block.previous_hash == hash.to_string() {
            return Ok(());
        }
        self.blocks = Box::pin(stream::empty());
        Err(LedgerError::Storage {
            detail: format!(
                "block {} does not follow on block {number} as it was told: is it another channel of the same name?",
                block.number
            ),
        })
    }

    fn begin(&mut self, generation: u64, block: Box<Block>) {
        if self.first.is_some_and(|first| block.number < first) {
            return;
        }
        self.first = None;
        let told = self.told.take();
        let told = told.filter(|told| told.position.number == block.number);
        if told.is_some_and(|told| told.position.generation != generation) {
            // It may be another block than the one of which a part was told.
            self.replaced(generation, block.number);
        }
        let told = told.filter(|told| told.position.generation == generation);
        self.current = Some(Current {
            generation,
            block,
            next: 0,
            told: told.and_then(|told| told.part),
        });
    }

    /// Makes the next part of the block ready, or ends it.
    async fn go_on(&mut self) -> Result<(), LedgerError> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        if self.selection.looks_into_blocks()
            && u64::from(current.next) < current.block.transaction_count
        {
            let mut transactions = std::mem::take(&mut current.block.transactions);
            if transactions.is_empty() {
                let range = TransactionRange {
                    from: current.next as usize,
                    limit: TRANSACTIONS_AT_ONCE,
                };
                transactions = further_transactions(&self.ledger, &current.block, range).await?;
            }
            for transaction in transactions {
                let index = current.next;
                self.ready.extend(
                    self.selection
                        .told(current, index, &transaction, self.chain),
                );
                current.next = index.saturating_add(1);
            }
            return Ok(());
        }
        if let Some(current) = self.current.take() {
            let Current {
                generation, block, ..
            } = current;
            self.ready.push_back(ToldEvent {
                id: Some(EventId::of_block(generation, block.number, self.chain)),
                event: match self.selection.blocks {
                    true => LedgerEvent::Block(Box::new(BlockSummary::of(&block))),
                    false => LedgerEvent::Passed,
                },
            });
        }
        Ok(())
    }
}

/// How far the ledger has come, and of which chain its blocks are. A channel has come at least as far as its index, where both are of
/// one chain: the peer that answers may be behind.
async fn standing(ledger: &IndexedLedger) -> Result<(LedgerInfo, Option<ChainMark>), LedgerError> {
    let mut now = ledger.info().await?;
    if now.kind != LedgerKind::Fabric {
        return Ok((now, None));
    }
    let indexed = ledger.index().position();
    if indexed.height > now.height
        && ledger.index().hash_of(now.height).await? == Some(now.tip_hash)
    {
        now.height = indexed.height;
    }
    let first = BlockSelector::Number(first_number(now.kind));
    match ledger.block(first, TransactionRange::NONE).await {
        Ok(block) => Ok((now, Some(ChainMark::of(block.hash)))),
        // No peer has it: all were started from snapshots.
        Err(LedgerError::NotFound { .. }) => Ok((now, None)),
        Err(error) => Err(error),
    }
}

impl EventSelection {
    /// Whether the blocks' transactions are needed.
    fn looks_into_blocks(&self) -> bool {
        self.transactions || self.contract_events
    }

    /// What is to be told of a transaction.
    fn told(
        &self,
        current: &Current,
        index: u32,
        transaction: &Transaction,
        chain: Option<ChainMark>,
    ) -> Vec<ToldEvent> {
        let code = transaction.validation_code.clone();
        let code = code.unwrap_or_else(ValidationCode::valid);
        // What has no effect did not happen.
        if code.code != 0 && !self.invalid {
            return Vec::new();
        }
        let version = Version {
            block: current.block.number,
            index,
        };
        let mut events = Vec::new();
        let mut tell = |has_contract_event, event| {
            let part = EventPart {
                index,
                has_contract_event,
            };
            if current.told.is_none_or(|told| part > told) {
                events.push(ToldEvent {
                    id: Some(EventId::of_part(
                        current.generation,
                        version.block,
                        part,
                        chain,
                    )),
                    event,
                });
            }
        };
        let is_of = |contract: &str| {
            self.contract
                .as_deref()
                .is_none_or(|asked| asked == contract)
        };
        let called = transaction.call.as_ref().map(|call| call.contract.as_str());
        if self.transactions && is_of(called.unwrap_or_default()) {
            let summary = TransactionSummary::of(version, transaction);
            tell(false, LedgerEvent::Transaction(Box::new(summary)));
        }
        let told = transaction
            .endorsed
            .iter()
            .flat_map(|endorsed| &endorsed.events);
        for event in told.filter(|_| self.contract_events) {
            let is_named = self
                .event
                .as_deref()
                .is_none_or(|asked| asked == event.name);
            if is_named && is_of(&event.contract) {
                let summary = ContractEventSummary {
                    transaction_id: transaction.id.clone(),
                    version,
                    contract: event.contract.clone(),
                    name: event.name.clone(),
                    payload: event.payload.clone(),
                    validation_code: code.clone(),
                };
                tell(true, LedgerEvent::ContractEvent(Box::new(summary)));
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn id(text: &str) -> EventId {
        text.parse().unwrap()
    }

    fn start(kind: LedgerKind, start: EventStart) -> Start {
        let now = LedgerInfo {
            kind,
            height: 10,
            generation: 2,
            tip_hash: Hash([0; 32]),
            first_block: None,
            pending_count: None,
            node_id: None,
        };
        Start::of(start, &now, Some(ChainMark::of(Hash([1; 32]))))
    }

    #[test]
    fn a_stream_begins_where_the_reader_was() {
        let at = |begin| {
            let start = start(LedgerKind::Tutorial, begin);
            assert_eq!(start.replaced, None);
            (start.next.to_string(), start.first)
        };
        let after = |text| at(EventStart::After(id(text)));
        assert_eq!(at(EventStart::Now), ("2-11".into(), None));
        assert_eq!(at(EventStart::Block(3)), ("2-3".into(), None));
        assert_eq!(at(EventStart::Block(11)), ("2-11".into(), None));
        assert_eq!(at(EventStart::Block(12)), ("2-11".into(), Some(12)));
        assert_eq!(after("2-7"), ("2-8".into(), None));
        assert_eq!(after("1-20"), ("1-21".into(), None));
        // A block of which a part was told comes again.
        assert_eq!(after("2-10-3"), ("2-10".into(), None));
    }

    #[test]
    fn a_channel_is_told_from_another_by_its_first_block_and_not_by_its_height() {
        let after = |text| start(LedgerKind::Fabric, EventStart::After(id(text)));
        // A peer may be behind.
        for (text, next) in [("2-40.01010101", "2-41"), ("2-40-3.01010101", "2-40")] {
            assert_eq!(after(text).replaced, None);
            assert_eq!(after(text).next.to_string(), next);
        }
        for text in ["2-40.01010102", "2-3.01010102", "2-3-0-1.01010102"] {
            let start = after(text);
            assert_eq!((start.replaced, start.told), (Some(0), None), "{text}");
            assert_eq!(start.next.to_string(), "2-0");
        }
    }

    #[test]
    fn a_reader_of_another_ledger_begins_anew() {
        for text in ["2-11", "3-1", "2-11-0"] {
            for (kind, first) in [(LedgerKind::Tutorial, 1), (LedgerKind::Fabric, 0)] {
                let start = start(kind, EventStart::After(id(text)));
                assert_eq!(start.replaced, Some(first));
                assert_eq!(start.next.to_string(), format!("2-{first}"));
            }
        }
    }
}
