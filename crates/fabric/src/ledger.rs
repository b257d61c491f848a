//! A channel as a ledger.

use std::future::ready;
use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger as words;
use chainloom_ledger::{
    BlockEvent, BlockSelector, BoxFuture, BoxStream, Call, InvokeOptions, Ledger, LedgerConfig,
    LedgerError, LedgerInfo, LedgerKind, PeerReport, Position, QueryAnswer, Receipt, ReceiptStatus,
    Transaction, TransactionRange, TransactionSelector, Version, Wait,
};
use futures_util::stream;
use tokio::time::{Instant, sleep};

use crate::commit::{ById, Commits, Settled, pause_before_retry, settle};
use crate::connect::{ConnectError, Connection, ConnectionOptions, connect};
use crate::deliver::{Blocks, Source, Which};
use crate::flow::Flow;
use crate::gateway::{Commit, GatewayCall};
use crate::present;
use crate::wire::{Block, Body, ValidationCode};

/// How long a call may take where it does not say.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest that a call may ask for.
const CALL_TIMEOUT_MAX: Duration = Duration::from_secs(600);
/// The most arguments of a call.
const ARGUMENTS_MAX: usize = 1000;

/// A channel of Fabric, as one user sees it.
#[derive(Debug, Clone)]
pub struct FabricLedger {
    flow: Flow,
    source: Source,
    commits: Commits,
    contract: Option<String>,
}

impl FabricLedger {
    /// Connects a user. Peers that cannot be reached now are asked again whenever they are needed.
    ///
    /// # Errors
    /// [`ConnectError`] with the parameter that cannot be used. Has to be called within a runtime.
    pub async fn connect(options: ConnectionOptions) -> Result<Self, ConnectError> {
        let Connection {
            identity,
            channel,
            contract,
            peers,
            flow,
        } = connect(&options)?;
        let source = Source {
            identity,
            channel,
            peers,
        };
        Ok(Self {
            flow,
            commits: Commits::new(source.clone()),
            source,
            contract,
        })
    }

    /// The contract that is meant where a call names none.
    pub fn default_contract(&self) -> Option<&str> {
        self.contract.as_deref()
    }

    async fn fetch(&self, number: u64) -> Result<Block, LedgerError> {
        let block = self.source.block(Which::Number(number)).await?;
        block.ok_or_else(|| LedgerError::NotFound {
            code: "block_not_found",
            detail: format!("the channel has no block {number} yet"),
        })
    }

    async fn newest(&self) -> Result<Block, LedgerError> {
        let block = self.source.block(Which::Newest).await?;
        block.ok_or_else(|| LedgerError::NotFound {
            code: "block_not_found",
            detail: "the peer has no block of the channel yet".to_owned(),
        })
    }

    async fn config_at(&self, number: Option<u64>) -> Result<LedgerConfig, LedgerError> {
        let block = match number {
            Some(number) => self.fetch(number).await?,
            None => self.newest().await?,
        };
        let unreadable = |error: String| LedgerError::Storage {
            detail: format!(
                "the configuration at block {} cannot be read: {error}",
                block.number
            ),
        };
        let metadata = block.metadata.orderer();
        let metadata = metadata.map_err(|error| unreadable(error.to_string()))?;
        let last = self.fetch(metadata.last_config).await?;
        let first = last.transaction(0);
        let first = first.ok_or_else(|| unreadable("its block is empty".to_owned()))?;
        let body = first.decode().and_then(|envelope| envelope.body());
        match body.map_err(|error| unreadable(error.to_string()))? {
            Body::Config(transaction) => Ok(present::config(last.number, &transaction.config)),
            _ => Err(unreadable(format!("block {} holds none", last.number))),
        }
    }

    async fn transaction_at(&self, version: Version) -> Result<Transaction, LedgerError> {
        let block = self.fetch(version.block).await?;
        let index = usize::try_from(version.index).unwrap_or(usize::MAX);
        match block.transaction(index) {
            Some(transaction) => Ok(present::transaction(&transaction, block.hash())),
            None => Err(LedgerError::NotFound {
                code: "transaction_not_found",
                detail: format!(
                    "block {} has {} transactions, so none of index {}",
                    version.block,
                    block.envelopes.len(),
                    version.index
                ),
            }),
        }
    }

    fn call(&self, call: Call, timeout: Option<Duration>) -> Result<GatewayCall, LedgerError> {
        let invalid = |code, detail: String| LedgerError::InvalidCall { code, detail };
        let contract = Some(call.contract)
            .filter(|contract| !contract.is_empty())
            .or_else(|| self.contract.clone())
            .ok_or_else(|| {
                invalid(
                    "contract_missing",
                    "the call names no contract, and the ledger's configuration none either"
                        .to_owned(),
                )
            })?;
        if call.function.is_empty() {
            return Err(invalid(
                "function_missing",
                "the call names no function".to_owned(),
            ));
        }
        if call.args.len() > ARGUMENTS_MAX {
            let detail = format!(
                "the call has {} arguments; at most {ARGUMENTS_MAX} are taken",
                call.args.len()
            );
            return Err(invalid("too_many_arguments", detail));
        }
        let function = Bytes::from(call.function);
        let args = call
            .args
            .into_iter()
            .map(|argument| Bytes::from(argument.0));
        Ok(GatewayCall {
            contract,
            args: std::iter::once(function).chain(args).collect(),
            deadline: Instant::now() + timeout.unwrap_or(CALL_TIMEOUT).min(CALL_TIMEOUT_MAX),
        })
    }

    async fn evaluate(&self, call: Call) -> Result<QueryAnswer, LedgerError> {
        let call = self.call(call, None)?;
        let result = self.flow.evaluate(&call).await?;
        Ok(QueryAnswer::Result(words::Payload(result.to_vec())))
    }

    async fn submit(&self, call: Call, options: InvokeOptions) -> Result<Receipt, LedgerError> {
        if options.idempotency_key.is_some() {
            return Err(LedgerError::InvalidCall {
                code: "idempotency_key_unsupported",
                detail: "ledgers of kind fabric do not take an Idempotency-Key yet".to_owned(),
            });
        }
        let call = self.call(call, options.timeout)?;
        let mut tries = 0;
        loop {
            let outcome = self.submit_once(&call, options.wait).await;
            let pause = pause_before_retry(tries);
            match outcome {
                Err(LedgerError::Invalid {
                    is_conflict: true, ..
                }) if tries < options.retries && Instant::now() + pause < call.deadline => {
                    tries += 1;
                    sleep(pause).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// One transaction, from its endorsement to its commit.
    async fn submit_once(
        &self,
        call: &GatewayCall,
        wait: Option<Wait>,
    ) -> Result<Receipt, LedgerError> {
        self.commits.open();
        let endorsed = self.flow.endorse(call).await?;
        let id = &endorsed.transaction_id;
        let deadline = call.deadline;
        let expectation = self.commits.expect(id, deadline).await?;
        self.commits.remember(id, call);
        let submission = self.flow.submit(&endorsed, deadline);
        let settled = settle(id, expectation, submission, wait, deadline).await;
        let commit = match settled {
            Ok(Settled::Ordered) => None,
            Ok(Settled::Placed(placed)) if placed.code.is_duplicate() => {
                Some(self.first_of(id).await?)
            }
            Ok(Settled::Placed(placed)) => Some(placed.into()),
            Ok(Settled::Unseen) => Some(self.flow.commit(id, deadline).await?),
            Err(error) => {
                if !matches!(error, LedgerError::Unconfirmed { .. }) {
                    self.commits.forget(id);
                }
                return Err(error);
            }
        };
        let receipt = Receipt {
            transaction_id: id.clone(),
            status: ReceiptStatus::Ordered,
            version: None,
            validation_code: None,
            result: Some(words::Payload(endorsed.result.to_vec())),
        };
        let Some(commit) = commit else {
            return Ok(receipt);
        };
        self.commits.forget(id);
        let version = match commit.version {
            Some(version) => Some(version),
            None => self.version_of(id, commit.block).await,
        };
        if !commit.code.is_valid() {
            return Err(invalid(endorsed.transaction_id, &commit, version));
        }
        Ok(Receipt {
            status: ReceiptStatus::Committed,
            version,
            validation_code: Some(present::verdict(commit.code)),
            ..receipt
        })
    }

    /// Where a transaction stands first whose id was seen to stand there again.
    async fn first_of(&self, transaction_id: &str) -> Result<Commit, LedgerError> {
        let found = ById::find(&self.flow, transaction_id).await;
        let found = found.map_err(|error| LedgerError::Unconfirmed {
            transaction_id: transaction_id.to_owned(),
            detail: format!(
                "the transaction stands on the ledger twice, and where it stands first cannot be told now ({error}); ask for it by its id"
            ),
        })?;
        Ok(Commit {
            block: found.transaction.version.block,
            version: Some(found.transaction.version),
            code: found
                .transaction
                .validation_code
                .unwrap_or(ValidationCode::NOT_VALIDATED),
        })
    }

    /// The transaction of this id on the chain, else one that was submitted and is not seen in a block yet.
    async fn transaction_of(&self, id: String) -> Result<Transaction, LedgerError> {
        // First, since it may reach its block while the peer is asked.
        let pending = self.commits.pending(&id);
        match (ById::find(&self.flow, &id).await, pending) {
            (Ok(found), _) => Ok(present::transaction(&found.transaction, found.block.hash())),
            (
                Err(LedgerError::NotFound { .. } | LedgerError::Unavailable { .. }),
                Some(pending),
            ) => Ok(pending),
            (Err(error), _) => Err(error),
        }
    }

    /// Where in its block a transaction stands. That it stands there is known already, so a failure is no reason to fail.
    async fn version_of(&self, transaction_id: &str, number: u64) -> Option<Version> {
        let block = self.fetch(number).await.ok()?;
        block.transactions().find_map(|transaction| {
            let envelope = transaction.decode().ok()?;
            (envelope.header.transaction_id == transaction_id).then_some(transaction.version)
        })
    }
}

/// A transaction that stands in a block and took no effect.
fn invalid(transaction_id: String, commit: &Commit, version: Option<Version>) -> LedgerError {
    let name = commit.code.name();
    let is_conflict = matches!(name, "MVCC_READ_CONFLICT" | "PHANTOM_READ_CONFLICT");
    LedgerError::Invalid {
        code: match name {
            "MVCC_READ_CONFLICT" => "mvcc_read_conflict",
            "PHANTOM_READ_CONFLICT" => "phantom_read_conflict",
            "ENDORSEMENT_POLICY_FAILURE" => "endorsement_policy_failure",
            _ => "transaction_invalid",
        },
        detail: format!(
            "the transaction stands in block {} as {name}: {}",
            commit.block,
            commit.code.meaning()
        ),
        transaction_id,
        version,
        validation_code: Box::new(present::verdict(commit.code)),
        is_conflict,
    }
}

impl Ledger for FabricLedger {
    fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, LedgerError>> {
        Box::pin(async {
            let newest = self.newest().await?;
            Ok(LedgerInfo {
                kind: LedgerKind::Fabric,
                height: newest.number,
                generation: 0,
                tip_hash: newest.hash(),
                pending_count: None,
                node_id: None,
            })
        })
    }

    fn config(&self, block: Option<u64>) -> BoxFuture<'_, Result<LedgerConfig, LedgerError>> {
        Box::pin(self.config_at(block))
    }

    fn block(
        &self,
        selector: BlockSelector,
        transactions: TransactionRange,
    ) -> BoxFuture<'_, Result<words::Block, LedgerError>> {
        Box::pin(async move {
            let block = match selector {
                BlockSelector::Number(number) => self.fetch(number).await?,
                BlockSelector::Latest => self.newest().await?,
                BlockSelector::Hash(hash) => {
                    return Err(LedgerError::NotFound {
                        code: "block_not_found",
                        detail: format!(
                            "peers send blocks by number; the index knows the block of hash {hash}, if there is one"
                        ),
                    });
                }
            };
            Ok(present::block(&block, transactions))
        })
    }

    fn blocks(
        &self,
        next: Position,
        transactions_max: usize,
    ) -> BoxStream<Result<BlockEvent, LedgerError>> {
        let source = self.source.clone();
        let reader = Reader {
            source,
            next: next.number,
            open: None,
            transactions_max,
        };
        Box::pin(stream::unfold(reader, |mut reader| async move {
            let event = reader.next().await;
            Some((event, reader))
        }))
    }

    fn transaction(
        &self,
        selector: TransactionSelector,
    ) -> BoxFuture<'_, Result<Transaction, LedgerError>> {
        match selector {
            TransactionSelector::Version(version) => Box::pin(self.transaction_at(version)),
            TransactionSelector::Id(id) => Box::pin(self.transaction_of(id)),
        }
    }

    fn query(&self, call: Call) -> BoxFuture<'_, Result<QueryAnswer, LedgerError>> {
        Box::pin(self.evaluate(call))
    }

    fn invoke(
        &self,
        call: Call,
        options: InvokeOptions,
    ) -> BoxFuture<'_, Result<Receipt, LedgerError>> {
        Box::pin(self.submit(call, options))
    }

    fn peers(&self) -> BoxFuture<'_, Result<Vec<PeerReport>, LedgerError>> {
        let peers = self.source.peers.iter().map(|peer| PeerReport {
            address: peer.address.clone(),
            asked_at: None,
            outcome: None,
        });
        Box::pin(ready(Ok(peers.collect())))
    }
}

/// A reader of blocks that goes on where it was when the stream breaks.
struct Reader {
    source: Source,
    next: u64,
    open: Option<Blocks>,
    transactions_max: usize,
}

impl Reader {
    async fn next(&mut self) -> Result<BlockEvent, LedgerError> {
        // Taken out: what fails below is opened anew next time.
        let mut blocks = match self.open.take() {
            Some(blocks) => blocks,
            None => self.source.follow(self.next).await?,
        };
        let block = blocks.next().await?.ok_or_else(|| LedgerError::Storage {
            detail: format!(
                "the peer's chain ends before block {}, which it had: was the channel reset?",
                self.next
            ),
        })?;
        self.open = Some(blocks);
        self.next = block.number + 1;
        let range = TransactionRange::first(self.transactions_max);
        Ok(BlockEvent::Block {
            generation: 0,
            block: Box::new(present::block(&block, range)),
        })
    }
}
