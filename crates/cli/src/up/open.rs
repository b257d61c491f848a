//! Opening what the settings name: each ledger with an index of its own beside it.

use std::path::PathBuf;
use std::sync::Arc;

use chainloom_fabric::{ConnectionOptions, FabricLedger};
use chainloom_index::{Index, IndexedLedger};
use chainloom_ledger::Ledger;
use chainloom_server::ServedLedger;
use chainloom_tutorial::Node;
use tokio::task::spawn_blocking;

use crate::error::Error;
use crate::folder::DataFolder;
use crate::settings::{FabricSettings, LedgerSettings, Settings};

/// A ledger that is open, with its index.
pub(super) struct OpenLedger {
    pub(super) name: String,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) index: Index,
    pub(super) kind: OpenKind,
}

/// What only one kind of ledger has.
pub(super) enum OpenKind {
    /// The node of a chain of the tutorial.
    Tutorial(Node),
    /// What a channel of Fabric was connected with.
    Fabric(FabricSettings),
}

impl OpenLedger {
    /// The ledger as the server serves it.
    pub(super) fn served(&self) -> ServedLedger {
        let ledger = Arc::clone(&self.ledger);
        let ledger = Arc::new(IndexedLedger::new(ledger, self.index.clone()));
        match &self.kind {
            OpenKind::Tutorial(node) => ServedLedger::tutorial(ledger, node.clone()),
            OpenKind::Fabric(settings) => ServedLedger::fabric(ledger, settings.contract.clone()),
        }
    }
}

/// Opens every ledger, in the order of their names.
pub(super) async fn open(
    settings: &Settings,
    folder: &DataFolder,
) -> Result<Vec<OpenLedger>, Error> {
    folder.create()?;
    let mut ledgers = Vec::new();
    for (name, ledger) in &settings.ledgers {
        ledgers.push(match ledger {
            LedgerSettings::Tutorial(_) => open_tutorial(name, settings, folder).await?,
            LedgerSettings::Fabric(fabric) => open_fabric(name, fabric, folder).await?,
        });
    }
    Ok(ledgers)
}

/// Opens both files at once, off the async threads.
async fn open_tutorial(
    name: &str,
    settings: &Settings,
    folder: &DataFolder,
) -> Result<OpenLedger, Error> {
    let options = settings.node_options(folder)?;
    let index = open_index(folder.index_file(), options.cache_bytes);
    let node = spawn_blocking(move || Node::open(&options));
    let (node, index) = tokio::join!(node, index);
    // The chain's error says more: with its file the index's is locked, too.
    let node = node.map_err(Error::Panicked)??;
    Ok(OpenLedger {
        name: name.to_owned(),
        ledger: Arc::new(node.clone()),
        index: index?,
        kind: OpenKind::Tutorial(node),
    })
}

async fn open_fabric(
    name: &str,
    settings: &FabricSettings,
    folder: &DataFolder,
) -> Result<OpenLedger, Error> {
    let options = ConnectionOptions {
        profile: settings.profile.clone(),
        channel: settings.channel.clone(),
        contract: settings.contract.clone(),
        wallet: settings.wallet.clone(),
        identity: settings.identity.clone(),
        mode: settings.mode,
    };
    let cache_bytes = usize::try_from(settings.cache_bytes).unwrap_or(usize::MAX);
    let index = open_index(folder.channel_index_file(name), cache_bytes).await?;
    let connected = FabricLedger::connect(options).await;
    let ledger = connected.map_err(|source| Error::NotConnected {
        ledger: name.to_owned(),
        source: Box::new(source),
    })?;
    Ok(OpenLedger {
        name: name.to_owned(),
        ledger: Arc::new(ledger),
        index,
        kind: OpenKind::Fabric(settings.clone()),
    })
}

async fn open_index(path: PathBuf, cache_bytes: usize) -> Result<Index, Error> {
    let opened = spawn_blocking(move || Index::open(path, cache_bytes)).await;
    Ok(opened.map_err(Error::Panicked)??)
}
