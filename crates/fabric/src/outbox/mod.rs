//! What was sent to the orderers and has not been seen on the chain yet, and what came of calls with an Idempotency-Key: kept so that neither a
//! crash of this program nor one of an orderer loses a transaction, or has it take effect twice.
//!
//! An envelope that stands here can be sent any number of times: its id takes effect once. So everything is stored before the first broadcast,
//! with one sync; that it was seen needs none, since the chain says so again. One thread writes, and commits together what waits.

mod entries;
mod error;
mod file;
mod request;
mod rows;
mod tables;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use bytes::Bytes;
use chainloom_database::Database;
use chainloom_ledger::{LedgerError, Version};
use jiff::Timestamp;
use prost::Message as _;
use tokio::sync::{Notify, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

#[cfg(test)]
pub(crate) use self::entries::REFUSED_FOR_GOOD_AFTER;
use self::entries::{ENTRIES_MAX, Entries};
use self::error::Fault;
pub use self::error::OutboxError;
use self::file::Opened;
pub use self::file::waiting_in_outbox;
pub(crate) use self::request::{KeyUse, Request};
use self::rows::{EntryRow, KeyRow, unseal};
use self::tables::{Digest, ENTRIES, KEYS};
pub(crate) use self::writer::{NewEntry, Verdict};
use self::writer::{Order, Writer};
use crate::wire::proto::common;

/// How long an Idempotency-Key is remembered where nothing is said.
pub const IDEMPOTENCY_KEEP: Duration = Duration::from_secs(24 * 60 * 60);
/// After how many seconds a call can be made again whose key is in use.
const IN_USE_RETRY_AFTER_S: u32 = 1;
/// After how many seconds a call can be made again where too much waits.
const FULL_RETRY_AFTER_S: u32 = 5;

/// Where a ledger keeps what it sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxOptions {
    /// The file; made if it is missing. Its folder has to be there.
    pub path: PathBuf,
    /// How long an Idempotency-Key is remembered once its transaction stands on the chain.
    pub idempotency_keep: Duration,
}

/// The store of a ledger. Clones are the same store; the last one closes it.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    shared: Arc<Shared>,
    database: Arc<Database>,
    path: PathBuf,
    salt: Digest,
    keep_s: i64,
    is_durable: bool,
    writer: mpsc::Sender<writer::Request>,
}

#[derive(Debug, Default)]
struct Shared {
    entries: Mutex<Entries>,
    /// The keys of the calls that are under way, and their requests.
    running: Mutex<HashMap<Digest, Digest>>,
    /// There may be something to send.
    changed: Notify,
}

impl Shared {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        locked(&self.entries)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Digest, Digest>> {
        locked(&self.running)
    }
}

/// A key that is in use by this call. Dropping it lets the next one have it.
#[derive(Debug)]
pub(crate) struct Claim {
    shared: Arc<Shared>,
    key: Digest,
}

/// What a key was used for before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Used {
    /// A transaction that stands on the chain and took effect.
    Committed {
        transaction_id: String,
        version: Version,
        result: Bytes,
    },
    /// A transaction that may have been sent.
    Sent {
        transaction_id: String,
        result: Bytes,
    },
}

/// A transaction whose caller sees after it. Dropping it leaves the transaction to whoever sends again what is due.
#[derive(Debug)]
pub(crate) struct Hold {
    shared: Arc<Shared>,
    transaction_id: String,
}

impl Outbox {
    /// Opens the store of a channel. Blocks on the disk.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub(crate) fn open(options: &OutboxOptions, channel: &str) -> Result<Self, OutboxError> {
        let opened = file::open(&options.path, channel)?;
        Self::start(opened, options.idempotency_keep, true)
    }

    /// A store that is lost with the program; it takes no keys.
    pub(crate) fn in_memory(channel: &str) -> Self {
        Self::start(file::in_memory(channel), IDEMPOTENCY_KEEP, false)
            .expect("the system starts a thread")
    }

    fn start(opened: Opened, keep: Duration, is_durable: bool) -> Result<Self, OutboxError> {
        let shared = Arc::new(Shared::default());
        let mut next_number = 0;
        let now = Instant::now();
        for (number, id, bytes) in opened.entries {
            next_number = number + 1;
            shared.entries().add(id, number, bytes, now);
        }
        let database = Arc::new(opened.database);
        let keep_s = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
        let (writer, requests) = mpsc::channel();
        let thread = Writer {
            database: database.clone(),
            path: opened.path.clone(),
            shared: shared.clone(),
            requests,
            next_number,
            known_from: next_number,
            key_bytes: opened.key_bytes,
            keep_s,
            is_durable,
        };
        let started = std::thread::Builder::new()
            .name("outbox".to_owned())
            .spawn(|| thread.run());
        started.map_err(|error| OutboxError::Inaccessible {
            path: opened.path.clone(),
            detail: error.to_string(),
        })?;
        Ok(Self {
            shared,
            database,
            path: opened.path,
            salt: opened.salt,
            keep_s,
            is_durable,
            writer,
        })
    }

    /// Whether there is room for what a call may leave here. Asked before anything is done for it; what was sent already is stored all the
    /// same, so that the calls under way come on top.
    ///
    /// # Errors
    /// [`LedgerError::Overloaded`].
    pub(crate) fn check_room(&self) -> Result<(), LedgerError> {
        match self.shared.entries().is_full() {
            false => Ok(()),
            true => Err(LedgerError::Overloaded {
                code: "outbox_full",
                detail: format!(
                    "{ENTRIES_MAX} transactions, or too many bytes of them, were sent and have not been seen on the chain; nothing was submitted: \
                     are the orderers up?"
                ),
                retry_after_s: FULL_RETRY_AFTER_S,
            }),
        }
    }

    /// A key and its request, as this store remembers them.
    ///
    /// # Errors
    /// [`LedgerError::InvalidCall`] where the store is lost with the program: keys would promise what is not so.
    pub(crate) fn key_use(
        &self,
        msp_id: &str,
        user: &str,
        key: &str,
        request: &Request<'_>,
    ) -> Result<KeyUse, LedgerError> {
        match self.is_durable {
            true => Ok(KeyUse::new(&self.salt, msp_id, user, key, request)),
            false => Err(LedgerError::InvalidCall {
                code: "idempotency_key_unsupported",
                detail: "this ledger was connected without a file to remember an Idempotency-Key in: give it an outbox, or call without a key"
                    .to_owned(),
            }),
        }
    }

    /// The channel begins with this block. Where the store is of one that began with another, a channel of the same name that was made anew, what
    /// it holds must neither be sent to this one nor answer for it: a copy of the file is kept beside it, and the store begins anew. Of what was
    /// stored since the program started the first answer counts: it was sent to the channel that this one is.
    ///
    /// # Errors
    /// [`LedgerError::Storage`].
    pub(crate) async fn is_of(&self, genesis: Digest) -> Result<(), LedgerError> {
        self.ordered(Order::Channel { genesis }, true).await
    }

    /// Claims a key for a call; what it was used for before, if it was.
    ///
    /// # Errors
    /// [`LedgerError::InvalidCall`] where it was used for another call; [`LedgerError::Conflict`] where the call is still under way;
    /// [`LedgerError::Storage`].
    pub(crate) async fn claim(
        &self,
        key_use: &KeyUse,
    ) -> Result<(Claim, Option<Used>), LedgerError> {
        let claim = self.claim_running(key_use)?;
        // What was seen just now is being written down: it is known the second time.
        for _ in 0..2 {
            let Some(row) = self.key_row(key_use.key).await? else {
                return Ok((claim, None));
            };
            let oldest_s = now_s().saturating_sub(self.keep_s);
            let outcome = row.outcome.as_ref();
            if outcome.is_some_and(|outcome| outcome.seen_at_s <= oldest_s) {
                return Ok((claim, None));
            }
            if row.request[..] != key_use.request {
                return Err(reused());
            }
            let transaction_id = row.transaction_id;
            if let Some(outcome) = row.outcome {
                let version = Version {
                    block: outcome.block,
                    index: outcome.index,
                };
                let used = Used::Committed {
                    transaction_id,
                    version,
                    result: outcome.result,
                };
                return Ok((claim, Some(used)));
            }
            if let Some(EntryRow { result, .. }) = self.entry(&transaction_id).await? {
                let used = Used::Sent {
                    transaction_id,
                    result,
                };
                return Ok((claim, Some(used)));
            }
            self.ordered(Order::Pass, false).await?;
        }
        Err(LedgerError::Storage {
            detail: format!(
                "what came of the call with this key could not be written to the outbox {}: look after the disk, then start chainloom again",
                self.path.display()
            ),
        })
    }

    fn claim_running(&self, key_use: &KeyUse) -> Result<Claim, LedgerError> {
        let mut running = self.shared.running();
        match running.get(&key_use.key) {
            Some(request) if *request != key_use.request => Err(reused()),
            Some(_) => Err(LedgerError::Conflict {
                code: "idempotency_key_in_use",
                detail: "a call with this idempotency key is still under way; ask again with the same key when it may be done".to_owned(),
                retry_after_s: Some(IN_USE_RETRY_AFTER_S),
            }),
            None => {
                running.insert(key_use.key, key_use.request);
                Ok(Claim {
                    shared: self.shared.clone(),
                    key: key_use.key,
                })
            }
        }
    }

    /// Sees after a transaction as long as the answer lives: nobody else sends it.
    pub(crate) fn hold(&self, transaction_id: &str) -> Hold {
        self.shared.entries().hold(transaction_id);
        Hold {
            shared: self.shared.clone(),
            transaction_id: transaction_id.to_owned(),
        }
    }

    /// Stores a transaction; on the disk when this returns.
    ///
    /// # Errors
    /// [`LedgerError::Overloaded`] where too many keys are remembered; [`LedgerError::Storage`].
    pub(crate) async fn store(&self, entry: NewEntry) -> Result<(), LedgerError> {
        self.ordered(Order::Store(entry), true).await
    }

    /// Whether a transaction waits here to be seen on the chain.
    pub(crate) fn contains(&self, transaction_id: &str) -> bool {
        self.shared.entries().number(transaction_id).is_some()
    }

    /// Whether nothing waits here to be seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.shared.entries().is_empty()
    }

    /// The envelope of a transaction, if it waits here.
    ///
    /// # Errors
    /// [`LedgerError::Storage`].
    pub(crate) async fn envelope(
        &self,
        transaction_id: &str,
    ) -> Result<Option<common::Envelope>, LedgerError> {
        let Some(entry) = self.entry(transaction_id).await? else {
            return Ok(None);
        };
        let envelope = common::Envelope::decode(entry.envelope);
        envelope
            .map(Some)
            .map_err(|error| Fault::Damage(format!("an envelope: {error}")).at(&self.path))
    }

    /// A transaction was seen on the chain. Nothing is waited for: whether it stands there can be asked again.
    pub(crate) fn seen(&self, transaction_id: &str, verdict: Verdict) {
        self.shared.entries().saw(transaction_id, Instant::now());
        self.settle(transaction_id, verdict, false, None);
    }

    /// The orderers refused a transaction: it is sent no more, and its key is free. On the disk when this returns.
    ///
    /// # Errors
    /// [`LedgerError::Storage`].
    pub(crate) async fn refused(&self, transaction_id: &str) -> Result<(), LedgerError> {
        let (answer, answered) = oneshot::channel();
        match self.settle(transaction_id, Verdict::Void, true, Some(answer)) {
            true => answered.await.map_err(|_| LedgerError::ShuttingDown)?,
            false => Ok(()),
        }
    }

    /// Whether there was something to settle.
    fn settle(
        &self,
        transaction_id: &str,
        verdict: Verdict,
        is_durable: bool,
        answer: Option<writer::Answer>,
    ) -> bool {
        // Locked until it is ordered: who finds nothing here any more orders behind it.
        let mut entries = self.shared.entries();
        let Some(number) = entries.remove(transaction_id) else {
            return false;
        };
        let order = Order::Settle {
            number,
            verdict,
            now_s: now_s(),
        };
        self.send(order, is_durable, answer);
        true
    }

    /// Waits until there may be something new to send.
    pub(crate) async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// The transactions that are to be sent again now.
    pub(crate) fn due(&self, count_max: usize) -> Vec<String> {
        self.shared.entries().due(Instant::now(), count_max)
    }

    /// A transaction was sent once more.
    pub(crate) fn sent_again(&self, transaction_id: &str) {
        self.shared.entries().sent(transaction_id, Instant::now());
    }

    /// A transaction that was sent once more was refused; whether it has been for so long that it never comes.
    pub(crate) fn refused_again(&self, transaction_id: &str) -> bool {
        let now = Instant::now();
        self.shared.entries().refused(transaction_id, now)
    }

    /// A transaction was looked for, and is neither sent again nor settled.
    pub(crate) fn postpone(&self, transaction_id: &str) {
        let now = Instant::now();
        self.shared.entries().postpone(transaction_id, now);
    }

    /// A transaction stands on the chain, and what became of it has to be asked: it is looked for, and not sent again.
    pub(crate) fn stands(&self, transaction_id: &str) {
        let now = Instant::now();
        self.shared.entries().stands(transaction_id, now);
        self.shared.changed.notify_one();
    }

    /// Whether a transaction is known to stand on the chain.
    pub(crate) fn is_standing(&self, transaction_id: &str) -> bool {
        self.shared.entries().is_standing(transaction_id)
    }

    /// Has a transaction looked after at once.
    #[cfg(test)]
    pub(crate) fn hurry(&self, transaction_id: &str) {
        self.shared.entries().hurry(transaction_id, Instant::now());
        self.shared.changed.notify_one();
    }

    /// Forgets some of the keys that are too old.
    pub(crate) fn forget_old_keys(&self) {
        let before_s = now_s().saturating_sub(self.keep_s);
        self.send(Order::Forget { before_s }, false, None);
    }

    async fn entry(&self, transaction_id: &str) -> Result<Option<EntryRow>, LedgerError> {
        let Some(number) = self.shared.entries().number(transaction_id) else {
            return Ok(None);
        };
        self.read(move |database| {
            let entries = database.begin_read()?.open_table(ENTRIES)?;
            let row = entries.get(number)?;
            row.map(|row| unseal("an entry", &number.to_be_bytes(), row.value()))
                .transpose()
        })
        .await
    }

    async fn key_row(&self, key: Digest) -> Result<Option<KeyRow>, LedgerError> {
        self.read(move |database| {
            let keys = database.begin_read()?.open_table(KEYS)?;
            let row = keys.get(&key)?;
            row.map(|row| unseal("a key", &key, row.value()))
                .transpose()
        })
        .await
    }

    /// Reads off the async threads.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let database = self.database.clone();
        let done = spawn_blocking(move || Fault::of(&database, || work(&database)));
        // The error says that the runtime ends.
        let done = done.await.map_err(|_| LedgerError::ShuttingDown)?;
        done.map_err(|fault| fault.at(&self.path))
    }

    /// Has something written and waits until it is.
    async fn ordered(&self, order: Order, is_durable: bool) -> Result<(), LedgerError> {
        let (answer, answered) = oneshot::channel();
        self.send(order, is_durable, Some(answer));
        answered.await.map_err(|_| LedgerError::ShuttingDown)?
    }

    fn send(&self, order: Order, is_durable: bool, answer: Option<writer::Answer>) {
        // The error says that the writer is gone; who waits for an answer learns it from there being none.
        let _ = self.writer.send(writer::Request {
            order,
            is_durable,
            answer,
        });
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.shared.running().remove(&self.key);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let now = Instant::now();
        self.shared.entries().release(&self.transaction_id, now);
        self.shared.changed.notify_one();
    }
}

fn reused() -> LedgerError {
    LedgerError::InvalidCall {
        code: "idempotency_key_reused",
        detail: "this idempotency key was used for another call; give each call a key of its own"
            .to_owned(),
    }
}

fn now_s() -> i64 {
    Timestamp::now().as_second()
}

/// No holder of these locks leaves them half changed, even where it panics.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
