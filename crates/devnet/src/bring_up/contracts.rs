//! The contracts of a network: its own, and those that users add.

use std::fs;
use std::time::Duration;

use crate::contract::{Definition, Package};
use crate::error::DevnetError;
use crate::options::UserContract;
use crate::programs::PROBE_COLLECTIONS;
use crate::replace::{Readers, replace};
use crate::site::{PROBE, Site, local};
use crate::step::{Step, make_directory, side_by_side};

/// The name under which the network's own contract needs both organizations.
const PROBE_ALL: &str = "probe-all";
const EITHER: &str = "OR('Org1MSP.member','Org2MSP.member')";
const BOTH: &str = "AND('Org1MSP.member','Org2MSP.member')";
/// How long the peers may take to find each other and to start what they have to.
const ENDORSABLE_WITHIN: Duration = Duration::from_secs(120);

/// The package of the network's own contract. Its root certificate has to be there.
///
/// # Errors
/// [`DevnetError::File`].
pub(crate) fn probe_package(site: &Site) -> Result<Package, DevnetError> {
    let root = site.layout.tls_root(site.first_peer().0);
    let root = fs::read_to_string(&root).map_err(DevnetError::file(&root))?;
    let address = local(site.topology.probe_port);
    Ok(Package::of_service(PROBE, &address, Some(&root)))
}

/// Brings the network's own contract onto the channel, under both of its names. The package has to be installed.
///
/// # Errors
/// [`DevnetError`] with the step that failed.
pub(crate) fn deploy_probe(site: &Site, package: &Package) -> Result<(), DevnetError> {
    let folder = site.layout.contracts_directory();
    make_directory(&folder)?;
    let collections = folder.join("probe-collections.json");
    replace(&collections, PROBE_COLLECTIONS.as_bytes(), Readers::All)?;
    side_by_side([(PROBE, EITHER), (PROBE_ALL, BOTH)], |(name, policy)| {
        let definition = Definition {
            name,
            package,
            policy: Some(policy),
            collections: Some(&collections),
        };
        definition.deploy_first(site)
    })?;
    Ok(())
}

/// The package of a user's contract.
pub(crate) fn users_package(contract: &UserContract) -> Package {
    Package::of_service(&contract.name, &contract.address, None)
}

/// Installs a user's contract and brings it onto the channel, or in place of what stands there under its name. The service itself
/// need not run yet.
///
/// # Errors
/// [`DevnetError`] with the step that failed.
pub(crate) fn deploy_users_contract(
    site: &Site,
    contract: &UserContract,
) -> Result<(), DevnetError> {
    let package = users_package(contract);
    package.install(site)?;
    let definition = Definition {
        name: &contract.name,
        package: &package,
        policy: None,
        collections: None,
    };
    definition.deploy(site)
}

/// Waits until every peer knows whom to ask for endorsements of the network's own contract under the stricter of its names, so that
/// the first client finds what it needs.
///
/// # Errors
/// [`DevnetError`] with what the peer still lacks.
pub(crate) fn wait_until_endorsable(site: &Site) -> Result<(), DevnetError> {
    let what = format!("find the endorsers of the contract `{PROBE_ALL}`");
    side_by_side(site.topology.peers(), |(organization, peer)| {
        let step = Step {
            process: &peer.name,
            what: &what,
        };
        let user = site.layout.administrator_msp(organization);
        step.run_until(
            ENDORSABLE_WITHIN,
            |_| true,
            &site.trouble,
            || {
                let mut command = site.tool(&site.programs.discover);
                command
                    .arg("--peerTLSCA")
                    .arg(site.layout.tls_root(organization));
                command.arg("--userKey").arg(user.join("keystore/priv_sk"));
                let certificate = format!("signcerts/Admin@{}-cert.pem", organization.domain);
                command.arg("--userCert").arg(user.join(certificate));
                command.args(["--MSP", &organization.msp_id, "endorsers"]);
                command.args([
                    "--channel",
                    &site.topology.channel,
                    "--chaincode",
                    PROBE_ALL,
                ]);
                command.args(["--server", &local(peer.port)]);
                command
            },
        )
    })?;
    Ok(())
}
