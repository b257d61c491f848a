//! Why a task could not go on.

use std::path::PathBuf;
use std::process::ExitStatus;

/// Why a task could not go on. Every variant's text is what the person at the terminal reads.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A program could not be started at all.
    #[error("`{command}` could not be started: {source}")]
    Start {
        /// The command as one would type it.
        command: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A program ran and said that it failed.
    #[error("`{command}` failed ({status})")]
    Status {
        /// The command as one would type it.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// Something that has to be there is not, and the person has to get it.
    #[error("{what} is missing: {advice}")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// How to get it.
        advice: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The test runner found nothing to run, which is not the same as all being well.
    #[error("`{command}` ran no test")]
    NoTests {
        /// The command as one would type it.
        command: String,
    },
    /// A formatter would write some files otherwise.
    #[error("`{command}` names files that are not formatted: {files}; `gofmt -w` formats them")]
    Unformatted {
        /// The command as one would type it.
        command: String,
        /// The files.
        files: String,
    },
}
