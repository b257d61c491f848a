//! Whether the ledger behind the index is still the one that it was built from.

use chainloom_ledger::{BlockSelector, Ledger, LedgerError, LedgerInfo, TransactionRange};

use crate::tables::State;

/// Compares the ledger with what is indexed of it; `Some` says by what it was seen to be another.
///
/// A ledger that was replaced since is the same one: its stream says from which block on. That a
/// later generation is of another ledger shows by its node id, or when its blocks do not link.
pub(crate) async fn other_ledger(
    ledger: &dyn Ledger,
    info: &LedgerInfo,
    state: &State,
) -> Result<Option<String>, LedgerError> {
    let (Some(height), Some(tip)) = (state.height(), state.tip_hash()) else {
        return Ok(None);
    };
    if let (Some(ours), Some(theirs)) = (&state.node_id, &info.node_id)
        && ours != theirs
    {
        return Ok(Some(format!("its node is {theirs}, indexed was {ours}")));
    }
    if info.generation < state.generation {
        return Ok(Some(format!(
            "its chain was replaced {} times, the indexed one {} times",
            info.generation, state.generation
        )));
    }
    if info.generation > state.generation {
        return Ok(None);
    }
    if let Some(first) = info.first_block.filter(|first| *first < state.first) {
        return Ok(Some(format!(
            "its blocks can be read from {first} on now, indexed are those from {}",
            state.first
        )));
    }
    if info.height < height {
        return Ok(Some(format!(
            "its last block is {}, the indexed one {height}",
            info.height
        )));
    }
    let there = match ledger
        .block(BlockSelector::Number(height), TransactionRange::NONE)
        .await
    {
        Ok(block) => Some(block.hash),
        Err(LedgerError::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    if there == Some(tip) {
        return Ok(None);
    }
    if ledger.info().await?.generation != info.generation {
        // Replaced between the two questions: the stream tells.
        return Ok(None);
    }
    Ok(Some(match there {
        Some(hash) => format!("its block {height} is {hash}, the indexed one {tip}"),
        None => format!("it has no block {height}"),
    }))
}
