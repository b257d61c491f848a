//! A network's directory: taken by one process at a time, with the network that it holds.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
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
        check_disk(directory, FREE_MIB_MIN)?;
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
                plan(options, ports::reserve)?
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
            let written = lock
                .set_len(0)
                .and_then(|()| write!(lock, "{}", process::id()));
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

fn check_disk(directory: &Path, needed_mib: u64) -> Result<(), DevnetError> {
    let free_mib = free_mib(directory)?;
    match free_mib < needed_mib {
        true => Err(DevnetError::DiskFull {
            directory: directory.to_owned(),
            free_mib,
            needed_mib,
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

fn plan(
    options: &Options,
    mut reserve: impl FnMut() -> io::Result<u16>,
) -> Result<Topology, DevnetError> {
    let mut failure = None;
    let topology = Topology::plan(options, || {
        reserve().unwrap_or_else(|error| {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::ffi::OsStr;
    use std::net::{Ipv4Addr, TcpListener};
    use std::os::unix::ffi::OsStrExt;

    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::*;
    use crate::options::{Consensus, FabricVersion, OptionsError};

    fn folder() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    /// A folder with the record of a network that was brought up and has ended.
    fn recorded() -> (TempDir, Topology) {
        let folder = folder();
        let taken = Taken::take(&Options::in_directory(folder.path())).unwrap();
        record(&taken.layout, &taken.topology).unwrap();
        (folder, taken.topology)
    }

    /// Changes the record as another program would.
    fn rewrite(folder: &TempDir, change: impl FnOnce(&mut Value)) {
        let path = folder.path().join("devnet.json");
        let mut record = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut record);
        fs::write(&path, record.to_string()).unwrap();
    }

    fn refusal(directory: &Path) -> DevnetError {
        Taken::take(&Options::in_directory(directory)).unwrap_err()
    }

    #[track_caller]
    fn assert_foreign(folder: &TempDir, telling: &str) {
        let error = refusal(folder.path());
        let DevnetError::ForeignDirectory { directory, reason } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(directory, folder.path());
        assert!(reason.contains(telling), "{reason}");
        let message = error.to_string();
        assert!(
            message.contains("name an empty folder with --dir"),
            "{message}"
        );
    }

    #[test]
    fn a_new_network_is_planned_and_the_same_one_is_found_again() {
        let (folder, topology) = recorded();
        let again = Taken::take(&Options::in_directory(folder.path())).unwrap();
        assert!(again.is_complete);
        assert_eq!(again.topology, topology);
        let below = folder.path().join("a/b");
        let new = Taken::take(&Options::in_directory(&below)).unwrap();
        assert!(!new.is_complete && below.is_dir());
    }

    #[test]
    fn what_cannot_be_leaves_no_folder() {
        let folder = folder();
        let directory = folder.path().join("net");
        let mut options = Options::in_directory(&directory);
        options.consensus = Some(Consensus::Bft);
        let error = Taken::take(&options).unwrap_err();
        assert!(
            matches!(error, DevnetError::Options(OptionsError::BftNeedsVersion3)),
            "{error:?}"
        );
        assert!(!directory.exists());
    }

    #[test]
    fn a_folder_is_taken_by_one_at_a_time() {
        let folder = folder();
        let options = Options::in_directory(folder.path());
        let taken = Taken::take(&options).unwrap();
        let error = refusal(folder.path());
        assert!(
            matches!(&error, DevnetError::Running(directory) if directory == folder.path()),
            "{error:?}"
        );
        assert!(error.to_string().contains("chainloom devnet down"));
        assert!(lock(&taken.layout).unwrap().is_none());
        let id = fs::read_to_string(taken.layout.lock_file()).unwrap();
        assert_eq!(id, process::id().to_string());
        drop(taken);
        Taken::take(&options).unwrap();
    }

    #[test]
    fn a_folder_of_something_else_is_refused_and_left_alone() {
        let folder = folder();
        fs::write(folder.path().join("letter.txt"), "dear").unwrap();
        assert_foreign(&folder, "it has other files in it");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_record_of_another_version_is_refused() {
        let (folder, _) = recorded();
        rewrite(&folder, |record| record["layout_version"] = json!(2));
        assert_foreign(&folder, "layout_version 2, and this program reads 1");
    }

    #[test]
    fn a_damaged_record_is_refused() {
        let (folder, _) = recorded();
        rewrite(&folder, |record| record["orderers"] = json!([]));
        assert_foreign(&folder, "lacks nodes");
        rewrite(&folder, |record| record["orderers"] = json!("none"));
        assert_foreign(&folder, "devnet.json is damaged");
        let record = folder.path().join("devnet.json");
        let text = fs::read_to_string(&record).unwrap();
        fs::write(&record, &text[..text.len() / 2]).unwrap();
        assert_foreign(&folder, "devnet.json is damaged");
    }

    #[test]
    fn another_network_than_the_one_that_is_there_is_refused() {
        let (folder, _) = recorded();
        let mut options = Options::in_directory(folder.path());
        options.fabric = Some(FabricVersion::V3_1);
        let error = Taken::take(&options).unwrap_err();
        assert!(
            matches!(error, DevnetError::OtherNetwork { .. }),
            "{error:?}"
        );
        let message = error.to_string();
        assert!(message.contains("--fabric 2.5, not 3.1"), "{message}");
        assert!(
            message.contains(folder.path().to_str().unwrap()),
            "{message}"
        );
    }

    #[test]
    fn a_port_that_another_program_has_is_named_with_its_process() {
        let (folder, topology) = recorded();
        let port = topology.orderers[1].admin_port;
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let error = refusal(folder.path());
        let DevnetError::PortTaken {
            process,
            port: named,
            ..
        } = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!((process.as_str(), *named), ("orderer1", port));
        assert!(error.to_string().contains(&port.to_string()));
        drop(other);
        Taken::take(&Options::in_directory(folder.path())).unwrap();
    }

    #[test]
    fn a_system_without_ports_is_told_of() {
        let mut left = 5;
        let error = plan(&Options::in_directory("d"), || {
            left -= 1;
            match left {
                0.. => Ok(1000),
                _ => Err(ErrorKind::AddrInUse.into()),
            }
        })
        .unwrap_err();
        assert!(matches!(error, DevnetError::NoPort(_)), "{error:?}");
    }

    #[test]
    fn a_path_that_the_programs_would_misread_is_refused() {
        let folder = folder();
        let no_text = OsStr::from_bytes(b"n\xfft");
        for directory in [folder.path().join("a?b"), folder.path().join(no_text)] {
            let error = refusal(&directory);
            assert!(
                matches!(&error, DevnetError::Path(path) if *path == directory),
                "{error:?}"
            );
            assert!(!directory.exists());
        }
    }

    #[test]
    fn a_disk_with_too_little_room_is_told_of() {
        let folder = folder();
        check_disk(folder.path(), 0).unwrap();
        let error = check_disk(folder.path(), u64::MAX).unwrap_err();
        let DevnetError::DiskFull { free_mib, .. } = error else {
            panic!("{error:?}");
        };
        let message = error.to_string();
        assert!(message.contains(&format!("{free_mib} MiB free")));
        assert!(message.contains("make room"), "{message}");
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_told_of() {
        let folder = folder();
        let path = folder.path().join("net");
        fs::write(&path, "").unwrap();
        let error = refusal(&path);
        assert!(
            matches!(&error, DevnetError::File { path: named, .. } if named.starts_with(&path)),
            "{error:?}"
        );
    }

    #[test]
    fn what_a_start_left_that_was_interrupted_is_made_anew() {
        let folder = folder();
        let options = Options::in_directory(folder.path());
        drop(Taken::take(&options).unwrap());
        for beginning in ["nodes/orderer0/etcdraft", "organizations", "wallets/org1"] {
            fs::create_dir_all(folder.path().join(beginning)).unwrap();
        }
        fs::create_dir(folder.path().join("logs")).unwrap();
        let taken = Taken::take(&options).unwrap();
        assert!(!taken.is_complete);
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["lock", "logs"]);
    }

    #[test]
    fn only_a_network_that_runs_and_is_up_can_be_asked() {
        let (folder, topology) = recorded();
        let layout = layout_of(folder.path()).unwrap();
        let not_running =
            |found: Result<Topology, DevnetError>| matches!(found, Err(DevnetError::NotRunning(_)));
        assert!(not_running(running_topology(&layout)));
        let taken = Taken::take(&Options::in_directory(folder.path())).unwrap();
        assert_eq!(running_topology(&layout).unwrap(), topology);
        fs::remove_file(layout.topology_file()).unwrap();
        assert!(not_running(running_topology(&layout)));
        drop(taken);
    }
}
