//! What a network keeps from one time to the next.

use std::convert::identity;

use chainloom_devnet::{Condition, Network, Options};

use crate::callers::{Contract, alice, alices};
use crate::folder::Folder;
use crate::kinds::{Kind, on_each_kind, up};
use crate::wait::eventually;

on_each_kind!(identity => the_ledger_stays_when_the_network_ends_in_whatever_way);

fn the_ledger_stays_when_the_network_ends_in_whatever_way(kind: Kind) {
    let folder = Folder::new();
    let options = kind.options(&folder.path().join("net"));
    let network = up(&options);
    let topology = network.topology().clone();
    alice(&network, 0)
        .invoke(Contract::ProbeAll, &["put", "color", "blue"])
        .unwrap();
    let height = common_height(&network);
    network.shut_down().unwrap();

    // What it was made with need not be said again.
    let options = Options::in_directory(options.directory);
    let network = up(&options);
    assert_eq!(network.topology(), &topology);
    assert_goes_on(&network, height, "blue");
    let height = common_height(&network);
    for process in network.processes() {
        network.kill(&process.name).unwrap();
    }
    drop(network);

    let network = up(&options);
    assert_goes_on(&network, height, "blue+");
    let height = common_height(&network);
    // As it is when a test ends: the processes end at once, with all in the middle of their work.
    drop(network);

    // Whose wallet was deleted is enrolled again.
    std::fs::remove_dir_all(options.directory.join("wallets")).unwrap();
    let network = up(&options);
    assert_goes_on(&network, height, "blue++");
    let mut processes = network.processes().into_iter();
    assert!(processes.all(|process| matches!(process.condition, Condition::Running { .. })));
}

/// The height, once both organizations' peers have it.
fn common_height(network: &Network) -> u64 {
    eventually("the peers to have the same height", || {
        let heights = [alice(network, 0).height(), alice(network, 1).height()];
        match heights[0] == heights[1] {
            true => Ok(heights[0]),
            false => Err(heights),
        }
    })
}

/// The ledger has that height and value, and a transaction makes it higher by one.
fn assert_goes_on(network: &Network, height: u64, value: &str) {
    for alice in alices(network) {
        let found = eventually("the peer to have all of its blocks", || {
            match alice.height() {
                found if found >= height => Ok(found),
                found => Err(found),
            }
        });
        assert_eq!(found, height);
        assert_eq!(alice.query("probe-all", &["get", "color"]).unwrap(), value);
    }
    alice(network, 1)
        .official(
            "probe-all",
            &["submit", "put", "color", &format!("{value}+")],
        )
        .unwrap();
    assert_eq!(common_height(network), height + 1);
}
