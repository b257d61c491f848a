//! A running network.

mod entry;
mod start;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use self::entry::Entry;
use crate::bring_up;
use crate::contract::Package;
use crate::directory;
use crate::error::DevnetError;
use crate::layout::Layout;
use crate::lock::Lock;
use crate::options::{Options, UserContract};
use crate::process::Process;
use crate::programs::Programs;
use crate::record::{self, RecordLock};
use crate::site::{Node, Site, local};
use crate::state::{Condition, Phase, ProcessState, State};
use crate::topology::{Organization, Topology};
use crate::trouble::Trouble;

/// How long a process may take to end by itself.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// How long a log may become; then it begins anew.
const LOG_BYTES_KEPT_MAX: u64 = 64 << 20;

/// A running network. All of its processes end when it is dropped, and when the process that holds it ends, however it ends.
///
/// Its methods block; a caller with an async runtime calls them where that may be.
#[derive(Debug)]
pub struct Network {
    site: Site,
    probe: Package,
    processes: Mutex<BTreeMap<String, Entry>>,
    since: Timestamp,
    /// What was written down last, so that nothing is written without news.
    written: Mutex<Option<State>>,
    /// Gives the directory back when it is dropped.
    _lock: Option<Lock>,
}

/// A user of the network, with the key in the clear: an identity for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The MSP id of the user's organization.
    pub msp_id: String,
    /// The MSP folder: `signcerts/cert.pem`, `keystore/*`.
    pub msp: PathBuf,
    /// The file of the wallet: certificate, key and MSP id as JSON.
    pub wallet_file: PathBuf,
}

impl Network {
    /// Brings a network up: a new one, or the one that the directory holds. `progress` hears what is being done.
    ///
    /// # Errors
    /// [`DevnetError`], which says which step of which process failed and what that process said.
    pub fn start(options: &Options, progress: &(dyn Fn(&str) + Sync)) -> Result<Self, DevnetError> {
        Self::start_with(options, true, progress)
    }

    /// The same with the peers' gateway service switched off, as some operators have it.
    ///
    /// # Errors
    /// As [`Network::start`].
    pub fn start_without_gateway(options: &Options) -> Result<Self, DevnetError> {
        Self::start_with(options, false, &|_| ())
    }

    /// Adds contracts to a network that another process runs, or moves them in place.
    ///
    /// # Errors
    /// [`DevnetError`] when the network does not run, is another than the options say, or a step fails.
    pub fn deploy_to_running(
        options: &Options,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<(), DevnetError> {
        let layout = Layout::of(&options.directory)?;
        record::running_topology(&layout)?;
        let record_lock = RecordLock::wait(&layout)?;
        // Again: others may have changed it, or ended the network, while this one waited.
        let mut topology = record::running_topology(&layout)?;
        directory::continue_with(&mut topology, options, &layout)?;
        let bin_directory = options.bin_directory.as_deref();
        let site = Site {
            programs: Programs::provide(topology.fabric, bin_directory, progress)?,
            layout,
            topology,
            trouble: Trouble::default(),
        };
        for contract in &options.contracts {
            progress(&format!("deploy the contract `{}`", contract.name));
            bring_up::deploy_users_contract(&site, contract)?;
        }
        record::record(&site.layout, &site.topology)?;
        drop(record_lock);
        Ok(())
    }

    /// Which nodes there are and where they listen.
    pub fn topology(&self) -> &Topology {
        &self.site.topology
    }

    /// Where keys, certificates and all else is.
    pub fn layout(&self) -> &Layout {
        &self.site.layout
    }

    /// Where Fabric's own programs are.
    pub fn programs(&self) -> &Programs {
        &self.site.programs
    }

    /// A user whom the organization's authority enrolled: `admin` or `alice`.
    pub fn user(&self, organization: &Organization, name: &str) -> User {
        User {
            msp_id: organization.msp_id.clone(),
            msp: self.site.layout.user_msp(organization, name),
            wallet_file: self
                .site
                .layout
                .wallet_directory(organization)
                .join(format!("{name}.id")),
        }
    }

    /// Asks a process to end and waits until it has.
    ///
    /// # Errors
    /// [`DevnetError::NoProcess`].
    pub fn stop(&self, name: &str) -> Result<(), DevnetError> {
        let taken = self.with(name, |entry| entry.process.take())?;
        if let Some(mut process) = taken {
            end(&mut process);
        }
        self.write_state(Phase::Ready)
    }

    /// Ends a process at once, as a power cut does.
    ///
    /// # Errors
    /// [`DevnetError::NoProcess`].
    pub fn kill(&self, name: &str) -> Result<(), DevnetError> {
        self.with(name, |entry| entry.process = None)?;
        self.write_state(Phase::Ready)
    }

    /// Starts a process that was stopped, killed or has died, and waits until it listens.
    ///
    /// # Errors
    /// [`DevnetError::NoProcess`], or the step that failed.
    pub fn start_process(&self, name: &str) -> Result<(), DevnetError> {
        let nodes = self.site.nodes();
        let node = nodes.into_iter().find(|node| node.name() == name);
        let node = node.ok_or_else(|| self.no_process(name))?;
        if self.with(name, |entry| entry.is_running())? {
            return Ok(());
        }
        self.launch(node)?;
        self.wait_until_it_listens(node)?;
        self.write_state(Phase::Ready)
    }

    /// Stops a process where it stands, as a machine that hangs does: its port is open and nobody answers.
    ///
    /// # Errors
    /// [`DevnetError::NoProcess`].
    pub fn freeze(&self, name: &str) -> Result<(), DevnetError> {
        self.with(name, |entry| entry.process.as_mut().map(Process::freeze))?;
        Ok(())
    }

    /// Lets a frozen process go on.
    ///
    /// # Errors
    /// [`DevnetError::NoProcess`].
    pub fn thaw(&self, name: &str) -> Result<(), DevnetError> {
        self.with(name, |entry| entry.process.as_mut().map(Process::thaw))?;
        Ok(())
    }

    /// What every process is doing now.
    pub fn processes(&self) -> Vec<ProcessState> {
        let mut processes = self.locked();
        let nodes = self.site.nodes().into_iter();
        nodes
            .map(|node| ProcessState {
                name: node.name().to_owned(),
                role: node.role().to_owned(),
                address: local(self.site.port(node)),
                condition: processes
                    .get_mut(node.name())
                    .map_or(Condition::Stopped, Entry::condition),
            })
            .collect()
    }

    /// Looks at every process and writes down what it is doing; the answer is those that ended by themselves.
    ///
    /// # Errors
    /// [`DevnetError::File`] when it cannot be written down.
    pub fn look(&self) -> Result<Vec<ProcessState>, DevnetError> {
        let mut processes = self.processes();
        self.write_down(state(self.since, Phase::Ready, processes.clone()))?;
        for entry in self.locked().values() {
            let path = entry.log.path();
            let emptied = entry.log.empty_beyond(LOG_BYTES_KEPT_MAX);
            emptied.map_err(DevnetError::file(path))?;
        }
        processes.retain(|process| matches!(process.condition, Condition::Dead { .. }));
        Ok(processes)
    }

    /// Ends all processes in good order; what they hold is on disk then.
    ///
    /// # Errors
    /// [`DevnetError::File`] when the end cannot be written down.
    pub fn shut_down(self) -> Result<(), DevnetError> {
        let mut running: Vec<Process> = {
            let mut processes = self.locked();
            let entries = processes.values_mut();
            entries.filter_map(|entry| entry.process.take()).collect()
        };
        // All at once, then each in turn: none waits for another.
        running.iter_mut().for_each(Process::thaw);
        running.iter_mut().for_each(Process::terminate);
        running.iter_mut().for_each(end);
        self.write_state(Phase::Ended)
    }

    /// The package id of a user's contract, which its service needs as its own id.
    pub fn package_id(contract: &UserContract) -> String {
        bring_up::users_package(contract).id
    }

    fn with<T>(&self, name: &str, change: impl FnOnce(&mut Entry) -> T) -> Result<T, DevnetError> {
        match self.locked().get_mut(name) {
            Some(entry) => Ok(change(entry)),
            None => Err(self.no_process(name)),
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        // A panic in between leaves whole entries.
        self.processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn no_process(&self, name: &str) -> DevnetError {
        let names: Vec<&str> = self.site.nodes().into_iter().map(Node::name).collect();
        DevnetError::NoProcess {
            name: name.to_owned(),
            names: names.join(", "),
        }
    }

    fn write_state(&self, phase: Phase) -> Result<(), DevnetError> {
        self.write_down(state(self.since, phase, self.processes()))
    }

    fn write_down(&self, state: State) -> Result<(), DevnetError> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.as_ref() != Some(&state) {
            state.write(&self.site.layout)?;
            *written = Some(state);
        }
        Ok(())
    }
}

fn end(process: &mut Process) {
    process.terminate();
    if process.wait(ENDS_WITHIN).is_none() {
        process.kill();
    }
}

fn state(since: Timestamp, phase: Phase, processes: Vec<ProcessState>) -> State {
    State {
        process_id: process::id(),
        since,
        phase,
        processes,
    }
}
