//! Starting other programs.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs a program with this terminal as its own.
///
/// # Errors
/// [`Error::Start`] when it cannot be started, [`Error::Status`] when it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|source| Error::Start {
        command: shown(command),
        source,
    })?;
    ended(command, status)
}

/// Runs a program, prints what it prints, and hands every line to `each_line`.
///
/// Both of its output streams go through one pipe, so that their lines keep their order.
///
/// # Errors
/// [`Error::Start`] when it cannot be started, [`Error::Status`] when it fails.
pub(crate) fn run_watched(
    command: &mut Command,
    mut each_line: impl FnMut(&str),
) -> Result<(), Error> {
    println!("$ {}", shown(command));
    let start_error = |source, command: &Command| Error::Start {
        command: shown(command),
        source,
    };
    let (reader, writer) = std::io::pipe().map_err(|source| start_error(source, command))?;
    let second = writer
        .try_clone()
        .map_err(|source| start_error(source, command))?;
    command.stdout(writer).stderr(second);
    let child = command.spawn();
    // The command holds the writing ends; while they are open here, reading would never end.
    let typed = shown(command);
    command.stdout(std::process::Stdio::inherit());
    command.stderr(std::process::Stdio::inherit());
    let mut child = child.map_err(|source| Error::Start {
        command: typed,
        source,
    })?;

    let mut lines = BufReader::new(reader);
    let mut line = Vec::new();
    let mut terminal = std::io::stdout().lock();
    while matches!(lines.read_until(b'\n', &mut line), Ok(length) if length > 0) {
        // A closed terminal must not stop the tests: their result is the exit code.
        let _ = terminal.write_all(&line);
        let _ = terminal.flush();
        each_line(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    drop(terminal);
    let status = child
        .wait()
        .map_err(|source| start_error(source, command))?;
    ended(command, status)
}

/// Whether a program can be started and says that all is well; what it prints is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Where `program` is, by the PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    find_in(std::env::split_paths(&path), program)
}

fn find_in(folders: impl Iterator<Item = PathBuf>, program: &str) -> Option<PathBuf> {
    folders
        .map(|folder| folder.join(program))
        .find(|candidate| Path::is_file(candidate))
}

fn ended(command: &Command, status: std::process::ExitStatus) -> Result<(), Error> {
    if status.success() {
        return Ok(());
    }
    Err(Error::Status {
        command: shown(command),
        status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_are_watched_in_order() {
        let mut lines = Vec::new();
        run_watched(
            Command::new("sh").args(["-c", "echo one; echo two >&2; echo three"]),
            |line| lines.push(line.to_owned()),
        )
        .expect("sh succeeds");
        assert_eq!(lines, ["one", "two", "three"]);
    }

    #[test]
    fn a_failure_says_which_command() {
        for result in [
            run(Command::new("sh").args(["-c", "exit 3"])),
            run_watched(Command::new("sh").args(["-c", "exit 3"]), |_| ()),
        ] {
            let error = result.expect_err("it exits with 3");
            assert!(matches!(error, Error::Status { .. }), "{error}");
            assert!(error.to_string().starts_with("`sh -c exit 3` failed"));
        }
    }

    #[test]
    fn a_program_that_is_not_there_cannot_be_started() {
        let error = run(&mut Command::new("/nowhere/at-all")).expect_err("not there");
        assert!(matches!(error, Error::Start { .. }), "{error}");
        assert!(!succeeds(&mut Command::new("/nowhere/at-all")));
    }

    #[test]
    fn programs_are_found_by_the_path() {
        assert!(find("sh").is_some());
        assert_eq!(find("surely-no-such-program"), None);
    }
}
