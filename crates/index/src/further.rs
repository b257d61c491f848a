//! Reading a block whose transactions come in parts.

use chainloom_ledger::{Block, BlockSelector, Ledger, LedgerError, Transaction, TransactionRange};

/// Some of a block's transactions, of just this block.
///
/// # Errors
/// [`LedgerError::Storage`] where the block is another one by now.
pub(crate) async fn further_transactions(
    ledger: &dyn Ledger,
    block: &Block,
    range: TransactionRange,
) -> Result<Vec<Transaction>, LedgerError> {
    let selector = BlockSelector::Number(block.number);
    match ledger.block(selector, range).await {
        Ok(found) if found.hash == block.hash && !found.transactions.is_empty() => {
            Ok(found.transactions)
        }
        Ok(_) | Err(LedgerError::NotFound { .. }) => Err(LedgerError::Storage {
            detail: format!("block {} was replaced while it was read", block.number),
        }),
        Err(error) => Err(error),
    }
}
