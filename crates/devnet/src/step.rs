//! One step of bringing a network up: a command that runs to its end, or something that is waited for.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{DevnetError, StepError};
use crate::lines::telling;
use crate::process::Process;
use crate::trouble::Trouble;

/// How long one of Fabric's commands may take: far more than any does on a busy machine.
pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_secs(120);
/// How often a command is tried again that failed for a reason that passes.
const RETRY_EVERY: Duration = Duration::from_millis(100);
/// The most output of a command that is kept.
const OUTPUT_BYTES_MAX: u64 = 4 << 20;

/// What is to be done, and by whom: `peer0.org1` is to `join the channel`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step<'a> {
    /// Whose doing it is.
    pub(crate) process: &'a str,
    /// What is to be done.
    pub(crate) what: &'a str,
}

impl Step<'_> {
    /// The error of this step.
    pub(crate) fn failed(&self, reason: impl Into<String>, output: &str) -> StepError {
        StepError {
            step: self.what.to_owned(),
            process: self.process.to_owned(),
            reason: reason.into(),
            lines: telling(output),
            log: None,
        }
    }

    /// Runs a guarded command to its end; the answer is what it printed.
    ///
    /// # Errors
    /// [`StepError`] when it cannot be started, fails or takes longer than [`COMMAND_TIMEOUT`].
    pub(crate) fn run(&self, command: &mut Command) -> Result<String, StepError> {
        let unstarted =
            |error: io::Error| self.failed(format!("it could not be started: {error}"), "");
        // A file, not a pipe: nobody has to read while it runs.
        let mut output = tempfile::tempfile().map_err(unstarted)?;
        let (stdout, stderr) = (output.try_clone(), output.try_clone());
        command.stdout(stdout.map_err(unstarted)?);
        command.stderr(stderr.map_err(unstarted)?);
        let mut process = Process::start(command).map_err(unstarted)?;
        let status = process.wait(COMMAND_TIMEOUT);
        drop(process);
        let mut bytes = Vec::new();
        output
            .seek(SeekFrom::End(0))
            .and_then(|length| {
                // The end of it: what went wrong is said last.
                output.seek(SeekFrom::Start(length.saturating_sub(OUTPUT_BYTES_MAX)))?;
                (&mut output).take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes)
            })
            .map_err(|error| self.failed(format!("its output could not be read: {error}"), ""))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match status {
            Some(status) if status.success() => Ok(text),
            Some(status) => Err(self.failed(format!("the command ended with {status}"), &text)),
            None => {
                let reason = format!(
                    "the command did not end within {} s",
                    COMMAND_TIMEOUT.as_secs()
                );
                Err(self.failed(reason, &text))
            }
        }
    }

    /// Runs a command again and again while it fails for a reason that passes, at most for `limit`.
    ///
    /// # Errors
    /// The last failure, or the trouble that came in between.
    pub(crate) fn run_until(
        &self,
        limit: Duration,
        passes: impl Fn(&StepError) -> bool,
        trouble: &Trouble,
        mut command: impl FnMut() -> Command,
    ) -> Result<String, StepError> {
        let start = Instant::now();
        loop {
            trouble.check()?;
            match self.run(&mut command()) {
                Err(error) if passes(&error) && start.elapsed() < limit => {
                    thread::sleep(RETRY_EVERY)
                }
                outcome => return outcome,
            }
        }
    }
}

/// Makes a folder and those above it.
///
/// # Errors
/// [`DevnetError::File`].
pub(crate) fn make_directory(path: &Path) -> Result<(), DevnetError> {
    std::fs::create_dir_all(path).map_err(DevnetError::file(path))
}

/// Does all of it side by side; the answer is the first error, after all have ended.
///
/// # Errors
/// The first error in the order of `items`.
pub(crate) fn side_by_side<T, R, E>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E>
where
    T: Send,
    R: Send,
    E: Send,
{
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = items
            .into_iter()
            .map(|item| scope.spawn(move || work(item)))
            .collect();
        threads
            .into_iter()
            .map(|thread| match thread.join() {
                Ok(outcome) => outcome,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::process::guarded;

    const STEP: Step<'_> = Step {
        process: "peer0.org1",
        what: "join the channel",
    };

    fn shell(script: &str) -> Command {
        let mut command = guarded(Path::new("/bin/sh"));
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_command_prints_is_the_answer() {
        assert_eq!(
            STEP.run(&mut shell("echo a; echo b >&2")).unwrap(),
            "a\nb\n"
        );
    }

    #[test]
    fn a_failure_says_which_step_of_which_process_and_why() {
        let error = STEP
            .run(&mut shell(
                "echo fine; echo 'Error: no such channel' >&2; exit 3",
            ))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "peer0.org1 could not join the channel: the command ended with exit status: 3\n    Error: no such channel"
        );
        let error = STEP
            .run(&mut guarded(Path::new("/nowhere/peer")))
            .unwrap_err();
        assert!(error.to_string().contains("/nowhere/peer"), "{error}");
    }

    #[test]
    fn what_passes_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let script = format!(
            "cd '{}'; test -e b && exit; test -e a && touch b; touch a; echo not yet; exit 1",
            folder.path().display()
        );
        let not_yet = |error: &StepError| error.lines == ["not yet"];
        STEP.run_until(
            Duration::from_secs(60),
            not_yet,
            &Trouble::default(),
            || shell(&script),
        )
        .unwrap();
        let never = STEP.run_until(Duration::ZERO, not_yet, &Trouble::default(), || {
            shell("echo not yet; exit 1")
        });
        assert!(never.is_err());
        let other = STEP.run_until(
            Duration::from_secs(60),
            not_yet,
            &Trouble::default(),
            || shell("echo no; exit 1"),
        );
        assert_eq!(other.unwrap_err().lines, ["no"]);
    }

    #[test]
    fn trouble_ends_what_is_waited_for() {
        let trouble = Trouble::default();
        trouble.tell(STEP.failed("it ended", ""));
        trouble.tell(STEP.failed("and another", ""));
        let limit = Duration::from_secs(3600);
        let outcome = STEP.run_until(limit, |_| true, &trouble, || shell("exit 1"));
        assert_eq!(outcome.unwrap_err().reason, "it ended");
    }

    #[test]
    fn all_is_done_and_the_first_error_is_told() {
        let outcome = side_by_side([1, 2, 3], |n| if n < 3 { Ok(n) } else { Err(n) });
        assert_eq!(outcome, Err(3));
        assert_eq!(side_by_side([1, 2], |n| Ok::<_, ()>(n * 2)), Ok(vec![2, 4]));
    }
}
