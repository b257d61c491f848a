//! What was found in blocks, counted, so that two decoders can be seen to find the same.

use chainloom_ledger::{Block, Creator, Endorsed, Transaction};
use serde::{Deserialize, Serialize};

/// The counts; `bench/go/decode` has the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) blocks: u64,
    pub(crate) transactions: u64,
    valid: u64,
    endorsers: u64,
    reads: u64,
    writes: u64,
    events: u64,
    /// Of names and values in all of them.
    bytes: u64,
}

impl Facts {
    pub(crate) fn add(&mut self, block: &Block) {
        self.blocks += 1;
        self.transactions += block.transactions.len() as u64;
        self.bytes += block.hash.to_string().len() as u64;
        for transaction in &block.transactions {
            self.add_transaction(transaction);
        }
    }

    fn add_transaction(&mut self, transaction: &Transaction) {
        self.add_bytes([transaction.id.len()]);
        if let Some(code) = &transaction.validation_code {
            self.valid += u64::from(code.is_valid());
            self.add_bytes([code.name.len()]);
        }
        if let Some(call) = &transaction.call {
            let arguments = call.args.iter().map(|argument| argument.0.len());
            self.add_bytes([call.contract.len(), call.function.len(), arguments.sum()]);
        }
        if let Some(endorsed) = &transaction.endorsed {
            self.add_endorsed(endorsed);
        }
    }

    fn add_endorsed(&mut self, endorsed: &Endorsed) {
        if let Some(header) = &endorsed.header {
            let hashes = [header.nonce.len(), header.tls_certificate_hash.len()];
            self.add_bytes([header.channel.len(), header.kind.len()]);
            self.add_bytes(hashes);
        }
        if let Some(response) = &endorsed.response {
            self.add_bytes([response.payload.0.len(), response.message.len()]);
            self.add_bytes([response.contract_version.len()]);
        }
        self.add_bytes([endorsed.proposal_hash.as_ref().map_or(0, String::len)]);
        self.endorsers += endorsed.endorsers.len() as u64;
        for creator in endorsed.creator.iter().chain(&endorsed.endorsers) {
            self.add_creator(creator);
        }
        self.reads += endorsed.reads.len() as u64;
        for read in &endorsed.reads {
            self.add_bytes([read.contract.len(), read.key.0.len()]);
            self.bytes += read.version.map_or(0, |version| version.block);
        }
        // A change of a key's policy is no write of its value.
        let writes = endorsed.writes.iter();
        for write in writes.filter(|write| write.delete || write.value.is_some()) {
            self.writes += 1;
            let value = write.value.as_ref().map_or(0, |value| value.0.len());
            self.add_bytes([write.contract.len(), write.key.0.len(), value]);
        }
        self.events += endorsed.events.len() as u64;
        for event in &endorsed.events {
            self.add_bytes([event.name.len(), event.payload.0.len()]);
        }
    }

    fn add_creator(&mut self, creator: &Creator) {
        let enrollment_id = creator.enrollment_id.as_ref().map_or(0, String::len);
        let certificate = creator.certificate.as_ref();
        let hash = certificate.map_or(0, |certificate| certificate.sha256.len());
        let attributes = certificate.map_or(0, |certificate| certificate.attributes.len());
        self.add_bytes([creator.organization.len(), enrollment_id, hash, attributes]);
    }

    fn add_bytes<const N: usize>(&mut self, lengths: [usize; N]) {
        self.bytes += lengths.iter().sum::<usize>() as u64;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bytes::Bytes;
    use chainloom_fabric::block_in_words;
    use chainloom_fabric::wire::Block as WireBlock;
    use chainloom_ledger::TransactionRange;

    use super::*;

    const BLOCK: &[u8] = include_bytes!("../../../crates/fabric/tests/data/raft-003-put.block");

    #[test]
    fn facts_are_of_each_transaction() {
        let block = WireBlock::decode(Bytes::from_static(BLOCK)).unwrap();
        let block = block_in_words(&block, TransactionRange::first(usize::MAX));
        let mut facts = Facts::default();
        facts.add(&block);
        assert_eq!(
            (facts.transactions, facts.valid, facts.endorsers),
            (1, 1, 1)
        );
        assert!(facts.writes > 0 && facts.bytes > 0, "{facts:?}");
        let once = facts;
        facts.add(&block);
        assert_eq!(
            (facts.bytes, facts.writes),
            (2 * once.bytes, 2 * once.writes)
        );
    }
}
