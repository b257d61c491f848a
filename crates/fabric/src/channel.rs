//! What a channel's configuration says of its organizations: read when it is needed, and kept.

use std::sync::Arc;
use std::time::Duration;

use chainloom_ledger::LedgerError;
use tokio::time::{Instant, timeout, timeout_at};

use crate::direct::Membership;
use crate::identity::Certificate;
use crate::kept::Kept;
use crate::ledger::FabricLedger;
use crate::wire::config::ChannelConfig;

/// How old the configuration may be by which a CA's organization is told.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// How long somebody waits to learn what the channel is like now, where the one as it was last seen would do.
const READ_WITHIN: Duration = Duration::from_secs(3);

/// The organizations of a channel, and what all its nodes are able to do.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) membership: Membership,
    pub(crate) capabilities: Vec<String>,
}

impl Channel {
    fn new(config: &ChannelConfig) -> Self {
        Self {
            membership: Membership::new(config),
            capabilities: config.capabilities.clone(),
        }
    }
}

impl FabricLedger {
    /// The MSP ids of the channel's organizations that have one of these certificates as a CA's: whoever enrolls there is theirs. None where the
    /// channel does not know the CA.
    ///
    /// # Errors
    /// [`LedgerError`] where no peer tells of the channel.
    pub async fn organizations_of_authority(
        &self,
        chain: &[Certificate],
    ) -> Result<Vec<String>, LedgerError> {
        let knows = |channel: &Channel| !channel.membership.organizations_of(chain).is_empty();
        let channel = self.channels.get(self, KEPT_FOR, knows).await?;
        Ok(channel.membership.organizations_of(chain))
    }
}

/// The channel as it was last seen.
#[derive(Debug, Default)]
pub(crate) struct Channels(Kept<Channel>);

impl Channels {
    /// The channel as it was last seen, where that is not too old and enough; else as it is now. Where no peer tells in time, one that is
    /// enough will do, however old.
    ///
    /// # Errors
    /// [`LedgerError`] where no peer tells.
    pub(crate) async fn get(
        &self,
        ledger: &FabricLedger,
        age_max: Duration,
        is_enough: impl Fn(&Channel) -> bool,
    ) -> Result<Arc<Channel>, LedgerError> {
        if let Some(channel) = self.0.fresh(age_max).filter(|channel| is_enough(channel)) {
            return Ok(channel);
        }
        let reading = self.0.read(async {
            let config = ledger.channel_config().await?;
            Ok(Channel::new(&config))
        });
        match self.0.last().filter(|channel| is_enough(channel)) {
            None => reading.await,
            Some(last) => Ok(match timeout(READ_WITHIN, reading).await {
                Ok(Ok(channel)) => channel,
                _ => last,
            }),
        }
    }

    /// Refuses organizations that the channel does not have. Nobody is asked where it had them when it was last seen, nor where none are named;
    /// where no peer tells of the channel they are left to whoever is asked to run the call.
    ///
    /// # Errors
    /// [`LedgerError::InvalidCall`].
    pub(crate) async fn check_organizations(
        &self,
        ledger: &FabricLedger,
        organizations: &[String],
        deadline: Instant,
    ) -> Result<(), LedgerError> {
        if organizations.is_empty() {
            return Ok(());
        }
        let deadline = deadline.min(Instant::now() + READ_WITHIN);
        let has_all = |channel: &Channel| unknown(channel, organizations).is_none();
        let channel = self.get(ledger, Duration::MAX, has_all);
        let Ok(Ok(channel)) = timeout_at(deadline, channel).await else {
            return Ok(());
        };
        match unknown(&channel, organizations) {
            None => Ok(()),
            Some(unknown) => Err(LedgerError::InvalidCall {
                code: "unknown_organization",
                detail: format!(
                    "the call asks for the organization `{unknown}`, and the channel has {}",
                    channel.membership.organizations().join(", ")
                ),
            }),
        }
    }
}

/// The first of these that the channel does not have.
fn unknown<'a>(channel: &Channel, organizations: &'a [String]) -> Option<&'a String> {
    let known = channel.membership.organizations();
    organizations.iter().find(|name| !known.contains(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bytes::Bytes;

    use super::*;
    use crate::direct::config_in;

    #[test]
    fn organizations_are_looked_up_by_their_msp_id() {
        let genesis = include_bytes!("../tests/data/raft-genesis.block");
        let channel = Channel::new(&config_in(Bytes::from_static(genesis)).unwrap());
        let first_unknown = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            unknown(&channel, &names).cloned()
        };
        assert_eq!(first_unknown(&["Org2MSP", "Org1MSP"]), None);
        let wrong = first_unknown(&["Org1MSP", "Org9MSP", "org1"]);
        assert_eq!(wrong.as_deref(), Some("Org9MSP"));
        // The orderers' organization endorses nothing.
        assert!(first_unknown(&["OrdererMSP"]).is_some());
    }
}
