//! What a network is doing, for whoever asks.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, test_kill_process};
use serde::Serialize;

use crate::checks::{check_ports, free_mib};
use crate::error::DevnetError;
use crate::layout::Layout;
use crate::lock::Lock;
use crate::record::read_topology;
use crate::state::{Condition, Phase, State};
use crate::topology::Topology;

/// Below this much room on the disk the status says so.
const FREE_MIB_LOW: u64 = 256;

/// What there is to say about a network's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The directory.
    pub directory: PathBuf,
    /// Whether a process runs the network now.
    pub is_running: bool,
    /// The network that was brought up there, if one was.
    pub topology: Option<Topology>,
    /// What the process that runs it, or ran it, wrote down last.
    pub state: Option<State>,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
}

impl Status {
    /// Looks at a directory.
    ///
    /// # Errors
    /// [`DevnetError`] when it cannot be read, or holds something else.
    pub fn of(directory: &Path) -> Result<Self, DevnetError> {
        let layout = Layout::of(directory)?;
        let directory = layout.directory().to_owned();
        if !Lock::marks(&layout)? {
            return Ok(Self {
                directory,
                is_running: false,
                topology: None,
                state: None,
                problems: Vec::new(),
            });
        }
        let is_running = Lock::is_held(&layout)?;
        let topology = read_topology(&layout)?;
        let mut state = State::read(&layout)?;
        let mut problems = Vec::new();
        if let Some(state) = &mut state {
            if is_running {
                look_again(state);
            }
            problems.extend(problems_of(state, is_running, &layout));
        }
        if let (false, Some(topology)) = (is_running, &topology)
            && let Err(error) = check_ports(topology, &directory)
        {
            problems.push(error.to_string());
        }
        problems.extend(disk_problem(&directory, FREE_MIB_LOW)?);
        Ok(Self {
            directory,
            is_running,
            topology,
            state,
            problems,
        })
    }
}

/// What was written down may be old: the disk may be full, or the one who writes it stopped. Processes that are gone are.
fn look_again(state: &mut State) {
    for process in &mut state.processes {
        let Condition::Running { process_id } = process.condition else {
            continue;
        };
        let id = i32::try_from(process_id).ok().and_then(Pid::from_raw);
        if id.is_some_and(|id| test_kill_process(id).is_err()) {
            process.condition = Condition::Dead {
                how: "it is gone".to_owned(),
                lines: Vec::new(),
            };
        }
    }
}

/// What there is to say about a disk with less room than that.
fn disk_problem(directory: &Path, low_mib: u64) -> Result<Option<String>, DevnetError> {
    let free_mib = free_mib(directory)?;
    Ok((free_mib < low_mib).then(|| {
        format!(
            "the disk of {} has {free_mib} MiB free: make room, or the network stops",
            directory.display()
        )
    }))
}

fn problems_of(state: &State, is_running: bool, layout: &Layout) -> Vec<String> {
    let mut problems = Vec::new();
    match (&state.phase, is_running) {
        (Phase::Failed { error }, _) => problems.push(error.clone()),
        (Phase::Starting { step }, false) => problems.push(format!(
            "the process that brought it up (id {}) was ended at this step: {step}",
            state.process_id
        )),
        (Phase::Ready, false) => problems.push(format!(
            "the process that ran it (id {}) was ended from outside, and all of its processes with it",
            state.process_id
        )),
        _ => (),
    }
    for process in &state.processes {
        if let (Condition::Dead { how, lines }, true) = (&process.condition, is_running) {
            let name = &process.name;
            let mut problem = format!("{name} ended by itself ({how})");
            for line in lines {
                problem.push_str("\n    ");
                problem.push_str(line);
            }
            problem.push_str("\nall it said is in ");
            problem.push_str(&layout.log_file(name).display().to_string());
            problems.push(problem);
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use jiff::Timestamp;

    use super::*;
    use crate::state::ProcessState;

    fn state(phase: Phase, condition: Condition) -> State {
        State {
            process_id: 7,
            since: Timestamp::UNIX_EPOCH,
            phase,
            processes: vec![ProcessState {
                name: "peer0.org1".to_owned(),
                role: "peer".to_owned(),
                address: "127.0.0.1:7051".to_owned(),
                condition,
            }],
        }
    }

    fn starting() -> Phase {
        let step = "start all processes".to_owned();
        Phase::Starting { step }
    }

    #[track_caller]
    fn assert_told(state: &State, is_running: bool, told: &[&str]) {
        let layout = Layout::new("/net".into());
        assert_eq!(problems_of(state, is_running, &layout), told);
    }

    #[test]
    fn a_network_whose_owner_is_gone_says_how_far_it_was() {
        let told =
            "the process that brought it up (id 7) was ended at this step: start all processes";
        assert_told(&state(starting(), Condition::Stopped), false, &[told]);
        assert_told(&state(starting(), Condition::Stopped), true, &[]);
        let told = "the process that ran it (id 7) was ended from outside, and all of its processes with it";
        let running = Condition::Running { process_id: 8 };
        assert_told(&state(Phase::Ready, running.clone()), false, &[told]);
        assert_told(&state(Phase::Ready, running), true, &[]);
        assert_told(&state(Phase::Ended, Condition::Stopped), false, &[]);
        let error = "peer0.org1 could not start".to_owned();
        let failed = state(
            Phase::Failed {
                error: error.clone(),
            },
            Condition::Stopped,
        );
        assert_told(&failed, false, &[&error]);
    }

    #[test]
    fn a_dead_process_is_told_of_with_its_last_words_while_the_network_runs() {
        let dead = Condition::Dead {
            how: "exit status: 2".to_owned(),
            lines: vec!["panic: no".to_owned()],
        };
        let told = "peer0.org1 ended by itself (exit status: 2)\n    panic: no\n\
                    all it said is in /net/logs/peer0.org1.log";
        assert_told(&state(Phase::Ready, dead.clone()), true, &[told]);
        assert_told(&state(Phase::Ended, dead), false, &[]);
    }

    #[test]
    fn a_disk_that_is_nearly_full_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(disk_problem(folder.path(), 0).unwrap(), None);
        let problem = disk_problem(folder.path(), u64::MAX).unwrap().unwrap();
        assert!(problem.contains("MiB free: make room"), "{problem}");
        let error = disk_problem(&folder.path().join("none"), 0).unwrap_err();
        assert!(matches!(error, DevnetError::File { .. }), "{error:?}");
    }

    #[test]
    fn what_is_written_down_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(State::of(folder.path()).unwrap(), None);
        let layout = Layout::of(folder.path()).unwrap();
        let running = Condition::Running { process_id: 8 };
        for written in [
            state(starting(), Condition::Stopped),
            state(Phase::Ready, running),
        ] {
            written.write(&layout).unwrap();
            assert_eq!(State::of(folder.path()).unwrap(), Some(written));
        }
        // Of another version, or none at all.
        fs::write(layout.state_file(), "{}").unwrap();
        assert_eq!(State::of(folder.path()).unwrap(), None);
    }
}
