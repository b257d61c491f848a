//! A process that takes lines of JSON and answers with lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The process. It ends when this is dropped.
pub(crate) struct Child {
    name: &'static str,
    process: std::process::Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts the program.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {command:?} could not be started: {error}"));
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().expect("it is piped"));
        Self {
            name,
            process,
            input,
            output,
        }
    }

    /// Writes a line.
    pub(crate) fn write(&mut self, what: &impl Serialize) {
        let mut line = serde_json::to_string(what).expect("it is JSON");
        line.push('\n');
        let input = self.input.as_mut().expect("it is taken at the end only");
        let sent = input.write_all(line.as_bytes());
        sent.unwrap_or_else(|error| panic!("{} ended: {error}", self.name));
    }

    /// Reads a line.
    pub(crate) fn read<T: DeserializeOwned>(&mut self) -> T {
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        read.unwrap_or_else(|error| panic!("{} ended: {error}", self.name));
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{} answered {line:?}: {error}", self.name))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.input.take());
        // It ends with its input; one that failed has ended already.
        let _ = self.process.wait();
    }
}
