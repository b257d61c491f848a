//! A stream of blocks that waits for the index.

use chainloom_ledger::{BlockEvent, BoxStream, LedgerError};
use futures_util::StreamExt;

use crate::Index;

/// Holds each block back until it is indexed, and refuses one that is not the block which was indexed.
pub(crate) fn as_indexed(
    blocks: BoxStream<Result<BlockEvent, LedgerError>>,
    index: Index,
) -> BoxStream<Result<BlockEvent, LedgerError>> {
    Box::pin(blocks.then(move |event| checked(event, index.clone())))
}

async fn checked(
    event: Result<BlockEvent, LedgerError>,
    index: Index,
) -> Result<BlockEvent, LedgerError> {
    let event = event?;
    let BlockEvent::Block { generation, block } = &event else {
        return Ok(event);
    };
    let mut indexed = index.subscribe();
    let reached = indexed.wait_for(|indexed| indexed.has_reached(*generation, block.number));
    // The sender lives as long as this handle.
    let _ = reached.await;
    match index.hash_of(block.number).await? {
        Some(hash) if hash == block.hash => Ok(event),
        _ => Err(LedgerError::Storage {
            detail: format!(
                "block {} as it came with hash {} is not the one that was indexed",
                block.number, block.hash
            ),
        }),
    }
}
