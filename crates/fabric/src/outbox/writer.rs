//! The one thread that writes: it takes what waits and commits it together, so that many callers share one sync of the disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use chainloom_database::{Database, copy_aside};
use chainloom_ledger::{LedgerError, Version};
use prost::Message as _;
use redb::{Durability, ReadableTable, ReadableTableMetadata, WriteTransaction};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Shared;
use super::error::Fault;
use super::request::KeyUse;
use super::rows::{EntryRow, KeyRow, OutcomeRow, digest_in, seal, unseal};
use super::tables::{Digest, ENTRIES, KEY_TIMES, KEYS, META};
use crate::wire::proto::common;

/// How many requests go into one commit.
const BATCH_MAX: usize = 256;
/// The most keys that are remembered, and the most bytes of what they were used for.
const KEYS_MAX: u64 = 2_000_000;
pub(super) const KEYS_BYTES_MAX: u64 = 1 << 30;
/// How many old keys are forgotten with each new one; more than one, so that they do not pile up.
const FORGOTTEN_PER_KEY: usize = 4;
/// How many old keys are forgotten in one go otherwise.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// A transaction that is about to be sent.
#[derive(Debug, Clone)]
pub(crate) struct NewEntry {
    pub(crate) transaction_id: String,
    /// Signed. It never holds transient data: these go to endorsers only.
    pub(crate) envelope: common::Envelope,
    /// What the contract answered.
    pub(crate) result: Bytes,
    /// The key that it is submitted under.
    pub(crate) key: Option<KeyUse>,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It stands there and took effect.
    Valid(Version),
    /// It stands in a block and took no effect, or the orderers refused it: its key is free.
    Void,
}

/// What is to be written.
#[derive(Debug)]
pub(super) enum Order {
    Store(NewEntry),
    /// The entry of this number is over.
    Settle {
        number: u64,
        verdict: Verdict,
        now_s: i64,
    },
    /// Keys that were resolved at this time or before are forgotten.
    Forget {
        before_s: i64,
    },
    /// The channel begins with this block; see [`Outbox::is_of`](super::Outbox::is_of).
    Channel {
        genesis: Digest,
    },
    /// Nothing; answered when all that was ordered before is written.
    Pass,
}

/// How who asked is told.
pub(super) type Answer = oneshot::Sender<Result<(), LedgerError>>;

/// A request to the writer.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) order: Order,
    /// Whether it has to be on the disk before it is answered.
    pub(super) is_durable: bool,
    pub(super) answer: Option<Answer>,
}

/// What the thread owns.
pub(super) struct Writer {
    pub(super) database: Arc<Database>,
    pub(super) path: PathBuf,
    pub(super) shared: Arc<Shared>,
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) next_number: u64,
    /// Entries below this number are of a channel that was not looked at again yet.
    pub(super) known_from: u64,
    pub(super) key_bytes: u64,
    /// How long resolved keys are remembered, in seconds.
    pub(super) keep_s: i64,
    /// Whether it is a file.
    pub(super) is_durable: bool,
}

/// What one commit did, for when it is done.
struct Done {
    request: Request,
    outcome: Result<Option<(u64, u64)>, Full>,
}

/// As many keys are remembered as may be.
struct Full;

impl Writer {
    /// Serves until nobody can ask any more.
    pub(super) fn run(mut self) {
        while let Ok(request) = self.requests.recv() {
            match request.order {
                Order::Channel { genesis } => answer(request.answer, self.is_of(&genesis)),
                _ => self.commit(request),
            }
        }
    }

    /// Sees to it that nothing is in the store of another channel than this.
    fn is_of(&mut self, genesis: &Digest) -> Result<(), LedgerError> {
        let known = Fault::of(&self.database, || {
            let meta = self.database.begin_read()?.open_table(META)?;
            Ok(meta.get("genesis")?.map(|row| row.value().to_vec()))
        });
        let known = known.map_err(|fault| fault.at(&self.path))?;
        let is_other = known.as_ref().is_some_and(|known| known != genesis);
        if is_other {
            self.leave_former()?;
        }
        if is_other || known.is_none() {
            let written = Fault::of(&self.database, || {
                let transaction = self.database.begin_write()?;
                if is_other {
                    self.empty(&transaction)?;
                }
                let mut meta = transaction.open_table(META)?;
                meta.insert("genesis", &genesis[..])?;
                if is_other {
                    meta.insert("key_bytes", &0_u64.to_be_bytes()[..])?;
                }
                drop(meta);
                transaction.commit()?;
                Ok(())
            });
            written.map_err(|fault| fault.at(&self.path))?;
        }
        if is_other {
            self.key_bytes = 0;
            let left = self.shared.entries().remove_below(self.known_from);
            tracing::warn!(
                path = %self.path.display(),
                transactions = left.len(),
                "the channel is another one than before, of the same name: what was not seen on the former one is not sent, and its idempotency \
                 keys are forgotten: {left:?}"
            );
        }
        // What comes now is of the channel that was looked at; if it is replaced meanwhile all of it is of the former one.
        self.known_from = u64::MAX;
        Ok(())
    }

    /// Keeps a copy of the file as it is.
    fn leave_former(&self) -> Result<(), LedgerError> {
        if !self.is_durable {
            return Ok(());
        }
        let synced = Fault::of(&self.database, || {
            Ok(self.database.begin_write()?.commit()?)
        });
        synced.map_err(|fault| fault.at(&self.path))?;
        let copied = copy_aside(&self.path, "former");
        let place = copied.map_err(|(place, error)| LedgerError::Storage {
            detail: format!(
                "the channel is another one than before, and the outbox {} of the former one cannot be copied to {}: {error}",
                self.path.display(),
                place.display()
            ),
        })?;
        tracing::warn!(place = %place.display(), "the outbox of the former channel is kept");
        Ok(())
    }

    /// Removes all that is of a former channel.
    fn empty(&self, transaction: &WriteTransaction) -> Result<(), Fault> {
        let mut entries = transaction.open_table(ENTRIES)?;
        entries.retain(|number, _| number >= self.known_from)?;
        transaction.delete_table(KEYS)?;
        transaction.delete_table(KEY_TIMES)?;
        transaction.open_table(KEYS)?;
        transaction.open_table(KEY_TIMES)?;
        Ok(())
    }

    /// Commits this request and those that wait behind it.
    fn commit(&mut self, first: Request) {
        let mut requests = vec![first];
        let mut channel = None;
        while requests.len() < BATCH_MAX
            && let Ok(next) = self.requests.try_recv()
        {
            match next.order {
                Order::Channel { genesis } => {
                    channel = Some((genesis, next.answer));
                    break;
                }
                _ => requests.push(next),
            }
        }
        self.commit_all(requests);
        if let Some((genesis, asked)) = channel {
            answer(asked, self.is_of(&genesis));
        }
    }

    fn commit_all(&mut self, requests: Vec<Request>) {
        let is_durable = requests.iter().any(|request| request.is_durable);
        let mut batch = Batch {
            path: &self.path,
            next_number: self.next_number,
            key_bytes: self.key_bytes,
            keep_s: self.keep_s,
        };
        let mut outcomes = Vec::with_capacity(requests.len());
        let written = Fault::of(&self.database, || {
            let mut transaction = self.database.begin_write()?;
            for request in &requests {
                outcomes.push(batch.write(&transaction, &request.order)?);
            }
            if batch.key_bytes != self.key_bytes {
                let mut meta = transaction.open_table(META)?;
                meta.insert("key_bytes", &batch.key_bytes.to_be_bytes()[..])?;
            }
            transaction.set_durability(match is_durable {
                true => Durability::Immediate,
                false => Durability::None,
            })?;
            transaction.commit()?;
            Ok(())
        });
        if let Err(fault) = written {
            let error = fault.at(&self.path);
            tracing::error!("{error}");
            for request in requests {
                answer(request.answer, Err(error.clone()));
            }
            return;
        }
        self.next_number = batch.next_number;
        self.key_bytes = batch.key_bytes;
        for (request, outcome) in requests.into_iter().zip(outcomes) {
            self.finish(Done { request, outcome });
        }
    }

    fn finish(&self, done: Done) {
        let outcome = match (done.outcome, done.request.order) {
            (Ok(Some((number, bytes))), Order::Store(entry)) => {
                let mut entries = self.shared.entries();
                entries.add(entry.transaction_id, number, bytes, Instant::now());
                drop(entries);
                self.shared.changed.notify_one();
                Ok(())
            }
            (Ok(_), _) => Ok(()),
            (Err(Full), _) => Err(LedgerError::Overloaded {
                code: "idempotency_keys_full",
                detail: format!(
                    "{KEYS_MAX} idempotency keys, or {KEYS_BYTES_MAX} bytes of their results, are remembered already; nothing was submitted: \
                     lower `idempotency_keep_h`, or call without a key"
                ),
                retry_after_s: 60,
            }),
        };
        answer(done.request.answer, outcome);
    }
}

/// Who asked may have gone away; what is written stands.
fn answer(answer: Option<Answer>, outcome: Result<(), LedgerError>) {
    if let Some(answer) = answer {
        let _ = answer.send(outcome);
    }
}

/// One write transaction under way.
struct Batch<'a> {
    path: &'a Path,
    next_number: u64,
    key_bytes: u64,
    keep_s: i64,
}

impl Batch<'_> {
    /// Of an entry its number and its size.
    fn write(
        &mut self,
        transaction: &WriteTransaction,
        order: &Order,
    ) -> Result<Result<Option<(u64, u64)>, Full>, Fault> {
        match order {
            Order::Store(entry) => self.store(transaction, entry),
            Order::Settle {
                number,
                verdict,
                now_s,
            } => {
                self.settle(transaction, *number, *verdict, *now_s)?;
                Ok(Ok(None))
            }
            Order::Forget { before_s } => {
                self.forget(transaction, *before_s, FORGOTTEN_AT_ONCE)?;
                Ok(Ok(None))
            }
            // Taken care of before.
            Order::Channel { .. } | Order::Pass => Ok(Ok(None)),
        }
    }

    fn store(
        &mut self,
        transaction: &WriteTransaction,
        entry: &NewEntry,
    ) -> Result<Result<Option<(u64, u64)>, Full>, Fault> {
        if let Some(key) = &entry.key {
            let before_s = super::now_s().saturating_sub(self.keep_s);
            self.forget(transaction, before_s, FORGOTTEN_PER_KEY)?;
            let row = KeyRow {
                request: Bytes::copy_from_slice(&key.request),
                transaction_id: entry.transaction_id.clone(),
                outcome: None,
            };
            let keys = transaction.open_table(KEYS)?;
            let is_known = keys.get(&key.key)?.is_some();
            let is_full = keys.len()? >= KEYS_MAX || self.key_bytes >= KEYS_BYTES_MAX;
            if is_full && !is_known {
                return Ok(Err(Full));
            }
            drop(keys);
            self.put_key(transaction, &key.key, &row)?;
        }
        let number = self.next_number;
        self.next_number += 1;
        let row = EntryRow {
            transaction_id: entry.transaction_id.clone(),
            envelope: entry.envelope.encode_to_vec().into(),
            result: entry.result.clone(),
            key: entry
                .key
                .map(|key| Bytes::copy_from_slice(&key.key))
                .unwrap_or_default(),
        };
        let row = seal(&number.to_be_bytes(), &row);
        let mut entries = transaction.open_table(ENTRIES)?;
        entries.insert(number, row.as_slice())?;
        Ok(Ok(Some((number, row.len() as u64))))
    }

    fn settle(
        &mut self,
        transaction: &WriteTransaction,
        number: u64,
        verdict: Verdict,
        now_s: i64,
    ) -> Result<(), Fault> {
        let mut entries = transaction.open_table(ENTRIES)?;
        let removed = entries.remove(number)?;
        let removed = removed.map(|row| row.value().to_vec());
        let Some(removed) = removed else {
            return Ok(());
        };
        let entry = unseal::<EntryRow>("an entry", &number.to_be_bytes(), &removed);
        let Some(entry) = self.readable(entry)? else {
            return Ok(());
        };
        let Some(digest) = digest_in(&entry)? else {
            return Ok(());
        };
        let Some(mut row) = self.key_row(transaction, &digest)? else {
            return Ok(());
        };
        // Of a call that was submitted anew the newest transaction counts.
        if row.transaction_id != entry.transaction_id {
            return Ok(());
        }
        match verdict {
            Verdict::Void => self.remove_key(transaction, &digest),
            Verdict::Valid(version) => {
                row.outcome = Some(OutcomeRow {
                    block: version.block,
                    index: version.index,
                    result: entry.result,
                    seen_at_s: now_s,
                });
                self.put_key(transaction, &digest, &row)
            }
        }
    }

    fn forget(
        &mut self,
        transaction: &WriteTransaction,
        before_s: i64,
        count_max: usize,
    ) -> Result<(), Fault> {
        for _ in 0..count_max {
            let times = transaction.open_table(KEY_TIMES)?;
            let oldest = times.first()?.map(|(time, _)| {
                let (seen_at_s, digest) = time.value();
                (seen_at_s, *digest)
            });
            drop(times);
            let Some((seen_at_s, digest)) = oldest.filter(|(time, _)| *time <= before_s) else {
                break;
            };
            let mut times = transaction.open_table(KEY_TIMES)?;
            times.remove((seen_at_s, &digest))?;
            drop(times);
            let row = self.key_row(transaction, &digest)?;
            let outcome = row.as_ref().map(|row| &row.outcome);
            // One that cannot be read is of no use any more; one that was used again is.
            let is_over = |outcome: &Option<OutcomeRow>| {
                outcome
                    .as_ref()
                    .is_some_and(|outcome| outcome.seen_at_s == seen_at_s)
            };
            if outcome.is_none_or(is_over) {
                self.remove_key(transaction, &digest)?;
            }
        }
        Ok(())
    }

    /// Writes what a key was used for, in place of what it was used for before.
    fn put_key(
        &mut self,
        transaction: &WriteTransaction,
        digest: &Digest,
        row: &KeyRow,
    ) -> Result<(), Fault> {
        self.remove_key(transaction, digest)?;
        if let Some(outcome) = &row.outcome {
            let mut times = transaction.open_table(KEY_TIMES)?;
            times.insert((outcome.seen_at_s, digest), ())?;
        }
        let row = seal(digest, row);
        let mut keys = transaction.open_table(KEYS)?;
        keys.insert(digest, row.as_slice())?;
        self.key_bytes += row.len() as u64;
        Ok(())
    }

    fn remove_key(&mut self, transaction: &WriteTransaction, digest: &Digest) -> Result<(), Fault> {
        let mut keys = transaction.open_table(KEYS)?;
        let removed = keys.remove(digest)?;
        let removed = removed.map(|row| row.value().to_vec());
        let Some(removed) = removed else {
            return Ok(());
        };
        self.key_bytes = self.key_bytes.saturating_sub(removed.len() as u64);
        let row = self.readable(unseal::<KeyRow>("a key", digest, &removed))?;
        if let Some(outcome) = row.and_then(|row| row.outcome) {
            let mut times = transaction.open_table(KEY_TIMES)?;
            times.remove((outcome.seen_at_s, digest))?;
        }
        Ok(())
    }

    fn key_row(
        &self,
        transaction: &WriteTransaction,
        digest: &Digest,
    ) -> Result<Option<KeyRow>, Fault> {
        let keys = transaction.open_table(KEYS)?;
        match keys.get(digest)? {
            Some(row) => self.readable(unseal("a key", digest, row.value())),
            None => Ok(None),
        }
    }

    /// A row, if it can be read: that one cannot be is no reason to fail all calls that are written with this one. Its own call is told when it
    /// asks for it.
    fn readable<T>(&self, row: Result<T, Fault>) -> Result<Option<T>, Fault> {
        match row {
            Ok(row) => Ok(Some(row)),
            Err(Fault::Damage(detail)) => {
                tracing::error!(path = %self.path.display(), "a row of the outbox is damaged: {detail}");
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }
}
