//! A running network.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::bring_up;
use crate::contract::Package;
use crate::directory::{self, Taken};
use crate::error::{DevnetError, StepError};
use crate::files;
use crate::layout::Layout;
use crate::lines::telling;
use crate::options::{Options, UserContract};
use crate::process::{Log, Process};
use crate::programs::Programs;
use crate::site::{Node, Site, local};
use crate::status::{Condition, Phase, ProcessState, State};
use crate::step::{Step, side_by_side};
use crate::topology::{Organization, Topology};

/// How long a process may take to listen.
const LISTENS_WITHIN: Duration = Duration::from_secs(60);
/// How long a process may take to end by itself.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// How often a port is tried.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The most of a log that is searched for telling lines.
const LOG_BYTES_MAX: u64 = 256 << 10;

/// A running network. All of its processes end when it is dropped, and when the process that holds it ends, however it ends.
///
/// Its methods block; a caller with an async runtime calls them where that may be.
#[derive(Debug)]
pub struct Network {
    site: Site,
    probe: Package,
    processes: Mutex<BTreeMap<String, Entry>>,
    since: Timestamp,
    /// Gives the directory back.
    _lock: File,
}

/// One process of the network, running or not.
#[derive(Debug)]
struct Entry {
    log: Log,
    /// None when it was stopped on purpose or not started yet.
    process: Option<Process>,
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

    fn start_with(
        options: &Options,
        gateway_enabled: bool,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, DevnetError> {
        let Taken {
            layout,
            topology,
            is_complete,
            lock,
        } = Taken::take(options)?;
        let since = Timestamp::now();
        let tell = |step: &str| {
            progress(step);
            let phase = Phase::Starting {
                step: step.to_owned(),
            };
            // The state is for whoever looks; that it cannot be written will show in what has to be written.
            let _ = state(since, phase, Vec::new()).write(&layout);
        };
        let started = (|| {
            tell("find Fabric's programs");
            let bin_directory = options.bin_directory.as_deref();
            let programs = Programs::provide(topology.fabric, bin_directory, &tell)?;
            let site = Site {
                layout: layout.clone(),
                topology,
                programs,
            };
            Self::bring_up(site, is_complete, gateway_enabled, since, lock, &tell)
        })();
        match &started {
            Ok(network) => network.write_state(Phase::Ready)?,
            Err(error) => {
                let phase = Phase::Failed {
                    error: error.to_string(),
                };
                let _ = state(since, phase, Vec::new()).write(&layout);
            }
        }
        started
    }

    fn bring_up(
        site: Site,
        is_complete: bool,
        gateway_enabled: bool,
        since: Timestamp,
        lock: File,
        tell: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, DevnetError> {
        if !is_complete {
            tell("make keys, certificates and the channel's first block");
            bring_up::make_identities(&site)?;
        }
        bring_up::write_configurations(&site, gateway_enabled)?;
        let probe = bring_up::probe_package(&site)?;
        let mut processes = BTreeMap::new();
        for node in site.nodes() {
            let path = site.layout.log_file(node.name());
            let log = Log::create(path.clone()).map_err(DevnetError::file(path))?;
            processes.insert(node.name().to_owned(), Entry { log, process: None });
        }
        let network = Self {
            site,
            probe,
            processes: Mutex::new(processes),
            since,
            _lock: lock,
        };
        tell("start all processes");
        match is_complete {
            true => network.start_again()?,
            false => network.start_anew(tell)?,
        }
        let Site {
            layout,
            topology,
            programs,
        } = &network.site;
        for contract in &topology.contracts {
            tell(&format!("deploy the contract `{}`", contract.name));
            bring_up::deploy_users_contract(&network.site, contract)?;
        }
        tell("wait until the peers know each other");
        bring_up::wait_until_endorsable(&network.site)?;
        files::write(topology, layout, &[&programs.peer, &programs.ca_client])?;
        directory::record(layout, topology)?;
        Ok(network)
    }

    /// Starts all processes of a new network and makes the channel.
    fn start_anew(&self, tell: &(dyn Fn(&str) + Sync)) -> Result<(), DevnetError> {
        let site = &self.site;
        for node in site.nodes() {
            self.launch(node)?;
        }
        tell("join the channel, enroll the users, install the contract");
        side_by_side(site.nodes(), |node| -> Result<(), DevnetError> {
            self.wait_until_it_listens(node)?;
            match node {
                Node::Orderer(orderer) => bring_up::join_orderer(site, orderer),
                Node::Peer(organization, peer) => bring_up::join_peer(site, organization, peer),
                Node::Authority(organization) => bring_up::enroll(site, organization),
                Node::Probe => Ok(()),
            }
        })?;
        self.probe.install(site)?;
        tell("approve and commit the contract");
        bring_up::deploy_probe(site, &self.probe)
    }

    /// Starts all processes of a network that was up before.
    fn start_again(&self) -> Result<(), DevnetError> {
        for node in self.site.nodes() {
            self.launch(node)?;
        }
        side_by_side(self.site.nodes(), |node| -> Result<(), DevnetError> {
            self.wait_until_it_listens(node)?;
            match node {
                Node::Orderer(orderer) => bring_up::wait_until_led(&self.site, orderer),
                _ => Ok(()),
            }
        })?;
        Ok(())
    }

    /// Adds contracts to a network that another process runs, or moves them in place.
    ///
    /// # Errors
    /// [`DevnetError`] when the network does not run, is another than the options say, or a step fails.
    pub fn deploy_to_running(
        options: &Options,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<(), DevnetError> {
        let layout = directory::layout_of(&options.directory)?;
        let mut topology = directory::running_topology(&layout)?;
        directory::continue_with(&mut topology, options, &layout)?;
        let bin_directory = options.bin_directory.as_deref();
        let programs = Programs::provide(topology.fabric, bin_directory, progress)?;
        let site = Site {
            layout,
            topology,
            programs,
        };
        for contract in &options.contracts {
            progress(&format!("deploy the contract `{}`", contract.name));
            bring_up::deploy_users_contract(&site, contract)?;
        }
        directory::record(&site.layout, &site.topology)
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
        let state = state(self.since, Phase::Ready, self.processes());
        state.write(&self.site.layout)?;
        let mut processes = state.processes;
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

    fn launch(&self, node: Node<'_>) -> Result<(), DevnetError> {
        let mut command = self.site.node_command(node, &self.probe.id);
        self.with(node.name(), |entry| {
            let path = entry.log.path().to_owned();
            entry
                .log
                .attach(&mut command)
                .map_err(DevnetError::file(path))?;
            let process = Process::start(&mut command).map_err(|error| {
                let step = Step {
                    process: node.name(),
                    what: "start",
                };
                step.failed(error.to_string(), "")
            })?;
            entry.process = Some(process);
            Ok(())
        })?
    }

    fn wait_until_it_listens(&self, node: Node<'_>) -> Result<(), DevnetError> {
        let port = self.site.last_port(node);
        let start = Instant::now();
        loop {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                // Another program may have that port while ours has died of it.
                return self.with(node.name(), |entry| entry.must_run(node))?;
            }
            self.with(node.name(), |entry| entry.must_run(node))??;
            if start.elapsed() > LISTENS_WITHIN {
                let reason = format!(
                    "port {port} did not open within {} s",
                    LISTENS_WITHIN.as_secs()
                );
                return self.with(node.name(), |entry| Err(entry.failed(node, reason).into()))?;
            }
            thread::sleep(LOOK_EVERY);
        }
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
        state(self.since, phase, self.processes()).write(&self.site.layout)
    }
}

impl Entry {
    fn is_running(&mut self) -> bool {
        self.process
            .as_mut()
            .is_some_and(|process| process.ended().is_none())
    }

    fn condition(&mut self) -> Condition {
        match &mut self.process {
            None => Condition::Stopped,
            Some(process) => match process.ended() {
                None => Condition::Running {
                    process_id: process.id(),
                },
                Some(status) => Condition::Dead {
                    how: status.to_string(),
                    lines: telling(&self.log.last(LOG_BYTES_MAX)),
                },
            },
        }
    }

    fn must_run(&mut self, node: Node<'_>) -> Result<(), DevnetError> {
        match self.condition() {
            Condition::Dead { how, .. } => {
                Err(self.failed(node, format!("it ended with {how}")).into())
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, node: Node<'_>, reason: String) -> StepError {
        let step = Step {
            process: node.name(),
            what: "start",
        };
        StepError {
            log: Some(self.log.path().to_owned()),
            ..step.failed(reason, &self.log.last(LOG_BYTES_MAX))
        }
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
