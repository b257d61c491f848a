//! How a network comes up.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::entry::Entry;
use super::{Network, state};
use crate::bring_up;
use crate::directory::Taken;
use crate::error::DevnetError;
use crate::files;
use crate::lock::Lock;
use crate::options::Options;
use crate::process::{Log, Process};
use crate::programs::Programs;
use crate::record;
use crate::site::{Node, Site};
use crate::state::Phase;
use crate::step::{Step, side_by_side};
use crate::trouble::Trouble;

/// How long a process may take to listen.
const LISTENS_WITHIN: Duration = Duration::from_secs(60);
/// How often a port is tried.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How often it is looked whether a process has ended while the network comes up.
const WATCH_EVERY: Duration = Duration::from_millis(100);

impl Network {
    pub(super) fn start_with(
        options: &Options,
        gateway_enabled: bool,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, DevnetError> {
        let Taken {
            layout,
            topology,
            is_complete,
            lock,
            record_lock,
        } = Taken::take(options)?;
        let since = Timestamp::now();
        let tell = |step: &str| {
            progress(step);
            // The state is for whoever looks; that it cannot be written will show in what has to be written.
            let _ = state(since, starting(step), Vec::new()).write(&layout);
        };
        let mut lock = Some(lock);
        let prepared = (|| {
            tell("find Fabric's programs");
            let bin_directory = options.bin_directory.as_deref();
            let site = Site {
                programs: Programs::provide(topology.fabric, bin_directory, &tell)?,
                layout: layout.clone(),
                topology,
                trouble: Trouble::default(),
            };
            Self::prepare(site, is_complete, gateway_enabled, since, &mut lock, &tell)
        })();
        let outcome = prepared.and_then(|network| match network.come_up(is_complete, progress) {
            Ok(()) => {
                network.write_state(Phase::Ready)?;
                Ok(network)
            }
            // While the directory is still this process's.
            Err(error) => {
                let _ = network.write_state(failed(&error));
                Err(error)
            }
        });
        if let (Err(error), Some(_lock)) = (&outcome, &lock) {
            let _ = state(since, failed(error), Vec::new()).write(&layout);
        }
        drop(record_lock);
        outcome
    }

    /// Makes all that the processes need. The lock goes over to the network that can be started then.
    fn prepare(
        site: Site,
        is_complete: bool,
        gateway_enabled: bool,
        since: Timestamp,
        lock: &mut Option<Lock>,
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
        Ok(Self {
            site,
            probe,
            processes: Mutex::new(processes),
            written: Mutex::new(None),
            since,
            _lock: lock.take(),
        })
    }

    /// Starts all processes and waits until the network can be used. A process that ends meanwhile ends the wait.
    fn come_up(
        &self,
        is_complete: bool,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<(), DevnetError> {
        let tell = |step: &str| {
            progress(step);
            // As above.
            let _ = self.write_state(starting(step));
        };
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    self.watch();
                    thread::sleep(WATCH_EVERY);
                }
            });
            let outcome = self.bring_up(is_complete, &tell);
            is_over.store(true, Ordering::Relaxed);
            outcome
        })
    }

    fn bring_up(&self, is_complete: bool, tell: &(dyn Fn(&str) + Sync)) -> Result<(), DevnetError> {
        for node in self.site.nodes() {
            self.launch(node)?;
        }
        tell("start all processes");
        match is_complete {
            true => self.start_again()?,
            false => self.start_anew(tell)?,
        }
        let Site {
            layout,
            topology,
            programs,
            ..
        } = &self.site;
        for contract in &topology.contracts {
            tell(&format!("deploy the contract `{}`", contract.name));
            bring_up::deploy_users_contract(&self.site, contract)?;
        }
        tell("wait until the peers know each other");
        bring_up::wait_until_endorsable(&self.site)?;
        files::write(topology, layout, &[&programs.peer, &programs.ca_client])?;
        record::record(layout, topology)
    }

    /// Ends the steps under way when a process has ended that they need.
    fn watch(&self) {
        for node in self.site.nodes() {
            let dead = self.with(node.name(), |entry| entry.death(node));
            if let Ok(Some(error)) = dead {
                self.site.trouble.tell(error);
            }
        }
    }

    /// Starts all processes of a new network and makes the channel.
    fn start_anew(&self, tell: &(dyn Fn(&str) + Sync)) -> Result<(), DevnetError> {
        let site = &self.site;
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
        side_by_side(self.site.nodes(), |node| -> Result<(), DevnetError> {
            self.wait_until_it_listens(node)?;
            match node {
                Node::Orderer(orderer) => bring_up::wait_until_led(&self.site, orderer),
                // Somebody may have deleted the wallets.
                Node::Authority(organization) => bring_up::enroll(&self.site, organization),
                Node::Peer(..) | Node::Probe => Ok(()),
            }
        })?;
        Ok(())
    }

    pub(super) fn launch(&self, node: Node<'_>) -> Result<(), DevnetError> {
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

    pub(super) fn wait_until_it_listens(&self, node: Node<'_>) -> Result<(), DevnetError> {
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
}

fn starting(step: &str) -> Phase {
    Phase::Starting {
        step: step.to_owned(),
    }
}

fn failed(error: &DevnetError) -> Phase {
    Phase::Failed {
        error: error.to_string(),
    }
}
