//! Fabric's own programs: found, or built.

use std::path::{Path, PathBuf};

use crate::options::FabricVersion;

/// Fabric's own programs, of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    pub(crate) peer: PathBuf,
}

/// Why Fabric's programs cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ProgramsError {}

impl Programs {
    /// Finds or builds.
    pub fn provide(
        _version: FabricVersion,
        _bin_directory: Option<&Path>,
        _progress: &dyn Fn(&str),
    ) -> Result<Self, ProgramsError> {
        todo!()
    }
}
