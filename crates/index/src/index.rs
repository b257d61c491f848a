use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chainloom_ledger::{Hash, Version};
use futures_util::FutureExt;
use redb::ReadTransaction;
use serde::Serialize;
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::spawn_blocking;

use crate::file::{Aside, IndexFile, move_aside};
use crate::health::{Health, Phase};
use crate::limits::Limits;
use crate::progress::CatchUp;
use crate::tables::State;
use crate::{IndexError, read};

/// How long closing the file waits for the reads that run.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(10);

/// How far the index has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Indexed {
    /// The generation of the chain that it follows.
    pub generation: u64,
    /// Number of the last block that it holds; 0 while it holds none.
    pub height: u64,
    /// How many blocks it holds.
    pub blocks: u64,
}

impl Indexed {
    pub(crate) fn of(state: &State) -> Indexed {
        Indexed {
            generation: state.generation,
            height: state.height().unwrap_or(0),
            blocks: state.blocks(),
        }
    }

    /// Number of the first block that it holds; `None` while it holds none.
    pub fn first(&self) -> Option<u64> {
        let others = self.blocks.checked_sub(1)?;
        self.height.checked_sub(others)
    }

    /// Whether it holds the block of this number in this generation, or has gone beyond.
    pub fn has_reached(&self, generation: u64, height: u64) -> bool {
        let later = self.generation > generation;
        later || (self.generation == generation && self.blocks > 0 && self.height >= height)
    }
}

/// The read model of one ledger. A cheap handle: clones share the file.
///
/// Reads are snapshots and never wait for the writer; each runs on a blocking thread.
#[derive(Clone)]
pub struct Index {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    path: PathBuf,
    cache_bytes: usize,
    pub(crate) limits: Limits,
    /// Absent while it is opened again after an error.
    file: RwLock<Option<Arc<IndexFile>>>,
    pub(crate) indexed: watch::Sender<Indexed>,
    pub(crate) health: watch::Sender<Health>,
    pub(crate) rebuilds: AtomicU64,
    /// Why it was last begun anew for another ledger.
    pub(crate) other_ledger: RwLock<Option<String>>,
    /// Reading what the ledger had before, where that is under way or was last.
    pub(crate) catch_up: RwLock<Option<CatchUp>>,
    /// Held by the one that follows.
    pub(crate) follower: Mutex<()>,
    /// A reader met damage; the follower makes the file anew.
    pub(crate) damage_found: Notify,
}

impl Index {
    /// Opens the index file, or makes it; blocks the thread for some milliseconds.
    ///
    /// A damaged file is moved aside to `<path>.damaged-N`, with a warning in the log, and one of
    /// another format is emptied: what an index holds is derived, and [`Index::follow`] builds it
    /// again. `cache_bytes` bounds what is held of it in memory.
    ///
    /// # Errors
    /// [`IndexError::Locked`] while another process has it open, [`IndexError::Inaccessible`] where
    /// it cannot be created, opened or moved, [`IndexError::Storage`] where writing fails.
    pub fn open(path: impl AsRef<Path>, cache_bytes: usize) -> Result<Index, IndexError> {
        Index::open_with(path.as_ref(), cache_bytes, Limits::default())
    }

    pub(crate) fn open_with(
        path: &Path,
        cache_bytes: usize,
        limits: Limits,
    ) -> Result<Index, IndexError> {
        let file = IndexFile::open(path, cache_bytes)?;
        let state = file.read(State::read)?.unwrap_or_default();
        Ok(Index {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                cache_bytes,
                limits,
                file: RwLock::new(Some(Arc::new(file))),
                indexed: watch::Sender::new(Indexed::of(&state)),
                health: watch::Sender::new(Health::of(Phase::Idle)),
                rebuilds: AtomicU64::new(0),
                other_ledger: RwLock::new(None),
                catch_up: RwLock::new(None),
                follower: Mutex::new(()),
                damage_found: Notify::new(),
            }),
        })
    }

    /// How far it has come.
    pub fn position(&self) -> Indexed {
        *self.inner.indexed.borrow()
    }

    /// Tells of every step: blocks that came in, blocks that were taken out.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Indexed> {
        self.inner.indexed.subscribe()
    }

    /// How it is doing.
    pub fn health(&self) -> Health {
        let mut health = self.inner.health.borrow().clone();
        if health.phase == Phase::CatchingUp {
            let catch_up = self.inner.catch_up.read();
            let catch_up = *catch_up.unwrap_or_else(PoisonError::into_inner);
            health.progress =
                catch_up.map(|catch_up| catch_up.progress(self.position(), Instant::now()));
        }
        health.rebuilds = self.inner.rebuilds.load(Ordering::Relaxed);
        let other_ledger = self.inner.other_ledger.read();
        health.other_ledger = other_ledger.unwrap_or_else(PoisonError::into_inner).clone();
        health
    }

    /// Waits until it holds this block of this generation or has gone beyond, but no longer than
    /// `timeout`; answers how far it has come by then.
    pub async fn wait_for(&self, generation: u64, height: u64, timeout: Duration) -> Indexed {
        let mut indexed = self.subscribe();
        let reached = indexed.wait_for(|indexed| indexed.has_reached(generation, height));
        // Too late is an answer too, and the sender lives as long as this handle.
        let _ = tokio::time::timeout(timeout, reached).await;
        self.position()
    }

    /// Hash of the block of this number, where it is indexed.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] and [`IndexError::Storage`], as every read.
    pub async fn hash_of(&self, number: u64) -> Result<Option<Hash>, IndexError> {
        self.read(move |snapshot| read::hash_of_block(snapshot, number))
            .await
    }

    /// Number of the block with this hash.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] and [`IndexError::Storage`], as every read.
    pub async fn block_by_hash(&self, hash: Hash) -> Result<Option<u64>, IndexError> {
        self.read(move |snapshot| read::block_by_hash(snapshot, hash))
            .await
    }

    /// Where transactions with this id stand, in the chain's order; the first 100.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] and [`IndexError::Storage`], as every read.
    pub async fn versions_of_id(&self, id: &str) -> Result<Vec<Version>, IndexError> {
        let digest = Hash::of(id.as_bytes());
        self.read(move |snapshot| read::versions_of_id(snapshot, digest))
            .await
    }

    /// Runs a read on a blocking thread, on a snapshot of the file.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, IndexError> {
        let file = self.inner.file()?;
        let read = Arc::clone(&file);
        let result = self.inner.run(move || read.read(work)).await;
        let damaged = matches!(result, Err(IndexError::Damaged { .. }));
        // What a read finds in a file that was replaced meanwhile says nothing of the new one.
        if damaged
            && self
                .inner
                .file()
                .is_ok_and(|current| Arc::ptr_eq(&current, &file))
        {
            self.inner.damage_found.notify_one();
        }
        result
    }
}

impl Inner {
    /// Runs `work` on the file on a blocking thread.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&IndexFile) -> Result<T, IndexError> + Send + 'static,
    ) -> Result<T, IndexError> {
        let file = self.file()?;
        self.run(move || work(&file)).await
    }

    /// Runs `work` on a blocking thread.
    ///
    /// redb asserts what a sound file guarantees, so a panic in there is damage of the file.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, IndexError> + Send + 'static,
    ) -> Result<T, IndexError> {
        let result = spawn_blocking(work).await;
        result.unwrap_or_else(|error| {
            let detail = error.to_string();
            Err(if error.is_panic() {
                self.damaged(&detail)
            } else {
                self.failed(&detail)
            })
        })
    }

    /// Closes the file and opens it again; one that is of no use is moved aside, for the reason given, and built anew.
    pub(crate) async fn reopen(
        self: &Arc<Inner>,
        aside: Option<(Aside, String)>,
    ) -> Result<(), IndexError> {
        let inner = Arc::clone(self);
        let is_rebuilt = aside.is_some();
        let state = self.run(move || inner.reopen_blocking(aside)).await?;
        // Who met the damage before has been heard.
        let _ = self.damage_found.notified().now_or_never();
        self.indexed.send_replace(Indexed::of(&state));
        if is_rebuilt {
            self.rebuilds.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn reopen_blocking(&self, aside: Option<(Aside, String)>) -> Result<State, IndexError> {
        // redb locks the file, so it must be closed first; reads that run end within moments, and
        // reads that come meanwhile are told.
        let closing = self
            .file
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let closed = closing.as_ref().map(Arc::downgrade);
        drop(closing);
        let deadline = Instant::now() + CLOSE_WAIT_MAX;
        while closed.as_ref().is_some_and(|file| file.strong_count() > 0) {
            if Instant::now() > deadline {
                return Err(self.failed("a read does not end"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some((aside, detail)) = aside {
            move_aside(&self.path, aside, &detail)?;
        }
        let file = IndexFile::open(&self.path, self.cache_bytes)?;
        let state = file.read(State::read)?.unwrap_or_default();
        *self.file.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(file));
        Ok(state)
    }

    /// Goes on with another file.
    #[cfg(test)]
    pub(crate) fn exchange(&self, file: IndexFile) {
        *self.file.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(file));
    }

    /// Leaves it without a file, as it is for a moment while it opens another.
    #[cfg(test)]
    pub(crate) fn close(&self) {
        *self.file.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn file(&self) -> Result<Arc<IndexFile>, IndexError> {
        let file = self.file.read().unwrap_or_else(PoisonError::into_inner);
        file.clone()
            .ok_or_else(|| self.failed("it is being opened again"))
    }

    pub(crate) fn damaged(&self, detail: &str) -> IndexError {
        IndexError::Damaged {
            path: self.path.clone(),
            detail: detail.to_owned(),
        }
    }

    fn failed(&self, detail: &str) -> IndexError {
        IndexError::Storage {
            path: self.path.clone(),
            detail: detail.to_owned(),
        }
    }
}
