//! The one thread that writes: it takes what waits and commits it together.
//!
//! A durable commit costs two syncs of the disk, whatever it holds. So every request that arrived
//! while the last commit was on its way goes into the next one: 32 callers pay for one commit
//! between them. A request is a closure over a [`Batch`]; closures check before they write, and a
//! [`Fault`] in one of them gives up the whole transaction for all that were in it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chainloom_database::Database;
use redb::{Durability, WriteTransaction};
use tokio::sync::{mpsc, oneshot, watch};

use super::chores::Chores;
use super::error::{Fault, StoreError};
use super::state::{Head, State};
use super::tables::META;

/// How many requests may wait for the writer; more callers wait for a place.
const WAITING_MAX: usize = 256;
/// How many requests go into one commit.
const BATCH_MAX: usize = 256;
/// After how many commits under load one chore gets its turn.
const COMMITS_PER_CHORE: u32 = 8;

/// Segment ids that are being filled; the sweep leaves them alone.
#[derive(Debug, Clone, Default)]
pub(super) struct Claimed(Arc<Mutex<BTreeSet<u64>>>);

impl Claimed {
    /// Claims a segment until the answer is dropped.
    pub(super) fn claim(&self, segment: u64) -> Claim {
        self.set().insert(segment);
        Claim {
            claimed: self.clone(),
            segment,
        }
    }

    /// The claimed segments, however a panic elsewhere left the lock: a set of numbers stays whole.
    pub(super) fn set(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A segment that the sweep leaves alone as long as this lives.
#[derive(Debug)]
pub(super) struct Claim {
    claimed: Claimed,
    /// Its id.
    pub(super) segment: u64,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claimed.set().remove(&self.segment);
    }
}

/// Whether a write must be on the disk before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// On the disk before the answer.
    Durable,
    /// Durable with the next durable write; for rows that mean nothing until then.
    Later,
}

/// What a closure writes with.
pub(super) struct Batch<'a> {
    /// The write transaction.
    pub(super) transaction: &'a WriteTransaction,
    /// The state as the closures before have left it. It is written once, at the end.
    pub(super) state: &'a mut State,
    /// Segment ids that are being filled.
    pub(super) claimed: &'a Claimed,
}

type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
type Run = Box<dyn FnOnce(&mut Batch<'_>) -> (Answer, Result<(), Fault>) + Send>;

struct Request {
    sync: Sync,
    run: Run,
}

/// The way to the writer.
pub(super) struct Writer {
    requests: mpsc::Sender<Request>,
    nudge: Arc<AtomicBool>,
}

impl Writer {
    /// Runs `write` in the next commit and answers when that is done.
    ///
    /// The write happens even if the returned future is dropped, once it has been given over.
    pub(super) async fn write<T, F>(&self, sync: Sync, write: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Batch<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let run: Run = Box::new(move |batch| {
            let written = write(batch);
            let (value, result) = match written {
                Ok(value) => (Some(value), Ok(())),
                Err(fault) => (None, Err(fault)),
            };
            let answer: Answer = Box::new(move |committed| {
                // Nobody listens any more if the caller went away; the write stands.
                let _ = match (committed, value) {
                    (Ok(()), Some(value)) => sender.send(Ok(value)),
                    (Err(error), _) => sender.send(Err(error)),
                    // A batch with a fault is never committed.
                    (Ok(()), None) => sender.send(Err(StoreError::Closed)),
                };
            });
            (answer, result)
        });
        self.requests
            .send(Request { sync, run })
            .await
            .map_err(|_| StoreError::Closed)?;
        receiver.await.map_err(|_| StoreError::Closed)?
    }

    /// Tells the writer that there may be rows to sweep.
    pub(super) fn nudge(&self) {
        self.nudge.store(true, Ordering::Release);
        let run: Run = Box::new(|_| (Box::new(|_| ()), Ok(())));
        // If the channel is full the writer is awake anyway.
        let _ = self.requests.try_send(Request {
            sync: Sync::Later,
            run,
        });
    }
}

/// What the writer thread owns.
pub(super) struct WriterThread {
    database: Arc<Database>,
    path: PathBuf,
    requests: mpsc::Receiver<Request>,
    nudge: Arc<AtomicBool>,
    state: State,
    head: watch::Sender<Head>,
    claimed: Claimed,
    chores: Chores,
}

impl WriterThread {
    /// The thread's parts and the way to it.
    pub(super) fn new(
        database: Arc<Database>,
        path: PathBuf,
        state: State,
    ) -> (WriterThread, Writer, watch::Receiver<Head>) {
        let (sender, requests) = mpsc::channel(WAITING_MAX);
        let (head, watched) = watch::channel(state.head());
        // A crash may have left rows behind: the first chore is a sweep.
        let nudge = Arc::new(AtomicBool::new(true));
        let writer = Writer {
            requests: sender,
            nudge: nudge.clone(),
        };
        let thread = WriterThread {
            database,
            path,
            requests,
            nudge,
            state,
            head,
            claimed: Claimed::default(),
            chores: Chores::default(),
        };
        (thread, writer, watched)
    }

    /// Serves until every [`Writer`] is gone.
    pub(super) fn run(mut self) {
        let mut commits = 0;
        loop {
            if self.nudge.swap(false, Ordering::AcqRel) {
                self.chores.begin();
            }
            let busy = self.chores.are_due();
            let first = if busy {
                match self.requests.try_recv() {
                    Ok(request) => Some(request),
                    Err(mpsc::error::TryRecvError::Empty) => None,
                    Err(mpsc::error::TryRecvError::Disconnected) => return,
                }
            } else {
                match self.requests.blocking_recv() {
                    Some(request) => Some(request),
                    None => return,
                }
            };
            let idle = first.is_none();
            if let Some(first) = first {
                self.commit_group(first);
                commits += 1;
            }
            if busy && (idle || commits >= COMMITS_PER_CHORE) {
                commits = 0;
                self.do_a_chore();
            }
        }
    }

    /// Commits this request and those that wait behind it.
    fn commit_group(&mut self, first: Request) {
        let mut answers: Vec<Answer> = Vec::new();
        let mut next = Some(first);
        let WriterThread {
            database,
            requests,
            state,
            claimed,
            ..
        } = self;
        let result = transact(database, state, claimed, |batch| {
            let mut sync = Sync::Later;
            while let Some(request) = next.take() {
                if request.sync == Sync::Durable {
                    sync = Sync::Durable;
                }
                let (answer, result) = (request.run)(batch);
                answers.push(answer);
                result?;
                if answers.len() < BATCH_MAX {
                    next = requests.try_recv().ok();
                }
            }
            Ok(sync)
        });
        let result = result.map_err(|fault| {
            let error = fault.at(&self.path);
            tracing::error!("{error}");
            error
        });
        if result.is_ok() {
            self.publish();
            // Not if it is on its way: it would begin anew with every commit, and never end.
            if self.state.segments.len() > super::chores::SEGMENTS_MAX && !self.chores.are_due() {
                self.chores.begin();
            }
        }
        for answer in answers {
            answer(result.clone().map(|_| ()));
        }
    }

    fn do_a_chore(&mut self) {
        let WriterThread {
            database,
            state,
            claimed,
            chores,
            ..
        } = self;
        let result = transact(database, state, claimed, |batch| chores.step(batch));
        if let Err(fault) = result {
            // Rows left over do no harm; the next start tries again.
            tracing::warn!("tidying was given up: {}", fault.at(&self.path));
            self.chores.give_up();
        }
    }

    fn publish(&self) {
        let head = self.state.head();
        self.head.send_if_modified(|published| {
            let changed = *published != head;
            if changed {
                *published = head;
            }
            changed
        });
    }
}

/// One write transaction: `work` says how it is to be committed. If anything fails, nothing of it
/// is kept, neither in the file nor in `state`.
fn transact(
    database: &Database,
    state: &mut State,
    claimed: &Claimed,
    work: impl FnOnce(&mut Batch<'_>) -> Result<Sync, Fault>,
) -> Result<(), Fault> {
    let mut changed = state.clone();
    let result = Fault::of(database, || {
        let mut transaction = database.begin_write()?;
        let sync = work(&mut Batch {
            transaction: &transaction,
            state: &mut changed,
            claimed,
        })?;
        if changed != *state {
            let mut meta = transaction.open_table(META)?;
            meta.insert("state", changed.encode().as_slice())?;
        }
        transaction.set_durability(match sync {
            Sync::Durable => Durability::Immediate,
            Sync::Later => Durability::None,
        })?;
        transaction.commit()?;
        Ok(())
    });
    if result.is_ok() {
        *state = changed;
    }
    result
}
