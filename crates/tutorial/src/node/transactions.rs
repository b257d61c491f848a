//! What waits for a block.

use chainloom_ledger::{LedgerError, Transaction};

use super::Node;
use super::decode::waiting_transaction;

/// How many bytes of waiting transactions one answer holds, the last of them excepted.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A transaction that waits for a block.
#[derive(Debug, Clone)]
pub struct PendingTransaction {
    /// Its place in the order of acceptance; the next page begins after the last one.
    pub sequence: u64,
    /// The transaction. Its id is its ticket, or `pending-{sequence}` where none was given.
    pub transaction: Transaction,
}

impl Node {
    /// What waits, in the order of acceptance, after a sequence (from the first where `None`): at
    /// most `limit`, and no more than about 4 MiB of them.
    ///
    /// # Errors
    /// The store's.
    pub async fn pending(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<PendingTransaction>, LedgerError> {
        self.core()
            .read(move |_, snapshot| {
                let waiting = snapshot.waiting(after, limit, ANSWER_BYTES_MAX)?;
                waiting
                    .iter()
                    .map(|waiting| {
                        Ok(PendingTransaction {
                            sequence: waiting.sequence,
                            transaction: waiting_transaction(waiting)?,
                        })
                    })
                    .collect()
            })
            .await
    }
}
