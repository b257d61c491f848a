#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::layout::Layout;
use crate::options::{Consensus, FabricVersion, Options};
use crate::topology::Topology;

/// A directory that a careless file would break on.
const DIRECTORY: &str = "/home/o'neil/my \"nets\": #1, {a} [b] \\n é";

/// The networks that differ in their files.
fn topologies() -> Vec<Topology> {
    let kinds = [
        (FabricVersion::V2_5, Consensus::Raft, 1),
        (FabricVersion::V3_1, Consensus::Raft, 3),
        (FabricVersion::V3_1, Consensus::Bft, 3),
    ];
    let plan = |(fabric, consensus, peers)| {
        let mut options = Options::in_directory(DIRECTORY);
        options.fabric = Some(fabric);
        options.consensus = Some(consensus);
        options.peers_per_organization = Some(peers);
        let mut port = 20_000;
        Topology::plan(&options, || {
            port += 1;
            port
        })
        .unwrap()
    };
    kinds.into_iter().map(plan).collect()
}

fn layout() -> Layout {
    Layout::new(PathBuf::from(DIRECTORY))
}

fn parse(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The parsed files of the processes, with the processes' names.
fn node_files(topology: &Topology) -> Vec<(&str, Value)> {
    let layout = layout();
    let peers = topology.peers().map(|(organization, node)| {
        let text = core(topology, &layout, organization, node, true);
        (node.name.as_str(), parse(&text))
    });
    let orderers = topology.orderers.iter().map(|node| {
        let text = orderer(topology, &layout, node);
        (node.name.as_str(), parse(&text))
    });
    let authorities = topology.organizations.iter().map(|organization| {
        let text = fabric_ca_server_config(&layout, organization);
        (organization.authority.name.as_str(), parse(&text))
    });
    peers.chain(orderers).chain(authorities).collect()
}

/// Calls `visit` with each scalar of `value`, and the keys that lead to it.
fn scalars(value: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                scalars(member, &format!("{path}/{key}"), visit);
            }
        }
        Value::Array(members) => {
            for member in members {
                scalars(member, path, visit);
            }
        }
        scalar => visit(path, scalar),
    }
}

#[test]
fn every_process_listens_on_its_own_ports_of_loopback_and_on_no_others() {
    for topology in topologies() {
        let mut found = Vec::new();
        for (name, file) in node_files(&topology) {
            scalars(&file, "", &mut |path, value| {
                let key = path.rsplit('/').next().unwrap();
                let port = match (key.to_ascii_lowercase().as_str(), value) {
                    ("listenport" | "port", Value::Number(port)) => port.as_u64().unwrap(),
                    (
                        "listenaddress" | "chaincodelistenaddress" | "address",
                        Value::String(text),
                    ) => {
                        let Some((host, port)) = text.split_once(':') else {
                            assert_eq!(text, "127.0.0.1", "{name}{path}");
                            return;
                        };
                        assert_eq!(host, "127.0.0.1", "{name}{path}");
                        port.parse().unwrap()
                    }
                    _ => return,
                };
                found.push((name, u16::try_from(port).unwrap()));
            });
        }
        let ports: BTreeSet<(&str, u16)> = found.into_iter().collect();
        let mut expected: BTreeSet<(&str, u16)> = topology.ports().into_iter().collect();
        expected.remove(&("probe", topology.probe_port));
        assert_eq!(ports, expected);
    }
}

#[test]
fn paths_are_those_of_the_layout_whatever_the_directory_is_called() {
    for topology in topologies() {
        let mut files = node_files(&topology);
        files.push(("configtx", parse(&configtx(&topology, &layout()))));
        for (name, file) in files {
            let mut paths = 0;
            scalars(&file, "", &mut |path, value| {
                let Some(text) = value.as_str().filter(|text| text.contains('/')) else {
                    return;
                };
                let below = text.strip_prefix(DIRECTORY);
                assert!(
                    below.is_some_and(|below| below.starts_with('/')),
                    "{name}{path}: {text}"
                );
                paths += 1;
            });
            assert!(paths >= 4, "{name} names {paths} paths");
        }
    }
}

#[test]
fn no_two_processes_write_to_the_same_folder() {
    for topology in topologies() {
        for (name, file) in node_files(&topology) {
            let own = layout().node_directory(name);
            let mut folders = 0;
            scalars(&file, "", &mut |path, value| {
                let key = path.rsplit('/').next().unwrap();
                if matches!(
                    key,
                    "fileSystemPath"
                        | "rootDir"
                        | "Location"
                        | "WALDir"
                        | "SnapDir"
                        | "datasource"
                        | "keystore"
                ) {
                    let folder = value.as_str().unwrap();
                    assert!(
                        PathBuf::from(folder).starts_with(&own),
                        "{name}{path}: {folder}"
                    );
                    folders += 1;
                }
            });
            assert!((2..=3).contains(&folders), "{name}");
        }
    }
}

#[test]
fn a_peer_starts_from_the_other_peers_of_its_organization() {
    for topology in topologies() {
        for (organization, peer) in topology.peers() {
            let file = parse(&core(&topology, &layout(), organization, peer, true));
            let bootstrap: BTreeSet<&str> = file["peer"]["gossip"]["bootstrap"]
                .as_array()
                .unwrap()
                .iter()
                .map(|address| address.as_str().unwrap())
                .collect();
            assert_eq!(bootstrap.len(), organization.peers.len() - 1);
            for other in &organization.peers {
                let address = format!("127.0.0.1:{}", other.port);
                assert_eq!(bootstrap.contains(address.as_str()), other != peer);
            }
        }
    }
}

#[test]
fn the_gateway_can_be_left_out() {
    let topology = &topologies()[0];
    let (organization, peer) = topology.peers().next().unwrap();
    for enabled in [true, false] {
        let file = parse(&core(topology, &layout(), organization, peer, enabled));
        assert_eq!(file["peer"]["gateway"]["enabled"], enabled);
    }
}

#[test]
fn the_channel_knows_every_orderer_and_an_anchor_of_each_organization() {
    for topology in topologies() {
        let file = parse(&configtx(&topology, &layout()));
        let profile = &file["Profiles"][PROFILE];
        let ports = |list: &Value| -> Vec<u64> {
            let list = list.as_array().unwrap();
            list.iter()
                .map(|each| each["Port"].as_u64().unwrap())
                .collect()
        };
        let expected: Vec<u64> = topology
            .orderers
            .iter()
            .map(|orderer| orderer.port.into())
            .collect();
        let consenters = match topology.consensus {
            Consensus::Raft => &profile["Orderer"]["EtcdRaft"]["Consenters"],
            Consensus::Bft => &profile["Orderer"]["ConsenterMapping"],
        };
        assert_eq!(ports(consenters), expected);
        let endpoints = &profile["Orderer"]["Organizations"][0]["OrdererEndpoints"];
        assert_eq!(endpoints.as_array().unwrap().len(), expected.len());
        for (index, organization) in topology.organizations.iter().enumerate() {
            let anchors = &profile["Application"]["Organizations"][index]["AnchorPeers"];
            assert_eq!(ports(anchors), [u64::from(organization.peers[0].port)]);
        }
    }
}

#[test]
fn cryptogen_makes_the_hosts_of_the_topology() {
    for topology in topologies() {
        let file = parse(&crypto_config(&topology));
        let mut hosts = Vec::new();
        for kind in ["OrdererOrgs", "PeerOrgs"] {
            for organization in file[kind].as_array().unwrap() {
                let domain = organization["Domain"].as_str().unwrap();
                for host in organization["Specs"].as_array().unwrap() {
                    hosts.push(format!("{}.{domain}", host["Hostname"].as_str().unwrap()));
                }
            }
        }
        let orderers = topology.orderers.iter().map(|orderer| &orderer.host);
        let mut expected: Vec<String> = orderers.cloned().collect();
        for organization in &topology.organizations {
            expected.extend(organization.peers.iter().map(|peer| peer.host.clone()));
            if organization.name == "org1" {
                let tls = layout().probe_tls(organization);
                let host = tls.parent().unwrap().file_name().unwrap();
                expected.push(host.to_str().unwrap().to_owned());
            }
        }
        assert_eq!(hosts, expected);
    }
}
