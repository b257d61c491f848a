//! Processes that end with the one that started them, however that one ends.
//!
//! Each program is started through a few lines of shell (`guard.sh`) that leave a watcher beside it and then become the
//! program. The watcher reads a pipe whose other end is here. When this process ends, by SIGKILL too, the pipe closes and the
//! watcher ends the program with all that it started. So the process id that is known here is the program's own.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

const GUARD: &str = include_str!("guard.sh");
/// How often a process is looked at while its end is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A command that runs `program` under guard: its arguments, environment and output are to be added, its standard input is taken.
pub(crate) fn guarded(program: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", GUARD, "guard"])
        .arg(program)
        .stdin(Stdio::piped())
        .process_group(0);
    command
}

/// A running program of which nothing is left when this value is dropped or this process ends.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// The guard's pipe; none once the program has ended.
    pipe: Option<ChildStdin>,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts a command made by [`guarded`].
    ///
    /// # Errors
    /// When the system starts no process.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.spawn()?;
        let pipe = child.stdin.take();
        Ok(Self {
            child,
            pipe,
            ended: None,
        })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
            if self.ended.is_some() {
                // The watcher ends what the program has left behind.
                self.pipe = None;
            }
        }
        self.ended
    }

    /// Waits for its end, at most so long.
    pub(crate) fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            let ended = self.ended();
            if ended.is_some() || start.elapsed() >= limit {
                return ended;
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Asks it to end, with all that it started.
    pub(crate) fn terminate(&mut self) {
        self.signal(Signal::TERM);
    }

    /// Ends it at once, with all that it started, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        if self.ended.is_none() {
            // The watcher is in the same group, so the pipe has no reader left; nothing else has to be told.
            self.ended = self.child.wait().ok();
            self.pipe = None;
        }
    }

    /// Stops it where it stands, as a machine that hangs does.
    pub(crate) fn freeze(&mut self) {
        self.signal_alone(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&mut self) {
        self.signal_alone(Signal::CONT);
    }

    /// Signals the program without its watcher, which must not be stopped.
    fn signal_alone(&mut self, signal: Signal) {
        if self.ended().is_none()
            && let Some(id) = self.pid()
        {
            // An error means that it is gone; it has not been waited for, so the number is still its own.
            let _ = kill_process(id, signal);
        }
    }

    fn signal(&mut self, signal: Signal) {
        if self.ended().is_none()
            && let Some(group) = self.pid()
        {
            // As above.
            let _ = kill_process_group(group, signal);
        }
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What one process prints, in a file.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
}

impl Log {
    /// An empty log in `path`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn create(path: PathBuf) -> io::Result<Self> {
        File::create(&path)?;
        Ok(Self { path })
    }

    /// Empties it when it is longer than that: a network that runs for weeks must not fill the disk.
    ///
    /// # Errors
    /// When the file cannot be changed.
    pub(crate) fn empty_beyond(&self, bytes_max: u64) -> io::Result<()> {
        let file = File::options().write(true).open(&self.path)?;
        match file.metadata()?.len() > bytes_max {
            // Those who print into it append, so they go on at its beginning.
            true => file.set_len(0),
            false => Ok(()),
        }
    }

    /// Lets a command print into it, after what is there.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn attach(&self, command: &mut Command) -> io::Result<()> {
        let file = File::options().append(true).open(&self.path)?;
        command.stdout(file.try_clone()?).stderr(file);
        Ok(())
    }

    /// The end of what is in it, at most so much; nothing where it cannot be read.
    pub(crate) fn last(&self, bytes_max: u64) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.path)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(bytes_max)))?;
            let mut bytes = Vec::new();
            file.take(bytes_max).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::{BufRead, BufReader};

    use rustix::process::test_kill_process;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = guarded(Path::new("/bin/sh"));
        command.args(["-c", script]);
        command
    }

    fn is_there(id: u32) -> bool {
        let pid = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        test_kill_process(pid).is_ok()
    }

    fn gone(id: u32) -> bool {
        let start = Instant::now();
        while is_there(id) {
            if start.elapsed() > Duration::from_secs(30) {
                return false;
            }
            thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// The process's own number and that of a process that it started, both waiting for ever.
    fn family(command: &mut Command) -> (Process, u32, u32) {
        command.stdout(Stdio::piped());
        let mut process = Process::start(command).unwrap();
        let mut lines = BufReader::new(process.child.stdout.take().unwrap()).lines();
        let own = lines.next().unwrap().unwrap().parse().unwrap();
        let other = lines.next().unwrap().unwrap().parse().unwrap();
        (process, own, other)
    }

    const FAMILY: &str = "echo $$; sleep 1000 & echo $!; wait";

    #[test]
    fn the_program_has_the_id_and_the_status_that_are_known_here() {
        let (mut process, own, _) = family(&mut shell(FAMILY));
        assert_eq!(process.id(), own);
        assert!(process.ended().is_none());
        process.kill();
        let mut process = Process::start(&mut shell("exit 7")).unwrap();
        let status = process.wait(Duration::from_secs(60)).unwrap();
        assert_eq!(status.code(), Some(7));
    }

    #[test]
    fn all_that_it_started_ends_with_it() {
        let (mut process, own, other) = family(&mut shell(FAMILY));
        process.kill();
        assert!(gone(own) && gone(other));
        let (process, own, other) = family(&mut shell(FAMILY));
        drop(process);
        assert!(gone(own) && gone(other));
        let (mut process, own, other) = family(&mut shell(FAMILY));
        process.terminate();
        assert!(process.wait(Duration::from_secs(60)).is_some());
        assert!(gone(own) && gone(other));
    }

    #[test]
    fn what_a_program_leaves_behind_when_it_ends_by_itself_ends_too() {
        let (mut process, own, other) = family(&mut shell("echo $$; sleep 1000 & echo $!; exit 0"));
        assert!(process.wait(Duration::from_secs(60)).is_some());
        assert!(gone(own) && gone(other));
    }

    #[test]
    fn what_is_frozen_ends_with_its_owner() {
        let (mut process, own, other) = family(&mut shell(FAMILY));
        process.freeze();
        process.pipe = None;
        let ended = process.child.wait().unwrap();
        assert!(!ended.success());
        assert!(gone(own) && gone(other));
    }

    #[test]
    fn a_long_log_is_emptied_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::create(folder.path().join("log")).unwrap();
        let mut command = guarded(Path::new("/bin/sh"));
        log.attach(&mut command).unwrap();
        command.args([
            "-c",
            "echo one; while [ -s \"$0\" ]; do sleep 0.01; done; echo two",
        ]);
        command.arg(log.path());
        let mut process = Process::start(&mut command).unwrap();
        let start = Instant::now();
        while log.last(100).is_empty() && start.elapsed() < Duration::from_secs(30) {
            thread::sleep(Duration::from_millis(10));
        }
        log.empty_beyond(100).unwrap();
        assert_eq!(log.last(100), "one\n");
        log.empty_beyond(3).unwrap();
        assert!(process.wait(Duration::from_secs(60)).is_some());
        assert_eq!(log.last(100), "two\n");
    }

    #[test]
    fn it_ends_when_the_pipe_closes_even_if_it_does_not_want_to() {
        for script in [
            FAMILY.to_owned(),
            format!("trap '' TERM; {FAMILY}"),
            // Frozen, as by SIGSTOP.
            "echo $$; sleep 1000 & echo $!; kill -STOP $$; wait".to_owned(),
        ] {
            let (mut process, own, other) = family(&mut shell(&script));
            // As the system does when this process ends.
            process.pipe = None;
            assert!(process.wait(Duration::from_secs(60)).is_some(), "{script}");
            assert!(gone(own) && gone(other), "{script}");
        }
    }

    #[test]
    fn a_program_that_has_ended_leaves_no_watcher() {
        let mut command = guarded(Path::new("/bin/true"));
        // The watcher holds no other pipe: this one ends with the program alone.
        let (reader, writer) = io::pipe().unwrap();
        command.stdout(writer);
        let mut process = Process::start(&mut command).unwrap();
        drop(command);
        assert!(process.wait(Duration::from_secs(60)).is_some());
        assert_eq!(BufReader::new(reader).lines().count(), 0);
        let group = Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
        let start = Instant::now();
        while rustix::process::test_kill_process_group(group).is_ok() {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "the watcher is still there"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// How the system describes the process: `T` is stopped.
    fn state(id: u32) -> String {
        let ps = Command::new("ps")
            .args(["-o", "state=", "-p", &id.to_string()])
            .output();
        String::from_utf8(ps.unwrap().stdout).unwrap()
    }

    #[test]
    fn what_is_frozen_goes_on_when_it_is_thawed() {
        let folder = tempfile::tempdir().unwrap();
        let sign = folder.path().join("sign");
        let mut command = shell("echo $$; echo 0; until [ -e \"$0\" ]; do :; done; exit 3");
        let (mut process, own, _) = family(command.arg(&sign));
        process.freeze();
        let start = Instant::now();
        while !state(own).starts_with('T') {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "it is not stopped"
            );
            thread::sleep(Duration::from_millis(10));
        }
        std::fs::write(&sign, "").unwrap();
        assert!(process.ended().is_none());
        process.thaw();
        let status = process.wait(Duration::from_secs(60)).unwrap();
        assert_eq!(status.code(), Some(3));
    }
}
