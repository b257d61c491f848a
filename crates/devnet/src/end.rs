//! Ending a network that another process runs.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::directory::{layout_of, lock};
use crate::error::DevnetError;

/// How long the process that runs the network is given to end it in good order.
const ENDS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Asks the process that runs the network in `directory` to end it, and waits until it has. One that does not is ended, and
/// the network's processes with it.
///
/// # Errors
/// [`DevnetError::NotRunning`] when none runs there.
pub fn end_network(directory: &Path) -> Result<(), DevnetError> {
    let layout = layout_of(directory)?;
    let not_running = || DevnetError::NotRunning(layout.directory().to_owned());
    if !layout.lock_file().exists() || lock(&layout)?.is_some() {
        return Err(not_running());
    }
    let path = layout.lock_file();
    let text = fs::read_to_string(&path).map_err(DevnetError::file(&path))?;
    let id = text.trim().parse().ok().filter(|id| *id > 0);
    let id = id.and_then(Pid::from_raw).ok_or_else(not_running)?;
    for signal in [Signal::TERM, Signal::KILL] {
        // An error means that it has just ended.
        let _ = kill_process(id, signal);
        let start = Instant::now();
        while start.elapsed() < ENDS_WITHIN {
            if lock(&layout)?.is_some() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
    }
    Err(DevnetError::Running(layout.directory().to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::replace::{Readers, replace};

    fn is_not_running(ended: Result<(), DevnetError>) -> bool {
        matches!(ended, Err(DevnetError::NotRunning(_)))
    }

    #[test]
    fn where_none_runs_nobody_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_not_running(end_network(&folder.path().join("none"))));
        assert!(is_not_running(end_network(folder.path())));
        let layout = layout_of(folder.path()).unwrap();
        // The number of a process that ended without a word belongs to another by now: to this one, say.
        let id = std::process::id().to_string();
        replace(&layout.lock_file(), id.as_bytes(), Readers::All).unwrap();
        let error = end_network(folder.path()).unwrap_err();
        assert!(error.to_string().contains("chainloom devnet up"), "{error}");
        assert!(is_not_running(Err(error)));
    }

    #[test]
    fn a_number_that_can_be_no_process_is_not_signalled() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout_of(folder.path()).unwrap();
        let _lock = lock(&layout).unwrap().unwrap();
        for text in ["", "0", "-1", "4294967295", "peer"] {
            fs::write(layout.lock_file(), text).unwrap();
            assert!(is_not_running(end_network(folder.path())), "{text}");
        }
    }
}
