//! A user's own contract, running as a service that the user starts and stops.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use chainloom_devnet::{DevnetError, Network, Options, UserContract};
use serde_json::Value;

use crate::callers::{Caller, Contract, alice, alices, printed};
use crate::folder::Folder;
use crate::kinds::{Kind, up};
use crate::wait::eventually;

/// The probe's program under another name, as a user would run it.
struct Service {
    child: Child,
}

impl Service {
    fn start(network: &Network, contract: &UserContract) -> Self {
        let child = Command::new(&network.programs().probe)
            .env("CHAINCODE_SERVER_ADDRESS", &contract.address)
            .env("CHAINCODE_ID", Network::package_id(contract))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let service = Self { child };
        eventually("the service to listen", || {
            TcpStream::connect(&contract.address)
        });
        service
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The contract `basic` at a port that nobody else is given soon: one on which a connection was closed rests for a minute, and the
/// system picks another for those who do not ask for this one.
fn basic() -> UserContract {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    // The listener's side has to close first.
    drop(accepted);
    drop(client);
    format!("basic={address}").parse().unwrap()
}

/// The sequence number under which the channel knows a contract.
fn sequence(network: &Network, contract: &str) -> u64 {
    let line = format!(
        "peer lifecycle chaincode querycommitted -C $CHANNEL_NAME -n {contract} --output json"
    );
    let admin = Caller {
        user: "admin",
        ..alice(network, 0)
    };
    let definition: Value = serde_json::from_str(&printed(&admin.shell(&line)).unwrap()).unwrap();
    definition["sequence"].as_u64().unwrap()
}

/// The contract answers both organizations, and a transaction that both endorse goes through.
fn assert_works(network: &Network, value: &str) {
    for alice in alices(network) {
        eventually("the contract to answer", || {
            alice.query("basic", &["whoami"])
        });
    }
    // The peers start a service that is back when they are asked next, and that is told of in between.
    eventually("the contract's transaction to be endorsed", || {
        alice(network, 0).official("basic", &["submit", "put", "color", value])
    });
    let read = eventually("the other peer to have the block", || {
        alice(network, 1)
            .query("basic", &["get", "color"])
            .and_then(|read| match read == value {
                true => Ok(read),
                false => Err(read),
            })
    });
    assert_eq!(read, value);
}

#[test]
fn a_users_contract_is_stopped_started_and_moved_as_one_likes() {
    let folder = Folder::new();
    let directory = folder.path().join("net");
    let (first, second) = (basic(), basic());
    let with = |contract: &UserContract| Options {
        contracts: vec![contract.clone()],
        ..Options::in_directory(&directory)
    };

    // Deployed before its service has ever run.
    let network = up(&with(&first));
    let said = alice(&network, 0).query("basic", &["whoami"]).unwrap_err();
    assert!(said.contains("could not launch chaincode"), "{said}");
    let service = Service::start(&network, &first);
    assert_works(&network, "blue");
    assert_eq!(sequence(&network, "basic"), 1);

    // Stopped, built anew, started: nothing is deployed.
    drop(service);
    eventually("the contract to be gone", || {
        match alice(&network, 0).query("basic", &["whoami"]) {
            Ok(answer) => Err(answer),
            Err(_) => Ok(()),
        }
    });
    let service = Service::start(&network, &first);
    assert_works(&network, "green");
    assert_eq!(sequence(&network, "basic"), 1);
    drop(service);
    network.shut_down().unwrap();

    // Elsewhere: updated in place, with the state that it had.
    let network = up(&with(&second));
    let service = Service::start(&network, &second);
    let read = eventually("the contract to answer at its new place", || {
        alice(&network, 1).query("basic", &["get", "color"])
    });
    assert_eq!(read, "green");
    assert_works(&network, "yellow");
    assert_eq!(sequence(&network, "basic"), 2);
    network.shut_down().unwrap();

    // The same again, and none named: nothing changes.
    for options in [with(&second), Options::in_directory(&directory)] {
        let network = up(&options);
        assert_works(&network, "yellow");
        assert_eq!(sequence(&network, "basic"), 2);
        network.shut_down().unwrap();
    }
    drop(service);
}

#[test]
fn a_contract_is_added_to_a_network_that_runs() {
    let folder = Folder::new();
    let options = Kind::Bft3_1.options(&folder.path().join("net"));
    let contract = basic();
    let adding = Options {
        contracts: vec![contract.clone()],
        ..options.clone()
    };
    let error = Network::deploy_to_running(&adding, &|_| ()).unwrap_err();
    assert!(matches!(error, DevnetError::NotRunning(_)), "{error:?}");

    let network = up(&options);
    Network::deploy_to_running(&adding, &|_| ()).unwrap();
    let _service = Service::start(&network, &contract);
    assert_works(&network, "blue");
    assert_eq!(sequence(&network, "basic"), 1);
    // The same once more changes nothing.
    Network::deploy_to_running(&adding, &|_| ()).unwrap();
    assert_eq!(sequence(&network, "basic"), 1);
    alice(&network, 1)
        .invoke(Contract::ProbeAll, &["put", "color", "red"])
        .unwrap();
    network.shut_down().unwrap();

    // It belongs to the network from now on.
    let network = up(&options);
    assert_eq!(network.topology().contracts, [contract]);
    assert_works(&network, "blue");
}
