//! A contestant that is a client: a process that takes orders on standard input.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::order::{Answer, Order};

/// A client that waits for orders. It ends when this is dropped.
pub(crate) struct Client {
    name: &'static str,
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Client {
    /// Starts the program.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {command:?} could not be started: {error}"));
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self {
            name,
            child,
            orders,
            answers,
        }
    }

    /// Has it carry out an order.
    pub(crate) fn carry_out(&mut self, order: &Order) -> Answer {
        let mut line = serde_json::to_string(order).expect("an order is JSON");
        line.push('\n');
        let orders = self.orders.as_mut().expect("it is taken at the end only");
        let sent = orders.write_all(line.as_bytes());
        sent.unwrap_or_else(|error| panic!("{} ended: {error}", self.name));
        line.clear();
        let read = self.answers.read_line(&mut line);
        read.unwrap_or_else(|error| panic!("{} ended: {error}", self.name));
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{} answered {line:?}: {error}", self.name))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.orders.take());
        // It ends with its input; one that failed has ended already.
        let _ = self.child.wait();
    }
}
