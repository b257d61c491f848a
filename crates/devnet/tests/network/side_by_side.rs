//! Networks side by side, and larger ones.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::Duration;

use chainloom_devnet::{Condition, Network};
use serde_json::Value;

use crate::callers::{Contract, alice, printed};
use crate::folder::Folder;
use crate::kinds::{Kind, TestNetwork, on_each_kind, up};

on_each_kind!(Kind::shared => every_node_is_in_health_without_docker);

#[test]
fn two_networks_that_start_at_the_same_time_know_nothing_of_each_other() {
    let [one, other] = thread::scope(|scope| {
        [(); 2]
            .map(|()| scope.spawn(|| TestNetwork::start(Kind::Raft2_5)))
            .map(|network| network.join().unwrap())
    });
    alice(&one, 0)
        .invoke(Contract::ProbeAll, &["put", "color", "blue"])
        .unwrap();
    alice(&other, 0)
        .invoke(Contract::ProbeAll, &["put", "color", "red"])
        .unwrap();
    let color = |network| alice(network, 1).official("probe", &["evaluate", "get", "color"]);
    // The two contracts have a state each.
    assert!(color(&one).is_err());
    let color = |network| alice(network, 1).official("probe-all", &["evaluate", "get", "color"]);
    assert_eq!(color(&one).unwrap(), "blue");
    assert_eq!(color(&other).unwrap(), "red");
    one.kill("peer0.org1").unwrap();
    assert_eq!(color(&other).unwrap(), "red");
    let mut processes = other.processes().into_iter();
    assert!(processes.all(|process| matches!(process.condition, Condition::Running { .. })));
}

#[test]
fn each_of_three_peers_of_an_organization_answers() {
    let network = TestNetwork::start_with(Kind::Raft3_1, |options| {
        options.peers_per_organization = Some(3);
        options.max_message_count = Some(10);
        options.batch_timeout = Some(Duration::from_millis(100));
    });
    let topology = network.topology();
    assert_eq!(topology.peers().count(), 6);
    alice(&network, 0)
        .official("probe-all", &["submit", "put", "color", "blue"])
        .unwrap();
    for (number, organization) in topology.organizations.iter().enumerate() {
        for peer in &organization.peers {
            let line = format!(
                "CORE_PEER_ADDRESS=localhost:{} peer chaincode query -C $CHANNEL_NAME -n probe-all \
                 -c '{{\"Args\":[\"get\",\"color\"]}}'",
                peer.port
            );
            let read = crate::wait::eventually("the block to reach the peer", || {
                printed(&alice(&network, number).shell(&line))
            });
            assert_eq!(read, "blue", "{}", peer.name);
        }
    }
}

#[test]
fn peers_without_the_gateway_service_serve_all_else() {
    let folder = Folder::new();
    let options = Kind::Raft2_5.options(&folder.path().join("net"));
    let network = Network::start_without_gateway(&options).unwrap();
    let failure = alice(&network, 0)
        .official("probe", &["evaluate", "whoami"])
        .unwrap_err();
    assert_eq!(failure["status"], "UNIMPLEMENTED", "{failure}");
    alice(&network, 0)
        .invoke(Contract::ProbeAll, &["put", "color", "blue"])
        .unwrap();
    network.shut_down().unwrap();
    // It is a matter of each time that the network is up.
    let network = up(&options);
    let read = alice(&network, 0).official("probe-all", &["evaluate", "get", "color"]);
    assert_eq!(read.unwrap(), "blue");
}

fn every_node_is_in_health_without_docker(network: &Network) {
    let topology = network.topology();
    let peers = topology.peers().map(|(_, peer)| peer.operations_port);
    let orderers = topology
        .orderers
        .iter()
        .map(|orderer| orderer.operations_port);
    for port in peers.chain(orderers) {
        let health = get(port, "/healthz");
        assert_eq!(health["status"], "OK", "{health}");
        assert!(health.get("failed_checks").is_none(), "{health}");
    }
}

/// The JSON that is served there, whatever the status.
fn get(port: u16, path: &str) -> Value {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}
