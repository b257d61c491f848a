//! Nodes that stop, hang and come back.

use chainloom_devnet::{Condition, Network, ProcessState};

use crate::callers::{Contract, alice};
use crate::kinds::{TestNetwork, on_each_kind};
use crate::wait::eventually;

on_each_kind!(TestNetwork::start =>
    without_any_one_orderer_the_others_go_on,
    without_a_peer_the_other_organization_works_on_and_the_peer_catches_up,
);

/// Submits until it succeeds: how long an election may take is bounded by the patience of [`eventually`].
fn submit(network: &Network, organization: usize, key: &str, value: &str) {
    eventually("a submit to succeed", || {
        alice(network, organization).official("probe", &["submit", "put", key, value])
    });
}

fn process(network: &Network, name: &str) -> ProcessState {
    let mut processes = network.processes().into_iter();
    processes.find(|process| process.name == name).unwrap()
}

fn without_any_one_orderer_the_others_go_on(network: TestNetwork) {
    for orderer in &network.topology().orderers {
        let name = &orderer.name;
        // At once: in good order a leader hands its office over first.
        network.kill(name).unwrap();
        assert_eq!(process(&network, name).condition, Condition::Stopped);
        submit(&network, 0, name, "killed");
        submit(&network, 1, name, "gone");
        network.start_process(name).unwrap();
        submit(&network, 0, name, "back");
        let read = alice(&network, 0).official("probe", &["evaluate", "get", name]);
        assert_eq!(read.unwrap(), "back");
    }
    let name = &network.topology().orderers[1].name;
    network.freeze(name).unwrap();
    submit(&network, 0, name, "frozen");
    network.thaw(name).unwrap();
    submit(&network, 1, name, "thawed");
}

fn without_a_peer_the_other_organization_works_on_and_the_peer_catches_up(network: TestNetwork) {
    for (stopped, other) in [(0, 1), (1, 0)] {
        let name = &*network.topology().organizations[stopped].peers[0].name;
        let end: fn(&Network, &str) = match stopped {
            0 => |network, name| network.kill(name).unwrap(),
            _ => |network, name| network.stop(name).unwrap(),
        };
        end(&network, name);
        alice(&network, stopped)
            .official("probe", &["evaluate", "whoami"])
            .unwrap_err();
        submit(&network, other, name, "alone");
        let read = alice(&network, other).query("probe", &["get", name]);
        assert_eq!(read.unwrap(), "alone");
        network.start_process(name).unwrap();
        // What is running already stays as it is.
        let before = process(&network, name);
        network.start_process(name).unwrap();
        assert_eq!(process(&network, name), before);
        let caught_up = eventually("the peer to catch up", || {
            alice(&network, stopped).query("probe", &["get", name])
        });
        assert_eq!(caught_up, "alone");
    }
    // Both have to endorse again.
    eventually("both organizations to endorse", || {
        alice(&network, 0).official("probe-all", &["submit", "put", "color", "blue"])
    });
    network.freeze("peer0.org2").unwrap();
    submit(&network, 0, "frozen", "yes");
    assert!(matches!(
        process(&network, "peer0.org2").condition,
        Condition::Running { .. }
    ));
    network.thaw("peer0.org2").unwrap();
    let caught_up = eventually("the peer to catch up", || {
        alice(&network, 1).query(Contract::Probe.name(), &["get", "frozen"])
    });
    assert_eq!(caught_up, "yes");
}
