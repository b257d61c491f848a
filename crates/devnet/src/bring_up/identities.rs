//! The keys and certificates of all nodes, and the channel's first block.

use std::fs;

use crate::configuration::{PROFILE, configtx, crypto_config};
use crate::error::DevnetError;
use crate::replace::{Readers, replace};
use crate::site::Site;
use crate::step::{Step, make_directory};

/// Makes them with Fabric's own cryptogen and configtxgen.
///
/// # Errors
/// [`DevnetError`] with the step that failed.
pub(crate) fn make_identities(site: &Site) -> Result<(), DevnetError> {
    let Site {
        layout,
        topology,
        programs,
        ..
    } = site;
    let folder = layout.channel_directory();
    make_directory(&folder)?;
    let input = folder.join("crypto-config.yaml");
    replace(&input, crypto_config(topology).as_bytes(), Readers::All)?;
    let mut command = site.tool(&programs.cryptogen);
    command.arg("generate").arg("--config").arg(&input);
    command
        .arg("--output")
        .arg(layout.organizations_directory());
    let step = Step {
        process: "cryptogen",
        what: "make the keys and certificates of the nodes",
    };
    step.run(&mut command)?;

    let input = folder.join("configtx.yaml");
    replace(&input, configtx(topology, layout).as_bytes(), Readers::All)?;
    let mut command = site.tool(&programs.configtxgen);
    command.env("FABRIC_CFG_PATH", &folder);
    command.args([
        "-profile",
        PROFILE,
        "-channelID",
        &topology.channel,
        "-outputBlock",
    ]);
    command.arg(layout.genesis_block());
    let step = Step {
        process: "configtxgen",
        what: "make the channel's first block",
    };
    step.run(&mut command)?;
    let block = layout.genesis_block();
    fs::metadata(&block).map_err(DevnetError::file(&block))?;
    Ok(())
}
