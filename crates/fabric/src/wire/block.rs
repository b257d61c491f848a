use bytes::Bytes;
use chainloom_ledger::{Hash, Version};
use sha2::{Digest, Sha256};

use super::block_metadata::BlockMetadata;
use super::error::{DecodeError, Fault, decode};
use super::proto::common;
use super::transaction::Transaction;

/// A block as orderers made it and a peer marked it. Its transactions are decoded when asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// From 0.
    pub number: u64,
    /// Hash of the block before; empty in block 0.
    pub previous_hash: Bytes,
    /// What the header says the hash of the data is; [`check_data_hash`] compares.
    pub data_hash: Bytes,
    /// What stands outside the hash.
    pub metadata: BlockMetadata,
    /// The serialized envelopes.
    pub envelopes: Vec<Bytes>,
}

impl Block {
    /// Reads a serialized `common.Block`. Everything in it is a slice of these bytes and keeps
    /// them in memory.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        Self::from_message(decode(bytes)?)
    }

    /// Takes the message that a stream delivered. A block without a header is refused; one without
    /// data or metadata has none.
    pub fn from_message(block: common::Block) -> Result<Self, DecodeError> {
        let header = block.header.ok_or(Fault::Missing("the block's header"))?;
        Ok(Self {
            number: header.number,
            previous_hash: header.previous_hash,
            data_hash: header.data_hash,
            metadata: BlockMetadata::new(block.metadata.unwrap_or_default()),
            envelopes: block.data.unwrap_or_default().data,
        })
    }

    /// The block's hash: SHA-256 of [`Block::header_der`].
    pub fn hash(&self) -> Hash {
        Hash::of(&self.header_der())
    }

    /// `SEQUENCE {INTEGER number, OCTET STRING previous hash, OCTET STRING data hash}` in DER: what
    /// is hashed and what orderers sign.
    pub fn header_der(&self) -> Vec<u8> {
        let number = self.number.to_be_bytes();
        let zeros = number
            .iter()
            .take(number.len() - 1)
            .take_while(|byte| **byte == 0)
            .count();
        let mut integer = Vec::with_capacity(9);
        if number[zeros] >= 0x80 {
            // The first bit is a sign.
            integer.push(0);
        }
        integer.extend_from_slice(&number[zeros..]);

        let mut content = Vec::with_capacity(96);
        push_der(&mut content, 0x02, &integer);
        push_der(&mut content, 0x04, &self.previous_hash);
        push_der(&mut content, 0x04, &self.data_hash);
        let mut der = Vec::with_capacity(content.len() + 4);
        push_der(&mut der, 0x30, &content);
        der
    }

    /// The transaction at this index, if the block is that long.
    pub fn transaction(&self, index: usize) -> Option<Transaction> {
        let envelope = self.envelopes.get(index)?.clone();
        // An index beyond 32 bits cannot stand in a message, which is at most 2 GiB long.
        let version = Version {
            block: self.number,
            index: u32::try_from(index).ok()?,
        };
        Some(Transaction {
            version,
            validation_code: self.metadata.validation_code(index),
            envelope,
        })
    }

    /// All transactions in order. None is left out, whether it can be decoded or not.
    pub fn transactions(&self) -> impl Iterator<Item = Transaction> {
        (0..self.envelopes.len()).filter_map(|index| self.transaction(index))
    }
}

fn push_der(der: &mut Vec<u8>, tag: u8, content: &[u8]) {
    der.push(tag);
    let length = content.len().to_be_bytes();
    let zeros = length
        .iter()
        .take(length.len() - 1)
        .take_while(|byte| **byte == 0)
        .count();
    let significant = &length[zeros..];
    if content.len() >= 0x80 {
        // Long form: how many bytes of length follow.
        der.push(0x80 | significant.len() as u8);
    }
    der.extend_from_slice(significant);
    der.extend_from_slice(content);
}

/// A block that does not follow from the one before, or is not what its header says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenBlock {
    /// Another number than the next.
    #[error("block {got} came where block {expected} was due")]
    Number {
        /// The next.
        expected: u64,
        /// What the header says.
        got: u64,
    },
    /// The header names another predecessor.
    #[error("block {number} names {got} as the hash of the block before, which is {expected}")]
    PreviousHash {
        /// Of the block.
        number: u64,
        /// Hash of the block before, in hex.
        expected: String,
        /// What the header says, in hex.
        got: String,
    },
    /// The data are not those of the header.
    #[error("block {number} says that the hash of its data is {got}, but it is {expected}")]
    DataHash {
        /// Of the block.
        number: u64,
        /// Hash of the data that came, in hex.
        expected: String,
        /// What the header says, in hex.
        got: String,
    },
}

/// The number is the one that is due.
pub fn check_number(block: &Block, expected: u64) -> Result<(), BrokenBlock> {
    if block.number != expected {
        return Err(BrokenBlock::Number {
            expected,
            got: block.number,
        });
    }
    Ok(())
}

/// The header names the block before; `None` before block 0.
pub fn check_previous_hash(block: &Block, previous: Option<Hash>) -> Result<(), BrokenBlock> {
    let expected = previous.as_ref().map_or(&[][..], |hash| &hash.0[..]);
    if block.previous_hash != expected {
        return Err(BrokenBlock::PreviousHash {
            number: block.number,
            expected: hex(expected),
            got: hex(&block.previous_hash),
        });
    }
    Ok(())
}

/// The hash in the header is that of all envelopes, one after the other.
pub fn check_data_hash(block: &Block) -> Result<(), BrokenBlock> {
    let mut hasher = Sha256::new();
    for envelope in &block.envelopes {
        hasher.update(envelope);
    }
    let expected = hasher.finalize();
    if block.data_hash != expected[..] {
        return Err(BrokenBlock::DataHash {
            number: block.number,
            expected: hex(&expected),
            got: hex(&block.data_hash),
        });
    }
    Ok(())
}

/// At most 32 bytes of a hash, which from a broken block may be any length.
fn hex(bytes: &[u8]) -> String {
    let shown: String = bytes
        .iter()
        .take(32)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match bytes.len() {
        0 => "empty".to_owned(),
        1..=32 => shown,
        length => format!("{shown}… ({length} bytes)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64) -> Block {
        Block {
            number,
            previous_hash: Bytes::from_static(&[1; 32]),
            data_hash: Bytes::from_static(&[2; 32]),
            metadata: BlockMetadata::default(),
            envelopes: vec![Bytes::from_static(b"a"), Bytes::from_static(b"bc")],
        }
    }

    #[test]
    fn numbers_are_der_integers_of_64_bits() {
        let integer = |number| {
            let der = block(number).header_der();
            assert_eq!((der[0], usize::from(der[1])), (0x30, der.len() - 2));
            der[2..4 + usize::from(der[3])].to_vec()
        };
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 0x7f]);
        assert_eq!(integer(128), [2, 2, 0, 0x80]);
        assert_eq!(integer(256), [2, 2, 1, 0]);
        assert_eq!(integer(1 << 32), [2, 5, 1, 0, 0, 0, 0]);
        assert_eq!(
            integer(u64::MAX),
            [2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]
        );
    }

    #[test]
    fn long_hashes_have_long_lengths() {
        let long = Block {
            previous_hash: Bytes::from(vec![7; 300]),
            ..block(1)
        };
        let der = long.header_der();
        assert_eq!(der[..4], [0x30, 0x82, 1, 85]);
        assert_eq!(der[7..11], [0x04, 0x82, 1, 44]);
        assert_eq!(der.len(), 4 + 3 + 4 + 300 + 34);
    }

    #[test]
    fn broken_blocks_are_told_apart() {
        let seven = block(7);
        assert_eq!(check_number(&seven, 7), Ok(()));
        assert_eq!(
            check_number(&seven, 8)
                .expect_err("another number")
                .to_string(),
            "block 7 came where block 8 was due"
        );
        assert_eq!(check_previous_hash(&seven, Some(Hash([1; 32]))), Ok(()));
        let error = check_previous_hash(&seven, Some(Hash([3; 32]))).expect_err("another hash");
        assert!(
            error.to_string().starts_with("block 7 names 0101"),
            "{error}"
        );
        let error = check_previous_hash(&seven, None).expect_err("not the first");
        assert!(error.to_string().ends_with("which is empty"), "{error}");

        let good = Block {
            data_hash: Bytes::copy_from_slice(&Hash::of(b"abc").0),
            ..block(7)
        };
        assert_eq!(check_data_hash(&good), Ok(()));
        let error = check_data_hash(&seven).expect_err("other data");
        assert!(error.to_string().contains("ba7816bf"), "{error}");
        let long = Block {
            data_hash: Bytes::from(vec![9; 40]),
            ..block(7)
        };
        let error = check_data_hash(&long).expect_err("no hash");
        assert!(error.to_string().contains("… (40 bytes)"), "{error}");
    }

    #[test]
    fn a_block_needs_a_header_only() {
        let error = Block::decode(Bytes::new()).expect_err("no header");
        assert_eq!(error.to_string(), "the block's header is missing");
        let bare = common::Block {
            header: Some(common::BlockHeader::default()),
            ..Default::default()
        };
        assert_eq!(
            Block::from_message(bare).map(|block| block.transactions().count()),
            Ok(0)
        );
    }
}
