//! Orderers join the channel.

use crate::error::DevnetError;
use crate::site::{Site, local};
use crate::step::Step;
use crate::topology::Orderer;

/// Lets an orderer that listens join the channel.
///
/// # Errors
/// [`DevnetError`] with what the orderer said.
pub(crate) fn join_orderer(site: &Site, orderer: &Orderer) -> Result<(), DevnetError> {
    let Site {
        layout,
        topology,
        programs,
    } = site;
    let step = Step {
        process: &orderer.name,
        what: "join the channel",
    };
    let identity = layout.orderer_administrator().join("tls");
    let mut command = site.tool(&programs.osnadmin);
    command.args(["channel", "join", "--channelID", &topology.channel]);
    command.arg("--config-block").arg(layout.genesis_block());
    command.args(["--orderer-address", &local(orderer.admin_port)]);
    command.arg("--ca-file").arg(layout.orderer_tls_root());
    command
        .arg("--client-cert")
        .arg(identity.join("client.crt"));
    command.arg("--client-key").arg(identity.join("client.key"));
    // The command succeeds whatever the orderer answers; the answer begins with its HTTP status.
    let answer = step.run(&mut command)?;
    match answer.contains("Status: 201") {
        true => Ok(()),
        false => Err(step.failed("it refused", &answer).into()),
    }
}
