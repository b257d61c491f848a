use std::env;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use chainloom_devnet::{DevnetError, Phase, State, Status, shell_word};
use jiff::Timestamp;
use tokio::time::sleep;

use super::{banner, up};
use crate::arguments::DevnetUpArguments;
use crate::error::Error;
use crate::output::{Output, printable};
use crate::progress::Progress;
use crate::signals;

/// How often the process in the background is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The most of what that process said that is passed on.
const SAID_BYTES_MAX: u64 = 64 << 10;

/// Starts this program again in the background, to bring the network up, and ends when it is up.
pub(crate) async fn run(arguments: &DevnetUpArguments) -> Result<(), Error> {
    let options = up::options(arguments)?;
    let directory = options.directory.clone();
    if Status::of(&directory)?.is_running {
        return match options.contracts.is_empty() {
            true => Err(DevnetError::Running(directory).into()),
            false => up::add_to_running(options).await,
        };
    }
    let mut end = Box::pin(signals::end()?);
    let started_at = Timestamp::now();
    let (mut child, mut said) = start().map_err(Error::Background)?;
    let progress = Progress::spinner("starting");
    loop {
        if let Some(status) = child.try_wait().map_err(Error::Background)? {
            return Err(failure(status, &mut said));
        }
        let state = State::of(&directory)?;
        // What an earlier process of the same number wrote down is not meant.
        let own = |state: &State| state.process_id == child.id() && state.since >= started_at;
        if is_up(state.filter(own), &progress) {
            break;
        }
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = &mut end => {
                // The network's processes end with it. An error means that it has just ended.
                let _ = child.kill();
                let _ = child.wait();
                drop(progress);
                up::interrupted()
            }
        }
    }
    drop(progress);
    let mut output = Output::new();
    if let Some(topology) = Status::of(&directory)?.topology {
        output.write(banner::render(&topology, &directory, output.paint()).as_bytes())?;
    }
    let place = shell_word(&banner::absolute(&directory));
    output.line(&format!(
        "\nIt runs in the background: see `chainloom devnet status --dir {place}`, end it with \
         `chainloom devnet down --dir {place}`."
    ))
}

/// The process in the background, and what it says on standard error.
fn start() -> io::Result<(Child, File)> {
    let said = tempfile::tempfile()?;
    let child = Command::new(env::current_exe()?)
        .args(
            env::args_os()
                .skip(1)
                .filter(|argument| argument != "--detach"),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said.try_clone()?)
        // Ctrl-C in this terminal is not meant for it.
        .process_group(0)
        .spawn()?;
    Ok((child, said))
}

fn is_up(state: Option<State>, progress: &Progress) -> bool {
    match state.map(|state| state.phase) {
        Some(Phase::Ready) => true,
        Some(Phase::Starting { step }) => {
            progress.say(printable(&step));
            false
        }
        _ => false,
    }
}

/// Why it is not up: what the process said, without the name that this program puts before it again.
fn failure(status: ExitStatus, said: &mut File) -> Error {
    let mut bytes = Vec::new();
    let read = said
        .seek(SeekFrom::Start(0))
        .and_then(|_| said.take(SAID_BYTES_MAX).read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim().trim_start_matches("chainloom: ");
    match read {
        Ok(_) if !text.is_empty() => Error::InBackground(text.to_owned()),
        _ => Error::InBackground(format!("the process in the background ended with {status}")),
    }
}
