use std::time::Duration;

use crate::json;

/// What other nodes may cost us. Everything that a peer can make long, large or many has its limit here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerLimits {
    /// How many peers can be registered.
    pub peers_max: usize,
    /// How many bytes a chain may have as JSON, as the peer writes it and as it is stored.
    pub chain_bytes_max: u64,
    /// How long a peer may take for its whole chain, from the name lookup to the last byte. Only time in which we
    /// wait for the peer counts, not the time that we take ourselves for what it sent.
    pub chain_timeout: Duration,
    /// How long a peer may send nothing, and how long its name's lookup and then the beginning of its answer may take;
    /// half of it for the connection.
    pub idle_timeout: Duration,
    /// How many bytes one block may have as JSON: as the peer writes it, as it is stored and as it is hashed.
    pub block_bytes_max: usize,
    /// How many arrays and objects may stand within each other in a chain's JSON; more than
    /// [`json::Limits::DEPTH_MAX`] are never read.
    pub json_depth_max: usize,
}

impl Default for PeerLimits {
    fn default() -> PeerLimits {
        PeerLimits {
            peers_max: 256,
            chain_bytes_max: 1 << 30,
            chain_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(10),
            block_bytes_max: 64 << 20,
            json_depth_max: json::Limits::DEPTH_MAX,
        }
    }
}
