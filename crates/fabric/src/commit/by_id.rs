use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::LedgerError;
use tokio::time::Instant;

use super::Placed;
use crate::call::ChannelCall;
use crate::flow::Flow;
use crate::wire::{Block, Transaction, ValidationCode, check_data_hash};

/// The contract in every peer that answers what its ledger holds.
const CONTRACT: &str = "qscc";
/// How long a peer may take, where the deadline is not sooner.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// The longest id that is asked for; Fabric's own have 64 characters.
const ID_BYTES_MAX: usize = 256;

/// A transaction and the block that it stands in.
#[derive(Debug)]
pub(crate) struct ById {
    pub(crate) block: Block,
    pub(crate) transaction: Transaction,
}

impl ById {
    /// The transaction of this id, by the peer's own index: of an id that stands more than once the first, which counts.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] where the peer has none; others where it could not be asked.
    pub(crate) async fn find(
        flow: &Flow,
        id: &str,
        deadline: Instant,
    ) -> Result<Self, LedgerError> {
        if id.is_empty() || id.len() > ID_BYTES_MAX {
            return Err(not_found(id, ""));
        }
        let channel = Bytes::copy_from_slice(flow.channel().as_bytes());
        let args = vec![
            Bytes::from_static(b"GetBlockByTxID"),
            channel,
            Bytes::copy_from_slice(id.as_bytes()),
        ];
        let call = ChannelCall::plain(
            CONTRACT,
            args,
            deadline.min(Instant::now() + ANSWERS_WITHIN),
        );
        let answer = flow.evaluate(&call).await.map_err(|error| match error {
            LedgerError::Refused {
                code: "contract_refused",
                detail,
                ..
            } => not_found(id, &detail),
            error => error,
        })?;
        Self::read(answer, id)
    }

    /// Where it stands, and the peer's verdict on it.
    pub(crate) fn placed(&self) -> Placed {
        let code = self.transaction.validation_code;
        Placed {
            version: self.transaction.version,
            code: code.unwrap_or(ValidationCode::NOT_VALIDATED),
        }
    }

    fn read(answer: Bytes, id: &str) -> Result<Self, LedgerError> {
        let broken = |error: String| LedgerError::Storage {
            detail: format!("the peer sent a block for `{id}` that cannot be trusted: {error}"),
        };
        let block = Block::decode(answer).map_err(|error| broken(error.to_string()))?;
        check_data_hash(&block).map_err(|error| broken(error.to_string()))?;
        let transaction = block.transactions().find(|transaction| {
            let envelope = transaction.decode();
            envelope.is_ok_and(|envelope| envelope.header.transaction_id == id)
        });
        let transaction =
            transaction.ok_or_else(|| broken("it does not stand in it".to_owned()))?;
        Ok(Self { block, transaction })
    }
}

/// `why` is what the peer said: mostly that it has no such id, but also that it has no blocks as old as that.
fn not_found(id: &str, why: &str) -> LedgerError {
    let id: String = id.chars().take(80).collect();
    let why = match why.is_empty() {
        true => String::new(),
        false => format!(" (the peer said: {why})"),
    };
    LedgerError::NotFound {
        code: "transaction_not_found",
        detail: format!("no transaction of the channel has the id `{id}`{why}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const BLOCK: &[u8] = include_bytes!("../../tests/data/raft-003-put.block");

    #[test]
    fn an_answer_is_read_only_if_it_is_the_one_that_was_asked_for() {
        let block = Block::decode(Bytes::from_static(BLOCK)).unwrap();
        let first = block.transaction(0).unwrap();
        let id = first.decode().unwrap().header.transaction_id;
        let found = ById::read(Bytes::from_static(BLOCK), &id).unwrap();
        assert_eq!(found.transaction, first);
        assert_eq!(found.block.number, 3);

        let other = ById::read(Bytes::from_static(BLOCK), "another").unwrap_err();
        assert!(
            other.to_string().contains("does not stand in it"),
            "{other}"
        );
        let none = ById::read(Bytes::from_static(b"x"), &id).unwrap_err();
        assert_eq!(none.code(), "storage_failed");
    }
}
