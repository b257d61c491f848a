//! Some of the transactions, to be looked up.

use chainloom_fabric::wire::{Block, Body, Transaction};
use chainloom_ledger::Hash;

use super::kept::Kept;
use super::laps::in_lap;

/// By how much the number of a sample's block differs from that of the one before, as a part of all: never the same blocks again.
const STRIDE: f64 = 0.618_033_988_749_895;

/// What is looked up.
pub(crate) struct Sample {
    /// Ids of transactions.
    pub(crate) ids: Vec<String>,
    /// Keys of the contract `probe` that were written.
    pub(crate) keys: Vec<String>,
}

impl Sample {
    /// So many of the blocks before `end`, spread over all of them.
    pub(crate) fn of(kept: &Kept, end: u64, size: usize) -> Self {
        let file = kept.file();
        let mut sample = Self {
            ids: Vec::new(),
            keys: Vec::new(),
        };
        let mut turn = 0;
        while sample.ids.len() < size || sample.keys.len() < size {
            turn += 1;
            let part = (f64::from(turn) * STRIDE).fract();
            let number = (part * end as f64) as u64;
            let (lap, index) = (number / kept.blocks(), number % kept.blocks());
            let bytes = file.block(index).expect("the file can be read");
            let block = Block::decode(bytes).expect("the peer sent a block");
            let mut block = in_lap(block, 0, number, Hash([0; 32]));
            // One transaction of it is enough to be put into the lap.
            let chosen = turn as usize % block.envelopes.len().max(1);
            let Some(envelope) = block.envelopes.get(chosen).cloned() else {
                continue;
            };
            block.envelopes = vec![envelope];
            let block = in_lap(block, lap, number, Hash([0; 32]));
            let transaction = block.transaction(0).expect("it was put there");
            sample.add(&transaction);
        }
        sample.ids.truncate(size);
        sample.keys.truncate(size);
        sample
    }

    fn add(&mut self, transaction: &Transaction) {
        let Ok(envelope) = transaction.decode() else {
            return;
        };
        let id = &envelope.header.transaction_id;
        if id.is_empty() {
            return;
        }
        self.ids.push(id.clone());
        let Ok(Body::Endorser(endorser)) = envelope.body() else {
            return;
        };
        let actions = endorser.actions.into_iter();
        let namespaces = actions.flat_map(|action| action.namespaces);
        let of_contract = namespaces.filter(|namespace| namespace.name == "probe");
        let keys = of_contract.flat_map(|namespace| namespace.writes);
        self.keys.extend(keys.map(|write| write.key));
    }
}
