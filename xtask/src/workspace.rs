//! Where things are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the whole workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder in the workspace")
}

/// The folder into which cargo builds.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// The program that a release build makes.
pub(crate) fn program() -> PathBuf {
    target()
        .join("release")
        .join(format!("chainloom{}", std::env::consts::EXE_SUFFIX))
}

/// A call of cargo in the workspace's folder.
pub(crate) fn cargo<const COUNT: usize>(arguments: [&str; COUNT]) -> Command {
    // Under `cargo xtask` this is the very cargo that was called.
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}
