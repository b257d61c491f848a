//! A network as it stands in its directory, running or not, and the commands that work on it.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::configuration::{LOGGING_FORMAT, LOGGING_SPEC};
use crate::layout::Layout;
use crate::process::guarded;
use crate::programs::Programs;
use crate::topology::{Orderer, Organization, Peer, Topology};
use crate::trouble::Trouble;

/// A network as it stands in its directory.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) layout: Layout,
    pub(crate) topology: Topology,
    pub(crate) programs: Programs,
    /// What ends the steps under way, where this process runs the network.
    pub(crate) trouble: Trouble,
}

/// A process of the network.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Node<'a> {
    Orderer(&'a Orderer),
    Peer(&'a Organization, &'a Peer),
    Authority(&'a Organization),
    /// The network's own contract.
    Probe,
}

/// The name of the process that serves the network's own contract.
pub(crate) const PROBE: &str = "probe";

impl<'a> Node<'a> {
    /// Its short name.
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Orderer(orderer) => &orderer.name,
            Self::Peer(_, peer) => &peer.name,
            Self::Authority(organization) => &organization.authority.name,
            Self::Probe => PROBE,
        }
    }

    /// What it is, for people.
    pub(crate) fn role(self) -> &'static str {
        match self {
            Self::Orderer(_) => "orderer",
            Self::Peer(..) => "peer",
            Self::Authority(_) => "certificate authority",
            Self::Probe => "contract",
        }
    }
}

impl Site {
    /// All processes, in the order in which people think of them.
    pub(crate) fn nodes(&self) -> Vec<Node<'_>> {
        let orderers = self.topology.orderers.iter().map(Node::Orderer);
        let peers = self
            .topology
            .peers()
            .map(|(organization, peer)| Node::Peer(organization, peer));
        let authorities = self.topology.organizations.iter().map(Node::Authority);
        let mut nodes: Vec<Node<'_>> = orderers.chain(peers).chain(authorities).collect();
        nodes.push(Node::Probe);
        nodes
    }

    /// Where a process serves its clients.
    pub(crate) fn port(&self, node: Node<'_>) -> u16 {
        match node {
            Node::Orderer(orderer) => orderer.port,
            Node::Peer(_, peer) => peer.port,
            Node::Authority(organization) => organization.authority.port,
            Node::Probe => self.topology.probe_port,
        }
    }

    /// The port that a process opens last, so that all others are open when this one is.
    pub(crate) fn last_port(&self, node: Node<'_>) -> u16 {
        match node {
            Node::Orderer(orderer) => orderer.admin_port,
            _ => self.port(node),
        }
    }

    /// The peer that is asked where any would do.
    pub(crate) fn first_peer(&self) -> (&Organization, &Peer) {
        let first = self.topology.peers().next();
        first.expect("a topology is planned with a peer in each organization")
    }

    /// The command that is the process itself. `probe_id` is the package id of the network's own contract.
    pub(crate) fn node_command(&self, node: Node<'_>, probe_id: &str) -> Command {
        let directory = self.layout.node_directory(node.name());
        let mut command;
        match node {
            Node::Orderer(_) => {
                command = fabric(&self.programs.orderer);
                command.env("FABRIC_CFG_PATH", &directory);
            }
            Node::Peer(..) => {
                command = fabric(&self.programs.peer);
                command.args(["node", "start"]);
                command.env("FABRIC_CFG_PATH", &directory);
            }
            Node::Authority(_) => {
                command = fabric(&self.programs.ca_server);
                command.arg("start").arg("--home").arg(&directory);
            }
            Node::Probe => {
                let tls = self.layout.probe_tls(self.first_peer().0);
                command = fabric(&self.programs.probe);
                command
                    .env("CHAINCODE_SERVER_ADDRESS", local(self.topology.probe_port))
                    .env("CHAINCODE_ID", probe_id)
                    .env("CHAINCODE_TLS_CERT", tls.join("server.crt"))
                    .env("CHAINCODE_TLS_KEY", tls.join("server.key"));
            }
        }
        command.current_dir(&directory);
        command
    }

    /// Fabric's `peer` command, as the organization's administrator speaking to that peer.
    pub(crate) fn peer_command(&self, organization: &Organization, peer: &Peer) -> Command {
        let mut command = fabric(&self.programs.peer);
        command
            .env("FABRIC_CFG_PATH", self.layout.node_directory(&peer.name))
            .env("CORE_PEER_TLS_ENABLED", "true")
            .env("CORE_PEER_ADDRESS", local(peer.port))
            .env(
                "CORE_PEER_TLS_ROOTCERT_FILE",
                self.layout.tls_root(organization),
            )
            .env("CORE_PEER_LOCALMSPID", &organization.msp_id)
            .env(
                "CORE_PEER_MSPCONFIGPATH",
                self.layout.administrator_msp(organization),
            );
        command
    }

    /// One of the commands that need nothing but a working folder.
    pub(crate) fn tool(&self, program: &Path) -> Command {
        let mut command = fabric(program);
        command.current_dir(self.layout.directory());
        command
    }
}

/// What begins the names of the variables by which Fabric's programs and its contracts are told to do other than their files say.
const OVERRIDES: [&str; 5] = ["CORE_", "ORDERER_", "CONFIGTX_", "FABRIC_", "CHAINCODE_"];

/// One of Fabric's programs, under guard, without what the user's own shell would tell it: `env.sh` of this network, say.
fn fabric(program: &Path) -> Command {
    let mut command = guarded(program);
    for (name, _) in env::vars_os() {
        let shown = name.to_string_lossy();
        if OVERRIDES.iter().any(|prefix| shown.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
        .env("FABRIC_LOGGING_FORMAT", LOGGING_FORMAT)
        .env("FABRIC_LOGGING_SPEC", LOGGING_SPEC);
    command
}

/// A port of this machine's loopback address.
pub(crate) fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
