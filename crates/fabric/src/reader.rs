//! A channel's blocks one after the other, whatever peer they come from: checked and decoded off the async threads, some at a time.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use chainloom_ledger::{BlockEvent, LedgerError, TransactionRange};
use futures_util::FutureExt;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::deliver::{Blocks, Source, Which, on_a_fitting_thread, size};
use crate::failure::peer_unavailable;
use crate::present;
use crate::verify::{Beginning, Verifier, VerifyError};
use crate::wire::proto::common;
use crate::wire::{Block, check_data_hash, check_number};

/// Blocks that are checked and decoded in one go, where so many have come.
const CHUNK_BLOCKS: usize = 64;
/// Bytes of blocks after which no further one is taken into the same go.
const CHUNK_BYTES: usize = 256 << 10;
/// How often a peer's silence is questioned, and how long a block that there is may be on its way.
const QUESTIONED_EVERY: Duration = Duration::from_secs(20);
const ON_ITS_WAY: Duration = Duration::from_secs(3);

/// A reader of blocks that goes on where it was when a stream breaks, at another peer where it must.
pub(crate) struct Reader {
    source: Source,
    next: u64,
    open: Option<Open>,
    /// The peers that did not give the next block as it should be, by their index: the others are asked for it first.
    passed_over: BTreeSet<usize>,
    /// What was wrong with the first of them.
    reason: Option<LedgerError>,
    transactions_max: usize,
    verification: Option<Verification>,
    /// Checked and decoded, to be told.
    ready: VecDeque<chainloom_ledger::Block>,
    /// The peer that sent something else behind them, and what is wrong with it.
    failure: Option<(usize, LedgerError)>,
}

/// A stream of blocks, and which of the peers sends them.
struct Open {
    peer: usize,
    blocks: Blocks,
}

/// What the orderers' signatures are checked by.
struct Verification {
    journal: PathBuf,
    verifier: Option<Verifier>,
}

/// Blocks as a peer sent them, not looked at yet.
struct Chunk {
    peer: usize,
    messages: Vec<common::Block>,
}

impl Reader {
    /// Reads from block `next` on. Where there is a journal, the orderers' signatures are checked, too.
    pub(crate) fn new(
        source: Source,
        next: u64,
        transactions_max: usize,
        journal: Option<PathBuf>,
    ) -> Self {
        Self {
            source,
            next,
            open: None,
            passed_over: BTreeSet::new(),
            reason: None,
            transactions_max,
            verification: journal.map(|journal| Verification {
                journal,
                verifier: None,
            }),
            ready: VecDeque::new(),
            failure: None,
        }
    }

    /// The next block; waits for it where the chain ends before. An error is told when no peer gives the block as it should be; the reader
    /// can be asked again then, and asks all of them anew.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn next(&mut self) -> Result<BlockEvent, LedgerError> {
        loop {
            if let Some(block) = self.ready.pop_front() {
                return Ok(BlockEvent::Block {
                    generation: 0,
                    block: Box::new(block),
                });
            }
            if let Some((peer, failure)) = self.failure.take() {
                self.pass_over(peer, failure)?;
            }
            self.begin_verification().await?;
            let chunk = self.gather().await?;
            self.take_in(chunk).await?;
        }
    }

    /// Has another peer be asked for the next block; where there is none left, tells what was wrong with the first.
    fn pass_over(&mut self, peer: usize, error: LedgerError) -> Result<(), LedgerError> {
        self.source.note(peer, &error);
        self.open = None;
        self.passed_over.insert(peer);
        let reason = self.reason.take().unwrap_or(error);
        if self.passed_over.len() < self.source.peers.len() {
            self.reason = Some(reason);
            return Ok(());
        }
        self.passed_over.clear();
        Err(reason)
    }

    /// A stream from a peer that was not passed over.
    async fn open(&mut self) -> Result<Open, LedgerError> {
        let opened = self.source.follow_at(self.next, &self.passed_over).await;
        opened
            .map(|(peer, blocks)| Open { peer, blocks })
            .map_err(|error| {
                self.passed_over.clear();
                self.reason.take().unwrap_or(error)
            })
    }

    /// Waits for a block, and takes what came with it.
    async fn gather(&mut self) -> Result<Chunk, LedgerError> {
        let (first, mut open) = loop {
            // Taken out: what fails below is opened anew next time.
            let mut open = match self.open.take() {
                Some(open) => open,
                None => self.open().await?,
            };
            let message = tokio::select! {
                biased;
                message = open.blocks.next_message() => message,
                behind = self.silence() => Err(behind),
            };
            match message {
                Err(_) if open.blocks.is_outdated() => {}
                Err(error) => self.pass_over(open.peer, error)?,
                Ok(Some(first)) => break (first, open),
                // It lacks the block. Another one may have it.
                Ok(None) => {
                    self.passed_over.insert(open.peer);
                    if self.passed_over.len() == self.source.peers.len() {
                        self.passed_over.clear();
                        return Err(match self.reason.take() {
                            Some(reason) => reason,
                            None => self.source.lacking(self.next).await,
                        });
                    }
                }
            }
        };
        let mut bytes = size(&first);
        let mut messages = vec![first];
        let peer = open.peer;
        while messages.len() < CHUNK_BLOCKS && bytes < CHUNK_BYTES {
            match open.blocks.next_message().now_or_never() {
                Some(Ok(Some(message))) => {
                    bytes += size(&message);
                    messages.push(message);
                }
                None => {
                    self.open = Some(open);
                    return Ok(Chunk { peer, messages });
                }
                // It is met again, behind what came before it.
                Some(_) => return Ok(Chunk { peer, messages }),
            }
        }
        self.open = Some(open);
        Ok(Chunk { peer, messages })
    }

    /// Comes back where the peer goes on being silent although there is a block to send, or the channel is no longer as long as what was read: a peer
    /// may answer calls and get no blocks.
    async fn silence(&self) -> LedgerError {
        let next = self.next;
        loop {
            sleep(QUESTIONED_EVERY).await;
            let (newest, all_answered) = self.source.newest_of_all().await;
            let Some(newest) = newest.map(|newest| newest.number) else {
                continue;
            };
            if newest >= next {
                // It may be on its way.
                sleep(ON_ITS_WAY).await;
                return peer_unavailable(format!(
                    "the peer sends no block {next}, and the channel has come to {newest}"
                ));
            }
            if newest.saturating_add(1) < next && all_answered {
                return self.source.lacking(next).await;
            }
        }
    }

    /// Checks and decodes blocks, up to the first that is not believed.
    async fn take_in(&mut self, chunk: Chunk) -> Result<(), LedgerError> {
        let Chunk { peer, messages } = chunk;
        let mut verifier = self
            .verification
            .as_mut()
            .and_then(|verification| verification.verifier.take());
        let range = TransactionRange::first(self.transactions_max);
        let next = self.next;
        let bytes = match &verifier {
            // It writes its journal, which may take as long as the disk does.
            Some(_) => usize::MAX,
            None => messages.iter().map(size).sum(),
        };
        let work = move || {
            let mut ready = VecDeque::with_capacity(messages.len());
            let mut failure = None;
            for (number, message) in (next..).zip(messages) {
                match checked(message, number, verifier.as_mut()) {
                    Ok(block) => ready.push_back(present::block(&block, range)),
                    Err(error) => {
                        failure = Some(error);
                        break;
                    }
                }
            }
            (ready, failure, verifier)
        };
        let work = on_a_fitting_thread(bytes, work).await;
        let (ready, failure, verifier) = work.map_err(|error| LedgerError::Storage {
            detail: format!("block {next} or one soon after it could not be read: {error}"),
        })?;
        if !ready.is_empty() {
            self.passed_over.clear();
            self.reason = None;
        }
        if let Some(last) = ready.back() {
            self.source.seen.block(last.number);
        }
        self.next += ready.len() as u64;
        self.ready = ready;
        match failure {
            None => {
                if let Some(verification) = &mut self.verification {
                    verification.verifier = verifier;
                }
            }
            Some(reason) => {
                let address = &self.source.peers[peer].address;
                let error = LedgerError::Storage {
                    detail: format!("{address} sent a block that cannot be trusted: {reason}"),
                };
                tracing::error!("{error}");
                self.failure = Some((peer, error));
            }
        }
        Ok(())
    }

    /// Makes sure that it is known by which configuration the next block is checked.
    async fn begin_verification(&mut self) -> Result<(), LedgerError> {
        let Some(verification) = &mut self.verification else {
            return Ok(());
        };
        if verification.verifier.is_some() {
            return Ok(());
        }
        let (journal, next) = (verification.journal.clone(), self.next);
        let opened = spawn_blocking(move || Verifier::open(&journal, next)).await;
        let (mut verifier, beginning) = joined(opened)?;
        if beginning == Beginning::Configuration {
            let block = self.source.configuration_before(next).await?;
            let number = block.number;
            let believed = spawn_blocking(move || {
                verifier.believe(next, &block)?;
                Ok(verifier)
            });
            verifier = joined(believed.await)?;
            tracing::warn!(
                from = next,
                configuration = number,
                "orderers' signatures are verified from this block on; the configuration before it is believed as a peer gives it"
            );
        }
        verification.verifier = Some(verifier);
        Ok(())
    }
}

/// A block that is what its header says, and signed where signatures are checked.
fn checked(
    message: common::Block,
    number: u64,
    verifier: Option<&mut Verifier>,
) -> Result<Block, String> {
    let block = Block::from_message(message)
        .map_err(|error| format!("block {number} cannot be read: {error}"))?;
    check_number(&block, number).map_err(|error| error.to_string())?;
    check_data_hash(&block).map_err(|error| error.to_string())?;
    if let Some(verifier) = verifier {
        verifier.check(&block).map_err(|error| error.to_string())?;
    }
    Ok(block)
}

fn joined<T>(
    outcome: Result<Result<T, VerifyError>, tokio::task::JoinError>,
) -> Result<T, LedgerError> {
    let storage = |detail: String| LedgerError::Storage { detail };
    outcome
        .map_err(|error| storage(error.to_string()))?
        .map_err(|error| storage(error.to_string()))
}

impl Source {
    /// The block with the configuration that was in force before block `next`, on the word of a peer.
    async fn configuration_before(&self, next: u64) -> Result<Block, LedgerError> {
        // The block before says which it was. Where no peer has that any more, the block itself does.
        let before = self.block(Which::Number(next.saturating_sub(1))).await?;
        let block = match before {
            Some(block) => block,
            None => self
                .block(Which::Number(next))
                .await?
                .ok_or_else(|| missing(next))?,
        };
        let metadata = block.metadata.orderer();
        let metadata = metadata.map_err(|error| LedgerError::Storage {
            detail: format!("block {}: {error}", block.number),
        })?;
        let number = metadata.last_config;
        if number == block.number {
            return Ok(block);
        }
        let configuration = self.block(Which::Number(number)).await?;
        configuration.ok_or_else(|| missing(number))
    }
}

fn missing(number: u64) -> LedgerError {
    LedgerError::Storage {
        detail: format!(
            "no peer has block {number}, by which the orderers' signatures are verified: name a peer of the channel that was not started from a snapshot"
        ),
    }
}

#[cfg(test)]
mod tests;
