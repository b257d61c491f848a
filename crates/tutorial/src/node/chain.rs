//! The whole chain as `GET /chain` writes it, piece by piece.

use bytes::Bytes;
use chainloom_ledger::LedgerError;

use super::Node;
use super::error::block_not_found;
use crate::rules::hashed_text;
use crate::store::{Scan, Snapshot};

/// How large a piece is, about; a larger block is a piece of its own.
const CHUNK_BYTES: usize = 256 * 1024;

/// The chain at one moment, as an iterator over pieces of its body: the blocks as Flask writes
/// them, joined with commas. Blocking; while it is held the pages of its moment stay in the file.
pub struct ChainSnapshot {
    snapshot: Snapshot,
    next: u64,
}

impl ChainSnapshot {
    /// How many blocks it has.
    pub fn length(&self) -> u64 {
        self.snapshot.head().length
    }

    /// How many bytes all pieces have together.
    pub fn body_bytes(&self) -> u64 {
        self.snapshot.head().chain_body_bytes
    }
}

impl Iterator for ChainSnapshot {
    type Item = Result<Bytes, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let mut next = self.next;
        let scanned = self.snapshot.scan(next, |number, _, compact| {
            if !chunk.is_empty() && chunk.len() + compact.len() >= CHUNK_BYTES {
                return Scan::Stop;
            }
            if number > 1 {
                chunk.push(b',');
            }
            chunk.extend_from_slice(compact);
            next = number + 1;
            Scan::On
        });
        match scanned {
            Err(error) => {
                self.next = u64::MAX;
                Some(Err(error.into()))
            }
            Ok(()) if chunk.is_empty() => None,
            Ok(()) => {
                self.next = next;
                Some(Ok(chunk.into()))
            }
        }
    }
}

impl Node {
    /// The whole chain as it is now. Blocking, as its pieces are.
    ///
    /// # Errors
    /// [`LedgerError::Storage`] if the store cannot be read.
    pub fn chain(&self) -> Result<ChainSnapshot, LedgerError> {
        Ok(ChainSnapshot {
            snapshot: self.core().store.snapshot()?,
            next: 1,
        })
    }

    /// A block as Flask writes it.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] beyond the chain, and the store's.
    pub async fn block_compact(&self, number: u64) -> Result<Vec<u8>, LedgerError> {
        self.core()
            .read(move |_, snapshot| compact_of(snapshot, number))
            .await
    }

    /// The very string whose SHA-256 is a block's hash.
    ///
    /// # Errors
    /// As [`Node::block_compact`].
    pub async fn block_hash_input(&self, number: u64) -> Result<String, LedgerError> {
        self.core()
            .read_in_turn(move |_, snapshot, bytes_max| {
                if snapshot.block_bytes(number)? > bytes_max {
                    return Ok(None);
                }
                let compact = compact_of(snapshot, number)?;
                let text = hashed_text(&compact).map_err(|error| LedgerError::Storage {
                    detail: format!("block {number} of the store is no JSON: {error}"),
                });
                text.map(Some)
            })
            .await
    }
}

fn compact_of(snapshot: &Snapshot, number: u64) -> Result<Vec<u8>, LedgerError> {
    match snapshot.block(number)? {
        Some(block) => Ok(block.compact),
        None => Err(block_not_found(number, snapshot.head().length)),
    }
}
