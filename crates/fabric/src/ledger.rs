//! A channel as a ledger.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chainloom_ledger as words;
use chainloom_ledger::{
    BlockEvent, BlockSelector, BoxFuture, BoxStream, Call, CallOptions, ConfigHistory,
    ContractDefinition, CreatorName, InvokeOptions, Ledger, LedgerConfig, LedgerError, LedgerInfo,
    LedgerKind, PeerReport, Position, QueryAnswer, Receipt, Transaction, TransactionRange,
    TransactionSelector, Version,
};
use futures_util::stream;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::by_hash::block_by_hash;
use crate::call::ChannelCall;
use crate::channel::Channels;
use crate::commit::{ById, Commits};
use crate::connect::{
    ConnectError, Connection, ConnectionOptions, Parameters, connect, connect_from_folder,
};
use crate::contracts::contracts;
use crate::deliver::Source;
use crate::description::Descriptions;
use crate::flow::Flow;
use crate::identity::CurrentIdentity;
use crate::outbox::{Outbox, OutboxError, OutboxOptions};
use crate::outside::Waiting;
use crate::parts::Parts;
use crate::present;
use crate::reader::Reader;
use crate::resend::Resending;
use crate::same_channel::SameChannel;
use crate::verified::{Gate, VerifiedBlocks, passed};
use crate::wire::{Block, Envelope};

/// How long looking a transaction up may take.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(30);

/// A channel of Fabric, as one user sees it.
#[derive(Debug, Clone)]
pub struct FabricLedger {
    pub(crate) flow: Flow,
    pub(crate) source: Source,
    pub(crate) commits: Commits,
    pub(crate) outbox: Outbox,
    pub(crate) same: SameChannel,
    resending: Arc<Resending>,
    contract: Option<String>,
    pub(crate) outside: Arc<Waiting>,
    warnings: Arc<[String]>,
    descriptions: Descriptions,
    parts: Parts,
    pub(crate) channels: Arc<Channels>,
    /// Where is kept by what the orderers' signatures of its blocks are checked; they are not, where there is no place.
    journal: Option<PathBuf>,
    /// Which blocks are shown one by one; all, where it is not said.
    pub(crate) gate: Option<Gate>,
}

impl FabricLedger {
    /// Connects a user of a folder of `.id` files. Peers that cannot be reached now are asked again whenever they are needed.
    ///
    /// # Errors
    /// [`ConnectError`] with the parameter that cannot be used. Has to be called within a runtime.
    pub async fn connect(options: ConnectionOptions) -> Result<Self, ConnectError> {
        Ok(Self::of(connect_from_folder(&options).await?))
    }

    /// Connects a user whose identity is at hand. Peers that cannot be reached now are asked again whenever they are needed.
    ///
    /// # Errors
    /// [`ConnectError`] with the parameter that cannot be used. Has to be called within a runtime.
    pub async fn connect_as(
        identity: CurrentIdentity,
        parameters: &Parameters,
    ) -> Result<Self, ConnectError> {
        Ok(Self::of(connect(identity, parameters).await?))
    }

    pub(crate) fn of(connection: Connection) -> Self {
        let Connection {
            identity,
            channel,
            contract,
            peers,
            flow,
            warnings,
        } = connection;
        let source = Source::new(identity, channel, peers);
        let outbox = Outbox::in_memory(&source.channel);
        let commits = Commits::new(source.clone(), outbox.clone());
        let same = SameChannel::new(source.clone(), outbox.clone());
        Self {
            resending: Resending::start(
                flow.clone(),
                commits.clone(),
                outbox.clone(),
                same.clone(),
            ),
            same,
            flow,
            commits,
            outbox,
            source,
            contract,
            outside: Arc::default(),
            descriptions: Descriptions::default(),
            parts: Parts::default(),
            channels: Arc::default(),
            warnings: warnings.into(),
            journal: None,
            gate: None,
        }
    }

    /// The same channel, with a file for what is sent to it: what was not seen on the chain yet is sent again after a restart, too, and calls
    /// take an Idempotency-Key. Without it that is lost with the program. To be called before the first call.
    ///
    /// # Errors
    /// [`OutboxError`]. Has to be called within a runtime.
    pub async fn with_outbox(self, options: OutboxOptions) -> Result<Self, OutboxError> {
        let channel = self.source.channel.clone();
        let path = options.path.clone();
        let opened = spawn_blocking(move || Outbox::open(&options, &channel)).await;
        let outbox = opened.map_err(|error| OutboxError::Inaccessible {
            path,
            detail: error.to_string(),
        })??;
        let commits = Commits::new(self.source.clone(), outbox.clone());
        let same = SameChannel::new(self.source.clone(), outbox.clone());
        Ok(Self {
            resending: Resending::start(
                self.flow.clone(),
                commits.clone(),
                outbox.clone(),
                same.clone(),
            ),
            same,
            commits,
            outbox,
            ..self
        })
    }

    /// What of the parameters was ignored, or lacks for the mode.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The same channel for another of its users: who calls and submits through the answer is `identity`. Blocks are read as before,
    /// and commits learnt of by the same stream.
    pub fn acting_as(&self, identity: CurrentIdentity) -> Self {
        Self {
            flow: self.flow.acting_as(identity),
            source: self.source.clone(),
            commits: self.commits.clone(),
            outbox: self.outbox.clone(),
            same: self.same.clone(),
            resending: self.resending.clone(),
            contract: self.contract.clone(),
            outside: self.outside.clone(),
            descriptions: self.descriptions.clone(),
            parts: self.parts.clone(),
            channels: self.channels.clone(),
            warnings: self.warnings.clone(),
            journal: self.journal.clone(),
            gate: self.gate.clone(),
        }
    }

    /// The same channel, of whose blocks [`Ledger::blocks`] tells only those that its orderers signed, as the configuration before each asks. The
    /// configurations are kept in this file, so that no peer can tell another tale after a restart; a file that is not there is made. One task
    /// at a time is to read blocks through the answer.
    ///
    /// A block that is not signed so is an error that names it, each time that it is asked for. Of the configuration by which reading
    /// begins, which is that in block 0 as a rule, only the peer's word is known.
    #[must_use]
    pub fn verifying(self, journal: PathBuf) -> Self {
        Self {
            journal: Some(journal),
            ..self
        }
    }

    /// The same channel, of whose blocks, transactions and configurations only those are shown one by one that were verified, by their number, hash
    /// or id; the configuration by which verifying began is in the journal. [`Ledger::blocks`] tells all. What [`Ledger::info`] tells stays the
    /// peers' word.
    #[must_use]
    pub fn showing_verified(self, blocks: Arc<dyn VerifiedBlocks>, journal: PathBuf) -> Self {
        Self {
            gate: Some(Gate { blocks, journal }),
            ..self
        }
    }

    /// The contract that is meant where a call names none.
    pub fn default_contract(&self) -> Option<&str> {
        self.contract.as_deref()
    }

    pub(crate) async fn fetch(&self, number: u64) -> Result<Block, LedgerError> {
        let block = self.source.verified_block(number, self.gate.as_ref());
        block.await?.ok_or_else(|| no_block(number))
    }

    /// The block with a configuration.
    pub(crate) async fn fetch_configuration(&self, number: u64) -> Result<Block, LedgerError> {
        let gate = self.gate.as_ref();
        let block = self.source.verified_configuration(number, gate).await?;
        block.ok_or_else(|| no_block(number))
    }

    pub(crate) async fn newest(&self) -> Result<Block, LedgerError> {
        let block = self.source.newest_verified(self.gate.as_ref()).await?;
        block.ok_or_else(empty)
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

    /// A caller's call, with what can be told of it without asking anybody.
    ///
    /// # Errors
    /// [`LedgerError::InvalidCall`].
    pub(crate) fn call(
        &self,
        call: Call,
        options: CallOptions,
    ) -> Result<ChannelCall, LedgerError> {
        ChannelCall::new(call, options, self.contract.as_deref())
    }

    /// Refuses a call that is wrong by what its contract says of itself, or by the channel's configuration.
    ///
    /// # Errors
    /// [`LedgerError::InvalidCall`].
    pub(crate) async fn check(&self, call: &ChannelCall) -> Result<(), LedgerError> {
        self.descriptions.check(&self.flow, call).await?;
        match self.flow {
            Flow::Gateway(_) => {
                let organizations = &call.organizations;
                let checked = self
                    .channels
                    .check_organizations(self, organizations, call.deadline);
                checked.await
            }
            // The peers are chosen here, by the connection profile.
            Flow::Direct(_) => Ok(()),
        }
    }

    async fn evaluate(&self, call: Call, options: CallOptions) -> Result<QueryAnswer, LedgerError> {
        let call = self.call(call, options)?;
        self.check(&call).await?;
        let result = self.flow.evaluate(&call).await?;
        Ok(QueryAnswer::Result(words::Payload(result.to_vec())))
    }

    /// A transaction that was sent and has not been seen in a block.
    async fn pending(&self, id: &str) -> Result<Option<Transaction>, LedgerError> {
        if let Some(pending) = self.commits.pending(id) {
            return Ok(Some(pending));
        }
        if self.outbox.contains(id) {
            self.same.check(Instant::now() + LOOK_UP_TIMEOUT).await?;
        }
        let Some(envelope) = self.outbox.envelope(id).await? else {
            return Ok(None);
        };
        let envelope = Envelope::from_message(envelope).map_err(|error| LedgerError::Storage {
            detail: format!("the stored transaction {id} cannot be read: {error}"),
        })?;
        Ok(Some(present::unseen(&envelope)))
    }

    /// The transaction of this id on the chain, else one that was submitted and is not seen in a block yet.
    async fn transaction_of(&self, id: String) -> Result<Transaction, LedgerError> {
        // First, since it may reach its block while the peer is asked.
        let pending = self.pending(&id).await?;
        match (
            ById::find(&self.flow, &id, Instant::now() + LOOK_UP_TIMEOUT).await,
            pending,
        ) {
            (Ok(found), _) => {
                let block = passed(self.gate.as_ref(), found.block).await?;
                Ok(present::transaction(&found.transaction, block.hash()))
            }
            (
                Err(LedgerError::NotFound { .. } | LedgerError::Unavailable { .. }),
                Some(pending),
            ) => Ok(pending),
            (Err(error), _) => Err(error),
        }
    }
}

fn no_block(number: u64) -> LedgerError {
    LedgerError::NotFound {
        code: "block_not_found",
        detail: format!("the channel has no block {number} yet"),
    }
}

fn empty() -> LedgerError {
    LedgerError::NotFound {
        code: "block_not_found",
        detail: "the peer has no block of the channel yet".to_owned(),
    }
}

impl Ledger for FabricLedger {
    fn identity(&self) -> Option<CreatorName> {
        let identity = self.flow.identity().latest();
        Some(CreatorName {
            organization: identity.msp_id().to_owned(),
            enrollment_id: identity.certificate().enrollment_id()?.to_owned(),
        })
    }

    fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, LedgerError>> {
        Box::pin(async {
            let newest = self.source.newest().await?.ok_or_else(empty)?;
            Ok(LedgerInfo {
                kind: LedgerKind::Fabric,
                height: newest.number,
                generation: 0,
                tip_hash: newest.hash(),
                first_block: self.source.first_block().await,
                pending_count: None,
                node_id: None,
            })
        })
    }

    fn config(&self, block: Option<u64>) -> BoxFuture<'_, Result<LedgerConfig, LedgerError>> {
        Box::pin(self.config_at(block))
    }

    fn config_history(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<ConfigHistory, LedgerError>> {
        Box::pin(self.changes_of_config(before, limit))
    }

    fn contracts(&self) -> BoxFuture<'_, Result<Vec<ContractDefinition>, LedgerError>> {
        Box::pin(contracts(&self.flow))
    }

    fn block(
        &self,
        selector: BlockSelector,
        transactions: TransactionRange,
    ) -> BoxFuture<'_, Result<words::Block, LedgerError>> {
        Box::pin(async move {
            let block = match selector {
                BlockSelector::Number(number) => {
                    let block = match self.parts.find(number, transactions) {
                        Some(block) => block,
                        None => self.fetch(number).await?,
                    };
                    self.parts.read(&block, transactions);
                    block
                }
                BlockSelector::Latest => self.newest().await?,
                BlockSelector::Hash(hash) => {
                    let block = block_by_hash(&self.flow, hash).await?;
                    passed(self.gate.as_ref(), block).await?
                }
            };
            Ok(present::block(&block, transactions))
        })
    }

    fn verifies_blocks(&self) -> bool {
        self.journal.is_some()
    }

    fn blocks(
        &self,
        next: Position,
        transactions_max: usize,
    ) -> BoxStream<Result<BlockEvent, LedgerError>> {
        let (source, journal) = (self.source.clone(), self.journal.clone());
        let reader = Reader::new(source, next.number, transactions_max, journal);
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

    fn query(
        &self,
        call: Call,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<QueryAnswer, LedgerError>> {
        Box::pin(self.evaluate(call, options))
    }

    fn invoke(
        &self,
        call: Call,
        options: InvokeOptions,
    ) -> BoxFuture<'_, Result<Receipt, LedgerError>> {
        Box::pin(self.submit(call, options))
    }

    fn peers(&self) -> BoxFuture<'_, Result<Vec<PeerReport>, LedgerError>> {
        Box::pin(async { Ok(self.reports().await) })
    }
}
