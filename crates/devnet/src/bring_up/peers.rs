//! Peers join the channel.

use crate::error::DevnetError;
use crate::site::Site;
use crate::step::Step;
use crate::topology::{Organization, Peer};

/// Lets a peer that listens join the channel.
///
/// # Errors
/// [`DevnetError`] with what the peer said.
pub(crate) fn join_peer(
    site: &Site,
    organization: &Organization,
    peer: &Peer,
) -> Result<(), DevnetError> {
    let step = Step {
        process: &peer.name,
        what: "join the channel",
    };
    let mut command = site.peer_command(organization, peer);
    command.args(["channel", "join", "--blockpath"]);
    command.arg(site.layout.genesis_block());
    step.run(&mut command)?;
    Ok(())
}
