use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::LedgerError;
use futures_util::future::select_ok;
use tokio::time::Instant;

use super::Placed;
use crate::call::ChannelCall;
use crate::failure::peer_unavailable;
use crate::flow::Flow;
use crate::wire::{Block, Transaction, ValidationCode, check_data_hash};

/// The contract in every peer that answers what its ledger holds.
const CONTRACT: &str = "qscc";
/// What it says of an id that it does not know, and of one that it knows from its snapshot only, without the block.
const NO_SUCH_ID: &str = "no such transaction ID";
const FROM_SNAPSHOT: &str = "Ledger bootstrapped from a snapshot";
/// The stable word for a transaction in a block that no peer has.
const BEFORE_SNAPSHOTS: &str = "transaction_before_snapshots";
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
    /// [`LedgerError::NotFound`] where the peer has none; [`Self::is_before_snapshots`] where it stands in a block that no peer has; others where
    /// they could not be asked.
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
        let answer = match ask(flow, &call, id).await {
            Err(error) if Self::is_before_snapshots(&error) => {
                let others = flow.all_targets().iter().map(|target| {
                    let mut call = call.clone();
                    call.peers = vec![target.peer.address.clone()];
                    Box::pin(async move { ask(flow, &call, id).await })
                });
                let others: Vec<_> = others.collect();
                match others.is_empty() {
                    true => Err(error),
                    // What the first says is more than that another one is away or behind.
                    false => select_ok(others)
                        .await
                        .map_or(Err(error), |(found, _)| Ok(found)),
                }
            }
            answer => answer,
        }?;
        Self::read(answer, id)
    }

    /// Whether this error says that the transaction stands on the channel, in a block that no peer has.
    pub(crate) fn is_before_snapshots(error: &LedgerError) -> bool {
        error.code() == BEFORE_SNAPSHOTS
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

async fn ask(flow: &Flow, call: &ChannelCall, id: &str) -> Result<Bytes, LedgerError> {
    let answer = flow.evaluate(call).await;
    answer.map_err(|error| explain(id, error))
}

/// What it means that the peer's contract refused to tell a transaction.
fn explain(id: &str, error: LedgerError) -> LedgerError {
    let LedgerError::Refused {
        code: "contract_refused",
        detail,
        ..
    } = error
    else {
        return error;
    };
    if detail.contains(NO_SUCH_ID) {
        return not_found(id, &detail);
    }
    if detail.contains(FROM_SNAPSHOT) {
        return LedgerError::Unavailable {
            code: BEFORE_SNAPSHOTS,
            detail: format!(
                "the transaction stands on the channel, in a block that no peer has that was asked, since they were started from a snapshot \
                 ({detail}): name a peer that has all blocks"
            ),
            endorsers: Vec::new(),
        };
    }
    peer_unavailable(format!(
        "the peer could not look for a transaction: {detail}"
    ))
}

/// `why` is what the peer said.
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
    use crate::block_server::gateway::{
        EVALUATE, evaluated, from_snapshot, gateway_ledger, unknown_id,
    };
    use crate::block_server::{BlockServer, chain};

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

    /// The texts are Fabric's own, as 2.5 and 3.1 send them.
    #[test]
    fn only_an_id_that_the_peer_does_not_know_is_not_found() {
        let code = |words: &str| {
            let error = LedgerError::Refused {
                code: "contract_refused",
                detail: format!("Failed to get block for txID a, error {words}"),
                transaction_id: None,
                endorsers: Vec::new(),
            };
            let error = explain("a", error);
            assert!(error.to_string().contains(words), "{error}");
            error.code()
        };
        assert_eq!(
            code("no such transaction ID [a] in index"),
            "transaction_not_found"
        );
        assert_eq!(
            code(
                "details for the TXID [a] not available. Ledger bootstrapped from a snapshot. First available block = [4]"
            ),
            "transaction_before_snapshots"
        );
        assert_eq!(code("unexpected EOF"), "peer_unavailable");
        let other = explain("a", LedgerError::ShuttingDown);
        assert_eq!(other, LedgerError::ShuttingDown);
    }

    #[tokio::test]
    async fn a_peer_that_has_the_block_is_asked_where_the_first_was_started_from_a_snapshot() {
        let block = Block::decode(Bytes::from_static(BLOCK)).unwrap();
        let first = block.transaction(0).unwrap();
        let id = first.decode().unwrap().header.transaction_id;
        let young = BlockServer::start(chain("a", 1)).await;
        let old = BlockServer::start(chain("a", 1)).await;
        young.answer_to(EVALUATE, from_snapshot(&id));
        let ledger = gateway_ledger(&[&young, &old]);
        let find = || ById::find(&ledger.flow, &id, Instant::now() + ANSWERS_WITHIN);
        old.answer_to(EVALUATE, unknown_id(&id));
        let error = find().await.unwrap_err();
        assert!(ById::is_before_snapshots(&error), "{error}");
        old.answer_to(EVALUATE, evaluated(BLOCK));
        assert_eq!(find().await.unwrap().transaction, first);
    }
}
