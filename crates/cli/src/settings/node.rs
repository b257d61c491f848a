//! The settings as the tutorial's node takes them.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use chainloom_tutorial::{NodeOptions, PeerLimits};

use crate::folder::DataFolder;

use super::{Settings, SettingsError};

impl Settings {
    /// How the node is to run; the settings have been checked.
    pub(crate) fn node_options(&self, folder: &DataFolder) -> Result<NodeOptions, SettingsError> {
        let ledger = self.tutorial()?;
        Ok(NodeOptions {
            directory: folder.path().to_owned(),
            rules: ledger.rules,
            difficulty: ledger.difficulty,
            cache_bytes: saturated(ledger.cache_bytes),
            mining_threads: available_parallelism().map_or(1, NonZero::get),
            peer_limits: PeerLimits {
                peers_max: ledger.peers_max,
                chain_bytes_max: ledger.chain_bytes_max,
                chain_timeout: checked(ledger.chain_timeout_s),
                idle_timeout: checked(ledger.idle_timeout_s),
                block_bytes_max: saturated(ledger.block_bytes_max),
                json_depth_max: ledger.json_depth_max,
            },
            resolve_interval: ledger.resolve_interval_s.map(checked),
            mine_every: ledger.mine_every_s.map(checked),
            mine_on_transaction: ledger.mine_on_transaction,
        })
    }
}

/// What a machine can hold at most, where the number is beyond it.
fn saturated(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// A length of time that [`Settings::check`] has found to be one.
fn checked(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::settings::testing;

    #[test]
    fn the_defaults_of_the_limits_are_the_nodes_own() {
        let settings = testing::settings([("tutorial", testing::tutorial())]);
        let folder = DataFolder::of(&settings).unwrap();
        let options = settings.node_options(&folder).unwrap();
        assert_eq!(options.peer_limits, PeerLimits::default());
        assert_eq!(options.directory, folder.path());
        assert_eq!((options.mine_every, options.resolve_interval), (None, None));
    }
}
