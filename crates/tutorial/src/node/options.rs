use std::path::PathBuf;
use std::time::Duration;

use crate::peers::PeerLimits;
use crate::rules::Rules;

/// How a node is to run.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// The folder of its store; made if it is missing.
    pub directory: PathBuf,
    /// The rules of its chain.
    pub rules: Rules,
    /// How many hex zeros a proof's digest begins with; the tutorial's is 4.
    pub difficulty: u32,
    /// How much memory the store's cache may take.
    pub cache_bytes: usize,
    /// How many threads search for a proof.
    pub mining_threads: usize,
    /// What other nodes may cost.
    pub peer_limits: PeerLimits,
    /// How often the peers are asked for a longer chain; only on request where absent.
    pub resolve_interval: Option<Duration>,
    /// How often a block is mined; only on request where absent.
    pub mine_every: Option<Duration>,
    /// Whether a block is mined as soon as a transaction waits.
    pub mine_on_transaction: bool,
}
