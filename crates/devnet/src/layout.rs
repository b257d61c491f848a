//! Where everything is in a network's directory.

use std::path::{Path, PathBuf};

use crate::error::DevnetError;
use crate::topology::{ORDERER_DOMAIN, Orderer, Organization, Peer};

/// Where everything is in a network's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout(PathBuf);

impl Layout {
    /// The layout of a network in `directory`, an absolute path.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// The layout of a directory, by its path from the root.
    ///
    /// # Errors
    /// [`DevnetError::File`] when the folder that we stand in is gone.
    pub(crate) fn of(directory: &Path) -> Result<Self, DevnetError> {
        let absolute = std::path::absolute(directory).map_err(DevnetError::file(directory))?;
        Ok(Self::new(absolute))
    }

    /// The directory itself.
    pub fn directory(&self) -> &Path {
        &self.0
    }

    /// The record of the nodes and their ports.
    pub(crate) fn topology_file(&self) -> PathBuf {
        self.0.join("devnet.json")
    }

    /// What the running network is doing, for `status`.
    pub(crate) fn state_file(&self) -> PathBuf {
        self.0.join("state.json")
    }

    /// Locked while the network runs.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.0.join("devnet.lock")
    }

    /// There as long as a network has not been up yet.
    pub(crate) fn unfinished_file(&self) -> PathBuf {
        self.0.join("unfinished")
    }

    /// Locked while the record is changed.
    pub(crate) fn record_lock_file(&self) -> PathBuf {
        self.0.join("record.lock")
    }

    /// What every process prints.
    pub fn log_directory(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// What one process prints.
    pub fn log_file(&self, process: &str) -> PathBuf {
        self.log_directory().join(format!("{process}.log"))
    }

    /// The input of cryptogen and configtxgen.
    pub(crate) fn channel_directory(&self) -> PathBuf {
        self.0.join("channel")
    }

    /// The channel's first block.
    pub fn genesis_block(&self) -> PathBuf {
        self.channel_directory().join("genesis.block")
    }

    /// The keys and certificates of all nodes, in the folders that cryptogen makes.
    pub(crate) fn organizations_directory(&self) -> PathBuf {
        self.0.join("organizations")
    }

    /// The keys and certificates of an organization.
    pub fn organization_directory(&self, organization: &Organization) -> PathBuf {
        self.organizations_directory()
            .join("peerOrganizations")
            .join(&organization.domain)
    }

    /// The keys and certificates of the orderers' organization.
    pub fn orderer_organization_directory(&self) -> PathBuf {
        self.organizations_directory()
            .join("ordererOrganizations")
            .join(ORDERER_DOMAIN)
    }

    /// The MSP folder of the orderers' administrator.
    pub(crate) fn orderer_administrator(&self) -> PathBuf {
        self.orderer_organization_directory()
            .join("users")
            .join(format!("Admin@{ORDERER_DOMAIN}"))
    }

    /// The keys and certificates of a peer: its folders `msp` and `tls`.
    pub fn peer_identity(&self, organization: &Organization, peer: &Peer) -> PathBuf {
        self.organization_directory(organization)
            .join("peers")
            .join(&peer.host)
    }

    /// The keys and certificates of an orderer: its folders `msp` and `tls`.
    pub fn orderer_identity(&self, orderer: &Orderer) -> PathBuf {
        self.orderer_organization_directory()
            .join("orderers")
            .join(&orderer.host)
    }

    /// The key and certificate with which the network's own contract serves TLS: `server.crt`, `server.key`, `ca.crt`.
    pub(crate) fn probe_tls(&self, first: &Organization) -> PathBuf {
        self.organization_directory(first)
            .join("peers")
            .join(format!("probe.{}", first.domain))
            .join("tls")
    }

    /// The certificate that proves the organization's peers on TLS.
    pub fn tls_root(&self, organization: &Organization) -> PathBuf {
        let name = format!("tlsca.{}-cert.pem", organization.domain);
        self.organization_directory(organization)
            .join("tlsca")
            .join(name)
    }

    /// The certificate that proves the orderers on TLS.
    pub fn orderer_tls_root(&self) -> PathBuf {
        self.orderer_organization_directory()
            .join("tlsca")
            .join(format!("tlsca.{ORDERER_DOMAIN}-cert.pem"))
    }

    /// The certificate of the organization's CA, which also proves that CA's server on TLS.
    pub fn authority_root(&self, organization: &Organization) -> PathBuf {
        self.organization_directory(organization)
            .join("ca")
            .join(format!("ca.{}-cert.pem", organization.domain))
    }

    /// The key of the organization's CA.
    pub(crate) fn authority_key(&self, organization: &Organization) -> PathBuf {
        self.organization_directory(organization)
            .join("ca")
            .join("priv_sk")
    }

    /// The MSP folder of the administrator that cryptogen made, who sets the channel up.
    pub fn administrator_msp(&self, organization: &Organization) -> PathBuf {
        self.organization_directory(organization)
            .join("users")
            .join(format!("Admin@{}", organization.domain))
            .join("msp")
    }

    /// The configuration and data of one node.
    pub(crate) fn node_directory(&self, name: &str) -> PathBuf {
        self.0.join("nodes").join(name)
    }

    /// The external builder by which peers reach contracts that run as services.
    pub(crate) fn builder_directory(&self) -> PathBuf {
        self.0.join("builder")
    }

    /// The packages of the contracts.
    pub(crate) fn contracts_directory(&self) -> PathBuf {
        self.0.join("contracts")
    }

    /// The wallets, a folder for each organization.
    pub fn wallet_directory(&self, organization: &Organization) -> PathBuf {
        self.0.join("wallets").join(&organization.name)
    }

    /// The MSP folder of a user that the organization's CA enrolled.
    pub fn user_msp(&self, organization: &Organization, user: &str) -> PathBuf {
        self.wallet_directory(organization).join(user).join("msp")
    }
}
