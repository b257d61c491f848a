//! The paper's way: Fabric's official client for Go, with one query of `qscc` for each block.

use std::path::Path;
use std::process::Command;

use chainloom_devnet::Network;

use crate::fabric::{Answer, Client, go_program, official};

/// The contract in every peer that answers what its ledger holds.
const CONTRACT: &str = "qscc";

/// The official client, connected.
pub(crate) struct Rival {
    client: Client,
    channel: String,
}

impl Rival {
    /// As alice of the first organization, at its first peer.
    pub(crate) fn start(network: &Network) -> Self {
        let mut command = Command::new(go_program());
        Self {
            client: Client::start("the Go client", official(&mut command, network, CONTRACT)),
            channel: network.topology().channel.clone(),
        }
    }

    /// Reads the blocks from `first` on, before `end`, and keeps them in a file where one is named.
    pub(crate) fn walk(&mut self, first: u64, end: u64, save: Option<&Path>) -> Answer {
        self.client.carry_out(&serde_json::json!({"walk": {
            "channel": self.channel,
            "first": first,
            "end": end,
            "save": save.unwrap_or(Path::new("")),
        }}))
    }
}
