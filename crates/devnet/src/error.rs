//! Why a network could not be brought up, asked or ended.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::options::OptionsError;
use crate::programs::ProgramsError;
use crate::shell::shell_word;
use crate::topology::Mismatch;

/// The longest path of a network's directory; below it names become some 200 bytes longer.
pub(crate) const PATH_BYTES_MAX: usize = 512;

/// Why a network could not be brought up, asked or ended.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// There can be no such network.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// Fabric's programs cannot be had.
    #[error(transparent)]
    Programs(#[from] ProgramsError),
    /// A file could not be read or written.
    #[error("{}: {source}{}", path.display(), room(source))]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The directory is on a disk that is as good as full.
    #[error(
        "the disk of {} has {free_mib} MiB free, and a network needs {needed_mib} MiB: make room, or name another --dir",
        directory.display()
    )]
    DiskFull {
        /// The network's directory.
        directory: PathBuf,
        /// How much is free.
        free_mib: u64,
        /// How much has to be.
        needed_mib: u64,
    },
    /// Another program has the port.
    #[error(
        "port {port}, which belongs to {process}, is taken by another program: end that program and try again; the \
         ports are part of the network in {}, so a network elsewhere (--dir) gets others",
        directory.display()
    )]
    PortTaken {
        /// The process that should listen there.
        process: String,
        /// The port.
        port: u16,
        /// The network's directory.
        directory: PathBuf,
    },
    /// The system has no port to give.
    #[error("the system gives no free port on 127.0.0.1: {0}")]
    NoPort(io::Error),
    /// Fabric's programs could not work in a directory of that name.
    #[error(
        "{}: a network's directory has a path in UTF-8 without `?` and `$`, of {PATH_BYTES_MAX} bytes at most; name another with --dir",
        .0.display()
    )]
    Path(PathBuf),
    /// The directory holds something else.
    #[error(
        "{} holds no network of this program: {reason}; name an empty folder with --dir, or delete that one",
        directory.display()
    )]
    ForeignDirectory {
        /// The directory.
        directory: PathBuf,
        /// Why it is none.
        reason: String,
    },
    /// Somebody took parts of the network away.
    #[error(
        "the network in {} lacks {}: put it back, or delete the folder to begin anew",
        directory.display(),
        missing.display()
    )]
    Incomplete {
        /// The directory.
        directory: PathBuf,
        /// What is not there.
        missing: PathBuf,
    },
    /// The directory's network is another than the one that is asked for.
    #[error("there is a network in {} already: {mismatch}", directory.display())]
    OtherNetwork {
        /// The directory.
        directory: PathBuf,
        /// In what it differs.
        mismatch: Mismatch,
    },
    /// The network runs already.
    #[error(
        "the network in {} is running already: see `chainloom devnet status --dir {word}`, end it with \
         `chainloom devnet down --dir {word}`",
        .0.display(),
        word = shell_word(.0)
    )]
    Running(PathBuf),
    /// The network does not run.
    #[error(
        "no network is running in {}: start it with `chainloom devnet up --dir {}`",
        .0.display(),
        shell_word(.0)
    )]
    NotRunning(PathBuf),
    /// A step of bringing the network up did not come to its end.
    #[error(transparent)]
    Step(#[from] Box<StepError>),
    /// No process has that name.
    #[error("the network has no process `{name}`: {names} are there")]
    NoProcess {
        /// What was asked for.
        name: String,
        /// What there is.
        names: String,
    },
}

/// A step of bringing a network up that did not come to its end.
#[derive(Debug, Clone)]
pub struct StepError {
    /// What was to be done: `join the channel`.
    pub step: String,
    /// Whose doing it was: `peer0.org1`.
    pub process: String,
    /// What happened: `exited with status 1`.
    pub reason: String,
    /// What the process said about it, a few lines at most.
    pub lines: Vec<String>,
    /// Where all it said is, if that was kept.
    pub log: Option<PathBuf>,
}

impl std::error::Error for StepError {}

impl fmt::Display for StepError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            step,
            process,
            reason,
            lines,
            log,
        } = self;
        write!(formatter, "{process} could not {step}: {reason}")?;
        for line in lines {
            write!(formatter, "\n    {line}")?;
        }
        if lines
            .iter()
            .any(|line| line.contains("no space left on device"))
        {
            write!(formatter, "\nthe disk is full: make room and try again")?;
        }
        if let Some(log) = log {
            write!(formatter, "\nall it said is in {}", log.display())?;
        }
        Ok(())
    }
}

impl StepError {
    /// Whether one of the process's lines says so.
    pub(crate) fn says(&self, telling: &str) -> bool {
        self.lines.iter().any(|line| line.contains(telling))
    }
}

impl From<StepError> for DevnetError {
    fn from(error: StepError) -> Self {
        Self::Step(Box::new(error))
    }
}

impl DevnetError {
    /// Puts a file's path to what the operating system said of it.
    pub(crate) fn file(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            path: path.as_ref().to_owned(),
            source,
        }
    }
}

/// What to do about an error of a file, where there is something.
fn room(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; the disk is full: make room and try again",
        _ => "",
    }
}
