//! Why Fabric's programs cannot be had.

use std::io;
use std::path::{Path, PathBuf};

/// Why Fabric's programs cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ProgramsError {
    /// `--bin-dir` names something else.
    #[error("--bin-dir: {} is no folder: name the one that has `peer` and `orderer` in it", .0.display())]
    NoFolder(PathBuf),
    /// `--bin-dir` names a folder of other things.
    #[error(
        "--bin-dir: {} has none of Fabric's programs: name the folder that has `peer` and `orderer` in it, or leave \
         --bin-dir out",
        .0.display()
    )]
    NoPrograms(PathBuf),
    /// `--bin-dir` names a folder with some of the programs that belong together.
    #[error(
        "--bin-dir: {} has some of {kit}, but not {lacking}: put {lacking} there too, or leave --bin-dir out",
        folder.display()
    )]
    Incomplete {
        /// The folder.
        folder: PathBuf,
        /// What belongs together.
        kit: String,
        /// What is not there.
        lacking: String,
    },
    /// `--bin-dir` names a folder with programs of another version.
    #[error(
        "--bin-dir: {} does not hold {kit}, version {fitting}: {versions}; name another folder or another --fabric, or \
         leave --bin-dir out",
        folder.display()
    )]
    OtherVersion {
        /// The folder.
        folder: PathBuf,
        /// What was looked for.
        kit: String,
        /// The versions that fit, in words.
        fitting: &'static str,
        /// Which program has which version.
        versions: String,
    },
    /// A program does not say its version.
    #[error("`{} {argument}` {reason}: is that the program it should be?", program.display())]
    NoVersion {
        /// The program.
        program: PathBuf,
        /// The argument on which it should.
        argument: String,
        /// What it did instead.
        reason: String,
    },
    /// There is nothing to build with.
    #[error(
        "{missing}, which is not here: install Go {needed} or newer (from your distribution or https://go.dev/dl) \
         {REMEDY}"
    )]
    NoGo {
        /// What is to be built.
        missing: String,
        /// The oldest that would do.
        needed: String,
    },
    /// The Go that is there is too old.
    #[error(
        "{missing}, and {} is Go {found}, which is too old: install Go {needed} or newer {REMEDY}",
        go.display()
    )]
    GoTooOld {
        /// What is to be built.
        missing: String,
        /// Where Go is.
        go: PathBuf,
        /// Its version.
        found: String,
        /// The oldest that would do.
        needed: String,
    },
    /// There is no C compiler.
    #[error(
        "{missing}, and `{compiler}` is not there, which compiles those parts of Fabric that are written in C: install it \
         (Debian: apt install gcc libc6-dev) {REMEDY}"
    )]
    NoCompiler {
        /// What is to be built.
        missing: String,
        /// The compiler that Go would run.
        compiler: String,
    },
    /// Go did not build it.
    #[error("Go could not build {kit}: {reason}{}", .lines.iter().map(|line| format!("\n    {line}")).collect::<String>() + hint(lines))]
    Build {
        /// What was built.
        kit: String,
        /// How it ended.
        reason: String,
        /// What Go said last, a few lines at most.
        lines: Vec<String>,
    },
    /// There is no place to keep what is built.
    #[error("there is no folder to keep built programs in: set HOME or XDG_CACHE_HOME")]
    NoCache,
    /// The place to keep what is built cannot be written.
    #[error(
        "built programs are kept in {}, which cannot be done: {source}; make that possible, or set XDG_CACHE_HOME to \
         another folder",
        path.display()
    )]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// What else helps than to build.
const REMEDY: &str = "and try again, or put all of Fabric's programs, `discover` and `chainloom-probe` among them, into a \
    folder of the PATH or the one that --bin-dir names";

/// What to do about the commonest reasons, where Go's words do not say it.
fn hint(lines: &[String]) -> &'static str {
    let says = |tellings: &[&str]| {
        lines
            .iter()
            .any(|line| tellings.iter().any(|telling| line.contains(telling)))
    };
    if says(&["no space left on device", "disk quota exceeded"]) {
        "\nthe disk is full: make room (a build needs about 3 GB) and try again"
    } else if says(&[
        "dial tcp",
        "no such host",
        "i/o timeout",
        "TLS handshake timeout",
        "connection refused",
        "proxyconnect",
    ]) {
        "\nGo could not fetch the modules: look at the network, and at GOPROXY where Go is to use a proxy (`go env GOPROXY`)"
    } else {
        ""
    }
}

impl ProgramsError {
    /// Puts a path in the cache to what the operating system said of it.
    pub(super) fn cache(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Cache { path, source }
    }
}
