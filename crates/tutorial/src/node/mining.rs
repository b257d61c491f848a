//! Mining: requests take turns, each searches for a proof and appends a block.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chainloom_ledger::{Hash, LedgerError};
use chainloom_miner::Progress;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{MissedTickBehavior, interval_at};

use super::error::reader_failed;
use super::{Core, Node};
use crate::rules::{Tip, python_time};
use crate::store::{Appended, Mined};

/// How many requests may wait for their turn to mine, besides the one whose turn it is.
pub const MINING_WAITING_MAX: usize = 64;
/// How often a long search says how far it is.
const REPORT_EVERY: Duration = Duration::from_secs(10);
/// When to try again while too many requests wait.
const RETRY_AFTER_S: u32 = 5;

/// A block that was mined and is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinedBlock {
    /// Its position in the chain, from 1.
    pub number: u64,
    /// Its hash.
    pub hash: Hash,
    /// The block as Flask writes it.
    pub compact: Vec<u8>,
}

/// How the search for the next proof is going.
#[derive(Debug, Clone, PartialEq)]
pub struct MiningStatus {
    /// Whether a search is under way.
    pub searching: bool,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// How many digests it has computed.
    pub hashes: u64,
    /// How many it computes a second; of the last search while there is none, 0 before the first.
    pub hashes_per_s: f64,
    /// How many a search takes on average at this difficulty.
    pub expected_hashes: f64,
    /// How many seconds that takes at this rate; absent while no rate is known.
    pub expected_s: Option<f64>,
    /// How many requests wait for their turn.
    pub waiting: usize,
}

/// Whose turn it is, and how far it is.
pub(super) struct Mining {
    threads: usize,
    /// One permit, given in the order of asking.
    turn: Arc<Semaphore>,
    waiting: AtomicUsize,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    search: Option<Search>,
    last_rate: f64,
}

#[derive(Clone)]
struct Search {
    started_at: Timestamp,
    started: Instant,
    progress: Arc<Progress>,
}

impl Search {
    fn rate(&self) -> f64 {
        let elapsed_s = self.started.elapsed().as_secs_f64();
        self.progress.tried() as f64 / elapsed_s.max(1e-6)
    }
}

impl Mining {
    pub(super) fn new(threads: usize) -> Mining {
        Mining {
            threads: threads.max(1),
            turn: Arc::new(Semaphore::new(1)),
            waiting: AtomicUsize::new(0),
            current: Mutex::default(),
        }
    }

    /// The figures stay whole however a panic elsewhere left the lock.
    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Comes back when it is this caller's turn. Dropping the future gives up its place.
    async fn take_turn(&self) -> Result<OwnedSemaphorePermit, LedgerError> {
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _place = Place(&self.waiting);
        if before >= MINING_WAITING_MAX {
            return Err(LedgerError::Overloaded {
                code: "mining_queue_full",
                detail: format!(
                    "{MINING_WAITING_MAX} requests to mine are waiting already; try again in a few \
                     seconds"
                ),
                retry_after_s: RETRY_AFTER_S,
            });
        }
        let turn = self.turn.clone().acquire_owned().await;
        // Nobody closes the semaphore.
        turn.map_err(|_| LedgerError::ShuttingDown)
    }
}

/// A place among those that wait.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Stops the search when the caller goes away.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Shows the search in the status as long as it lives.
struct Shown<'a>(&'a Mining);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        let mut current = self.0.current();
        if let Some(search) = current.search.take() {
            current.last_rate = search.rate();
        }
    }
}

impl Node {
    /// Mines a block of what waits; it is on the disk when this returns. Requests take turns in
    /// the order in which they came. Dropping the future gives up its place, or ends its search.
    ///
    /// # Errors
    /// [`LedgerError::Overloaded`] while [`MINING_WAITING_MAX`] requests wait,
    /// [`LedgerError::ShuttingDown`], and the store's.
    pub async fn mine(&self) -> Result<MinedBlock, LedgerError> {
        self.core().mine().await
    }

    /// How the search for the next proof is going.
    pub fn mining_status(&self) -> MiningStatus {
        self.core().mining_status()
    }
}

impl Core {
    /// See [`Node::mine`].
    pub(super) async fn mine(self: &Arc<Self>) -> Result<MinedBlock, LedgerError> {
        tokio::select! {
            biased;
            () = self.stopped() => Err(LedgerError::ShuttingDown),
            mined = self.mine_in_turn() => mined,
        }
    }

    async fn mine_in_turn(self: &Arc<Self>) -> Result<MinedBlock, LedgerError> {
        let turn = Arc::new(self.mining.take_turn().await?);
        loop {
            let Some((parent, proof)) = self.search(&turn).await? else {
                continue;
            };
            let mined = Mined {
                parent,
                proof,
                timestamp_s: now_s(),
            };
            if let Appended::Block(block) = self.store.append_mined(mined).await? {
                tracing::info!(number = block.number, hash = %block.hash, "mined a block");
                return Ok(MinedBlock {
                    number: block.number,
                    hash: block.hash,
                    compact: block.compact,
                });
            }
        }
    }

    /// Searches for the proof that continues the chain as it is now: the proof, and the hash of
    /// the block that it follows. `None` if the chain has another last block by now.
    ///
    /// The search keeps the turn until it has stopped, so that no two run at once.
    async fn search(
        self: &Arc<Self>,
        turn: &Arc<OwnedSemaphorePermit>,
    ) -> Result<Option<(Hash, u64)>, LedgerError> {
        let mut head = self.store.head();
        let parent = head.borrow_and_update().tip_hash;
        let search = Search {
            started_at: Timestamp::now(),
            started: Instant::now(),
            progress: Arc::default(),
        };
        let cancel = CancelOnDrop(Arc::default());
        self.mining.current().search = Some(search.clone());
        let _shown = Shown(&self.mining);
        let mut solving = tokio::task::spawn_blocking({
            let core = self.clone();
            let cancel = cancel.0.clone();
            let progress = search.progress.clone();
            let turn = turn.clone();
            move || {
                let solved = core.solve(&cancel, &progress);
                drop(turn);
                solved
            }
        });
        let mut report = interval_at(tokio::time::Instant::now() + REPORT_EVERY, REPORT_EVERY);
        report.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                solved = &mut solving => return solved.map_err(reader_failed)?,
                changed = head.changed() => {
                    changed.map_err(|_| LedgerError::ShuttingDown)?;
                    if head.borrow_and_update().tip_hash != parent {
                        cancel.0.store(true, Ordering::Relaxed);
                        // It stops within milliseconds. If it found something just before, the
                        // append will see that the chain has changed.
                        return solving.await.map_err(reader_failed)?;
                    }
                }
                _ = report.tick() => self.report(&search),
            }
        }
    }

    /// The search itself. Blocking.
    fn solve(
        &self,
        cancel: &AtomicBool,
        progress: &Progress,
    ) -> Result<Option<(Hash, u64)>, LedgerError> {
        let unusable = |detail: String| LedgerError::Storage {
            detail: format!("no block can follow the chain's last one: {detail}"),
        };
        let (hash, tip) = {
            let snapshot = self.store.snapshot()?;
            let number = snapshot.head().length;
            let block = snapshot
                .block(number)?
                .ok_or_else(|| unusable("it is missing".into()))?;
            let tip = Tip::of_compact(block.hash.0, &block.compact)
                .map_err(|error| unusable(error.to_string()))?;
            (block.hash, tip)
        };
        let puzzle = self
            .rules
            .puzzle(&tip, self.difficulty)
            .map_err(|error| unusable(error.to_string()))?;
        let proof = puzzle.solve(self.mining.threads, cancel, progress);
        if proof.is_none() && !cancel.load(Ordering::Relaxed) {
            return Err(unusable("no 64-bit number is a proof".into()));
        }
        Ok(proof.map(|proof| (hash, proof)))
    }

    fn report(&self, search: &Search) {
        let status = self.mining_status();
        tracing::info!(
            hashes = search.progress.tried(),
            megahashes_per_s = format_args!("{:.1}", search.rate() / 1e6),
            elapsed_s = search.started.elapsed().as_secs(),
            expected_s = format_args!("{:.0}", status.expected_s.unwrap_or_default()),
            "searching for a proof"
        );
    }

    fn mining_status(&self) -> MiningStatus {
        let (search, last_rate) = {
            let current = self.mining.current();
            (current.search.clone(), current.last_rate)
        };
        let expected_hashes = 16_f64.powf(f64::from(self.difficulty));
        let rate = match &search {
            Some(search) if search.progress.tried() > 0 => search.rate(),
            _ => last_rate,
        };
        MiningStatus {
            searching: search.is_some(),
            started_at: search.as_ref().map(|search| search.started_at),
            hashes: search.as_ref().map_or(0, |search| search.progress.tried()),
            hashes_per_s: rate,
            expected_hashes,
            expected_s: (rate > 0.0).then(|| expected_hashes / rate),
            waiting: self.mining.waiting.load(Ordering::Acquire),
        }
    }
}

/// Now, as Python's `time.time()` says it.
pub(super) fn now_s() -> f64 {
    // A clock before 1970 counts as 1970.
    python_time(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default(),
    )
}
