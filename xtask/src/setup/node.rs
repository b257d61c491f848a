//! Node, with what the Node client of the benchmarks needs.

use std::process::Command;

use crate::error::Error;
use crate::process::{run, succeeds};
use crate::workspace;

/// Installs what `bench/node/package-lock.json` pins, from wherever npm is set up to get it. Scripts of packages are not run: what
/// the client needs is plain JavaScript.
///
/// # Errors
/// A sentence on how to get Node, where there is none; else what npm could not do.
pub(crate) fn set_up() -> Result<(), Error> {
    if !succeeds(Command::new("npm").arg("--version")) {
        return Err(Error::Missing {
            what: "Node",
            advice:
                "install Node 20 or newer with npm (https://nodejs.org/) and put both on the PATH"
                    .to_owned(),
        });
    }
    let mut command = Command::new("npm");
    command
        .args(["ci", "--ignore-scripts", "--omit=optional"])
        .args(["--no-audit", "--no-fund"])
        .current_dir(workspace::root().join("bench/node"));
    run(&mut command)
}
