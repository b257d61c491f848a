//! What a running network is doing, written down by the process that runs it.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::DevnetError;
use crate::layout::Layout;
use crate::replace::{Readers, replace};

/// What the process that runs a network wrote down last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The process that runs the network.
    pub process_id: u32,
    /// Since when.
    pub since: Timestamp,
    /// How far it is.
    pub phase: Phase,
    /// Its processes.
    pub processes: Vec<ProcessState>,
}

/// How far a network is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Phase {
    /// It comes up.
    Starting {
        /// What is being done.
        step: String,
    },
    /// It is up.
    Ready,
    /// It did not come up.
    Failed {
        /// Why.
        error: String,
    },
    /// It was told to end, and did.
    Ended,
}

/// One process of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessState {
    /// Its name: `peer0.org1`.
    pub name: String,
    /// What it is: `peer`.
    pub role: String,
    /// Where it listens.
    pub address: String,
    /// Whether it runs.
    #[serde(flatten)]
    pub condition: Condition,
}

/// Whether a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "condition")]
pub enum Condition {
    /// It runs.
    Running {
        /// Its process id.
        process_id: u32,
    },
    /// It was stopped on purpose, or not started yet.
    Stopped,
    /// It ended by itself.
    Dead {
        /// How: `exit status: 2`.
        how: String,
        /// What it said last.
        lines: Vec<String>,
    },
}

impl State {
    /// What the process that runs the network in `directory`, or ran it, wrote down last.
    ///
    /// # Errors
    /// [`DevnetError::File`] when it cannot be read.
    pub fn of(directory: &Path) -> Result<Option<Self>, DevnetError> {
        Self::read(&Layout::of(directory)?)
    }

    /// Writes it down.
    ///
    /// # Errors
    /// [`DevnetError::File`].
    pub(crate) fn write(&self, layout: &Layout) -> Result<(), DevnetError> {
        let text = serde_json::to_string_pretty(self).expect("the state has text for keys");
        replace(&layout.state_file(), text.as_bytes(), Readers::All)
    }

    /// What was written down last.
    ///
    /// # Errors
    /// [`DevnetError::File`] when it cannot be read.
    pub(crate) fn read(layout: &Layout) -> Result<Option<Self>, DevnetError> {
        let path = layout.state_file();
        match fs::read(&path) {
            // One that another version wrote says nothing to this one.
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DevnetError::file(path)(error)),
        }
    }
}
