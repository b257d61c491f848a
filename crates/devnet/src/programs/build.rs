//! One run of `go build`, told while it runs.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::error::ProgramsError;
use super::kit::Kit;
use crate::lines::telling;
use crate::process::Process;

/// How long a build may take: far more than any does on a slow machine with a slow network.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// How often it is told how far the build is.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How long Go may take to end once it has said its last word.
const END_TIMEOUT: Duration = Duration::from_secs(60);
/// The most lines that are remembered for the case that it fails.
const LINES_MAX: usize = 200;

/// Runs a command of [`Go`](super::go::Go) to its end.
///
/// # Errors
/// [`ProgramsError::Build`], with what Go said.
pub(super) fn run(
    kit: Kit,
    command: &mut Command,
    limit: Duration,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<(), ProgramsError> {
    let failed = |reason: String, said: VecDeque<String>| ProgramsError::Build {
        kit: kit.to_string(),
        reason,
        lines: telling(&Vec::from(said).join("\n")),
    };
    let unstarted =
        |error: io::Error| failed(format!("it could not be started: {error}"), VecDeque::new());
    progress(&format!(
        "building {kit} with Go, {} the first time",
        kit.usual_build_time()
    ));

    let (reader, writer) = io::pipe().map_err(unstarted)?;
    command.stdout(writer.try_clone().map_err(unstarted)?);
    command.stderr(writer);
    let start = Instant::now();
    let mut process = Process::start(command).map_err(unstarted)?;
    // Only the process is to hold the pipe's other end, so that the lines end with it.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let mut told = Told::default();
    let mut next = start + TELL_EVERY;
    loop {
        match lines.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(line) => told.hear(&String::from_utf8_lossy(&line)),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                if start.elapsed() >= limit {
                    drop(process);
                    return Err(failed(format!("it took more than {limit:?}"), told.said));
                }
                progress(&told.sentence(kit, start.elapsed()));
                next += TELL_EVERY;
            }
        }
    }
    match process.wait(END_TIMEOUT) {
        Some(status) if status.success() => {
            let seconds = start.elapsed().as_secs_f64();
            progress(&format!("built {kit} in {seconds:.0} s"));
            Ok(())
        }
        Some(status) => Err(failed(status.to_string(), told.said)),
        None => Err(failed("it does not end".to_owned(), told.said)),
    }
}

/// What Go has said so far.
#[derive(Debug, Default)]
struct Told {
    modules: usize,
    packages: usize,
    /// What is not about progress.
    said: VecDeque<String>,
}

impl Told {
    /// Go prints `go: downloading MODULE VERSION` and the path of each package that it compiles; all else is worth keeping.
    fn hear(&mut self, line: &str) {
        let line = line.trim_end();
        if line.is_empty() {
            return;
        }
        if line.starts_with("go: downloading ") {
            self.modules += 1;
        } else if !line.contains([' ', ':']) {
            self.packages += 1;
        } else {
            if self.said.len() == LINES_MAX {
                self.said.pop_front();
            }
            self.said.push_back(line.to_owned());
        }
    }

    fn sentence(&self, kit: Kit, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs();
        let mut sentence = format!("building {kit}: {seconds} s");
        for (count, what) in [
            (self.modules, "modules fetched"),
            (self.packages, "packages compiled"),
        ] {
            if count > 0 {
                sentence += &format!(", {count} {what}");
            }
        }
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_counted_and_the_rest_is_kept() {
        let mut told = Told::default();
        let minute = Duration::from_secs(60);
        assert_eq!(
            told.sentence(Kit::Authority, minute),
            "building the programs of Fabric CA: 60 s"
        );
        for line in [
            "go: downloading example.org/a v1.0.0",
            "go: downloading example.org/b v1.0.0",
            "internal/cpu",
            "example.org/a/b-c_d.v2",
            "example.org/b",
            "",
            "# example.org/b",
            "b.go:1:2: undefined: c",
        ] {
            told.hear(line);
        }
        assert_eq!(
            told.sentence(Kit::Authority, minute),
            "building the programs of Fabric CA: 60 s, 2 modules fetched, 3 packages compiled"
        );
        assert_eq!(told.said, ["# example.org/b", "b.go:1:2: undefined: c"]);
        for number in 0..1000 {
            told.hear(&format!("line {number}"));
        }
        assert_eq!(told.said.len(), LINES_MAX);
        assert_eq!(told.said.back().map(String::as_str), Some("line 999"));
    }
}
