//! Go, of which Fabric's own programs are built.

use std::process::Command;

use crate::error::Error;
use crate::process::succeeds;

/// # Errors
/// A sentence on how to get Go, where there is none. No package of the system's is new enough to be installed from here.
pub(crate) fn check() -> Result<(), Error> {
    if succeeds(Command::new("go").arg("version")) {
        return Ok(());
    }
    Err(Error::Missing {
        what: "Go",
        advice: "install Go 1.26 or newer (https://go.dev/doc/install) and put it on the PATH"
            .to_owned(),
    })
}
