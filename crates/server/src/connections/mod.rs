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

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chainloom_fabric::{Asked, IDEMPOTENCY_KEEP, OutboxOptions, ask, waiting_in_outbox};
use jiff::Timestamp;
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::spawn_blocking;

pub(crate) use self::channel::Status;
use self::channel::{Channel, Opening};
pub(crate) use self::error::AddError;
pub(crate) use self::request::ConnectionRequest;
pub use self::source::{ChannelOptions, IdentitySource, Verification};
use self::store::Store;
pub use self::store::StoreError;
use crate::identities::Identities;
use crate::ledgers::Ledgers;

/// The most connections that callers can make.
pub(crate) const CONNECTIONS_MAX: usize = 64;
/// What a connection that a caller made may remember.
const MEMORY: Memory = Memory {
    cache_bytes: 32 << 20,
    idempotency_keep: IDEMPOTENCY_KEEP,
};
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

    /// Serves the connections that callers made before. One whose name the configuration has taken is left alone, with a warning in the log.
    ///
    /// # Errors
    /// [`StoreError`] where the folder cannot be read; a file of it that cannot be is left alone, with a warning in the log.
    pub async fn restore(&self) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.0);
        let read = spawn_blocking(move || inner.store.read_all()).await;
        let kept = read.expect("reading files does not panic")?;
        for kept in kept {
            let request = match kept {
                Ok(request) => request,
                Err(error) => {
                    tracing::warn!("a connection is not served: {error}");
                    continue;
                }
            };
            if self.0.ledgers.all().contains_key(&request.name) {
                tracing::warn!(
                    "the connection `{name}` is not served: the configuration has a ledger of that name; rename it there, or delete {name}.json in \
                     the folder `{FOLDER}` of the data",
                    name = request.name
                );
                continue;
            }
            match ChannelOptions::of_request(&request) {
                Ok(options) => {
                    let name = request.name.clone();
                    self.start(&name, options, MEMORY, Some(request), None)
                        .await;
                }
                Err(error) => tracing::warn!("the connection `{}`: {error}", request.name),
            }
        }
        Ok(())
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
        let status = self.status(&name);
        Ok(status.expect("it was started, and nobody else changes it meanwhile"))
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
        let channel = self.channels().remove(name);
        if let Some(channel) = channel {
            channel.stop().ended().await;
        }
        self.0.identities.give_back(name);
        let (index, outbox) = (self.index_of(name), self.outbox_of(name));
        let left = spawn_blocking(move || leave(&index, &outbox)).await;
        if let Err(error) = left.map_err(AddError::Panicked)? {
            tracing::warn!("of the connection `{name}` something stays in the data: {error}");
        }
        Ok(())
    }

    /// How a channel is doing.
    pub(crate) fn status(&self, name: &str) -> Option<Status> {
        let entry = self.0.ledgers.all().get(name).cloned();
        let channels = self.channels();
        let channel = channels.get(name)?;
        Some(channel.status(name, entry.as_ref()))
    }

    /// How all of them are doing, in the order of their names.
    pub(crate) fn statuses(&self) -> Vec<Status> {
        let entries = self.0.ledgers.all();
        let channels = self.channels();
        let channels = channels.iter();
        channels
            .map(|(name, channel)| channel.status(name, entries.get(name)))
            .collect()
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

    fn channels(&self) -> MutexGuard<'_, BTreeMap<String, Channel>> {
        self.0
            .channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Deletes an index, and an outbox in which nothing waits. One with transactions that were not seen on the channel yet is put aside under a longer
/// name: they may still come to stand there, and nobody else knows their ids.
fn leave(index: &Path, outbox: &Path) -> std::io::Result<()> {
    let done = |done: std::io::Result<()>| match done {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    done(std::fs::remove_file(index))?;
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
