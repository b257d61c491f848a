//! The settings as a connection to a channel takes them.

use chainloom_fabric::ConnectionOptions;

use super::FabricSettings;

impl FabricSettings {
    /// What the channel is connected with.
    pub(crate) fn connection(&self) -> ConnectionOptions {
        ConnectionOptions {
            profile: self.profile.clone(),
            channel: self.channel.clone(),
            contract: self.contract.clone(),
            wallet: self.wallet.clone(),
            identity: self.identity.clone(),
            mode: self.mode,
        }
    }
}
