//! Ending a network that another process runs.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::DevnetError;
use crate::layout::Layout;
use crate::lock::Lock;

/// How long the process that runs the network is given to end it in good order.
const ENDS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Asks the process that runs the network in `directory` to end it, and waits until it has. One that does not is ended, and
/// the network's processes with it.
///
/// # Errors
/// [`DevnetError::NotRunning`] when none runs there.
pub fn end_network(directory: &Path) -> Result<(), DevnetError> {
    let layout = Layout::of(directory)?;
    let not_running = || DevnetError::NotRunning(layout.directory().to_owned());
    let holder = Lock::holder(&layout)?.ok_or_else(not_running)?;
    let id = Pid::from_raw(holder).ok_or_else(not_running)?;
    for signal in [Signal::TERM, Signal::KILL] {
        // An error means that it has just ended.
        let _ = kill_process(id, signal);
        let start = Instant::now();
        while start.elapsed() < ENDS_WITHIN {
            // Another that has come since is not the one that was meant.
            if Lock::holder(&layout)? != Some(holder) {
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

    fn is_not_running(ended: Result<(), DevnetError>) -> bool {
        matches!(ended, Err(DevnetError::NotRunning(_)))
    }

    #[test]
    fn where_none_runs_nobody_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_not_running(end_network(&folder.path().join("none"))));
        assert!(is_not_running(end_network(folder.path())));
        let layout = Layout::of(folder.path()).unwrap();
        let lock = Lock::take(&layout).unwrap();
        let held = std::fs::read(layout.lock_file()).unwrap();
        drop(lock);
        // The number of a process that was killed belongs to another by now: to this one, say.
        std::fs::write(layout.lock_file(), held).unwrap();
        let error = end_network(folder.path()).unwrap_err();
        assert!(error.to_string().contains("chainloom devnet up"), "{error}");
        assert!(is_not_running(Err(error)));
    }
}
