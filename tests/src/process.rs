//! Processes that do not outlive the test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::wait::{eventually, eventually_within};

/// A running program. It is killed and waited for when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    output: Arc<Mutex<Output>>,
}

/// What a program printed.
#[derive(Debug, Default, Clone)]
struct Output {
    stdout: String,
    stderr: String,
    /// How many of the two streams have ended.
    ended: usize,
}

/// A program that has come to its end.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// All it printed.
    pub stdout: String,
    /// All it said on standard error.
    pub stderr: String,
}

impl Process {
    /// Starts a program and gathers what it prints. Its standard input is empty.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null());
        Self::spawn(command, name)
    }

    fn spawn(command: &mut Command, name: String) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("`{name}` could not be started: {error}"));
        let output = Arc::new(Mutex::new(Output::default()));
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        gather(stdout, Arc::clone(&output), |output, line| {
            output.stdout.push_str(line);
        });
        gather(stderr, Arc::clone(&output), |output, line| {
            output.stderr.push_str(line);
        });
        Self {
            child,
            name,
            output,
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn stdout(&self) -> String {
        self.snapshot().stdout
    }

    /// What it said on standard error so far.
    pub fn stderr(&self) -> String {
        self.snapshot().stderr
    }

    /// Waits until `find` finds what it looks for in what the program printed.
    ///
    /// # Panics
    /// When the program ends before, or after a minute.
    pub async fn wait_for_output<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let name = self.name.clone();
        eventually(&format!("`{name}` to print {what}"), async || {
            // The state first: what was printed before the end must be looked at after it.
            let ended = self.child.try_wait().expect("it can be waited for");
            let output = self.snapshot();
            let found = find(&output.stdout);
            if let (None, Some(status), 2) = (&found, ended, output.ended) {
                panic!(
                    "`{name}` ended ({status}) before it printed {what}\n{}\n{}",
                    output.stdout, output.stderr
                );
            }
            found
        })
        .await
    }

    /// Kills it at once, as a power cut would, and waits until it is gone.
    pub fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, as Ctrl-C in a terminal does.
    ///
    /// # Panics
    /// When it is gone already.
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Asks it to end, as a service manager does.
    ///
    /// # Panics
    /// When it is gone already.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.id().to_string()])
            .status()
            .expect("`kill` can be run");
        assert!(status.success(), "`{}` is not running", self.name);
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it has not ended within the limit.
    pub async fn wait(&mut self, limit: Duration) -> Ended {
        let name = self.name.clone();
        let status = eventually_within(limit, &format!("`{name}` to end"), async || {
            let ended = self.child.try_wait().expect("it can be waited for");
            ended.filter(|_| self.snapshot().ended == 2)
        })
        .await;
        let output = self.snapshot();
        Ended {
            status,
            stdout: output.stdout,
            stderr: output.stderr,
        }
    }

    fn snapshot(&self) -> Output {
        self.output
            .lock()
            .expect("no thread panics while it holds this")
            .clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let output = self.snapshot();
            eprintln!(
                "--- `{}` printed\n{}--- and on standard error\n{}---",
                self.name, output.stdout, output.stderr
            );
        }
    }
}

/// Runs a program to its end, with nothing on its standard input.
///
/// # Panics
/// When it does not end within a minute.
pub async fn run_to_end(command: &mut Command) -> Ended {
    Process::start(command).wait(Duration::from_secs(60)).await
}

fn gather(
    stream: impl Read + Send + 'static,
    output: Arc<Mutex<Output>>,
    keep: impl Fn(&mut Output, &str) + Send + 'static,
) {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(lines.read_until(b'\n', &mut line), Ok(length) if length > 0) {
            let mut output = output.lock().expect("no thread panics while it holds this");
            keep(&mut output, &String::from_utf8_lossy(&line));
            line.clear();
        }
        output
            .lock()
            .expect("no thread panics while it holds this")
            .ended += 1;
    });
}
