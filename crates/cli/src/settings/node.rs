//! The settings as the tutorial's node takes them.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use chainloom_tutorial::NodeOptions;

use crate::folder::DataFolder;

use super::{LedgerSettings, Settings, SettingsError};

impl Settings {
    /// How the node is to run; the settings have been checked.
    pub(crate) fn node_options(&self, folder: &DataFolder) -> Result<NodeOptions, SettingsError> {
        let (_, ledger) = self.tutorial()?;
        Ok(NodeOptions {
            directory: folder.path().to_owned(),
            rules: ledger.rules,
            difficulty: ledger.difficulty,
            cache_bytes: usize::try_from(ledger.cache_bytes).unwrap_or(usize::MAX),
            mining_threads: available_parallelism().map_or(1, NonZero::get),
            resolve_interval: ledger.resolve_interval_s.map(checked),
            mine_every: ledger.mine_every_s.map(checked),
            mine_on_transaction: ledger.mine_on_transaction,
        })
    }
}

/// A length of time that [`Settings::check`] has found to be one.
fn checked(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
