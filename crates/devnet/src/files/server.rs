//! The configuration with which `chainloom up` serves this network.

use crate::topology::{Organization, Topology};

/// The text of `chainloom.toml`: one ledger, used as alice of `organization`. Its paths begin at the file's folder.
pub(super) fn render(topology: &Topology, organization: &Organization) -> String {
    let channel = &topology.channel;
    let name = &organization.name;
    format!(
        r#"# Serves this network: chainloom up --config chainloom.toml
[ledgers.devnet]
kind = "fabric"
profile = "connection-full-{name}.yaml"
channel = "{channel}"
contract = "probe"
wallet = "wallets/{name}"
identity = "alice"
"#
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::super::testing::{Fixture, enroll};
    use super::super::{wallet, write};
    use super::*;

    #[test]
    fn it_names_files_that_are_there() {
        let fixture = Fixture::new();
        let organization = &fixture.topology.organizations[0];
        write(&fixture.topology, &fixture.layout, &[&fixture.peer_program]).unwrap();
        enroll(&fixture.layout, organization, "alice");
        wallet(&fixture.layout, organization, "alice").unwrap();

        let text = render(&fixture.topology, organization);
        let table: toml::Table = text.parse().unwrap();
        let ledger = table["ledgers"]["devnet"].as_table().unwrap();
        let value = |key: &str| ledger[key].as_str().unwrap();
        let directory = fixture.layout.directory();
        assert!(directory.join(value("profile")).is_file());
        let identity = format!("{}.id", value("identity"));
        assert!(directory.join(value("wallet")).join(identity).is_file());
        assert!(Path::new(value("profile")).is_relative());
        assert_eq!(value("kind"), "fabric");
        assert_eq!(value("channel"), "devnet");
        assert_eq!(value("contract"), "probe");
    }
}
