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
    let id = text.trim().parse().ok().and_then(Pid::from_raw);
    let id = id.ok_or_else(not_running)?;
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
