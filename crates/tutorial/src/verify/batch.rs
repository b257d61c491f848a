use super::section::Row;
use crate::rules::BlockFields;

/// Some consecutive blocks that have been verified together with all before them.
#[derive(Debug)]
pub struct VerifiedBatch {
    pub(super) first_number: u64,
    pub(super) compact: Vec<u8>,
    pub(super) rows: Vec<Row>,
}

/// A verified block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedBlock<'a> {
    /// Its position in the chain, from 1. The block's own `index` may say anything.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// Its compact form.
    pub compact: &'a [u8],
}

impl<'a> VerifiedBlock<'a> {
    /// The texts of its fields.
    #[must_use]
    pub fn fields(&self) -> BlockFields<'a> {
        BlockFields::of(self.compact)
    }
}

impl VerifiedBatch {
    /// How many blocks there are: at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The position of the first block.
    #[must_use]
    pub fn first_number(&self) -> u64 {
        self.first_number
    }

    /// How many bytes the compact forms take together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.compact.len()
    }

    /// The blocks in their order.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = VerifiedBlock<'_>> {
        let mut start = 0;
        self.rows.iter().enumerate().map(move |(index, row)| {
            let compact = &self.compact[start..row.end];
            start = row.end;
            VerifiedBlock {
                number: self.first_number + index as u64,
                hash: row.hash,
                compact,
            }
        })
    }
}
