//! The configuration of every node, written anew at each start so that a directory may be moved.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::configuration::{BUILDER_PROGRAMS, core, fabric_ca_server_config, orderer};
use crate::error::DevnetError;
use crate::replace::{Readers, replace};
use crate::site::{Node, Site};
use crate::step::make_directory;

/// Writes them.
///
/// # Errors
/// [`DevnetError::File`].
pub(crate) fn write_configurations(site: &Site, gateway_enabled: bool) -> Result<(), DevnetError> {
    let Site {
        layout, topology, ..
    } = site;
    make_directory(&layout.log_directory())?;
    for node in site.nodes() {
        let folder = layout.node_directory(node.name());
        make_directory(&folder)?;
        let (name, text) = match node {
            Node::Orderer(node) => ("orderer.yaml", orderer(topology, layout, node)),
            Node::Peer(organization, peer) => (
                "core.yaml",
                core(topology, layout, organization, peer, gateway_enabled),
            ),
            Node::Authority(organization) => (
                "fabric-ca-server-config.yaml",
                fabric_ca_server_config(layout, organization),
            ),
            Node::Probe => continue,
        };
        replace(&folder.join(name), text.as_bytes(), Readers::All)?;
    }
    let builder = layout.builder_directory();
    make_directory(&builder.join("bin"))?;
    for (name, script) in BUILDER_PROGRAMS {
        let path = builder.join(name);
        replace(&path, script.as_bytes(), Readers::All)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))
            .map_err(DevnetError::file(&path))?;
    }
    Ok(())
}
