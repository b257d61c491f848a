//! A block by its hash, by the peer's own index: peers send blocks by number only.

use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::{Hash, LedgerError};
use tokio::time::Instant;

use crate::call::ChannelCall;
use crate::flow::Flow;
use crate::wire::{Block, check_data_hash};

/// The contract in every peer that answers what its ledger holds.
const CONTRACT: &str = "qscc";
/// How long a peer may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// The block with this hash.
///
/// # Errors
/// [`LedgerError::NotFound`] where the peer has none; others where it could not be asked.
pub(crate) async fn block_by_hash(flow: &Flow, hash: Hash) -> Result<Block, LedgerError> {
    let args = vec![
        Bytes::from_static(b"GetBlockByHash"),
        Bytes::copy_from_slice(flow.channel().as_bytes()),
        Bytes::copy_from_slice(&hash.0),
    ];
    let call = ChannelCall::plain(CONTRACT, args, Instant::now() + ANSWERS_WITHIN);
    let answer = flow.evaluate(&call).await.map_err(|error| match error {
        LedgerError::Refused {
            code: "contract_refused",
            detail,
            ..
        } => LedgerError::NotFound {
            code: "block_not_found",
            detail: format!(
                "no block of the channel has the hash {hash} (the peer said: {detail})"
            ),
        },
        error => error,
    })?;
    read(answer, hash)
}

fn read(answer: Bytes, hash: Hash) -> Result<Block, LedgerError> {
    let broken = |error: String| LedgerError::Storage {
        detail: format!(
            "the peer sent a block for the hash {hash} that cannot be trusted: {error}"
        ),
    };
    let block = Block::decode(answer).map_err(|error| broken(error.to_string()))?;
    check_data_hash(&block).map_err(|error| broken(error.to_string()))?;
    match block.hash() {
        found if found == hash => Ok(block),
        found => Err(broken(format!("its hash is {found}"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const BLOCK: &[u8] = include_bytes!("../tests/data/raft-003-put.block");

    #[test]
    fn an_answer_is_read_only_if_it_is_the_one_that_was_asked_for() {
        let bytes = Bytes::from_static(BLOCK);
        let block = Block::decode(bytes.clone()).unwrap();
        assert_eq!(read(bytes.clone(), block.hash()).unwrap(), block);
        let other = read(bytes, Hash([7; 32])).unwrap_err();
        assert!(other.to_string().contains("its hash is"), "{other}");
        let none = read(Bytes::from_static(b"x"), Hash([7; 32])).unwrap_err();
        assert_eq!(none.code(), "storage_failed");
    }
}
