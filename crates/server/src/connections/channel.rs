//! One channel while it is served: a task opens it, follows it with its index and closes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chainloom_fabric::{ConnectionOptions, FabricLedger, OutboxOptions};
use chainloom_index::{Index, IndexedLedger};
use chainloom_ledger::{Ledger, LedgerKind};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use super::users::Users;
use crate::ledgers::{Ledgers, ServedLedger, Unavailable};

/// How long is waited before a channel is tried again that could not be opened; doubles up to the second.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

/// A channel that is served, or that is tried again and again.
pub(super) struct Channel {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// A channel that was told to end.
pub(super) struct Ending(JoinHandle<()>);

/// What it takes to open a channel.
pub(super) struct Opening {
    pub(super) name: String,
    pub(super) options: ConnectionOptions,
    pub(super) outbox: OutboxOptions,
    pub(super) index: PathBuf,
    pub(super) cache_bytes: usize,
    pub(super) ledgers: Ledgers,
}

/// A channel that is open, with its index.
struct Open {
    ledger: FabricLedger,
    users: Arc<Users>,
    index: Index,
}

impl Channel {
    /// Tries to open it once, then leaves it to a task.
    pub(super) async fn open(opening: Opening) -> Channel {
        let first = opening.attempt().await;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(opening.keep(first, stopped));
        Channel { stop, task }
    }

    /// Tells it to end.
    pub(super) fn stop(self) -> Ending {
        self.stop.send_replace(true);
        Ending(self.task)
    }
}

impl Ending {
    /// Waits until it is closed.
    pub(super) async fn ended(self) {
        if let Err(error) = self.0.await {
            tracing::warn!("a channel did not end by itself: {error}");
        }
    }
}

impl Opening {
    /// Opens the channel when it can be, and follows it until the end.
    async fn keep(self, first: Option<Open>, mut stopped: watch::Receiver<bool>) {
        let mut open = first;
        let mut pause = AGAIN_AFTER;
        let mut stopping = stopped.clone();
        // The error says that nobody holds the channel any more.
        let stop = async move { drop(stopping.wait_for(|stop| *stop).await) };
        let open = loop {
            if let Some(open) = open.take() {
                break open;
            }
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                () = sleep(pause) => {}
            }
            pause = (pause * 2).min(AGAIN_AFTER_MAX);
            open = self.attempt().await;
        };
        open.index.follow(Arc::new(open.ledger), stop).await;
    }

    /// Opens the channel and serves it, or says why that cannot be.
    async fn attempt(&self) -> Option<Open> {
        match self.open().await {
            Ok(open) => {
                let ledger: Arc<dyn Ledger> = Arc::new(open.ledger.clone());
                let ledger = IndexedLedger::new(ledger, open.index.clone());
                let contract = self.options.contract.clone();
                let served = ServedLedger::fabric(Arc::new(ledger), contract);
                let served = served.with_users(open.users.clone());
                let served = served.signed_outside(open.ledger.clone());
                self.ledgers.insert(&self.name, served);
                Some(open)
            }
            Err(reason) => {
                let unavailable = Unavailable {
                    kind: LedgerKind::Fabric,
                    reason,
                };
                if self
                    .ledgers
                    .set_unavailable(&self.name, unavailable.clone())
                {
                    let Unavailable { reason, .. } = unavailable;
                    tracing::warn!("[ledgers.{}] is not open: {reason}", self.name);
                }
                None
            }
        }
    }

    async fn open(&self) -> Result<Open, String> {
        let connected = FabricLedger::connect(self.options.clone()).await;
        let ledger = connected.map_err(|error| error.to_string())?;
        let ledger = ledger.with_outbox(self.outbox.clone()).await;
        let ledger = ledger.map_err(|error| error.to_string())?;
        let index = open_index(&self.index, self.cache_bytes).await?;
        Ok(Open {
            users: Arc::new(Users::new(ledger.clone(), self.options.wallet.clone())),
            ledger,
            index,
        })
    }
}

async fn open_index(path: &Path, cache_bytes: usize) -> Result<Index, String> {
    let path = path.to_owned();
    let opened = spawn_blocking(move || Index::open(path, cache_bytes)).await;
    opened
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}
