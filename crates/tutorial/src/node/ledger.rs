//! The node as a [`Ledger`].

use std::future::ready;

use chainloom_ledger::{
    Block, BlockEvent, BlockSelector, BoxFuture, BoxStream, Call, CallOptions, ConfigHistory,
    ConfigVersion, ContractDefinition, InvokeOptions, Ledger, LedgerConfig, LedgerError,
    LedgerInfo, LedgerKind, PeerReport, Position, ProofOfWorkConfig, QueryAnswer, Receipt,
    Transaction, TransactionRange, TransactionSelector,
};

use super::error::block_not_found;
use super::{Core, Node, decode, stream};
use crate::rules::Rules;
use crate::store::Snapshot;

/// What a block's maker is paid.
const REWARD: u64 = 1;

impl Ledger for Node {
    fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, LedgerError>> {
        Box::pin(async {
            let head = self.head();
            Ok(LedgerInfo {
                kind: LedgerKind::Tutorial,
                height: head.length,
                generation: head.generation,
                tip_hash: head.tip_hash,
                first_block: None,
                pending_count: Some(head.pending_count),
                node_id: Some(self.id().to_owned()),
            })
        })
    }

    fn config(&self, block: Option<u64>) -> BoxFuture<'_, Result<LedgerConfig, LedgerError>> {
        Box::pin(async move {
            let length = self.head().length;
            if let Some(number) = block
                && !(1..=length).contains(&number)
            {
                return Err(block_not_found(number, length));
            }
            Ok(LedgerConfig {
                // The rules of a chain never change.
                block: 1,
                proof_of_work: Some(ProofOfWorkConfig {
                    rules: self.rules().to_string(),
                    difficulty: self.difficulty(),
                    reward: REWARD,
                    proof_input: match self.rules() {
                        Rules::Article => "the last block's proof, then the proof",
                        Rules::Repository => {
                            "the last block's proof, then the proof, then the last block's hash"
                        }
                    }
                    .to_owned(),
                }),
                ..LedgerConfig::default()
            })
        })
    }

    fn config_history(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<ConfigHistory, LedgerError>> {
        // The rules of a chain never change.
        let is_asked_for = before.is_none_or(|before| before > 1) && limit > 0;
        let only = is_asked_for.then(|| ConfigVersion {
            block: 1,
            sequence: None,
            time: None,
            creator: None,
            signers: Vec::new(),
            differences: Vec::new(),
        });
        let changes = only.into_iter().collect();
        Box::pin(ready(Ok(ConfigHistory {
            changes,
            next: None,
        })))
    }

    fn contracts(&self) -> BoxFuture<'_, Result<Vec<ContractDefinition>, LedgerError>> {
        Box::pin(ready(Ok(vec![ContractDefinition {
            name: decode::CONTRACT.to_owned(),
            version: "1".to_owned(),
            sequence: 1,
            ..ContractDefinition::default()
        }])))
    }

    fn block(
        &self,
        selector: BlockSelector,
        transactions: TransactionRange,
    ) -> BoxFuture<'_, Result<Block, LedgerError>> {
        Box::pin(async move {
            let number = match selector {
                BlockSelector::Number(number) => Some(number),
                BlockSelector::Latest => None,
                BlockSelector::Hash(hash) => {
                    return Err(LedgerError::NotFound {
                        code: "block_not_found",
                        detail: format!(
                            "the node finds blocks by number; ask the read model for the block \
                             {hash}"
                        ),
                    });
                }
            };
            self.core()
                .read_in_turn(move |core, snapshot, bytes_max| {
                    let number = number.unwrap_or_else(|| snapshot.head().length);
                    if snapshot.block_bytes(number)? > bytes_max {
                        return Ok(None);
                    }
                    decode::block(snapshot, core.rules, number, transactions).map(Some)
                })
                .await
        })
    }

    fn blocks(
        &self,
        next: Position,
        transactions_max: usize,
    ) -> BoxStream<Result<BlockEvent, LedgerError>> {
        stream::follow(self.core().clone(), next, transactions_max)
    }

    fn transaction(
        &self,
        selector: TransactionSelector,
    ) -> BoxFuture<'_, Result<Transaction, LedgerError>> {
        let read = move |_: &Core, snapshot: &Snapshot, bytes_max| {
            let place = match &selector {
                TransactionSelector::Version(version) => Some(*version),
                TransactionSelector::Id(id) => decode::place_of_id(snapshot, id)?,
            };
            if let Some(version) = place
                && snapshot.block_bytes(version.block)? > bytes_max
            {
                return Ok(None);
            }
            match &selector {
                TransactionSelector::Version(version) => decode::transaction_at(snapshot, *version),
                TransactionSelector::Id(id) => decode::transaction_by_id(snapshot, id),
            }
            .map(Some)
        };
        Box::pin(self.core().read_in_turn(read))
    }

    fn query(
        &self,
        call: Call,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<QueryAnswer, LedgerError>> {
        Box::pin(self.core().query(call, options))
    }

    fn invoke(
        &self,
        call: Call,
        options: InvokeOptions,
    ) -> BoxFuture<'_, Result<Receipt, LedgerError>> {
        Box::pin(self.core().invoke(call, options))
    }

    fn peers(&self) -> BoxFuture<'_, Result<Vec<PeerReport>, LedgerError>> {
        Box::pin(async { Ok(self.core().peers.reports()) })
    }
}
