//! Which version a program has.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use memchr::memmem::Finder;

use super::error::ProgramsError;
use super::modules;
use crate::lines::telling;
use crate::options::FabricVersion;
use crate::process::{Process, guarded};

/// How long a program may take to say its version; Fabric's take some 50 ms.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// The most of its answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// How much of a program is searched at a time.
const SEARCH_BYTES: usize = 1 << 20;

/// The part of a version that decides whether programs fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number {
    pub(super) major: u32,
    pub(super) minor: u32,
}

impl Number {
    /// Reads the beginning of `v2.5.9`, `2.5`, `3.1.1-snapshot-435a7f1` or `1.26rc1`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (major, rest) = text.strip_prefix('v').unwrap_or(text).split_once('.')?;
        let minor = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }

    pub(super) fn is(self, major: u32, minor: u32) -> bool {
        self == Self { major, minor }
    }
}

/// What a program says of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    /// The version in words.
    pub(super) text: String,
    /// The same as a number, if it has one.
    pub(super) number: Option<Number>,
}

/// Runs a program of Fabric's and reads what it says of its version.
///
/// One that was built from a module calls itself `latest`: for it the module's version counts, which Go writes into every
/// program, when it is one of those that are pinned here.
///
/// # Errors
/// [`ProgramsError::NoVersion`].
pub(super) fn of(program: &Path, argument: &str, limit: Duration) -> Result<Stated, ProgramsError> {
    let answer = answer(program, &[argument], limit)?;
    let stated = answer
        .lines()
        .find_map(|line| line.trim().strip_prefix("Version:"))
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let Some(text) = stated else {
        let reason = match telling(&answer).last() {
            Some(line) => format!("says no version, but: {line}"),
            None => "says nothing".to_owned(),
        };
        return Err(no_version(program, argument, reason));
    };
    if let number @ Some(_) = Number::parse(text) {
        let text = text.to_owned();
        return Ok(Stated { text, number });
    }
    let number = pinned(program)
        .map_err(|error| no_version(program, argument, format!("cannot be read: {error}")))?;
    let text = match number {
        Some(Number { major, minor }) => format!("{major}.{minor} (it says `{text}`)"),
        None => format!("of no known version (it says `{text}`)"),
    };
    Ok(Stated { text, number })
}

/// What a program prints before it ends with success.
///
/// # Errors
/// [`ProgramsError::NoVersion`].
pub(super) fn answer(
    program: &Path,
    arguments: &[&str],
    limit: Duration,
) -> Result<String, ProgramsError> {
    let failed = |reason| no_version(program, &arguments.join(" "), reason);
    let unstarted = |error: io::Error| failed(format!("could not be run: {error}"));
    // A file, not a pipe: nobody has to read while it runs, and a child that it leaves behind holds nobody up.
    let mut output = tempfile::tempfile().map_err(unstarted)?;
    let mut command: Command = guarded(program);
    command
        .args(arguments)
        // Go's own: `go env` in a folder without a module, and never another Go than this one.
        .current_dir("/")
        .env("GOTOOLCHAIN", "local")
        .stdout(output.try_clone().map_err(unstarted)?)
        .stderr(output.try_clone().map_err(unstarted)?);
    let mut process = Process::start(&mut command).map_err(unstarted)?;
    let status = process.wait(limit);
    drop(process);
    let mut bytes = Vec::new();
    output
        .seek(SeekFrom::Start(0))
        .and_then(|_| (&mut output).take(ANSWER_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(unstarted)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match status {
        None => Err(failed(format!("did not answer within {limit:?}"))),
        Some(status) if status.success() => Ok(text),
        Some(status) => Err(failed(match telling(&text).last() {
            Some(line) => format!("failed with {status}: {line}"),
            None => format!("failed with {status}"),
        })),
    }
}

fn no_version(program: &Path, argument: &str, reason: String) -> ProgramsError {
    ProgramsError::NoVersion {
        program: PathBuf::from(program),
        argument: argument.to_owned(),
        reason,
    }
}

/// The version of Fabric from whose pinned module a program was built.
fn pinned(program: &Path) -> io::Result<Option<Number>> {
    let pins = [
        (FabricVersion::V2_5, Number { major: 2, minor: 5 }),
        (FabricVersion::V3_1, Number { major: 3, minor: 1 }),
    ]
    .map(|(version, number)| (modules::pin(version), number));
    let finders = pins
        .each_ref()
        .map(|(pin, number)| (Finder::new(pin.as_bytes()), *number));
    let overlap = pins.iter().map(|(pin, _)| pin.len()).max().unwrap_or(0);

    let mut file = File::open(program)?;
    let mut kept = Vec::with_capacity(SEARCH_BYTES + overlap);
    loop {
        let read = (&mut file)
            .take(SEARCH_BYTES as u64)
            .read_to_end(&mut kept)?;
        for (finder, number) in &finders {
            if finder.find(&kept).is_some() {
                return Ok(Some(*number));
            }
        }
        if read == 0 {
            return Ok(None);
        }
        // A text may lie across two parts.
        kept.drain(..kept.len().saturating_sub(overlap));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_programs_and_go_write_them() {
        for (text, major, minor) in [
            ("2.5.9", 2, 5),
            ("v2.5.12", 2, 5),
            ("3.1.1-snapshot-435a7f1a780a", 3, 1),
            ("1.25.0", 1, 25),
            ("1.26rc1", 1, 26),
            ("1.27-abc", 1, 27),
        ] {
            assert_eq!(Number::parse(text), Some(Number { major, minor }), "{text}");
        }
        for text in [
            "",
            "latest",
            "2",
            "v",
            "2.",
            "two.five",
            "development build",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert!(
            Number { major: 1, minor: 9 }
                < Number {
                    major: 1,
                    minor: 25
                }
        );
    }
}
