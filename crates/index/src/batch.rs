//! Reading the ledger's stream: many blocks at once while catching up, each at once when live.

use std::time::Duration;

use chainloom_ledger::{Block, BlockEvent, BoxStream, Ledger, LedgerError, Position};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use crate::limits::Limits;

/// How long a batch waits for a block that is known to exist.
const FILL_WAIT: Duration = Duration::from_millis(20);

/// What is done to the index in one go.
pub(crate) enum Step {
    /// Blocks come in, each with the generation in which it was read.
    Blocks {
        blocks: Vec<(u64, Box<Block>)>,
        /// The last of them is the last that is known to exist.
        live: bool,
    },
    /// The blocks from `from` on go out.
    Replaced { generation: u64, from: u64 },
}

/// Reads the stream from `next` on and sends what it says in steps, until the receiver is gone or
/// the stream breaks off. `height` is that of the ledger.
///
/// Memory stays bounded: one batch is gathered here, one waits in the channel, one is written.
pub(crate) async fn read_steps(
    ledger: &dyn Ledger,
    next: Position,
    mut height: u64,
    steps: mpsc::Sender<Step>,
    limits: Limits,
) -> Result<(), LedgerError> {
    let mut stream = ledger.blocks(next, limits.batch_transactions);
    let mut event = next_event(&mut stream).await?;
    loop {
        match event {
            BlockEvent::Replaced { generation, from } => {
                height = ledger.info().await?.height;
                if steps
                    .send(Step::Replaced { generation, from })
                    .await
                    .is_err()
                {
                    return Ok(());
                }
                event = next_event(&mut stream).await?;
            }
            BlockEvent::Block { generation, block } => {
                let mut batch = Batch::default();
                batch.push(generation, block);
                let after = fill(&mut batch, &mut stream, height, limits).await;
                let step = Step::Blocks {
                    live: batch.last_number >= height,
                    blocks: batch.blocks,
                };
                if steps.send(step).await.is_err() {
                    return Ok(());
                }
                event = match after {
                    Some(event) => event?,
                    None => next_event(&mut stream).await?,
                };
            }
        }
    }
}

#[derive(Default)]
struct Batch {
    blocks: Vec<(u64, Box<Block>)>,
    bytes: u64,
    transactions: usize,
    last_number: u64,
}

impl Batch {
    fn push(&mut self, generation: u64, block: Box<Block>) {
        self.bytes = self.bytes.saturating_add(block.size_bytes);
        self.transactions += block.transactions.len();
        self.last_number = block.number;
        self.blocks.push((generation, block));
    }

    fn is_full(&self, limits: Limits) -> bool {
        self.blocks.len() >= limits.batch_blocks
            || self.bytes >= limits.batch_bytes
            || self.transactions >= limits.batch_transactions
    }
}

type Event = Result<BlockEvent, LedgerError>;

/// Adds what comes without waiting, and below `height` with a short wait; gives back what came and
/// is no block.
async fn fill(
    batch: &mut Batch,
    stream: &mut BoxStream<Event>,
    height: u64,
    limits: Limits,
) -> Option<Event> {
    while !batch.is_full(limits) {
        let event = match next_event(stream).now_or_never() {
            Some(event) => event,
            None if batch.last_number >= height => return None,
            None => tokio::time::timeout(FILL_WAIT, next_event(stream))
                .await
                .ok()?,
        };
        match event {
            Ok(BlockEvent::Block { generation, block }) => batch.push(generation, block),
            other => return Some(other),
        }
    }
    None
}

async fn next_event(stream: &mut BoxStream<Event>) -> Event {
    let ended = || LedgerError::Storage {
        detail: "the ledger's block stream ended".to_owned(),
    };
    stream.next().await.unwrap_or_else(|| Err(ended()))
}
