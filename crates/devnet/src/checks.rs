//! What a network's directory has to be before the network is brought up.

use std::path::Path;

use crate::error::{DevnetError, PATH_BYTES_MAX};
use crate::layout::Layout;
use crate::ports;
use crate::topology::Topology;

/// How much room the directory's disk has, in MiB.
///
/// # Errors
/// [`DevnetError::File`].
pub(crate) fn free_mib(directory: &Path) -> Result<u64, DevnetError> {
    let disk = rustix::fs::statvfs(directory)
        .map_err(|error| DevnetError::file(directory)(error.into()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize) >> 20)
}

/// Refuses a path that Fabric's programs would not take for what it is: a CA's database ends the file's name at a `?`, the
/// others put variables in the place of a `$`, and their configuration is text.
pub(crate) fn check_path(directory: &Path) -> Result<(), DevnetError> {
    match directory.to_str() {
        Some(path) if !path.contains(['?', '$']) && path.len() <= PATH_BYTES_MAX => Ok(()),
        _ => Err(DevnetError::Path(directory.to_owned())),
    }
}

pub(crate) fn check_disk(directory: &Path, needed_mib: u64) -> Result<(), DevnetError> {
    let free_mib = free_mib(directory)?;
    match free_mib < needed_mib {
        true => Err(DevnetError::DiskFull {
            directory: directory.to_owned(),
            free_mib,
            needed_mib,
        }),
        false => Ok(()),
    }
}

/// Refuses a network that lacks keys or a node's ledger, which nothing can make again.
pub(crate) fn check_parts(layout: &Layout, topology: &Topology) -> Result<(), DevnetError> {
    let orderers = topology.orderers.iter().map(|orderer| &orderer.name);
    let peers = topology.peers().map(|(_, peer)| &peer.name);
    let nodes = orderers
        .chain(peers)
        .map(|name| layout.node_directory(name));
    let mut parts = nodes.chain([layout.organizations_directory()]);
    match parts.find(|part| !part.exists()) {
        Some(missing) => Err(DevnetError::Incomplete {
            directory: layout.directory().to_owned(),
            missing,
        }),
        None => Ok(()),
    }
}

/// Refuses ports that other programs have.
///
/// # Errors
/// [`DevnetError::PortTaken`] with the first such port.
pub(crate) fn check_ports(topology: &Topology, directory: &Path) -> Result<(), DevnetError> {
    for (process, port) in topology.ports() {
        if !ports::is_free(port) {
            return Err(DevnetError::PortTaken {
                process: process.to_owned(),
                port,
                directory: directory.to_owned(),
            });
        }
    }
    Ok(())
}
