//! The files that people need to use the network, written into its directory.

mod environment;
mod profile;
mod server;
#[cfg(test)]
mod testing;
mod wallet;

use std::fs;
use std::io;
use std::path::Path;

use crate::error::DevnetError;
use crate::layout::Layout;
use crate::topology::Topology;

use crate::replace::{Readers, replace};
use profile::{Format, Profile};

pub(crate) use wallet::wallet;

/// Writes the connection profiles, `env.sh` and `chainloom.toml`. The keys and certificates of the nodes have to be there.
///
/// `programs` are those of Fabric's that people use; the folders that they are in go to the front of the PATH in `env.sh`.
///
/// # Errors
/// [`DevnetError::File`] when a certificate could not be read, a file could not be written, or a path is no UTF-8.
pub(crate) fn write(
    topology: &Topology,
    layout: &Layout,
    programs: &[&Path],
) -> Result<(), DevnetError> {
    let directory = layout.directory();
    for organization in &topology.organizations {
        let name = &organization.name;
        for (stem, profile) in [
            ("connection", Profile::own(layout, organization)?),
            (
                "connection-full",
                Profile::full(topology, layout, organization)?,
            ),
        ] {
            for format in [Format::Yaml, Format::Json] {
                let file = directory.join(format!("{stem}-{name}.{}", format.extension()));
                replace(&file, profile.render(format).as_bytes(), Readers::All)?;
            }
        }
    }
    let script = environment::render(topology, layout, programs)?;
    replace(&directory.join("env.sh"), script.as_bytes(), Readers::All)?;
    if let Some(first) = topology.organizations.first() {
        let configuration = server::render(topology, first);
        let file = directory.join("chainloom.toml");
        replace(&file, configuration.as_bytes(), Readers::All)?;
    }
    Ok(())
}

/// The text of a certificate or a key.
fn read(path: &Path) -> Result<String, DevnetError> {
    fs::read_to_string(path).map_err(DevnetError::file(path))
}

/// The error of a file or folder that does not hold what it should.
fn unfit(path: &Path, reason: impl Into<String>) -> DevnetError {
    DevnetError::file(path)(io::Error::new(io::ErrorKind::InvalidData, reason.into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::testing::Fixture;
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_file_is_written_and_nothing_else_is_left() {
        let fixture = Fixture::new();
        for _ in 0..2 {
            write(&fixture.topology, &fixture.layout, &[&fixture.peer_program]).unwrap();
            assert_eq!(
                names(fixture.layout.directory()),
                [
                    "chainloom.toml",
                    "connection-full-org1.json",
                    "connection-full-org1.yaml",
                    "connection-full-org2.json",
                    "connection-full-org2.yaml",
                    "connection-org1.json",
                    "connection-org1.yaml",
                    "connection-org2.json",
                    "connection-org2.yaml",
                    "env.sh",
                ]
            );
        }
    }

    #[test]
    fn a_certificate_that_is_missing_is_named() {
        let fixture = Fixture::new();
        let missing = fixture.layout.orderer_tls_root();
        fs::remove_file(&missing).unwrap();
        let error =
            write(&fixture.topology, &fixture.layout, &[&fixture.peer_program]).unwrap_err();
        assert!(
            matches!(&error, DevnetError::File { path, source }
                if *path == missing && source.kind() == io::ErrorKind::NotFound),
            "{error}"
        );
    }
}
