//! The channels of Fabric that are served: each with its index beside it, opened, followed, tried again and closed the same way, whoever
//! named it.

mod channel;
mod users;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chainloom_fabric::{ConnectionOptions, OutboxOptions};
use tokio::sync::Mutex;

use self::channel::{Channel, Opening};
use crate::ledgers::Ledgers;

/// The channels of a server. A cheap handle: clones share them.
#[derive(Clone)]
pub struct Connections(Arc<Inner>);

struct Inner {
    ledgers: Ledgers,
    /// Where the indexes and outboxes are.
    folder: PathBuf,
    channels: Mutex<BTreeMap<String, Channel>>,
}

impl Connections {
    /// No channels yet. Their indexes will be in `folder`, and they in `ledgers` while they are open.
    pub fn new(folder: &Path, ledgers: Ledgers) -> Connections {
        Connections(Arc::new(Inner {
            ledgers,
            folder: folder.to_owned(),
            channels: Mutex::default(),
        }))
    }

    /// Serves a channel under this name. Where it cannot be opened now it is shown as unavailable with the reason, and tried again until
    /// it can be or the server ends. `cache_bytes` is how much of its index is kept in memory, `idempotency_keep` how long an Idempotency-Key is
    /// remembered.
    pub async fn serve(
        &self,
        name: &str,
        options: ConnectionOptions,
        cache_bytes: usize,
        idempotency_keep: Duration,
    ) {
        let Inner {
            ledgers,
            folder,
            channels,
        } = &*self.0;
        let index = folder.join(format!("{name}.index.redb"));
        let outbox = OutboxOptions {
            path: folder.join(format!("{name}.outbox.redb")),
            idempotency_keep,
        };
        let opening = Opening {
            name: name.to_owned(),
            options,
            outbox,
            index,
            cache_bytes,
            ledgers: ledgers.clone(),
        };
        let channel = Channel::open(opening).await;
        channels.lock().await.insert(name.to_owned(), channel);
    }

    /// Stops following the channels, and waits until all of them are closed.
    pub async fn end(&self) {
        let channels = std::mem::take(&mut *self.0.channels.lock().await);
        // All are told first.
        let ending: Vec<_> = channels.into_values().map(Channel::stop).collect();
        for channel in ending {
            channel.ended().await;
        }
    }
}
