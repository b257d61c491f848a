//! Where the programs are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The `chainloom` program under test: the one named by `CHAINLOOM_TEST_BINARY`, else the newest one built beside this
/// test.
///
/// # Panics
/// When there is none.
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("CHAINLOOM_TEST_BINARY") {
        return path.into();
    }
    let name = format!("chainloom{}", std::env::consts::EXE_SUFFIX);
    ["release", "debug"]
        .iter()
        .map(|profile| target().join(profile).join(&name))
        .filter_map(|path| {
            let built = path.metadata().and_then(|data| data.modified()).ok()?;
            Some((built, path))
        })
        .max()
        .map(|(_, path)| path)
        .expect("the program is not built: run `cargo build --release -p chainloom`, or `cargo xtask test --only e2e`")
}

/// The Python interpreter that has Flask and requests.
pub fn python() -> OsString {
    std::env::var_os("CHAINLOOM_TEST_PYTHON").unwrap_or_else(|| "python3".into())
}

/// A file of `tests/python`.
pub(crate) fn python_script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("python")
        .join(name)
}

/// The folder into which cargo builds: this test is `<target>/<profile>/deps/<name>`.
pub(crate) fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    test.ancestors()
        .nth(3)
        .expect("a test program is three folders below the target folder")
        .to_owned()
}
