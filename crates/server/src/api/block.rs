use std::io;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chainloom_ledger::{Block, Ledger, LedgerError, Transaction, TransactionRange};
use serde::Serialize;

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use super::selector;
use crate::problem::Problem;
use crate::state::AppState;

/// How many of a block's transactions one answer holds.
const TRANSACTIONS_MAX: usize = 1_000;

/// How large they may be together, as JSON; one alone may be larger.
const TRANSACTIONS_BYTES_MAX: usize = 8 * 1024 * 1024;

/// An answer from a block larger than this is written off the async threads.
const INLINE_BYTES: u64 = 64 * 1024;

/// A block with its transactions, or those from `from` on that one answer holds.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct BlockAnswer {
    #[serde(flatten)]
    block: Block,
    /// The `from` of the answer that goes on; absent where this one holds the last transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    transactions_next: Option<usize>,
}

impl BlockAnswer {
    /// `block` holds its transactions from `from` on, as many as were read.
    fn of(mut block: Block, from: usize) -> BlockAnswer {
        // What is small as a whole is small in parts.
        if block.size_bytes > INLINE_BYTES {
            let fitting = fitting(&block.transactions);
            block.transactions.truncate(fitting);
        }
        let end = from.saturating_add(block.transactions.len());
        BlockAnswer {
            transactions_next: ((end as u64) < block.transaction_count).then_some(end),
            block,
        }
    }
}

/// How many of these one answer holds, at least one.
fn fitting(transactions: &[Transaction]) -> usize {
    let mut counter = ByteCounter(0);
    let beyond = transactions.iter().position(|transaction| {
        // A counter takes everything, and a transaction is plain JSON.
        let _ = serde_json::to_writer(&mut counter, transaction);
        counter.0 > TRANSACTIONS_BYTES_MAX
    });
    beyond.map_or(transactions.len(), |beyond| beyond.max(1))
}

/// Counts what is written to it.
struct ByteCounter(usize);

impl io::Write for ByteCounter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
) -> Result<Response, Problem> {
    let from = parameters.number("from")?.unwrap_or(0);
    parameters.finish()?;
    let selector = selector::block(&block)?;
    let served = state.ledgers.get(&name)?;
    let transactions = TransactionRange {
        from,
        limit: TRANSACTIONS_MAX,
    };
    let block = served.ledger.block(selector, transactions).await?;
    let size_bytes = block.size_bytes;
    let answer = move || Json(BlockAnswer::of(block, from)).into_response();
    if size_bytes <= INLINE_BYTES {
        return Ok(answer());
    }
    let written = tokio::task::spawn_blocking(answer).await;
    written.map_err(|_| LedgerError::ShuttingDown.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainloom_ledger::{Hash, Transaction, TransactionKind};

    fn block(transactions: usize, bytes: usize) -> Block {
        let transaction = |id: usize| Transaction {
            id: id.to_string(),
            version: None,
            duplicates: Vec::new(),
            time: None,
            kind: TransactionKind::Unknown,
            call: None,
            transfer: None,
            content: Some("x".repeat(bytes).into()),
            endorsed: None,
            validation_code: None,
        };
        Block {
            number: 1,
            hash: Hash([0; 32]),
            previous_hash: String::new(),
            data_hash: None,
            time: None,
            time_source: None,
            size_bytes: (transactions * bytes) as u64,
            transaction_count: transactions as u64,
            valid_count: transactions as u64,
            transactions: (0..transactions).map(transaction).collect(),
            proof_of_work: None,
        }
    }

    /// Id of the first transaction, how many there are, where to go on.
    fn page(mut block: Block, from: usize) -> (Option<String>, usize, Option<usize>) {
        let read = block.transactions.into_iter().skip(from);
        block.transactions = read.take(TRANSACTIONS_MAX).collect();
        let answer = BlockAnswer::of(block, from);
        let ids = answer.block.transactions.iter();
        let first = ids.clone().next().map(|transaction| transaction.id.clone());
        (first, ids.len(), answer.transactions_next)
    }

    fn id(number: usize) -> Option<String> {
        Some(number.to_string())
    }

    #[test]
    fn a_block_of_many_transactions_comes_in_pages() {
        let page = |transactions, from| page(block(transactions, 0), from);
        assert_eq!(page(0, 0), (None, 0, None));
        assert_eq!(page(1_000, 0), (id(0), 1_000, None));
        assert_eq!(page(2_500, 0), (id(0), 1_000, Some(1_000)));
        assert_eq!(page(2_500, 1_000), (id(1_000), 1_000, Some(2_000)));
        assert_eq!(page(2_500, 2_000), (id(2_000), 500, None));
        assert_eq!(page(2_500, usize::MAX), (None, 0, None));
    }

    #[test]
    fn a_block_of_large_transactions_comes_in_pages() {
        let page = |transactions, bytes, from| page(block(transactions, bytes), from);
        assert_eq!(page(20, 1_000_000, 0), (id(0), 8, Some(8)));
        assert_eq!(page(20, 1_000_000, 16), (id(16), 4, None));
        assert_eq!(page(2, 9_000_000, 0), (id(0), 1, Some(1)));
    }
}
