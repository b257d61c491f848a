//! The channels of Fabric that are served: each with its index beside it, opened, followed, tried again and closed the same way, whoever
//! named it. Those of the configuration come with each start; those that callers made are kept in files.

mod channel;
mod error;
mod request;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod users;
mod verified;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chainloom_fabric::{Asked, IDEMPOTENCY_KEEP, OutboxOptions, ask, waiting_in_outbox};
use chainloom_ledger::{Ledger as _, LedgerKind};
use jiff::Timestamp;
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

pub(crate) use self::channel::Status;
use self::channel::{Channel, Opening};
pub(crate) use self::error::AddError;
pub(crate) use self::request::ConnectionRequest;
pub use self::source::{ChannelOptions, IdentitySource, Verification};
use self::store::Store;
pub use self::store::StoreError;
use crate::identities::Identities;
use crate::ledgers::{Ledgers, Unavailable};

/// The most connections that callers can make.
pub(crate) const CONNECTIONS_MAX: usize = 64;
/// What a connection that a caller made may remember.
const MEMORY: Memory = Memory {
    cache_bytes: 32 << 20,
    idempotency_keep: IDEMPOTENCY_KEEP,
};
/// How long the peers may take to tell which contracts the channel has.
const CONTRACTS_TOLD_WITHIN: Duration = Duration::from_secs(8);
/// The folder of the connections in that of the data.
const FOLDER: &str = "connections";

/// What a channel may remember.
#[derive(Debug, Clone, Copy)]
struct Memory {
    /// How much of its index is kept in memory, in bytes.
    cache_bytes: usize,
    /// How long an Idempotency-Key is remembered.
    idempotency_keep: Duration,
}

/// The channels of a server. A cheap handle: clones share them.
#[derive(Clone)]
pub struct Connections(Arc<Inner>);

struct Inner {
    ledgers: Ledgers,
    identities: Identities,
    /// Where the indexes and outboxes are.
    folder: PathBuf,
    store: Store,
    channels: Mutex<BTreeMap<String, Channel>>,
    /// What is kept and cannot be served, by name, with the reason.
    unusable: Mutex<BTreeMap<String, String>>,
    /// Held by the one that adds or removes.
    changing: AsyncMutex<()>,
}

impl Connections {
    /// No channels yet. Their indexes and files will be in `folder`, and they in `ledgers` while they are open. Blocks the thread.
    ///
    /// # Errors
    /// [`StoreError`] where connections cannot be kept.
    pub fn open(
        folder: &Path,
        ledgers: Ledgers,
        identities: Identities,
    ) -> Result<Connections, StoreError> {
        Ok(Connections(Arc::new(Inner {
            ledgers,
            identities,
            folder: folder.to_owned(),
            store: Store::open(folder.join(FOLDER))?,
            channels: Mutex::default(),
            unusable: Mutex::default(),
            changing: AsyncMutex::default(),
        })))
    }

    /// Serves a channel of the configuration under this name. Where it cannot be opened now it is shown as unavailable with the reason, and
    /// tried again until it can be or the server ends. `cache_bytes` is how much of its index is kept in memory, `idempotency_keep` how long an
    /// Idempotency-Key is remembered.
    pub async fn serve(
        &self,
        name: &str,
        options: ChannelOptions,
        cache_bytes: usize,
        idempotency_keep: Duration,
    ) {
        let memory = Memory {
            cache_bytes,
            idempotency_keep,
        };
        self.start(name, options, memory, None, None).await;
    }

    /// Serves the connections that callers made before. One that cannot be is shown with the reason, and its file stays as it is.
    ///
    /// # Errors
    /// [`StoreError`] where the folder cannot be read.
    pub async fn restore(&self) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.0);
        let read = spawn_blocking(move || inner.store.read_all()).await;
        let kept = read.expect("reading files does not panic")?;
        for (name, kept) in kept {
            if self.0.ledgers.all().contains_key(&name) {
                self.leave_alone(
                    &name,
                    format!(
                        "a connection of this name is kept and not served, since the configuration has a ledger of that name: rename it there, or \
                         delete {name}.json in the folder `{FOLDER}` of the data"
                    ),
                );
                continue;
            }
            let options = match kept {
                Ok(request) => match ChannelOptions::of_request(&request) {
                    Ok(options) => Ok((request, options)),
                    Err(error) => Err(format!("{}, {error}", error.stage())),
                },
                Err(error) => Err(error.to_string()),
            };
            match options {
                Ok((request, options)) => {
                    self.start(&name, options, MEMORY, Some(request), None)
                        .await;
                }
                Err(reason) => {
                    if crate::is_ledger_name(&name) {
                        let unavailable = Unavailable {
                            kind: LedgerKind::Fabric,
                            reason: reason.clone(),
                        };
                        self.0.ledgers.set_unavailable(&name, unavailable);
                    }
                    self.leave_alone(&name, reason);
                }
            }
        }
        Ok(())
    }

    /// Remembers that a connection which is kept is not served.
    fn leave_alone(&self, name: &str, reason: String) {
        tracing::warn!("the connection `{name}` is not served: {reason}");
        self.unusable().insert(name.to_owned(), reason);
    }

    /// Connects a user for a caller: the nodes are asked, and what came of it is told. It is kept, and served at once.
    ///
    /// # Errors
    /// [`AddError`]; nothing is kept or served then.
    pub(crate) async fn add(&self, request: ConnectionRequest) -> Result<Status, AddError> {
        let this = self.clone();
        // To its end, also where the caller goes away: half a connection is of no use.
        let added = tokio::spawn(async move { this.add_whole(request).await });
        added.await.map_err(AddError::Panicked)?
    }

    async fn add_whole(&self, request: ConnectionRequest) -> Result<Status, AddError> {
        let _changing = self.0.changing.lock().await;
        let name = request.name.clone();
        if !crate::is_ledger_name(&name) {
            return Err(AddError::Name(name));
        }
        if self.0.ledgers.all().contains_key(&name) {
            return Err(AddError::Taken(name));
        }
        let made = {
            let channels = self.channels();
            channels
                .values()
                .filter(|channel| channel.is_made())
                .count()
        };
        if made >= CONNECTIONS_MAX {
            return Err(AddError::TooMany);
        }
        let options = ChannelOptions::of_request(&request)?;
        let asked = self.ask(&name, &options).await;
        let asked = asked.inspect_err(|_| self.0.identities.give_back(&name))?;
        let (inner, kept) = (Arc::clone(&self.0), request.clone());
        let written = spawn_blocking(move || inner.store.write(&kept)).await;
        let written = written.map_err(AddError::Panicked)?;
        written.inspect_err(|_| self.0.identities.give_back(&name))?;
        self.start(&name, options, MEMORY, Some(request), Some(asked))
            .await;
        let contract = self.missing_contract(&name).await;
        let status = self.status(&name);
        let mut status = status.expect("it was started, and nobody else changes it meanwhile");
        status.warn(contract);
        Ok(status)
    }

    /// Says where the channel has not the contract that is meant where a call names none: it may come later.
    async fn missing_contract(&self, name: &str) -> Option<String> {
        let served = self.0.ledgers.get(name).ok()?;
        let contract = served.default_contract.as_ref()?;
        let told = timeout(CONTRACTS_TOLD_WITHIN, served.ledger.contracts()).await;
        let known = told.ok()?.ok()?;
        let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
        if names.contains(&contract.as_str()) {
            return None;
        }
        let has = match names.is_empty() {
            true => "no contract".to_owned(),
            false => names.join(", "),
        };
        Some(format!(
            "chaincode_id: the channel has no contract `{contract}` now, it has {has}; calls fail until it is committed there"
        ))
    }

    async fn ask(&self, name: &str, options: &ChannelOptions) -> Result<Asked, AddError> {
        let identity = options.identity.lend(&self.0.identities, name).await;
        let identity =
            identity.map_err(|error| error.with_advice(&options.identity, &options.parameters))?;
        Ok(ask(&identity, &options.parameters).await?)
    }

    /// Stops and forgets a connection that a caller made. Its index goes, since it can be built again; what of its calls is still
    /// open is kept beside it under another name.
    ///
    /// # Errors
    /// [`AddError::Unknown`], [`AddError::Configured`], [`AddError::Store`].
    pub(crate) async fn remove(&self, name: &str) -> Result<(), AddError> {
        let (this, name) = (self.clone(), name.to_owned());
        let removed = tokio::spawn(async move { this.remove_whole(&name).await });
        removed.await.map_err(AddError::Panicked)?
    }

    async fn remove_whole(&self, name: &str) -> Result<(), AddError> {
        let _changing = self.0.changing.lock().await;
        match self.channels().get(name) {
            None if self.unusable().contains_key(name) => {}
            None => return Err(AddError::Unknown(name.to_owned())),
            Some(channel) if !channel.is_made() => {
                return Err(AddError::Configured(name.to_owned()));
            }
            Some(_) => {}
        }
        let (inner, owned) = (Arc::clone(&self.0), name.to_owned());
        let removed = spawn_blocking(move || inner.store.remove(&owned)).await;
        removed.map_err(AddError::Panicked)??;
        // Before it stops: nobody is to find it half closed.
        self.0.ledgers.remove(name);
        self.unusable().remove(name);
        let channel = self.channels().remove(name);
        if let Some(channel) = channel {
            channel.stop().ended().await;
        }
        self.0.identities.give_back(name);
        let index = self.index_of(name);
        let derived = [
            index.clone(),
            verified_of(name, &index),
            journal_of(name, &index),
        ];
        let outbox = self.outbox_of(name);
        let left = spawn_blocking(move || leave(&derived, &outbox)).await;
        if let Err(error) = left.map_err(AddError::Panicked)? {
            tracing::warn!("of the connection `{name}` something stays in the data: {error}");
        }
        Ok(())
    }

    /// How a channel is doing.
    pub(crate) fn status(&self, name: &str) -> Option<Status> {
        let unusable = self.unusable().get(name).cloned();
        let entry = self.0.ledgers.all().get(name).cloned();
        match (self.channels().get(name), unusable) {
            (None, unusable) => Some(Status::unusable(name, unusable?)),
            (Some(channel), unusable) => Some(channel.status(name, entry.as_ref(), unusable)),
        }
    }

    /// How all of them are doing, in the order of their names.
    pub(crate) fn statuses(&self) -> Vec<Status> {
        let mut names: BTreeSet<String> = self.channels().keys().cloned().collect();
        names.extend(self.unusable().keys().cloned());
        names.iter().filter_map(|name| self.status(name)).collect()
    }

    /// Stops following the channels, and waits until all of them are closed.
    pub async fn end(&self) {
        let channels = std::mem::take(&mut *self.channels());
        // All are told first.
        let ending: Vec<_> = channels.into_values().map(Channel::stop).collect();
        for channel in ending {
            channel.ended().await;
        }
    }

    async fn start(
        &self,
        name: &str,
        options: ChannelOptions,
        memory: Memory,
        request: Option<ConnectionRequest>,
        asked: Option<Asked>,
    ) {
        let opening = Opening {
            name: name.to_owned(),
            options,
            outbox: OutboxOptions {
                path: self.outbox_of(name),
                idempotency_keep: memory.idempotency_keep,
            },
            index: self.index_of(name),
            cache_bytes: memory.cache_bytes,
            ledgers: self.0.ledgers.clone(),
            identities: self.0.identities.clone(),
        };
        let nodes = asked.map(|asked| asked.nodes).unwrap_or_default();
        let channel = Channel::open(opening, request, nodes).await;
        self.channels().insert(name.to_owned(), channel);
    }

    fn index_of(&self, name: &str) -> PathBuf {
        self.0.folder.join(format!("{name}.index.redb"))
    }

    /// What was sent for callers and is not seen on the channel yet.
    fn outbox_of(&self, name: &str) -> PathBuf {
        self.0.folder.join(format!("{name}.outbox.redb"))
    }

    fn unusable(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0
            .unusable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn channels(&self) -> MutexGuard<'_, BTreeMap<String, Channel>> {
        self.0
            .channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The index of a channel's blocks that were verified, beside the other.
fn verified_of(name: &str, index: &Path) -> PathBuf {
    index.with_file_name(format!("{name}.verified.index.redb"))
}

/// The configurations by which they were verified.
fn journal_of(name: &str, index: &Path) -> PathBuf {
    index.with_file_name(format!("{name}.verified.json"))
}

/// Deletes what can be read from the channel again, and an outbox in which nothing waits. One with transactions that were not seen on the channel yet is put aside under a longer
/// name: they may still come to stand there, and nobody else knows their ids.
fn leave(derived: &[PathBuf], outbox: &Path) -> std::io::Result<()> {
    let done = |done: std::io::Result<()>| match done {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    for file in derived {
        done(std::fs::remove_file(file))?;
    }
    if !outbox.try_exists()? {
        return Ok(());
    }
    let waiting = match waiting_in_outbox(outbox) {
        Ok(waiting) if waiting.is_empty() => return done(std::fs::remove_file(outbox)),
        Ok(waiting) => format!("{waiting:?} were not seen on it yet"),
        // What cannot be read may hold some.
        Err(error) => error.to_string(),
    };
    let aside = format!("removed-{}", Timestamp::now().as_millisecond());
    let aside = outbox.with_added_extension(aside);
    std::fs::rename(outbox, &aside)?;
    tracing::warn!(kept = %aside.display(), "of a channel that is removed, transactions are not sent again: {waiting}");
    Ok(())
}
