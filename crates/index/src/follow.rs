//! Following a ledger: one task that reads its stream, and writes what comes in batches.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chainloom_ledger::{
    Block, Ledger, LedgerError, LedgerInfo, LedgerKind, Position, TransactionRange,
};
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::IndexError;
use crate::apply::{Refusal, add_blocks};
use crate::batch::{Step, read_steps};
use crate::file::{Aside, Sync};
use crate::further::further_transactions;
use crate::health::{Health, Phase};
use crate::index::{Index, Indexed};
use crate::progress::CatchUp;
use crate::reconcile::other_ledger;
use crate::rollback::remove_blocks;
use crate::tables::{State, Tables};

/// First wait after an error; it doubles with each further one.
const RETRY_WAIT_MIN: Duration = Duration::from_millis(100);

/// Longest wait after an error, and how long following must have gone well for the next wait to be
/// a short one again.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(10);

/// Idle time after which what was written is synced to the disk.
const SYNC_IDLE: Duration = Duration::from_secs(1);

/// Why following broke off.
#[derive(Debug, thiserror::Error)]
enum Interruption {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Refused(Refusal),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error("it is another ledger: {0}")]
    OtherLedger(String),
    #[error(
        "it is said to be another ledger ({0}), which nobody has proven: what was verified stays as it is; if the channel was made anew, remove its \
         verified index and the journal beside it, or the connection, and begin with the other one"
    )]
    Unproven(String),
    #[error(
        "its last block is {theirs}, indexed are blocks up to {ours}: it is behind, and is waited for"
    )]
    Behind { theirs: u64, ours: u64 },
}

/// When what is written is synced: after so many batches, or when nothing comes for a while.
struct Syncing {
    batches: u32,
    batches_max: u32,
}

impl Syncing {
    fn new(batches_max: u32) -> Syncing {
        Syncing {
            batches: 0,
            batches_max,
        }
    }

    /// How the next batch is to be written.
    fn next(&mut self) -> Sync {
        self.batches += 1;
        if self.batches < self.batches_max {
            return Sync::Later;
        }
        self.done();
        Sync::Now
    }

    fn is_due(&self) -> bool {
        self.batches > 0
    }

    fn done(&mut self) {
        self.batches = 0;
    }
}

impl Index {
    /// Follows the ledger until `shutdown` is ready: brings the index up to it, then takes each
    /// block as it comes.
    ///
    /// An error of the ledger or of the disk is written to the log, shown by [`Index::health`] and
    /// tried again, at first soon, at last every 10 seconds. When the ledger turns out to be
    /// another one than the index was built from, the index is moved aside and another is built. Where
    /// another task has this index follow a ledger, waits until that one ends.
    pub async fn follow(&self, ledger: Arc<dyn Ledger>, shutdown: impl Future<Output = ()> + Send) {
        let shutdown = shutdown.shared();
        let _follower = tokio::select! {
            biased;
            () = shutdown.clone() => return,
            follower = self.inner.follower.lock() => follower,
        };
        let mut wait = RETRY_WAIT_MIN;
        loop {
            let started = Instant::now();
            let Err(interruption) = self.follow_once(&ledger, shutdown.clone()).await else {
                break;
            };
            if started.elapsed() > RETRY_WAIT_MAX {
                wait = RETRY_WAIT_MIN;
            }
            if !self.recover(interruption, wait).await {
                tokio::select! {
                    biased;
                    () = shutdown.clone() => break,
                    () = sleep(wait) => {}
                }
                wait = (wait * 2).min(RETRY_WAIT_MAX);
            }
        }
        self.inner.health.send_replace(Health::of(Phase::Idle));
    }

    /// Follows until the first error, or until `shutdown` is ready.
    async fn follow_once(
        &self,
        ledger: &Arc<dyn Ledger>,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), Interruption> {
        let (steps, received) = mpsc::channel(1);
        let read = async {
            let (next, height) = self.prepare(ledger.as_ref()).await?;
            read_steps(ledger.as_ref(), next, height, steps, self.inner.limits).await?;
            Ok(())
        };
        // Ending the read half closes the channel, and the write half ends with what it has got.
        let read = async {
            tokio::select! {
                biased;
                () = shutdown => Ok(()),
                read = read => read,
            }
        };
        let write = self.write_steps(ledger, received);
        tokio::pin!(write);
        let read = tokio::select! {
            read = read => read,
            written = &mut write => return written,
        };
        write.await?;
        read
    }

    /// Makes sure that the index is of this ledger; answers from where to read its stream, and its
    /// height.
    async fn prepare(&self, ledger: &dyn Ledger) -> Result<(Position, u64), Interruption> {
        let info = ledger.info().await?;
        let mut state = self.state().await?;
        if let Some(ours) = self.is_ahead(&info, &state).await? {
            let theirs = info.height;
            return Err(Interruption::Behind { theirs, ours });
        }
        if let Some(reason) = other_ledger(ledger, &info, &state).await? {
            if ledger.verifies_blocks() {
                return Err(Interruption::Unproven(reason));
            }
            self.start_again(&reason).await?;
            state = State::default();
        }
        if state.node_id != info.node_id {
            state.node_id = info.node_id;
            self.write(Sync::Later, {
                let state = state.clone();
                move |tables| tables.set_state(&state)
            })
            .await?;
        }
        let has_all = Indexed::of(&state).has_reached(info.generation, info.height);
        let phase = if has_all {
            Phase::Live
        } else {
            Phase::CatchingUp
        };
        // An index that is empty begins where the ledger does.
        let next = match state.blocks() {
            0 => info.first_block.unwrap_or(state.next),
            _ => state.next,
        };
        *self
            .inner
            .catch_up
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(CatchUp {
            from: next,
            to: info.height,
            began: std::time::Instant::now(),
        });
        self.inner.health.send_replace(Health::of(phase));
        if !has_all {
            tracing::info!(
                from = next,
                to = info.height,
                "indexing the ledger's blocks"
            );
        }
        let next = Position {
            generation: state.generation,
            number: next,
        };
        Ok((next, info.height))
    }

    /// Its last block, where the ledger has come less far on the same chain. A chain of the tutorial has no such thing: it never
    /// gets shorter, so one that is was set back.
    async fn is_ahead(&self, info: &LedgerInfo, state: &State) -> Result<Option<u64>, IndexError> {
        let ours = state.height().filter(|ours| {
            let same = info.generation == state.generation && info.kind == LedgerKind::Fabric;
            same && info.height < *ours
        });
        let Some(ours) = ours else { return Ok(None) };
        let hash = self.hash_of(info.height).await?;
        Ok((hash == Some(info.tip_hash)).then_some(ours))
    }

    /// Carries out the steps as they come; syncs now and then, and at the end.
    async fn write_steps(
        &self,
        ledger: &Arc<dyn Ledger>,
        mut steps: mpsc::Receiver<Step>,
    ) -> Result<(), Interruption> {
        let mut syncing = Syncing::new(self.inner.limits.sync_batches);
        let mut took_blocks = false;
        loop {
            let step = tokio::select! {
                biased;
                () = self.inner.damage_found.notified() => {
                    return Err(self.inner.damaged("a reader met it").into());
                }
                step = steps.recv() => step,
                () = sleep(SYNC_IDLE), if syncing.is_due() => {
                    self.sync().await?;
                    syncing.done();
                    continue;
                }
            };
            let Some(step) = step else {
                if syncing.is_due() {
                    self.sync().await?;
                }
                return Ok(());
            };
            match step {
                Step::Replaced { generation, from } => {
                    self.roll_back(generation, from, &mut syncing).await?;
                }
                Step::Blocks { blocks, live } => {
                    let (added, refusal) = self.add(ledger, blocks, syncing.next()).await?;
                    took_blocks |= added;
                    match refusal {
                        None => {}
                        // A chain that breaks behind what was indexed earlier is another chain;
                        // one that breaks within itself is a ledger in disorder.
                        Some(refusal @ Refusal::LinkBroken { .. }) if !took_blocks => {
                            return Err(Interruption::OtherLedger(refusal.to_string()));
                        }
                        Some(refusal) => return Err(Interruption::Refused(refusal)),
                    }
                    let catching_up = self.inner.health.borrow().phase != Phase::Live;
                    if live && catching_up {
                        self.inner.health.send_replace(Health::of(Phase::Live));
                        tracing::info!(height = self.position().height, "the index is up to date");
                    }
                }
            }
        }
    }

    /// Adds blocks and says whether any was added, and why the first that was not could not be.
    async fn add(
        &self,
        ledger: &Arc<dyn Ledger>,
        blocks: Vec<(u64, Box<Block>)>,
        sync: Sync,
    ) -> Result<(bool, Option<Refusal>), Interruption> {
        let limits = self.inner.limits;
        let ledger = ledger.clone();
        let runtime = Handle::current();
        let add = move |tables: &mut Tables<'_>| {
            let mut state = tables.state()?;
            let before = state.next;
            let more = |block: &Block, from: u32| {
                let range = TransactionRange {
                    from: from as usize,
                    limit: limits.batch_transactions,
                };
                runtime.block_on(further_transactions(ledger.as_ref(), block, range))
            };
            let refusal = add_blocks(tables, &mut state, &blocks, limits, more)?;
            Ok((before, state, refusal))
        };
        let (before, after, refusal) = self
            .inner
            .blocking(move |file| file.write_unless(sync, add))
            .await??;
        self.inner.indexed.send_replace(Indexed::of(&after));
        Ok((after.next > before, refusal))
    }

    /// Takes out the blocks from `from` on, batch by batch, and then stands in `generation`.
    async fn roll_back(
        &self,
        generation: u64,
        from: u64,
        syncing: &mut Syncing,
    ) -> Result<(), Interruption> {
        let mut state = self.state().await?;
        if generation < state.generation {
            return Err(Interruption::Refused(Refusal::GenerationFell {
                expected: state.generation,
                got: generation,
            }));
        }
        tracing::info!(generation, from, "the ledger's chain was replaced");
        if from <= state.first {
            let empty = State {
                generation,
                node_id: state.node_id,
                ..State::default()
            };
            self.recreate(empty).await?;
            return Ok(());
        }
        let limits = self.inner.limits;
        loop {
            state = self
                .write(syncing.next(), move |tables| {
                    let mut state = tables.state()?;
                    remove_blocks(tables, &mut state, from, limits)?;
                    if state.next <= from {
                        state.generation = generation;
                    }
                    tables.set_state(&state)?;
                    Ok(state)
                })
                .await?;
            self.inner.indexed.send_replace(Indexed::of(&state));
            if state.next <= from {
                return Ok(());
            }
        }
    }

    /// Does what can be done about an interruption, and says whether to go on without waiting.
    async fn recover(&self, interruption: Interruption, wait: Duration) -> bool {
        let reason = interruption.to_string();
        let recovered = match interruption {
            Interruption::OtherLedger(reason) => self.start_again(&reason).await.map(|()| true),
            Interruption::Index(IndexError::Damaged { detail, .. }) => {
                let aside = Some((Aside::Damaged, detail));
                self.inner.reopen(aside).await.map(|()| false)
            }
            // redb takes no further write after an error of the disk until it is opened again.
            Interruption::Index(_) => self.inner.reopen(None).await.map(|()| false),
            Interruption::Ledger(_)
            | Interruption::Refused(_)
            | Interruption::Unproven(_)
            | Interruption::Behind { .. } => Ok(false),
        };
        let reason = match recovered {
            Ok(true) => return true,
            Ok(false) => reason,
            Err(error) => format!("{reason}; {error}"),
        };
        let retry_in_ms = wait.as_millis() as u64;
        tracing::warn!(reason, retry_in_ms, "the index cannot follow its ledger");
        self.inner.health.send_replace(Health {
            error: Some(reason),
            retry_in_ms: Some(retry_in_ms),
            ..Health::of(Phase::Retrying)
        });
        false
    }

    /// Moves the index aside and begins another.
    async fn start_again(&self, reason: &str) -> Result<(), IndexError> {
        let aside = Some((Aside::Former, reason.to_owned()));
        self.inner.reopen(aside).await?;
        let other_ledger = self.inner.other_ledger.write();
        *other_ledger.unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
        Ok(())
    }

    async fn recreate(&self, state: State) -> Result<(), IndexError> {
        let indexed = Indexed::of(&state);
        self.inner
            .blocking(move |file| file.recreate(&state))
            .await?;
        self.inner.indexed.send_replace(indexed);
        Ok(())
    }

    async fn state(&self) -> Result<State, IndexError> {
        self.inner
            .blocking(|file| file.read(State::read))
            .await
            .map(Option::unwrap_or_default)
    }

    async fn sync(&self) -> Result<(), IndexError> {
        self.inner.blocking(|file| file.sync()).await
    }

    async fn write<T: Send + 'static>(
        &self,
        sync: Sync,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, IndexError> {
        self.inner
            .blocking(move |file| file.write(sync, work))
            .await
    }
}
