//! What is said when a step fails or a process dies.

use std::fs;
use std::slice;
use std::sync::{Mutex, mpsc};
use std::thread;

use chainloom_devnet::{
    Condition, DevnetError, Network, Options, Phase, ProcessState, State, Status, end_network,
};
use rustix::process::{Pid, Signal, kill_process, test_kill_process_group};

use crate::folder::Folder;
use crate::kinds::{Kind, TestNetwork, up};
use crate::wait::eventually;

fn refusal(options: &Options) -> DevnetError {
    Network::start(options, &|_| ()).unwrap_err()
}

#[test]
fn a_process_that_ends_while_it_starts_is_named_with_what_it_said() {
    let folder = Folder::new();
    let options = Kind::Raft2_5.options(&folder.path().join("net"));
    let network = up(&options);
    let topology = network.topology().clone();
    let layout = network.layout().clone();
    network.shut_down().unwrap();
    // A disk gave half of it back.
    let organization = &topology.organizations[0];
    let msp = layout
        .peer_identity(organization, &organization.peers[0])
        .join("msp");
    fs::remove_dir_all(msp.join("signcerts")).unwrap();

    let error = refusal(&options);
    let DevnetError::Step(step) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (step.process.as_str(), step.step.as_str()),
        ("peer0.org1", "start")
    );
    let log = layout.log_file("peer0.org1");
    assert_eq!(step.log.as_ref(), Some(&log));
    assert!(
        step.lines.iter().any(|line| line.contains("signcerts")),
        "{error}"
    );
    let message = error.to_string();
    assert!(message.contains(log.to_str().unwrap()), "{message}");

    // Whoever looks is told the same.
    let status = Status::of(&options.directory).unwrap();
    assert!(!status.is_running);
    assert_eq!(status.problems, slice::from_ref(&message));
    assert_eq!(
        status.state.unwrap().phase,
        Phase::Failed { error: message }
    );
    assert_eq!(status.topology, Some(topology));
}

#[test]
fn a_contract_that_cannot_be_deployed_is_named_with_the_step() {
    let network = TestNetwork::start(Kind::Raft3_1);
    network.kill("peer0.org2").unwrap();
    let options = Options {
        contracts: vec!["basic=127.0.0.1:1".parse().unwrap()],
        ..Options::in_directory(network.layout().directory())
    };
    let told = Mutex::new(Vec::new());
    let progress = |step: &str| told.lock().unwrap().push(step.to_owned());
    let error = Network::deploy_to_running(&options, &progress).unwrap_err();
    let DevnetError::Step(step) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(step.process, "peer0.org2");
    assert!(
        step.lines
            .iter()
            .any(|line| line.contains("connection refused")),
        "{error}"
    );
    let told = told.into_inner().unwrap();
    assert!(told.iter().any(|step| step.contains("`basic`")), "{told:?}");
}

fn dead(network: &Network) -> Vec<ProcessState> {
    network.look().unwrap()
}

#[test]
fn a_process_that_is_ended_from_outside_is_told_of_and_can_be_started_again() {
    let network = TestNetwork::start(Kind::Raft2_5);
    let directory = network.layout().directory();
    assert!(dead(&network).is_empty());
    let status = Status::of(directory).unwrap();
    assert!(
        status.is_running && status.problems.is_empty(),
        "{status:?}"
    );
    let state = State::of(directory).unwrap().unwrap();
    assert_eq!(state.process_id, std::process::id());
    assert_eq!(state.processes, network.processes());
    assert_eq!(state.processes.len(), 3 + 2 + 2 + 1);

    for process in network.processes() {
        let Condition::Running { process_id } = process.condition else {
            panic!("{process:?}");
        };
        let id = Pid::from_raw(i32::try_from(process_id).unwrap()).unwrap();
        kill_process(id, Signal::KILL).unwrap();
        let dead = eventually("the dead process to be found", || {
            dead(&network).pop().ok_or("none is dead")
        });
        assert_eq!(dead.name, process.name);
        let Condition::Dead { how, .. } = &dead.condition else {
            panic!("{dead:?}");
        };
        assert!(how.contains("signal: 9"), "{how}");
        let status = Status::of(directory).unwrap();
        let [problem] = &*status.problems else {
            panic!("{status:?}");
        };
        assert!(
            problem.starts_with(&format!("{} ended by itself", process.name)),
            "{problem}"
        );
        let log = network.layout().log_file(&process.name);
        assert!(problem.contains(log.to_str().unwrap()), "{problem}");
        network.start_process(&process.name).unwrap();
        assert!(dead.name == process.name && network.look().unwrap().is_empty());
    }
}

#[test]
fn a_test_that_panics_leaves_no_process() {
    let (send, ids) = mpsc::channel();
    let test = thread::spawn(move || {
        let network = TestNetwork::start(Kind::Raft3_1);
        for process in network.processes() {
            if let Condition::Running { process_id } = process.condition {
                send.send(process_id).unwrap();
            }
        }
        panic!("as a test does that fails");
    });
    assert!(test.join().is_err());
    let ids: Vec<u32> = ids.iter().collect();
    assert_eq!(ids.len(), 3 + 2 + 2 + 1);
    for id in ids {
        // Each leads a group, in which its guard and all that it started are too.
        let group = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        eventually(
            "the process and its guard to be gone",
            || match test_kill_process_group(group) {
                Err(_) => Ok(()),
                Ok(()) => Err(id),
            },
        );
    }
}

#[test]
fn a_process_that_is_not_there_is_refused_with_those_that_are() {
    let network = Kind::Raft2_5.shared();
    for error in [
        network.stop("peer9"),
        network.kill("peer9"),
        network.start_process("peer9"),
        network.freeze("peer9"),
        network.thaw("peer9"),
    ]
    .map(Result::unwrap_err)
    {
        assert!(matches!(error, DevnetError::NoProcess { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains("`peer9`: orderer0, orderer1"), "{message}");
        assert!(message.contains("ca-org2, probe are there"), "{message}");
    }
}

#[test]
fn a_network_that_runs_is_not_started_twice() {
    let network = Kind::Raft3_1.shared();
    let options = Options::in_directory(network.layout().directory());
    let error = refusal(&options);
    assert!(matches!(error, DevnetError::Running(_)), "{error:?}");
    // What the running one wrote down is still there.
    let status = Status::of(&options.directory).unwrap();
    assert!(
        status.is_running && status.problems.is_empty(),
        "{status:?}"
    );
}

#[test]
fn a_network_that_has_ended_is_said_to_have() {
    let folder = Folder::new();
    let options = Kind::Bft3_1.options(&folder.path().join("net"));
    let status = Status::of(&options.directory).unwrap();
    assert!(!status.is_running && status.topology.is_none() && status.state.is_none());
    assert!(!options.directory.exists());
    up(&options).shut_down().unwrap();
    let status = Status::of(&options.directory).unwrap();
    assert!(
        !status.is_running && status.problems.is_empty(),
        "{status:?}"
    );
    let state = status.state.unwrap();
    assert_eq!(state.phase, Phase::Ended);
    assert!(
        state
            .processes
            .iter()
            .all(|process| process.condition == Condition::Stopped),
        "{state:?}"
    );
    let error = end_network(&options.directory).unwrap_err();
    assert!(matches!(error, DevnetError::NotRunning(_)), "{error:?}");
}

#[test]
fn programs_that_are_not_of_the_version_are_refused() {
    let folder = Folder::new();
    let peer = &Kind::Raft2_5.shared().programs().peer;
    let options = Options {
        bin_directory: Some(peer.parent().unwrap().to_owned()),
        ..Kind::Raft3_1.options(&folder.path().join("net"))
    };
    let error = refusal(&options);
    assert!(matches!(error, DevnetError::Programs(_)), "{error:?}");
}

#[test]
fn a_network_may_live_in_a_folder_of_any_other_name_and_be_moved() {
    let folder = Folder::new();
    let before = folder.path().join("it's a \"net\", `id` \\ * #1 ü");
    let options = Kind::Raft2_5.options(&before);
    let network = up(&options);
    crate::callers::alice(&network, 0)
        .official("probe-all", &["submit", "put", "color", "blue"])
        .unwrap();
    network.shut_down().unwrap();
    let after = folder.path().join("net");
    fs::rename(&before, &after).unwrap();
    let network = up(&Options::in_directory(&after));
    let read = crate::callers::alice(&network, 1).query("probe-all", &["get", "color"]);
    assert_eq!(read.unwrap(), "blue");
}
