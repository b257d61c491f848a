//! Taking a foreign chain in: bytes are verified as they come, and what is verified is staged.
//!
//! Three parts work at the same time: one asks the source for bytes, one verifies them on a blocking thread, one writes
//! the verified blocks. What is between them is bounded, so memory does not grow with the chain; and no write
//! transaction is open while the source is waited for.

use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::PeerLimits;
use crate::json;
use crate::rules::Rules;
use crate::store::{NewBlock, Staging, Store, StoreError};
use crate::verify::{ChainError, ChainLimits, ChainReader, VerifiedBatch};

/// How many pieces of a chain wait to be verified.
const PIECES_WAITING: usize = 4;
/// How many batches of verified blocks wait to be written.
const BATCHES_WAITING: usize = 1;
/// From how many bytes without a whole block on a chain counts as one with giant blocks.
const GIANT_BYTES: usize = 2 << 20;
/// How many chains may be in the middle of a giant block at once; the others wait. A giant takes a few times its length
/// in memory, and nothing but our patience keeps anybody from sending one.
const GIANTS_MAX: usize = 1;

/// Where a chain's bytes come from.
pub(super) trait Source: Send {
    /// Why it ends early.
    type Error: Send;

    /// The next piece; `None` at the end.
    fn piece(&mut self) -> impl Future<Output = Result<Option<Bytes>, Self::Error>> + Send;
}

/// Takes chains in under one set of rules and limits.
#[derive(Clone)]
pub(super) struct Intake {
    store: Store,
    rules: Rules,
    difficulty: u32,
    limits: ChainLimits,
    giants: Arc<Semaphore>,
}

/// A chain that was read to its end, or not.
pub(super) struct Taken<E> {
    /// How many of its blocks were verified.
    pub(super) verified_blocks: u64,
    /// The chain, or why there is none.
    pub(super) result: Result<Staging, TakeError<E>>,
}

/// Why a chain could not be taken in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TakeError<E> {
    /// Its source failed.
    Source(E),
    /// It breaks a rule or a limit.
    Chain(ChainError),
    /// Our own store failed.
    Store(StoreError),
}

impl Intake {
    pub(super) fn new(store: Store, rules: Rules, difficulty: u32, limits: &PeerLimits) -> Intake {
        let limits = ChainLimits {
            bytes_total: limits.chain_bytes_max,
            block: json::Limits {
                depth: limits.json_depth_max,
                bytes: limits.block_bytes_max,
                ..json::Limits::default()
            },
        };
        Intake {
            store,
            rules,
            difficulty,
            limits,
            giants: Arc::new(Semaphore::new(GIANTS_MAX)),
        }
    }

    /// Reads a chain to its end.
    pub(super) async fn take<S: Source>(&self, mut source: S) -> Taken<S::Error> {
        let (pieces, verifier_pieces) = mpsc::channel(PIECES_WAITING);
        let (verifier_batches, batches) = mpsc::channel(BATCHES_WAITING);
        let verifier = Verification {
            reader: ChainReader::new(self.rules, self.difficulty, self.limits),
            batches: verifier_batches,
            giants: self.giants.clone(),
            runtime: Handle::current(),
            turn: None,
            unfinished_bytes: 0,
        };
        let verifying = tokio::task::spawn_blocking(move || verifier.run(verifier_pieces));
        let (pumped, staged, verified) = tokio::join!(
            pump(&mut source, pieces),
            stage(&self.store, batches),
            verifying
        );
        // The runtime cancels blocking work only when it is shutting down, and so is the store.
        let (verified_blocks, verified) = verified.unwrap_or((0, Ok(End::Abandoned)));
        let result = match (staged, pumped, verified) {
            (Err(error), _, _) => Err(TakeError::Store(error)),
            (_, _, Err(error)) => Err(TakeError::Chain(error)),
            (_, Err(error), _) => Err(TakeError::Source(error)),
            (Ok(Some(staging)), Ok(()), Ok(End::Complete)) => Ok(staging),
            (Ok(_), Ok(()), Ok(_)) => Err(TakeError::Store(StoreError::Closed)),
        };
        Taken {
            verified_blocks,
            result,
        }
    }
}

/// What the pump tells the verifier.
enum Piece {
    Bytes(Bytes),
    End,
}

/// Moves the source's bytes on, until its end or until nobody wants them any more.
async fn pump<S: Source>(source: &mut S, pieces: mpsc::Sender<Piece>) -> Result<(), S::Error> {
    loop {
        let piece = tokio::select! {
            biased;
            () = pieces.closed() => return Ok(()),
            piece = source.piece() => piece?,
        };
        let (piece, is_last) = match piece {
            Some(bytes) => (Piece::Bytes(bytes), false),
            None => (Piece::End, true),
        };
        if pieces.send(piece).await.is_err() || is_last {
            return Ok(());
        }
    }
}

/// Writes verified blocks.
async fn stage(
    store: &Store,
    mut batches: mpsc::Receiver<Vec<NewBlock>>,
) -> Result<Option<Staging>, StoreError> {
    let mut staging = None;
    while let Some(batch) = batches.recv().await {
        let staging = match &mut staging {
            Some(staging) => staging,
            None => staging.insert(store.begin_staging().await?),
        };
        staging.append(batch).await?;
    }
    Ok(staging)
}

/// How verification ended, if not with an error.
enum End {
    /// The chain is whole.
    Complete,
    /// There came no more of it, or nobody wants its blocks any more.
    Abandoned,
}

/// The part that verifies, on a blocking thread.
struct Verification {
    reader: ChainReader,
    batches: mpsc::Sender<Vec<NewBlock>>,
    giants: Arc<Semaphore>,
    runtime: Handle,
    /// Held while a giant block is coming in.
    turn: Option<OwnedSemaphorePermit>,
    /// How much came since the last verified block, about.
    unfinished_bytes: usize,
}

impl Verification {
    /// Verifies pieces until the end, and says how many blocks were verified.
    fn run(mut self, pieces: mpsc::Receiver<Piece>) -> (u64, Result<End, ChainError>) {
        let end = self.verify(pieces);
        (self.reader.blocks(), end)
    }

    fn verify(&mut self, mut pieces: mpsc::Receiver<Piece>) -> Result<End, ChainError> {
        loop {
            let (verified, is_last) = match pieces.blocking_recv() {
                None => return Ok(End::Abandoned),
                Some(Piece::Bytes(bytes)) => {
                    self.await_turn(bytes.len());
                    (self.reader.push(&bytes)?, false)
                }
                Some(Piece::End) => (self.reader.finish()?, true),
            };
            if !verified.is_empty() {
                self.unfinished_bytes = 0;
                self.turn = None;
            }
            for batch in &verified {
                if self.batches.blocking_send(new_blocks(batch)).is_err() {
                    return Ok(End::Abandoned);
                }
            }
            if is_last {
                return Ok(End::Complete);
            }
        }
    }

    /// Waits for a turn if these bytes make a giant of the block that is coming in.
    fn await_turn(&mut self, bytes: usize) {
        self.unfinished_bytes += bytes;
        if self.unfinished_bytes > GIANT_BYTES && self.turn.is_none() {
            let turn = self.runtime.block_on(self.giants.clone().acquire_owned());
            self.turn = Some(turn.expect("the semaphore is never closed"));
        }
    }
}

fn new_blocks(batch: &VerifiedBatch) -> Vec<NewBlock> {
    batch
        .blocks()
        .map(|block| NewBlock {
            hash: chainloom_ledger::Hash(block.hash),
            compact: block.compact.to_vec(),
        })
        .collect()
}
