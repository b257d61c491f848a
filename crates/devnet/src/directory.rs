//! A network's directory: taken by one process at a time, with the network that it holds.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

use crate::error::DevnetError;
use crate::layout::Layout;
use crate::options::Options;
use crate::ports;
use crate::replace::{Readers, replace};
use crate::step::make_directory;
use crate::topology::{LAYOUT_VERSION, Mismatch, Topology};

/// How much a network writes before anyone has used it; each raft orderer alone takes 64 MiB.
const FREE_MIB_MIN: u64 = 512;
/// How often the lock is tried.
const LOCK_TRIES: u32 = 10;
const LOCK_EVERY: Duration = Duration::from_millis(20);

/// A network's directory that this process has taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) layout: Layout,
    pub(crate) topology: Topology,
    /// Whether the network was brought up before.
    pub(crate) is_complete: bool,
    /// Gives the directory back when it is dropped.
    pub(crate) lock: File,
}

impl Taken {
    /// Takes the directory that `options` name, for a new network or for the one that it holds.
    ///
    /// # Errors
    /// [`DevnetError`] when it is in use, holds something else or another network, when the disk is full, or a port is taken.
    pub(crate) fn take(options: &Options) -> Result<Self, DevnetError> {
        // What cannot be is refused before anything is made.
        Topology::plan(options, || 0)?;
        let layout = layout_of(&options.directory)?;
        let directory = layout.directory();
        check_path(directory)?;
        refuse_foreign(&layout)?;
        make_directory(directory)?;
        let lock = lock_patiently(&layout)?;
        check_disk(directory)?;
        let known = read_topology(&layout)?;
        let is_complete = known.is_some();
        let topology = match known {
            Some(mut topology) => {
                continue_with(&mut topology, options, &layout)?;
                check_ports(&topology, directory)?;
                topology
            }
            None => {
                remove_beginnings(&layout)?;
                plan(options)?
            }
        };
        Ok(Self {
            layout,
            topology,
            is_complete,
            lock,
        })
    }
}

/// Records the network as one that was brought up.
///
/// # Errors
/// [`DevnetError::File`].
pub(crate) fn record(layout: &Layout, topology: &Topology) -> Result<(), DevnetError> {
    let text = serde_json::to_string_pretty(topology).expect("the record has text for keys");
    replace(&layout.topology_file(), text.as_bytes(), Readers::All)
}

/// The network that a directory holds, if one was brought up in it.
///
/// # Errors
/// [`DevnetError`] when it cannot be read or is of another version of this program.
pub(crate) fn read_topology(layout: &Layout) -> Result<Option<Topology>, DevnetError> {
    let path = layout.topology_file();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DevnetError::file(path)(error)),
    };
    let foreign = |reason: String| DevnetError::ForeignDirectory {
        directory: layout.directory().to_owned(),
        reason,
    };
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| foreign(format!("devnet.json is damaged ({error})")))?;
    if value["layout_version"] != LAYOUT_VERSION {
        return Err(foreign(format!(
            "devnet.json has layout_version {}, and this program reads {LAYOUT_VERSION}",
            value["layout_version"]
        )));
    }
    let topology: Topology = serde_json::from_value(value)
        .map_err(|error| foreign(format!("devnet.json is damaged ({error})")))?;
    match topology.is_whole() {
        true => Ok(Some(topology)),
        false => Err(foreign("devnet.json lacks nodes".to_owned())),
    }
}

/// Locks the directory; `None` when another process has it.
///
/// # Errors
/// [`DevnetError::File`].
pub(crate) fn lock(layout: &Layout) -> Result<Option<File>, DevnetError> {
    let path = layout.lock_file();
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(DevnetError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(DevnetError::file(path)(error)),
    }
}

/// Locks the directory, with patience for those who only look whether it is locked.
fn lock_patiently(layout: &Layout) -> Result<File, DevnetError> {
    for _ in 0..LOCK_TRIES {
        if let Some(mut lock) = lock(layout)? {
            // For `end_network`.
            let written = lock.set_len(0).and_then(|()| write!(lock, "{}", process::id()));
            written.map_err(DevnetError::file(layout.lock_file()))?;
            return Ok(lock);
        }
        thread::sleep(LOCK_EVERY);
    }
    Err(DevnetError::Running(layout.directory().to_owned()))
}

/// The layout of a directory, by its path from the root.
///
/// # Errors
/// [`DevnetError::File`] when the folder that we stand in is gone.
pub(crate) fn layout_of(directory: &Path) -> Result<Layout, DevnetError> {
    let absolute = std::path::absolute(directory).map_err(DevnetError::file(directory))?;
    Ok(Layout::new(absolute))
}

/// How much room the directory's disk has, in MiB.
///
/// # Errors
/// [`DevnetError::File`].
pub(crate) fn free_mib(directory: &Path) -> Result<u64, DevnetError> {
    let disk = rustix::fs::statvfs(directory)
        .map_err(|error| DevnetError::file(directory)(error.into()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize) >> 20)
}

/// Refuses a path that Fabric's programs would not take for what it is: a CA's database ends the file's name at a `?`, and their
/// configuration is text.
fn check_path(directory: &Path) -> Result<(), DevnetError> {
    match directory.to_str() {
        Some(path) if !path.contains('?') => Ok(()),
        _ => Err(DevnetError::Path(directory.to_owned())),
    }
}

fn check_disk(directory: &Path) -> Result<(), DevnetError> {
    let free_mib = free_mib(directory)?;
    match free_mib < FREE_MIB_MIN {
        true => Err(DevnetError::DiskFull {
            directory: directory.to_owned(),
            free_mib,
            needed_mib: FREE_MIB_MIN,
        }),
        false => Ok(()),
    }
}

/// Takes over what `options` add to a network.
///
/// # Errors
/// [`DevnetError::OtherNetwork`] when they ask for another.
pub(crate) fn continue_with(
    topology: &mut Topology,
    options: &Options,
    layout: &Layout,
) -> Result<(), DevnetError> {
    topology
        .continue_with(options)
        .map_err(|mismatch| match mismatch {
            Mismatch::Options(error) => error.into(),
            mismatch => DevnetError::OtherNetwork {
                directory: layout.directory().to_owned(),
                mismatch,
            },
        })
}

/// The network that another process runs in the directory.
///
/// # Errors
/// [`DevnetError::NotRunning`] when none does, or it is not up yet.
pub(crate) fn running_topology(layout: &Layout) -> Result<Topology, DevnetError> {
    let not_running = || DevnetError::NotRunning(layout.directory().to_owned());
    if !layout.lock_file().exists() || lock(layout)?.is_some() {
        return Err(not_running());
    }
    read_topology(layout)?.ok_or_else(not_running)
}

fn plan(options: &Options) -> Result<Topology, DevnetError> {
    let mut failure = None;
    let topology = Topology::plan(options, || {
        ports::reserve().unwrap_or_else(|error| {
            failure = Some(error);
            0
        })
    })?;
    match failure {
        Some(error) => Err(DevnetError::NoPort(error)),
        None => Ok(topology),
    }
}

fn check_ports(topology: &Topology, directory: &Path) -> Result<(), DevnetError> {
    for (process, port) in topology.ports() {
        if !ports::is_free(port) {
            return Err(DevnetError::PortTaken {
                process: process.to_owned(),
                port,
                directory: directory.to_owned(),
            });
        }
    }
    Ok(())
}

/// What a network's directory has in it that is made anew when the network is.
fn made_anew(layout: &Layout) -> Vec<PathBuf> {
    let names = [
        "nodes",
        "organizations",
        "channel",
        "contracts",
        "wallets",
        "builder",
    ];
    names.map(|name| layout.directory().join(name)).to_vec()
}

/// Refuses a folder that has files in it but was never a network's.
fn refuse_foreign(layout: &Layout) -> Result<(), DevnetError> {
    let directory = layout.directory();
    if layout.lock_file().exists() {
        return Ok(());
    }
    let mut entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(DevnetError::file(directory)(error)),
    };
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(DevnetError::ForeignDirectory {
            directory: directory.to_owned(),
            reason: "it has other files in it".to_owned(),
        }),
    }
}

/// Removes what a network left that never came up.
fn remove_beginnings(layout: &Layout) -> Result<(), DevnetError> {
    for folder in made_anew(layout) {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(DevnetError::file(folder)(error));
            }
            _ => (),
        }
    }
    Ok(())
}
