//! A network's directory: taken by one process at a time, with the network that it holds.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, test_kill_process_group};

use crate::checks::{check_disk, check_parts, check_path, check_ports};
use crate::error::DevnetError;
use crate::layout::Layout;
use crate::lock::Lock;
use crate::options::Options;
use crate::ports;
use crate::record::{RecordLock, read_topology};
use crate::replace::{Readers, replace};
use crate::state::{Condition, State};
use crate::topology::{Mismatch, Topology};

/// How much a network writes before anyone has used it; each raft orderer alone takes 64 MiB.
const FREE_MIB_MIN: u64 = 512;
/// How much one has to have that was brought up before.
const FREE_MIB_MIN_AGAIN: u64 = 64;
/// How long the processes of an owner that was killed may take to end: their guards give them a few seconds.
const REMAINS_END_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A network's directory that this process has taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) layout: Layout,
    pub(crate) topology: Topology,
    /// Whether the network was brought up before.
    pub(crate) is_complete: bool,
    /// Gives the directory back when it is dropped.
    pub(crate) lock: Lock,
    /// Held until the network is recorded.
    pub(crate) record_lock: RecordLock,
}

impl Taken {
    /// Takes the directory that `options` name, for a new network or for the one that it holds.
    ///
    /// # Errors
    /// [`DevnetError`] when it is in use, holds something else or another network, when the disk is full, or a port is taken.
    pub(crate) fn take(options: &Options) -> Result<Self, DevnetError> {
        // What cannot be is refused before anything is made.
        Topology::plan(options, || 0)?;
        let layout = Layout::of(&options.directory)?;
        let directory = layout.directory();
        check_path(directory)?;
        refuse_foreign(&layout)?;
        make_private_directory(directory)?;
        let lock = Lock::take(&layout)?;
        let record_lock = RecordLock::wait(&layout)?;
        wait_for_remains(&layout)?;
        let known = read_topology(&layout)?;
        let is_complete = known.is_some();
        check_disk(
            directory,
            if is_complete {
                FREE_MIB_MIN_AGAIN
            } else {
                FREE_MIB_MIN
            },
        )?;
        let topology = match known {
            Some(mut topology) => {
                continue_with(&mut topology, options, &layout)?;
                check_parts(&layout, &topology)?;
                check_ports(&topology, directory)?;
                topology
            }
            None => {
                refuse_orphans(&layout)?;
                // Until it is recorded, it may be begun anew.
                replace(&layout.unfinished_file(), b"", Readers::All)?;
                remove_beginnings(&layout)?;
                plan(options, ports::reserve)?
            }
        };
        Ok(Self {
            layout,
            topology,
            is_complete,
            lock,
            record_lock,
        })
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

/// Makes the directory and those above it. Its keys are its owner's alone.
fn make_private_directory(directory: &Path) -> Result<(), DevnetError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(DevnetError::file(directory))
}

/// Waits until the processes have ended whose owner was killed; they hold ports and files.
fn wait_for_remains(layout: &Layout) -> Result<(), DevnetError> {
    let state = State::read(layout)?;
    let processes = state.into_iter().flat_map(|state| state.processes);
    let groups: Vec<Pid> = processes
        .filter_map(|process| match process.condition {
            Condition::Running { process_id } => Pid::from_raw(i32::try_from(process_id).ok()?),
            Condition::Stopped | Condition::Dead { .. } => None,
        })
        .collect();
    let start = Instant::now();
    while groups.iter().any(|group| test_kill_process_group(*group).is_ok())
        // A number may belong to another by now.
        && start.elapsed() < REMAINS_END_WITHIN
    {
        thread::sleep(LOOK_EVERY);
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
    if Lock::marks(layout)? {
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

/// Refuses a network that was up once and whose record is gone: its ledger must not be thrown away.
fn refuse_orphans(layout: &Layout) -> Result<(), DevnetError> {
    let has_parts = made_anew(layout).iter().any(|folder| folder.exists());
    match has_parts && !layout.unfinished_file().exists() {
        true => Err(DevnetError::Incomplete {
            directory: layout.directory().to_owned(),
            missing: layout.topology_file(),
        }),
        false => Ok(()),
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
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use std::ffi::OsStr;
    use std::net::{Ipv4Addr, TcpListener};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;
    use crate::options::{Consensus, FabricVersion, OptionsError};
    use crate::process::{Process, guarded};
    use crate::record::record;

    fn folder() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    /// A folder with the record of a network that was brought up and has ended.
    pub(crate) fn recorded() -> (TempDir, Topology) {
        let folder = folder();
        let taken = Taken::take(&Options::in_directory(folder.path())).unwrap();
        record(&taken.layout, &taken.topology).unwrap();
        make_parts(&taken);
        (folder, taken.topology)
    }

    /// The folders of the network's nodes and keys.
    fn make_parts(taken: &Taken) {
        let orderers = taken.topology.orderers.iter().map(|orderer| &orderer.name);
        let peers = taken.topology.peers().map(|(_, peer)| &peer.name);
        for name in orderers.chain(peers) {
            fs::create_dir_all(taken.layout.node_directory(name)).unwrap();
        }
        fs::create_dir_all(taken.layout.organizations_directory()).unwrap();
    }

    #[test]
    fn a_network_that_lacks_a_part_is_refused_and_left_alone() {
        for part in ["devnet.json", "nodes/orderer1", "organizations"] {
            let (folder, _) = recorded();
            let path = folder.path().join(part);
            fs::rename(&path, folder.path().join("elsewhere")).unwrap();
            let error = refusal(folder.path());
            assert!(
                matches!(&error, DevnetError::Incomplete { missing, .. } if *missing == path),
                "{error:?}"
            );
            assert!(folder.path().join("nodes/orderer0").exists());
            fs::rename(folder.path().join("elsewhere"), &path).unwrap();
            Taken::take(&Options::in_directory(folder.path())).unwrap();
        }
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
    fn a_folder_with_a_lock_of_something_else_is_left_alone() {
        let folder = folder();
        fs::create_dir(folder.path().join("contracts")).unwrap();
        fs::write(folder.path().join("contracts/mine.go"), "package mine").unwrap();
        for lock in ["", "1234"] {
            fs::write(folder.path().join("devnet.lock"), lock).unwrap();
            assert_foreign(&folder, "it has other files in it");
        }
        assert!(folder.path().join("contracts/mine.go").exists());
    }

    #[test]
    fn the_folder_is_its_owners_alone() {
        let folder = folder();
        let directory = folder.path().join("net");
        let _taken = Taken::take(&Options::in_directory(&directory)).unwrap();
        let mode = fs::metadata(&directory).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn what_a_killed_owner_left_running_is_waited_for() {
        let (folder, _) = recorded();
        let mut process = Process::start(guarded(Path::new("/bin/sleep")).arg("1")).unwrap();
        let id = process.id();
        let state = format!(
            r#"{{"process_id": 1, "since": "2026-01-01T00:00:00Z", "phase": {{"name": "ready"}}, "processes": [{{"name": "peer0.org1",
                "role": "peer", "address": "127.0.0.1:1", "condition": "running", "process_id": {id}}}]}}"#
        );
        fs::write(folder.path().join("state.json"), state).unwrap();
        let waiter = thread::spawn(move || process.wait(Duration::from_secs(60)));
        let _taken = Taken::take(&Options::in_directory(folder.path())).unwrap();
        let group = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        assert!(test_kill_process_group(group).is_err());
        assert!(waiter.join().unwrap().is_some());
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
        for directory in [
            folder.path().join("a?b"),
            folder.path().join("a$b"),
            folder.path().join("a".repeat(600)),
            folder.path().join(no_text),
        ] {
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
        assert_eq!(left, ["devnet.lock", "logs", "record.lock", "unfinished"]);
    }
}
