//! Fabric's own programs: found, or built.
//!
//! Those that belong together come from one folder: the one that the user names, else the first of the PATH that has them in a
//! fitting version, else the cache of those that the machine's Go has built from the modules pinned in `go/`. The network's own
//! contract may lie beside Fabric's programs, so that a machine without Go can be supplied with a folder.

mod build;
mod cache;
mod error;
mod go;
mod kit;
mod modules;
mod search;
mod version;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use self::cache::Cache;
pub use self::error::ProgramsError;
use self::go::Go;
use self::kit::{Kit, PROBE_NAME, is_executable};
use self::version::ANSWER_TIMEOUT;
use crate::options::FabricVersion;

/// The collections of private data of the network's own contract, as Fabric's commands take them.
pub(crate) const PROBE_COLLECTIONS: &str = include_str!("../../go/probe/collections.json");

const DISCOVER: &str = "discover";

/// The programs that a network is made of; the paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// Runs a peer and speaks to peers and orderers.
    pub peer: PathBuf,
    /// Runs an orderer.
    pub orderer: PathBuf,
    /// Makes a channel's first block.
    pub configtxgen: PathBuf,
    /// Makes keys and certificates of organizations.
    pub cryptogen: PathBuf,
    /// Joins orderers to channels.
    pub osnadmin: PathBuf,
    /// Asks a peer what it knows of the others.
    pub discover: PathBuf,
    /// Shows Fabric's messages as JSON. The network itself does without; none where a folder of the user's own has none.
    pub configtxlator: Option<PathBuf>,
    /// Runs a certificate authority.
    pub ca_server: PathBuf,
    /// Speaks to a certificate authority.
    pub ca_client: PathBuf,
    /// Runs the network's own contract.
    pub probe: PathBuf,
}

impl Programs {
    /// Finds Fabric's programs of a version, and builds what is not there.
    ///
    /// `bin_directory` is searched before the PATH. `progress` is told in sentences what goes on; a first build takes minutes.
    ///
    /// # Errors
    /// [`ProgramsError`] when a program is neither there nor can be built, or when `bin_directory` has other versions.
    pub fn provide(
        version: FabricVersion,
        bin_directory: Option<&Path>,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, ProgramsError> {
        let places = Places {
            bin_directory: bin_directory.map(Path::to_owned),
            path: std::env::var_os("PATH").unwrap_or_default(),
            cache: ProjectDirs::from("", "", "chainloom")
                .map(|directories| directories.cache_dir().join("devnet")),
        };
        places.provide(version, progress)
    }
}

/// Where programs may be.
#[derive(Debug)]
struct Places {
    bin_directory: Option<PathBuf>,
    path: OsString,
    /// None when the user has no home.
    cache: Option<PathBuf>,
}

impl Places {
    fn provide(
        &self,
        version: FabricVersion,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Programs, ProgramsError> {
        let fabric = Kit::Fabric(version);
        let own_fabric = self.own(fabric, progress)?;
        let own_authority = self.own(Kit::Authority, progress)?;
        let own = |name| {
            let program = own_fabric.as_ref()?.join(name);
            is_executable(&program).then_some(program)
        };
        let (own_discover, own_probe) = (own(DISCOVER), own(PROBE_NAME));
        if let (Some(folder), None) = (&own_fabric, &own_discover) {
            let folder = folder.display();
            progress(&format!(
                "{folder} has no {DISCOVER}, which is therefore taken from {fabric} as Go builds them"
            ));
        }

        let mut wanted = Vec::new();
        if own_fabric.is_none() || own_discover.is_none() {
            wanted.push(fabric);
        }
        if own_authority.is_none() {
            wanted.push(Kit::Authority);
        }
        if own_probe.is_none() {
            wanted.push(Kit::Probe);
        }
        let cache = self.filled_cache(&wanted, progress)?;
        let built = |kit| {
            let cache = cache.as_ref();
            cache
                .expect("what the machine has not was wanted")
                .folder(kit)
        };
        let fabric_folder = own_fabric.unwrap_or_else(|| built(fabric));
        let authority_folder = own_authority.unwrap_or_else(|| built(Kit::Authority));
        Ok(Programs {
            peer: fabric_folder.join("peer"),
            orderer: fabric_folder.join("orderer"),
            configtxgen: fabric_folder.join("configtxgen"),
            cryptogen: fabric_folder.join("cryptogen"),
            osnadmin: fabric_folder.join("osnadmin"),
            discover: own_discover.unwrap_or_else(|| built(fabric).join(DISCOVER)),
            configtxlator: Some(fabric_folder.join("configtxlator"))
                .filter(|program| is_executable(program)),
            ca_server: authority_folder.join("fabric-ca-server"),
            ca_client: authority_folder.join("fabric-ca-client"),
            probe: own_probe.unwrap_or_else(|| built(Kit::Probe).join(PROBE_NAME)),
        })
    }

    /// The folder of the machine's own that has a kit: the one that the user names, else one of the PATH.
    fn own(
        &self,
        kit: Kit,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Option<PathBuf>, ProgramsError> {
        if let Some(folder) = &self.bin_directory
            && let Some(folder) = search::in_named(folder, kit, ANSWER_TIMEOUT)?
        {
            return Ok(Some(folder));
        }
        let but = self.cache.as_deref();
        Ok(search::on_path(
            &self.path,
            but,
            kit,
            ANSWER_TIMEOUT,
            progress,
        ))
    }

    /// The cache, with all of these in it; there need not be one for nothing.
    fn filled_cache(
        &self,
        wanted: &[Kit],
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Option<Cache>, ProgramsError> {
        let Some(root) = self.cache.clone() else {
            return match wanted {
                [] => Ok(None),
                _ => Err(ProgramsError::NoCache),
            };
        };
        let cache = Cache::new(root);
        cache.remove_unfinished();
        let missing: Vec<Kit> = wanted
            .iter()
            .copied()
            .filter(|kit| !cache.holds(*kit))
            .collect();
        if !missing.is_empty() {
            let go = Go::find(&self.path, &missing)?;
            // One after the other: each build takes all cores.
            for kit in missing {
                cache.build(kit, &go, progress)?;
            }
        }
        Ok(Some(cache))
    }
}

#[cfg(test)]
mod tests;
