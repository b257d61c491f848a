use axum::Json;
use axum::extract::State;
use chainloom_ledger::{Block, Ledger};
use serde::Serialize;

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use super::selector;
use crate::problem::Problem;
use crate::state::AppState;

/// How many of a block's transactions one answer holds.
const TRANSACTIONS_MAX: usize = 1_000;

/// A block with its transactions, or the first thousand of them from `from` on.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct BlockAnswer {
    #[serde(flatten)]
    block: Block,
    /// The `from` of the answer that goes on; absent where this one holds the last transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    transactions_next: Option<usize>,
}

impl BlockAnswer {
    fn of(mut block: Block, from: usize) -> BlockAnswer {
        let end = from.saturating_add(TRANSACTIONS_MAX);
        let transactions_next = (block.transactions.len() > end).then_some(end);
        block.transactions.truncate(end);
        block
            .transactions
            .drain(..from.min(block.transactions.len()));
        BlockAnswer {
            block,
            transactions_next,
        }
    }
}

/// Shows a block by its number, its hash, or the last one.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/blocks/{block}",
    tag = "blocks",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("block" = String, Path, description = "Its number, its hash of 64 hex digits, or `latest`"),
        ("from" = Option<usize>, Query, description = "Index of the first transaction to show"),
    ),
    responses((status = 200, body = BlockAnswer), Problems)
)]
pub(super) async fn block(
    State(state): State<AppState>,
    PathParts((name, block)): PathParts<(String, String)>,
    mut parameters: Parameters,
) -> Result<Json<BlockAnswer>, Problem> {
    let from = parameters.number("from")?.unwrap_or(0);
    parameters.finish()?;
    let selector = selector::block(&block)?;
    let served = state.ledgers.get(&name)?;
    let block = served.ledger.block(selector).await?;
    Ok(Json(BlockAnswer::of(block, from)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainloom_ledger::{Hash, Transaction, TransactionKind};

    fn block(transactions: usize) -> Block {
        let transaction = |id: usize| Transaction {
            id: id.to_string(),
            version: None,
            time: None,
            kind: TransactionKind::Unknown,
            call: None,
            transfer: None,
            content: None,
            validation_code: None,
        };
        Block {
            number: 1,
            hash: Hash([0; 32]),
            previous_hash: String::new(),
            time: None,
            size_bytes: 0,
            transaction_count: transactions as u64,
            valid_count: transactions as u64,
            transactions: (0..transactions).map(transaction).collect(),
            proof_of_work: None,
        }
    }

    #[test]
    fn a_large_block_comes_in_pages() {
        let page = |transactions, from| {
            let answer = BlockAnswer::of(block(transactions), from);
            let ids = answer.block.transactions.iter();
            let first = ids.clone().next().map(|transaction| transaction.id.clone());
            (first, ids.len(), answer.transactions_next)
        };
        let id = |number: usize| Some(number.to_string());
        assert_eq!(page(0, 0), (None, 0, None));
        assert_eq!(page(1_000, 0), (id(0), 1_000, None));
        assert_eq!(page(2_500, 0), (id(0), 1_000, Some(1_000)));
        assert_eq!(page(2_500, 1_000), (id(1_000), 1_000, Some(2_000)));
        assert_eq!(page(2_500, 2_000), (id(2_000), 500, None));
        assert_eq!(page(2_500, usize::MAX), (None, 0, None));
    }
}
