//! One process of a network.

use crate::error::{DevnetError, StepError};
use crate::lines::telling;
use crate::process::{Log, Process};
use crate::site::Node;
use crate::state::Condition;
use crate::step::Step;

/// The most of a log that is searched for telling lines.
const LOG_BYTES_MAX: u64 = 256 << 10;

/// One process of the network, running or not.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) log: Log,
    /// None when it was stopped on purpose or not started yet.
    pub(super) process: Option<Process>,
}

impl Entry {
    pub(super) fn is_running(&mut self) -> bool {
        self.process
            .as_mut()
            .is_some_and(|process| process.ended().is_none())
    }

    pub(super) fn condition(&mut self) -> Condition {
        match &mut self.process {
            None => Condition::Stopped,
            Some(process) => match process.ended() {
                None => Condition::Running {
                    process_id: process.id(),
                },
                Some(status) => Condition::Dead {
                    how: status.to_string(),
                    lines: telling(&self.log.last(LOG_BYTES_MAX)),
                },
            },
        }
    }

    pub(super) fn must_run(&mut self, node: Node<'_>) -> Result<(), DevnetError> {
        self.death(node).map_or(Ok(()), |error| Err(error.into()))
    }

    /// The error that a process is dead which should run.
    pub(super) fn death(&mut self, node: Node<'_>) -> Option<StepError> {
        match self.condition() {
            Condition::Dead { how, .. } => Some(self.failed(node, format!("it ended with {how}"))),
            Condition::Running { .. } | Condition::Stopped => None,
        }
    }

    pub(super) fn failed(&self, node: Node<'_>, reason: String) -> StepError {
        let step = Step {
            process: node.name(),
            what: "start",
        };
        StepError {
            log: Some(self.log.path().to_owned()),
            ..step.failed(reason, &self.log.last(LOG_BYTES_MAX))
        }
    }
}
