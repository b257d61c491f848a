//! The Go modules of the project: format, vet, tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::process::{run, run_watched, shown};
use crate::tally::Tally;
use crate::workspace;

/// The folders of the modules that are written here; the others only pin versions.
const MODULES: [&str; 5] = [
    "bench/go/client",
    "bench/go/decode",
    "crates/devnet/go/probe",
    "tests/go/gateway-client",
    "tests/go/protos",
];

/// Checks them all; what `go test` says of each test is added to the tally.
///
/// # Errors
/// The first check that fails.
pub(crate) fn check(tally: &mut Tally) -> Result<(), Error> {
    for module in MODULES {
        let folder = workspace::root().join(module);
        format(&folder)?;
        run(&mut go(&folder, &["vet", "./..."]))?;
        run_watched(&mut go(&folder, &["test", "-v", "./..."]), |line| {
            tally.add_go_line(line);
        })?;
    }
    Ok(())
}

/// `gofmt -l` names the files that are not formatted and succeeds all the same.
fn format(folder: &Path) -> Result<(), Error> {
    let mut command = Command::new("gofmt");
    command.args(["-l", "."]).current_dir(folder);
    let mut unformatted = Vec::new();
    run_watched(&mut command, |line| unformatted.push(line.to_owned()))?;
    match unformatted.is_empty() {
        true => Ok(()),
        false => Err(Error::Unformatted {
            command: shown(&command),
            files: unformatted.join(", "),
        }),
    }
}

/// Builds a Go program of the benchmarks, `client` or `decode`, and answers where it is.
///
/// # Errors
/// What Go said.
pub(crate) fn build_bench(name: &str) -> Result<PathBuf, Error> {
    let folder = workspace::root().join("bench/go").join(name);
    let program = workspace::target().join(format!("bench/go-{name}"));
    run(go(&folder, &["build", "-o"]).arg(&program).arg("."))?;
    Ok(program)
}

fn go(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("go");
    // The pinned modules say all that there is to say of versions.
    command
        .args(arguments)
        .current_dir(folder)
        .env("GOFLAGS", "-mod=readonly")
        .env("GOTOOLCHAIN", "local");
    command
}
