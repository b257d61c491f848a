//! Our server over a file of blocks, in a process of its own: `chainloom-bench index-worker BLOCKS INDEX ORGANIZATION ENROLLMENT_ID`.
//!
//! It says where it listens, then reads numbers: how many blocks there are now. Each is answered, once they are indexed, with what that cost.

use std::io::{Write, stdin, stdout};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chainloom_ledger::CreatorName;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::block_file::BlockFile;
use super::replay::Replay;
use super::served::Served;
use crate::process::Child;

/// The word with which this program starts itself as a worker.
pub(crate) const WORD: &str = "index-worker";

/// How often it is looked whether the index has come so far.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What the worker says first.
#[derive(Serialize, Deserialize)]
struct Listening {
    address: SocketAddr,
}

/// What indexing came to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Synced {
    pub(crate) seconds: f64,
    /// Of the worker's process.
    pub(crate) cpu_seconds: f64,
    /// The most memory that the worker's process ever held.
    pub(crate) peak_memory_bytes: u64,
    /// The index file, as the disk has it.
    pub(crate) disk_bytes: u64,
}

/// A worker of this program.
pub(crate) struct Worker {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Worker {
    /// Starts one with the index in this file; `user` is who `me` is.
    pub(crate) fn start(blocks: &Path, index: &Path, user: &CreatorName) -> Self {
        let program = std::env::current_exe().expect("a program has a path");
        let mut command = Command::new(program);
        command.arg(WORD).args([blocks, index]);
        command.args([&user.organization, &user.enrollment_id]);
        let mut child = Child::start("the worker", &mut command);
        let Listening { address } = child.read();
        Self { child, address }
    }

    /// Has it index the blocks before this number.
    pub(crate) fn sync(&mut self, end: u64) -> Synced {
        self.child.write(&end);
        self.child.read()
    }
}

/// Is a worker.
pub(crate) async fn run(words: &[String]) -> ExitCode {
    let [blocks, index_path, organization, enrollment_id] = words else {
        eprintln!("{WORD} BLOCKS INDEX ORGANIZATION ENROLLMENT_ID");
        return ExitCode::from(2);
    };
    let user = CreatorName {
        organization: organization.clone(),
        enrollment_id: enrollment_id.clone(),
    };
    let index_path = PathBuf::from(index_path);
    let file = BlockFile::open(Path::new(blocks)).expect("a file of blocks");
    let replay = Replay::new(file, user);
    let served = Served::start(Arc::new(replay.clone()), &index_path);
    say(&Listening {
        address: served.address,
    });
    let mut follows = false;
    // The server and the follower have threads of their own.
    for line in stdin().lines() {
        let line = line.expect("standard input can be read");
        let end: u64 = serde_json::from_str(&line).expect("a number of blocks");
        let (start, used_before) = (Instant::now(), used());
        replay.show(end);
        if !follows {
            // From here on, so that its first look at the ledger shows all that there is.
            served.follow();
            follows = true;
        }
        while served.index.position().blocks < end {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        say(&Synced {
            seconds: start.elapsed().as_secs_f64(),
            cpu_seconds: used() - used_before,
            peak_memory_bytes: peak_memory_bytes(),
            disk_bytes: disk_bytes(&index_path),
        });
    }
    ExitCode::SUCCESS
}

fn say(what: &impl Serialize) {
    println!("{}", serde_json::to_string(what).expect("it is JSON"));
    stdout().flush().expect("who started it reads");
}

/// What this process has used of processors so far, in seconds.
fn used() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// The most memory that this process ever held.
fn peak_memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the system tells");
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.and_then(|words| words.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.expect("the system tells") * 1024
}

/// What a file takes on the disk, which is less than its length where it has holes.
fn disk_bytes(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).expect("it is there").blocks() * 512
}
