//! A contract's definition on the channel: installed, approved by each organization, committed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::Package;
use crate::error::{DevnetError, StepError};
use crate::replace::{Readers, replace};
use crate::site::{Site, local};
use crate::step::{Step, make_directory, side_by_side};
use crate::topology::{Organization, Peer};

/// How long what passes by itself may take: an election, a definition on its way to the other peers.
const PASSES_WITHIN: Duration = Duration::from_secs(60);

/// A contract as the channel is to know it.
#[derive(Debug)]
pub(crate) struct Definition<'a> {
    /// The name under which it is called.
    pub(crate) name: &'a str,
    /// The package behind it.
    pub(crate) package: &'a Package,
    /// Who has to endorse, in Fabric's words; `None` is the channel's own rule, the majority of the organizations.
    pub(crate) policy: Option<&'a str>,
    /// Its private data collections.
    pub(crate) collections: Option<&'a Path>,
}

impl Package {
    /// Installs it on every peer that lacks it.
    ///
    /// # Errors
    /// [`DevnetError`] with the peer that refuses it.
    pub(crate) fn install(&self, site: &Site) -> Result<(), DevnetError> {
        let (label, _) = self.id.split_once(':').unwrap_or((&self.id, ""));
        let folder = site.layout.contracts_directory();
        make_directory(&folder)?;
        let file = folder.join(format!("{label}.tar.gz"));
        replace(&file, &self.bytes, Readers::All)?;
        side_by_side(site.topology.peers(), |(organization, peer)| {
            self.install_on(site, organization, peer, &file)
        })?;
        Ok(())
    }

    fn install_on(
        &self,
        site: &Site,
        organization: &Organization,
        peer: &Peer,
        file: &Path,
    ) -> Result<(), StepError> {
        let step = Step {
            process: &peer.name,
            what: "install the contract's package",
        };
        let mut command = site.peer_command(organization, peer);
        command
            .args(["lifecycle", "chaincode", "install"])
            .arg(file);
        match step.run(&mut command) {
            Err(error) if error.says("already successfully installed") => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

impl Definition<'_> {
    /// Brings it onto the channel, unless it stands there with this package already. The package has to be installed.
    ///
    /// # Errors
    /// [`DevnetError`] with the step that failed.
    pub(crate) fn deploy(&self, site: &Site) -> Result<(), DevnetError> {
        let sequence = self.committed_sequence(site)?;
        if sequence > 0 && self.is_current(site)? {
            return Ok(());
        }
        self.deploy_as(site, sequence + 1)
    }

    /// Brings it onto a channel that does not know it.
    ///
    /// # Errors
    /// [`DevnetError`] with the step that failed.
    pub(crate) fn deploy_first(&self, site: &Site) -> Result<(), DevnetError> {
        self.deploy_as(site, 1)
    }

    fn deploy_as(&self, site: &Site, sequence: u64) -> Result<(), DevnetError> {
        side_by_side(&site.topology.organizations, |organization| {
            self.approve(site, organization, sequence)
        })?;
        self.commit(site, sequence)?;
        replace(&self.record(site), self.package.id.as_bytes(), Readers::All)
    }

    /// Which package stands behind the committed definition is written down here; the channel knows it too, but only after some asking.
    fn record(&self, site: &Site) -> PathBuf {
        let name = format!("{}.package-id", self.name);
        site.layout.contracts_directory().join(name)
    }

    fn is_current(&self, site: &Site) -> Result<bool, DevnetError> {
        let record = self.record(site);
        match fs::read(&record) {
            Ok(id) => Ok(id == self.package.id.as_bytes()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(DevnetError::file(record)(error)),
        }
    }

    /// The sequence number of the committed definition; 0 where there is none.
    fn committed_sequence(&self, site: &Site) -> Result<u64, DevnetError> {
        let (organization, peer) = site.first_peer();
        let what = format!("tell the definition of the contract `{}`", self.name);
        let step = Step {
            process: &peer.name,
            what: &what,
        };
        let mut command = site.peer_command(organization, peer);
        command.args([
            "lifecycle",
            "chaincode",
            "querycommitted",
            "--output",
            "json",
        ]);
        command.args(["--channelID", &site.topology.channel]);
        let answer = step.run(&mut command)?;
        let committed: Value = serde_json::from_str(&answer)
            .map_err(|error| step.failed(format!("the answer is no JSON: {error}"), &answer))?;
        let definitions = committed["chaincode_definitions"].as_array();
        let own = definitions
            .into_iter()
            .flatten()
            .find(|definition| definition["name"] == self.name);
        Ok(own.map_or(0, |definition| definition["sequence"].as_u64().unwrap_or(0)))
    }

    fn approve(
        &self,
        site: &Site,
        organization: &Organization,
        sequence: u64,
    ) -> Result<(), DevnetError> {
        let [peer, ..] = organization.peers.as_slice() else {
            unreachable!("a topology is planned with a peer in each organization");
        };
        let what = format!("approve the contract `{}`", self.name);
        let step = Step {
            process: &peer.name,
            what: &what,
        };
        step.run_until(PASSES_WITHIN, passes_by_itself, &site.trouble, || {
            let mut command = site.peer_command(organization, peer);
            command.args(["lifecycle", "chaincode", "approveformyorg"]);
            command.args(["--package-id", &self.package.id]);
            self.describe(&mut command, site, sequence);
            command
        })?;
        Ok(())
    }

    fn commit(&self, site: &Site, sequence: u64) -> Result<(), DevnetError> {
        let (organization, peer) = site.first_peer();
        let what = format!("commit the contract `{}`", self.name);
        let step = Step {
            process: &peer.name,
            what: &what,
        };
        step.run_until(PASSES_WITHIN, passes_by_itself, &site.trouble, || {
            let mut command = site.peer_command(organization, peer);
            command.args(["lifecycle", "chaincode", "commit"]);
            for organization in &site.topology.organizations {
                if let Some(peer) = organization.peers.first() {
                    command.args(["--peerAddresses", &local(peer.port), "--tlsRootCertFiles"]);
                    command.arg(site.layout.tls_root(organization));
                }
            }
            self.describe(&mut command, site, sequence);
            command
        })?;
        Ok(())
    }

    /// The arguments that approvals and the commit must have the same.
    fn describe(&self, command: &mut Command, site: &Site, sequence: u64) {
        let [orderer, ..] = site.topology.orderers.as_slice() else {
            unreachable!("a topology is planned with orderers");
        };
        let sequence = sequence.to_string();
        command.args(["--channelID", &site.topology.channel, "--name", self.name]);
        command.args(["--version", &sequence, "--sequence", &sequence]);
        // Its own 30 s are too few for a machine that has much else to do.
        command.args(["--waitForEventTimeout", "120s"]);
        command.args(["--orderer", &local(orderer.port), "--tls", "--cafile"]);
        command.arg(site.layout.orderer_tls_root());
        if let Some(policy) = self.policy {
            command.args(["--signature-policy", policy]);
        }
        if let Some(collections) = self.collections {
            command.arg("--collections-config").arg(collections);
        }
    }
}

/// Whether the same may succeed in a moment: the orderers have no leader yet, or a peer has not heard of an approval.
fn passes_by_itself(error: &StepError) -> bool {
    [
        "no Raft leader",
        "SERVICE_UNAVAILABLE",
        "not agreed to by this org",
        "MVCC_READ_CONFLICT",
    ]
    .iter()
    .any(|telling| error.says(telling))
}
