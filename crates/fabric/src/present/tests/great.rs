//! Blocks that are great, and are decoded some transactions at a time.

use bytes::Bytes;
use chainloom_ledger::{TransactionRange, Version};

use crate::present::{DECODED_BYTES_MAX, block};
use crate::wire::Block;

const BLOCK: &[u8] = include_bytes!("../../../tests/data/raft-003-put.block");

#[test]
fn of_a_great_block_some_transactions_are_decoded_at_a_time() {
    let mut great = Block::decode(Bytes::from_static(BLOCK)).unwrap();
    let envelope = great.envelopes[0].clone();
    // One more than two answers can hold: each ends with the transaction that passes the limit.
    let count = 2 * (DECODED_BYTES_MAX / envelope.len() + 1) + 1;
    great.envelopes = vec![envelope.clone(); count];
    let mut versions = Vec::new();
    let mut answers = 0;
    while versions.len() < count {
        let range = TransactionRange {
            from: versions.len(),
            limit: usize::MAX,
        };
        let answer = block(&great, range);
        assert_eq!(answer.transaction_count, count as u64);
        let bytes = answer.transactions.len() * envelope.len();
        assert!(0 < bytes && bytes <= DECODED_BYTES_MAX + envelope.len());
        versions.extend(answer.transactions.iter().map(|one| one.version.unwrap()));
        answers += 1;
    }
    assert_eq!(answers, 3);
    let expected = (0..count as u32).map(|index| Version { block: 3, index });
    assert!(versions.into_iter().eq(expected));
}

#[test]
fn a_transaction_that_is_great_by_itself_is_decoded_all_the_same() {
    let mut great = Block::decode(Bytes::from_static(BLOCK)).unwrap();
    great.envelopes = vec![vec![0; DECODED_BYTES_MAX + 1].into(); 2];
    let answer = block(&great, TransactionRange::first(usize::MAX));
    assert_eq!(answer.transactions.len(), 1);
}
