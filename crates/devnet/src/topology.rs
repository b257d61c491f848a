//! Which nodes there are and where they listen: the network's own record, kept in `devnet.json`.

use std::collections::HashSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::options::{Consensus, FabricVersion, Options, OptionsError, PEERS_MAX, UserContract};

/// The form of the directory that this program writes and reads.
pub(crate) const LAYOUT_VERSION: u32 = 1;
/// The name of the channel.
pub const CHANNEL: &str = "devnet";
/// The domain of the orderers.
pub(crate) const ORDERER_DOMAIN: &str = "example.com";
/// The MSP id of the orderers.
pub const ORDERER_MSP_ID: &str = "OrdererMSP";

const MAX_MESSAGE_COUNT: u32 = 500;
const BATCH_TIMEOUT_MS: u64 = 200;
const BATCH_TIMEOUT_MS_MAX: u64 = 3_600_000;

/// Which nodes there are and where they listen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// The form of the directory, as the program knew it that made it.
    pub layout_version: u32,
    /// The version of Fabric that made the ledger.
    pub fabric: FabricVersion,
    /// How the orderers agree.
    pub consensus: Consensus,
    /// The name of the channel.
    pub channel: String,
    /// The most transactions in a block.
    pub max_message_count: u32,
    /// How long an orderer waits for a block to fill.
    pub batch_timeout_ms: u64,
    /// The organizations with peers.
    pub organizations: Vec<Organization>,
    /// The orderers.
    pub orderers: Vec<Orderer>,
    /// Where the network's own contract listens.
    pub probe_port: u16,
    /// Contracts that users added.
    pub contracts: Vec<UserContract>,
}

/// An organization with its peers and its certificate authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its short name: `org1`.
    pub name: String,
    /// Its MSP id: `Org1MSP`.
    pub msp_id: String,
    /// Its domain: `org1.example.com`.
    pub domain: String,
    /// Its peers.
    pub peers: Vec<Peer>,
    /// Its certificate authority.
    pub authority: Authority,
}

/// A peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its short name: `peer0.org1`.
    pub name: String,
    /// The name in its certificate: `peer0.org1.example.com`.
    pub host: String,
    /// Where it serves clients and other peers.
    pub port: u16,
    /// Where it would serve contracts that it starts itself.
    pub chaincode_port: u16,
    /// Where it tells its health and its metrics.
    pub operations_port: u16,
}

/// An orderer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orderer {
    /// Its short name: `orderer0`.
    pub name: String,
    /// The name in its certificate: `orderer0.example.com`.
    pub host: String,
    /// Where it serves clients and other orderers.
    pub port: u16,
    /// Where it takes orders to join channels.
    pub admin_port: u16,
    /// Where it tells its health and its metrics.
    pub operations_port: u16,
}

/// A certificate authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// Its name, of its process and of the CA in it: `ca-org1`.
    pub name: String,
    /// Where it serves.
    pub port: u16,
    /// Where it tells its health and its metrics.
    pub operations_port: u16,
}

impl Topology {
    /// The network that `options` ask for, where there is none yet. `next_port` gives a free port each time.
    ///
    /// # Errors
    /// [`OptionsError`] when there can be no such network.
    pub(crate) fn plan(
        options: &Options,
        mut next_port: impl FnMut() -> u16,
    ) -> Result<Self, OptionsError> {
        check(options)?;
        let fabric = options.fabric.unwrap_or_default();
        let consensus = options.consensus.unwrap_or_default();
        if consensus == Consensus::Bft && fabric == FabricVersion::V2_5 {
            return Err(OptionsError::BftNeedsVersion3);
        }
        let peers = options.peers_per_organization.unwrap_or(1);
        let organizations = (1..=2)
            .map(|number| Organization::plan(number, peers, &mut next_port))
            .collect();
        let orderers = (0..consensus.orderers())
            .map(|number| Orderer {
                name: format!("orderer{number}"),
                host: format!("orderer{number}.{ORDERER_DOMAIN}"),
                port: next_port(),
                admin_port: next_port(),
                operations_port: next_port(),
            })
            .collect();
        Ok(Self {
            layout_version: LAYOUT_VERSION,
            fabric,
            consensus,
            channel: CHANNEL.to_owned(),
            max_message_count: options.max_message_count.unwrap_or(MAX_MESSAGE_COUNT),
            batch_timeout_ms: options.batch_timeout.map_or(BATCH_TIMEOUT_MS, milliseconds),
            organizations,
            orderers,
            probe_port: next_port(),
            contracts: options.contracts.clone(),
        })
    }

    /// Takes over the contracts that `options` name; all else must be as this network has it.
    ///
    /// # Errors
    /// What is asked for and what this network has, in words, where the two differ; or [`OptionsError`] when nothing
    /// could be so.
    pub(crate) fn continue_with(&mut self, options: &Options) -> Result<(), Mismatch> {
        check(options)?;
        differs("--fabric", options.fabric, self.fabric)?;
        differs("--consensus", options.consensus, self.consensus)?;
        let peers = self.organizations.first().map_or(0, |organization| {
            u16::try_from(organization.peers.len()).unwrap_or(u16::MAX)
        });
        differs("--peers", options.peers_per_organization, peers)?;
        differs(
            "--max-message-count",
            options.max_message_count,
            self.max_message_count,
        )?;
        let batch_timeout = options.batch_timeout.map(|timeout| format!("{timeout:?}"));
        let present = format!("{:?}", Duration::from_millis(self.batch_timeout_ms));
        differs("--batch-timeout", batch_timeout, present)?;
        for contract in &options.contracts {
            match self
                .contracts
                .iter_mut()
                .find(|known| known.name == contract.name)
            {
                Some(known) => known.address.clone_from(&contract.address),
                None => self.contracts.push(contract.clone()),
            }
        }
        Ok(())
    }

    /// Whether there is at least one of everything: a record that people changed may lack it.
    pub(crate) fn is_whole(&self) -> bool {
        !self.orderers.is_empty()
            && !self.organizations.is_empty()
            && self
                .organizations
                .iter()
                .all(|organization| !organization.peers.is_empty())
    }

    /// All peers, organization by organization.
    pub fn peers(&self) -> impl Iterator<Item = (&Organization, &Peer)> {
        self.organizations.iter().flat_map(|organization| {
            organization
                .peers
                .iter()
                .map(move |peer| (organization, peer))
        })
    }

    /// Every port on which a process of this network listens, with the process's name.
    pub(crate) fn ports(&self) -> Vec<(&str, u16)> {
        let peers = self.peers().flat_map(|(_, peer)| {
            [peer.port, peer.chaincode_port, peer.operations_port]
                .map(|port| (peer.name.as_str(), port))
        });
        let orderers = self.orderers.iter().flat_map(|orderer| {
            [orderer.port, orderer.admin_port, orderer.operations_port]
                .map(|port| (orderer.name.as_str(), port))
        });
        let authorities = self.organizations.iter().flat_map(|organization| {
            let authority = &organization.authority;
            [authority.port, authority.operations_port].map(|port| (authority.name.as_str(), port))
        });
        let mut ports: Vec<(&str, u16)> = peers.chain(orderers).chain(authorities).collect();
        ports.push(("probe", self.probe_port));
        ports
    }
}

impl Organization {
    fn plan(number: u16, peers: u16, next_port: &mut impl FnMut() -> u16) -> Self {
        let name = format!("org{number}");
        let domain = format!("{name}.{ORDERER_DOMAIN}");
        Self {
            msp_id: format!("Org{number}MSP"),
            peers: (0..peers)
                .map(|index| Peer {
                    name: format!("peer{index}.{name}"),
                    host: format!("peer{index}.{domain}"),
                    port: next_port(),
                    chaincode_port: next_port(),
                    operations_port: next_port(),
                })
                .collect(),
            authority: Authority {
                name: format!("ca-{name}"),
                port: next_port(),
                operations_port: next_port(),
            },
            domain,
            name,
        }
    }
}

/// Why a directory's network is not the one that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// There could be no such network.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The directory's network is another.
    #[error(
        "it was made with {flag} {present}, not {asked}: leave {flag} out, or name another --dir"
    )]
    Other {
        /// The flag.
        flag: &'static str,
        /// What was asked for.
        asked: String,
        /// What the network has.
        present: String,
    },
}

fn differs<T: PartialEq + ToString>(
    flag: &'static str,
    asked: Option<T>,
    present: T,
) -> Result<(), Mismatch> {
    match asked {
        Some(asked) if asked != present => Err(Mismatch::Other {
            flag,
            asked: asked.to_string(),
            present: present.to_string(),
        }),
        _ => Ok(()),
    }
}

fn check(options: &Options) -> Result<(), OptionsError> {
    if let Some(peers) = options.peers_per_organization
        && !(1..=PEERS_MAX).contains(&peers)
    {
        return Err(OptionsError::Peers(peers));
    }
    if options.max_message_count == Some(0) {
        return Err(OptionsError::NoMessages);
    }
    if let Some(timeout) = options.batch_timeout
        && !(1..=BATCH_TIMEOUT_MS_MAX).contains(&milliseconds(timeout))
    {
        return Err(OptionsError::BatchTimeout(timeout));
    }
    let mut names = HashSet::new();
    match options
        .contracts
        .iter()
        .find(|contract| !names.insert(&contract.name))
    {
        Some(contract) => Err(OptionsError::ContractTwice(contract.name.clone())),
        None => Ok(()),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn plan(options: &Options) -> Result<Topology, OptionsError> {
        let mut port = 1000;
        Topology::plan(options, || {
            port += 1;
            port
        })
    }

    #[test]
    fn the_default_is_two_organizations_and_three_raft_orderers() {
        let topology = plan(&Options::in_directory("d")).unwrap();
        let peers: Vec<&str> = topology
            .peers()
            .map(|(_, peer)| peer.host.as_str())
            .collect();
        assert_eq!(peers, ["peer0.org1.example.com", "peer0.org2.example.com"]);
        assert_eq!(topology.orderers.len(), 3);
        assert_eq!(topology.organizations[1].msp_id, "Org2MSP");
        let ports = topology.ports();
        let different: HashSet<u16> = ports.iter().map(|(_, port)| *port).collect();
        assert_eq!(different.len(), ports.len());
        assert_eq!(ports.len(), 2 * 3 + 3 * 3 + 2 * 2 + 1);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let asked = |change: fn(&mut Options)| {
            let mut options = Options::in_directory("d");
            change(&mut options);
            plan(&options).unwrap_err()
        };
        assert_eq!(
            asked(|options| options.consensus = Some(Consensus::Bft)),
            OptionsError::BftNeedsVersion3
        );
        assert_eq!(
            asked(|options| options.peers_per_organization = Some(0)),
            OptionsError::Peers(0)
        );
        assert_eq!(
            asked(|options| options.peers_per_organization = Some(10)),
            OptionsError::Peers(10)
        );
        assert_eq!(
            asked(|options| options.max_message_count = Some(0)),
            OptionsError::NoMessages
        );
        assert_eq!(
            asked(|options| options.batch_timeout = Some(Duration::ZERO)),
            OptionsError::BatchTimeout(Duration::ZERO)
        );
        assert_eq!(
            asked(|options| {
                let contract: UserContract = "basic=127.0.0.1:1".parse().unwrap();
                options.contracts = vec![contract.clone(), contract];
            }),
            OptionsError::ContractTwice("basic".to_owned())
        );
    }

    #[test]
    fn a_network_goes_on_as_it_was_made() {
        let mut topology = plan(&Options::in_directory("d")).unwrap();
        let before = topology.clone();
        topology.continue_with(&Options::in_directory("d")).unwrap();
        assert_eq!(topology, before);

        let mut options = Options::in_directory("d");
        options.fabric = Some(FabricVersion::V3_1);
        let mismatch = topology.continue_with(&options).unwrap_err().to_string();
        assert!(mismatch.contains("--fabric 2.5, not 3.1"), "{mismatch}");
        options.fabric = None;
        options.batch_timeout = Some(Duration::from_secs(2));
        let mismatch = topology.continue_with(&options).unwrap_err().to_string();
        assert!(mismatch.contains("200ms, not 2s"), "{mismatch}");
        options.batch_timeout = Some(Duration::ZERO);
        assert!(matches!(
            topology.continue_with(&options),
            Err(Mismatch::Options(OptionsError::BatchTimeout(_)))
        ));
    }

    #[test]
    fn contracts_are_added_and_moved() {
        let mut topology = plan(&Options::in_directory("d")).unwrap();
        for (given, known) in [
            ("a=127.0.0.1:1", vec!["127.0.0.1:1"]),
            ("b=127.0.0.1:2", vec!["127.0.0.1:1", "127.0.0.1:2"]),
            ("a=127.0.0.1:3", vec!["127.0.0.1:3", "127.0.0.1:2"]),
        ] {
            let mut options = Options::in_directory("d");
            options.contracts = vec![given.parse().unwrap()];
            topology.continue_with(&options).unwrap();
            let addresses: Vec<&str> = topology
                .contracts
                .iter()
                .map(|contract| contract.address.as_str())
                .collect();
            assert_eq!(addresses, known);
        }
    }
}
