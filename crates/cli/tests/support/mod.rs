//! Runs the real program in folders of its own.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses a part of this"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home that is empty, and the program in it.
pub(crate) struct Home {
    folder: TempDir,
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Home {
        Home {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// The program with nothing of the user's around it.
    pub(crate) fn chainloom(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chainloom"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CHAINLOOM_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.path())
            .env("HOME", self.path())
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.chainloom(arguments))
    }

    /// Runs a command on the data folder.
    pub(crate) fn run_offline(&self, arguments: &[&str]) -> Ended {
        let data = self.data();
        let mut command = self.chainloom(arguments);
        ended(command.arg("--data-dir").arg(data))
    }

    /// Starts a server on a free port, with the data in [`Home::data`].
    pub(crate) fn up(&self, arguments: &[&str]) -> Server {
        let mut command = self.chainloom(&["up", "--listen", "127.0.0.1:0", "--log", "warn"]);
        command.arg("--data-dir").arg(self.data()).args(arguments);
        Server::start(command)
    }
}

pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ended {
    /// What it printed; it must have gone well.
    #[track_caller]
    pub(crate) fn printed(self) -> String {
        assert!(self.status.success(), "{self:?}");
        assert_eq!(self.stderr, "", "it said something on standard error");
        self.stdout
    }

    /// The JSON that it printed.
    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.printed()).unwrap()
    }

    /// The one sentence with which it refused.
    #[track_caller]
    pub(crate) fn refusal(self) -> String {
        assert_eq!(self.status.code(), Some(1), "{self:?}");
        let sentence = self.stderr.trim_end();
        assert!(sentence.starts_with("chainloom: "), "{sentence}");
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
        sentence.to_owned()
    }
}

/// A running server; killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    banner: String,
    url: String,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Server {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut banner = String::new();
        for line in BufReader::new(stdout).lines() {
            banner.push_str(&line.unwrap());
            banner.push('\n');
            if banner.ends_with("Ctrl-C ends it.\n") {
                break;
            }
        }
        let start = banner.find("http://").expect("the banner names an address");
        let end = banner[start..].find(['\n', ' ']).unwrap();
        let url = banner[start..start + end].to_owned();
        Server { child, banner, url }
    }

    pub(crate) fn banner(&self) -> &str {
        &self.banner
    }

    /// `http://127.0.0.1:PORT/`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn port(&self) -> u16 {
        let port = self.url.trim_end_matches('/').rsplit(':').next();
        port.unwrap().parse().unwrap()
    }

    /// Its log, where its standard error is piped.
    pub(crate) fn stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }

    /// Runs a client of it.
    pub(crate) fn run(&self, home: &Home, arguments: &[&str]) -> Ended {
        let mut command = home.chainloom(arguments);
        ended(command.args(["--server", &self.url]))
    }

    /// Hands in a transaction as the tutorial's readers do, with fields of any kind.
    pub(crate) fn post_transaction(&self, json: &str) {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        let head = format!(
            "POST /transactions/new HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            json.len()
        );
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(json.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    }

    /// What a path answers, head and body.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it well.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.wait().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command with this on its standard input.
pub(crate) fn with_input(mut command: Command, input: &[u8]) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // An error says that the command has read enough.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Ended {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
