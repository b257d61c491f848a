//! The rival's scripts.

use std::path::Path;
use std::process::Command;

/// Runs a script of `bench/python`; answers the first number that it prints.
pub(crate) fn figure(script: &str, arguments: &[&str]) -> f64 {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("python")
        .join(script);
    let output = Command::new(chainloom_tests::python())
        .arg("-B")
        .arg(path)
        .args(arguments)
        .output()
        .expect("Python is there: `cargo xtask bench` sets it up");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let word = text
        .split_whitespace()
        .next()
        .expect("the script prints a number");
    word.parse().expect("the script prints a number")
}
