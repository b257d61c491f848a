//! The record of a network that was brought up, in its directory.

use std::fs::{self, File};
use std::io::ErrorKind;

use crate::error::DevnetError;
use crate::layout::Layout;
use crate::lock::{self, Lock};
use crate::replace::{Readers, replace};
use crate::state::{Phase, State};
use crate::topology::{LAYOUT_VERSION, Topology};

/// Records the network as one that was brought up.
///
/// # Errors
/// [`DevnetError::File`].
pub(crate) fn record(layout: &Layout, topology: &Topology) -> Result<(), DevnetError> {
    let text = serde_json::to_string_pretty(topology).expect("the record has text for keys");
    replace(&layout.topology_file(), text.as_bytes(), Readers::All)?;
    let unfinished = layout.unfinished_file();
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(DevnetError::file(unfinished)(error))
        }
        _ => Ok(()),
    }
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

/// The network that another process runs in the directory.
///
/// # Errors
/// [`DevnetError::NotRunning`] when none does, or it is not up yet.
pub(crate) fn running_topology(layout: &Layout) -> Result<Topology, DevnetError> {
    let not_running = || DevnetError::NotRunning(layout.directory().to_owned());
    let state = State::read(layout)?;
    let is_up = state.is_some_and(|state| state.phase == Phase::Ready);
    if !is_up || !Lock::is_held(layout)? {
        return Err(not_running());
    }
    read_topology(layout)?.ok_or_else(not_running)
}

/// The right to change the record and the contracts that it names, held by one at a time until it is dropped.
#[derive(Debug)]
pub(crate) struct RecordLock(#[allow(dead_code, reason = "the lock ends with the file")] File);

impl RecordLock {
    /// Waits for it.
    ///
    /// # Errors
    /// [`DevnetError::File`].
    pub(crate) fn wait(layout: &Layout) -> Result<Self, DevnetError> {
        let path = layout.record_lock_file();
        let file = lock::open(&path)?;
        file.lock().map_err(DevnetError::file(path))?;
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::Timestamp;
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::*;
    use crate::directory::Taken;
    use crate::directory::tests::recorded;
    use crate::options::Options;

    /// Changes the record as another program would.
    fn rewrite(folder: &TempDir, change: impl FnOnce(&mut Value)) {
        let path = folder.path().join("devnet.json");
        let mut record = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut record);
        fs::write(&path, record.to_string()).unwrap();
    }

    #[track_caller]
    fn assert_foreign(folder: &TempDir, telling: &str) {
        let error = Taken::take(&Options::in_directory(folder.path())).unwrap_err();
        let DevnetError::ForeignDirectory { directory, reason } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(directory, folder.path());
        assert!(reason.contains(telling), "{reason}");
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
    fn only_a_network_that_runs_and_is_up_can_be_asked() {
        let (folder, topology) = recorded();
        let layout = Layout::of(folder.path()).unwrap();
        let not_running =
            |found: Result<Topology, DevnetError>| matches!(found, Err(DevnetError::NotRunning(_)));
        assert!(not_running(running_topology(&layout)));
        let taken = Taken::take(&Options::in_directory(folder.path())).unwrap();
        assert!(not_running(running_topology(&layout)));
        let state = State {
            process_id: 1,
            since: Timestamp::UNIX_EPOCH,
            phase: Phase::Ready,
            processes: Vec::new(),
        };
        state.write(&layout).unwrap();
        assert_eq!(running_topology(&layout).unwrap(), topology);
        fs::remove_file(layout.topology_file()).unwrap();
        assert!(not_running(running_topology(&layout)));
        drop(taken);
    }
}
