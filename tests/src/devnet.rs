//! Networks of Fabric, brought up by the program as a user does it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::paths;
use crate::process::{Ended, Process, run_to_end};
use crate::wait::eventually;

/// A folder for a network, and the commands on it. What still runs there is ended when this is dropped.
#[derive(Debug)]
pub struct Devnet {
    folder: TempDir,
}

impl Default for Devnet {
    fn default() -> Self {
        Self::new()
    }
}

impl Devnet {
    /// A folder for a network that there is not yet.
    ///
    /// # Panics
    /// When there is no room for temporary files.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// The network's own folder.
    pub fn directory(&self) -> PathBuf {
        self.folder.path().join("net")
    }

    /// `chainloom devnet` with these words and the network's folder, ready to be run. Fabric's programs are those that the user who
    /// runs the test has built already.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(paths::program());
        command.arg("devnet").args(words);
        command.arg("--dir").arg(self.directory());
        command.current_dir(self.folder.path());
        command
    }

    /// Runs such a command to its end.
    ///
    /// # Panics
    /// When it does not end within a minute.
    pub async fn run(&self, words: &[&str]) -> Ended {
        run_to_end(&mut self.command(words)).await
    }

    /// `chainloom devnet up` in the foreground, once it is up.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn up(&self) -> Process {
        let mut process = Process::start(&mut self.command(&["up"]));
        process
            .wait_for_output("that Ctrl-C ends it", |text| {
                text.contains("Ctrl-C ends it").then_some(())
            })
            .await;
        process
    }

    /// What `chainloom devnet status --json` prints, and its exit code.
    ///
    /// # Panics
    /// When it prints no JSON.
    pub async fn status(&self) -> (Value, Option<i32>) {
        let ended = self.run(&["status", "--json"]).await;
        let status = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|error| panic!("{error}: {ended:?}"));
        (status, ended.status.code())
    }

    /// What the process that runs the network wrote down last, if it has written.
    pub fn state(&self) -> Option<Value> {
        let text = fs::read(self.directory().join("state.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// The ids of the network's processes that run, by their names.
    ///
    /// # Panics
    /// When nothing is written down about them.
    pub fn process_ids(&self) -> Vec<(String, u32)> {
        let state = self.state().expect("a network was brought up");
        let processes = state["processes"].as_array().expect("an array");
        processes
            .iter()
            .filter_map(|process| {
                let id = u32::try_from(process["process_id"].as_u64()?).ok()?;
                Some((process["name"].as_str()?.to_owned(), id))
            })
            .collect()
    }

    /// Waits until nothing is left of processes with these ids: not they, not what they started, not their guards, and no
    /// port of theirs is taken.
    ///
    /// # Panics
    /// When something stays.
    pub async fn assert_nothing_is_left(&self, ids: &[(String, u32)]) {
        assert!(!ids.is_empty(), "there is nothing to look for");
        for (name, id) in ids {
            eventually(&format!("{name} and its guard to be gone"), async || {
                // Each leads a process group, and its guard is in it.
                groups().iter().all(|group| group != id).then_some(())
            })
            .await;
        }
        let ports = self.ports();
        assert!(ports.len() > 10, "{ports:?}");
        for port in ports {
            eventually(&format!("port {port} to be free"), async || {
                TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
            })
            .await;
        }
    }

    /// Every port of the network.
    fn ports(&self) -> Vec<u16> {
        let record = fs::read(self.directory().join("devnet.json")).expect("the network was up");
        let record: Value = serde_json::from_slice(&record).expect("the record is JSON");
        let mut ports = Vec::new();
        gather_ports(&record, &mut ports);
        ports
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // Without a network it says so, which nobody needs to hear.
        let _ = self.command(&["down"]).output();
    }
}

fn gather_ports(record: &Value, ports: &mut Vec<u16>) {
    match record {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_u64().and_then(|port| u16::try_from(port).ok()) {
                    Some(port) if name.ends_with("port") => ports.push(port),
                    _ => gather_ports(value, ports),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather_ports(item, ports)),
        _ => (),
    }
}

/// The process groups of all processes of the machine that are not merely waiting to be reaped.
fn groups() -> Vec<u32> {
    let processes = Path::new("/proc")
        .read_dir()
        .expect("Linux tells of its processes");
    processes
        .filter_map(|process| {
            let stat = fs::read_to_string(process.ok()?.path().join("stat")).ok()?;
            // After the name in parentheses, which may have any letters: state, parent, group.
            let (_, rest) = stat.rsplit_once(") ")?;
            let mut fields = rest.split(' ');
            match fields.next()? {
                "Z" | "X" => None,
                _ => fields.nth(1)?.parse().ok(),
            }
        })
        .collect()
}
