use super::{BlockFields, RuleError, block_hash, validity};
use crate::json::{Json, compact};

/// What the next block depends on: the hash and the proof of the block before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tip {
    /// The block's hash.
    pub hash: [u8; 32],
    /// The block's proof as Python prints it.
    pub proof: String,
}

impl Tip {
    /// Of a block.
    ///
    /// # Errors
    /// [`RuleError`] if the block is no object, or has no proof that a next one could follow.
    pub fn of(block: &Json) -> Result<Self, RuleError> {
        Self::of_compact(block_hash(block), compact(block).as_bytes())
    }

    /// Of a block in its compact form whose hash is known.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_compact(hash: [u8; 32], compact: &[u8]) -> Result<Self, RuleError> {
        validity::block_is_an_object(compact)?;
        let proof = validity::proof_is_usable(BlockFields::of(compact).proof)?;
        Ok(Self {
            hash,
            proof: proof.into_owned(),
        })
    }
}
