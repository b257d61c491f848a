//! A contestant that is a client: a process that takes orders on standard input.

use std::process::Command;

use serde::Serialize;

use super::order::Answer;
use crate::process::Child;

/// A client that waits for orders. It ends when this is dropped.
pub(crate) struct Client(Child);

impl Client {
    /// Starts the program.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Self {
        Self(Child::start(name, command))
    }

    /// Has it carry out an order.
    pub(crate) fn carry_out(&mut self, order: &impl Serialize) -> Answer {
        self.0.write(order);
        self.0.read()
    }
}
