//! The chain as a stream that goes on live.
//!
//! The reader pulls. Between two pulls nothing is held but the rest of one batch, and no snapshot:
//! a reader may be as slow as it likes, and still sees every replacement, because each turn asks
//! the store what was replaced since the generation that it last saw.

use std::collections::VecDeque;
use std::sync::Arc;

use chainloom_ledger::{BlockEvent, BoxStream, LedgerError, Position, TransactionRange};
use futures_util::stream::unfold;
use tokio::sync::watch;

use super::Core;
use super::decode::{following_block, tip_of, tip_of_block};
use crate::store::{Head, Scan, Snapshot, StoredBlock};

/// How many blocks one batch holds.
const BATCH_BLOCKS_MAX: usize = 256;
/// How many bytes of blocks one batch holds; a larger block is a batch of its own.
const BATCH_BYTES_MAX: usize = 256 * 1024;
/// After how many decoded transactions a batch takes no further block.
const BATCH_TRANSACTIONS: usize = 10_000;

struct Follower {
    core: Arc<Core>,
    head: watch::Receiver<Head>,
    next: Position,
    transactions_max: usize,
    ready: VecDeque<BlockEvent>,
    ended: bool,
}

/// See [`chainloom_ledger::Ledger::blocks`].
pub(super) fn follow(
    core: Arc<Core>,
    next: Position,
    transactions_max: usize,
) -> BoxStream<Result<BlockEvent, LedgerError>> {
    let follower = Follower {
        head: core.store.head(),
        core,
        next,
        transactions_max,
        ready: VecDeque::new(),
        ended: false,
    };
    Box::pin(unfold(follower, |mut follower| async move {
        if follower.ended {
            return None;
        }
        let event = follower.event().await;
        follower.ended = event.is_err();
        Some((event, follower))
    }))
}

impl Follower {
    async fn event(&mut self) -> Result<BlockEvent, LedgerError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            // What changes after this line makes `changed` come back.
            self.head.mark_unchanged();
            let (next, range) = (self.next, TransactionRange::first(self.transactions_max));
            let (next, events) = self
                .core
                .read_in_turn(move |core, snapshot, bytes_max| {
                    batch(core, snapshot, next, range, bytes_max)
                })
                .await?;
            self.next = next;
            self.ready = events;
            if self.ready.is_empty() {
                tokio::select! {
                    biased;
                    () = self.core.stopped() => return Err(LedgerError::ShuttingDown),
                    changed = self.head.changed() => {
                        changed.map_err(|_| LedgerError::ShuttingDown)?;
                    }
                }
            }
        }
    }
}

/// Some events, and the position after them.
type Events = (Position, VecDeque<BlockEvent>);

/// The next events after a position; `None` if the first of them is a block longer than this.
fn batch(
    core: &Core,
    snapshot: &Snapshot,
    next: Position,
    range: TransactionRange,
    bytes_max: usize,
) -> Result<Option<Events>, LedgerError> {
    let head = snapshot.head();
    let mut number = next.number.max(1);
    let mut events = VecDeque::new();
    let replaced = if next.generation > head.generation {
        // The reader has followed another store: nothing that it saw needs to be here.
        Some(1)
    } else {
        snapshot.replaced_since(next.generation)?
    };
    let beyond = (number > head.length + 1).then_some(1);
    if let Some(from) = replaced.filter(|from| *from < number).or(beyond) {
        number = from;
        events.push_back(BlockEvent::Replaced {
            generation: head.generation,
            from,
        });
    }
    let mut stored = Vec::new();
    let mut bytes = 0;
    let mut is_too_long = false;
    snapshot.scan(number, |number, hash, compact| {
        is_too_long = stored.is_empty() && compact.len() > bytes_max;
        if is_too_long {
            return Scan::Stop;
        }
        if !stored.is_empty() && bytes + compact.len() > BATCH_BYTES_MAX {
            return Scan::Stop;
        }
        bytes += compact.len();
        stored.push(StoredBlock {
            number,
            hash,
            compact: compact.to_vec(),
        });
        if stored.len() < BATCH_BLOCKS_MAX {
            Scan::On
        } else {
            Scan::Stop
        }
    })?;
    if is_too_long {
        return Ok(None);
    }
    let mut decoded = 0;
    let mut tip = match number {
        1 => None,
        _ => tip_of(snapshot, number - 1)?,
    };
    for stored in &stored {
        if decoded >= BATCH_TRANSACTIONS {
            break;
        }
        let block = following_block(snapshot, core.rules, stored, tip.as_ref(), range)?;
        decoded += block.transactions.len();
        number = stored.number + 1;
        events.push_back(BlockEvent::Block {
            generation: head.generation,
            block: Box::new(block),
        });
        tip = tip_of_block(stored);
    }
    let position = Position {
        generation: head.generation,
        number,
    };
    Ok(Some((position, events)))
}
