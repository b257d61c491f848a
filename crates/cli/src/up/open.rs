//! Opening the chain of the tutorial, with its index beside it.

use std::sync::Arc;

use chainloom_index::{Index, IndexedLedger};
use chainloom_ledger::Ledger;
use chainloom_server::ServedLedger;
use chainloom_tutorial::Node;
use tokio::task::spawn_blocking;

use crate::error::Error;
use crate::folder::DataFolder;
use crate::settings::Settings;

/// The chain of the tutorial, open.
pub(super) struct Tutorial {
    pub(super) name: String,
    pub(super) node: Node,
    pub(super) index: Index,
}

impl Tutorial {
    /// Opens both files at once, off the async threads.
    pub(super) async fn open(
        name: &str,
        settings: &Settings,
        folder: &DataFolder,
    ) -> Result<Tutorial, Error> {
        let options = settings.node_options(folder)?;
        let (path, cache_bytes) = (folder.index_file(), options.cache_bytes);
        let index = spawn_blocking(move || Index::open(path, cache_bytes));
        let node = spawn_blocking(move || Node::open(&options));
        let (node, index) = tokio::join!(node, index);
        // The chain's error says more: with its file the index's is locked, too.
        let node = node.map_err(Error::Panicked)??;
        Ok(Tutorial {
            name: name.to_owned(),
            node,
            index: index.map_err(Error::Panicked)??,
        })
    }

    /// The chain as the server serves it.
    pub(super) fn served(&self) -> ServedLedger {
        let ledger = IndexedLedger::new(self.ledger(), self.index.clone());
        ServedLedger::tutorial(Arc::new(ledger), self.node.clone())
    }

    /// The chain without its index.
    pub(super) fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::new(self.node.clone())
    }
}
