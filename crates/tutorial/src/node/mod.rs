//! A node: the chain that is kept here, what waits for a block, the miner and the peers.
//!
//! [`Node`] is the handle that everyone uses. What it promises is kept by the [store](crate::store):
//! an answer that says done is on the disk.

mod background;
mod chain;
mod decode;
mod error;
mod invoke;
mod ledger;
mod mining;
mod options;
mod peers;
mod post;
mod query;
mod stream;
#[cfg(test)]
mod tests;
mod transactions;

use std::sync::Arc;

use chainloom_ledger::LedgerError;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub use chain::ChainSnapshot;
pub use mining::{MINING_WAITING_MAX, MinedBlock, MiningStatus};
pub use options::NodeOptions;
pub use post::TRANSACTION_BYTES_MAX;
pub use transactions::PendingTransaction;

use crate::peers::Peers;
use crate::rules::Rules;
use crate::store::{Head, NewBlock, OpenError, OpenStore, Snapshot, Store};
use mining::Mining;

/// A running node; a cheap handle. When the last one is dropped, its background work ends.
#[derive(Clone)]
pub struct Node {
    handle: Arc<Handle>,
}

/// Ends the background work, which holds the core only.
struct Handle {
    core: Arc<Core>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.core.stopping.send_replace(true);
    }
}

/// What a node consists of.
pub(crate) struct Core {
    store: Store,
    rules: Rules,
    difficulty: u32,
    mining: Mining,
    peers: Peers,
    stopping: watch::Sender<bool>,
    /// Who reads a large block holds one.
    large_reads: Semaphore,
}

/// From how many bytes on a block is large: those who read such blocks take turns, for read it takes several times its
/// length in memory.
const LARGE_BLOCK_BYTES: usize = 256 * 1024;
/// How many large blocks are read at once.
const LARGE_READS_MAX: usize = 4;

impl Node {
    /// Opens the node's store, or makes it, and starts the background work that is asked for.
    ///
    /// Blocking (under 100 ms, however long the chain). Call it inside a tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`], each a sentence for the user.
    pub fn open(options: &NodeOptions) -> Result<Node, OpenError> {
        let rules = options.rules;
        let store = Store::open(
            &OpenStore {
                directory: &options.directory,
                rules: rules.name(),
                difficulty: options.difficulty,
                cache_bytes: options.cache_bytes,
            },
            || {
                let genesis = rules.genesis(mining::now_s());
                NewBlock {
                    hash: chainloom_ledger::Hash(crate::rules::block_hash(&genesis)),
                    compact: crate::json::compact(&genesis).into_bytes(),
                }
            },
        )?;
        let peers = Peers::open(&store, rules, options.difficulty, options.peer_limits)
            .map_err(|error| error.while_opening(store.path()))?;
        let core = Arc::new(Core {
            store,
            peers,
            rules,
            difficulty: options.difficulty,
            mining: Mining::new(options.mining_threads),
            stopping: watch::Sender::new(false),
            large_reads: Semaphore::new(LARGE_READS_MAX),
        });
        let tasks = background::start(&core, options);
        Ok(Node {
            handle: Arc::new(Handle {
                core,
                tasks: tokio::sync::Mutex::new(tasks),
            }),
        })
    }

    /// The node's id: 32 hex digits, and the account that its rewards go to.
    pub fn id(&self) -> &str {
        &self.core().store.identity().node_id
    }

    /// The rules of its chain.
    pub fn rules(&self) -> Rules {
        self.core().rules
    }

    /// How many hex zeros a proof's digest begins with.
    pub fn difficulty(&self) -> u32 {
        self.core().difficulty
    }

    /// Where the chain and the queue stand.
    pub fn head(&self) -> Head {
        self.core().store.head().borrow().clone()
    }

    /// Every change of [`Node::head`]; a slow reader sees the last one.
    pub fn subscribe(&self) -> watch::Receiver<Head> {
        self.core().store.head()
    }

    /// Cancels searches and waiting calls, and waits for the background work to end. What was
    /// accepted is on the disk already.
    pub async fn shutdown(&self) {
        self.core().stopping.send_replace(true);
        let mut tasks = self.handle.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.handle.core
    }
}

impl Core {
    /// Comes back when the node is shutting down.
    async fn stopped(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self
            .stopping
            .subscribe()
            .wait_for(|stopping| *stopping)
            .await;
    }

    /// Reads from a snapshot of now, off the async threads.
    async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Core, &Snapshot) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let core = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let snapshot = core.store.snapshot()?;
            read(&core, &snapshot)
        });
        reading.await.map_err(error::reader_failed)?
    }

    /// As [`Core::read`], for what may touch a large block. `read` is told how many bytes a block may have; where it
    /// meets a longer one it answers `None`, and is asked again when its turn has come.
    async fn read_in_turn<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl Fn(&Core, &Snapshot, usize) -> Result<Option<T>, LedgerError> + Send + Sync + 'static,
    ) -> Result<T, LedgerError> {
        let read = Arc::new(read);
        let small = read.clone();
        let found = self.read(move |core, snapshot| small(core, snapshot, LARGE_BLOCK_BYTES));
        if let Some(found) = found.await? {
            return Ok(found);
        }
        let turn = self.large_reads.acquire().await;
        let _turn = turn.map_err(|_| LedgerError::ShuttingDown)?;
        let found = self.read(move |core, snapshot| read(core, snapshot, usize::MAX));
        Ok(found.await?.expect("no block is longer than any number"))
    }
}
