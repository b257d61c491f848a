//! Moving a file out of the way without losing it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How many files of a kind are kept beside a file before the last of them is overwritten.
pub const ASIDE_FILES_MAX: u32 = 9;

/// Renames a file to `<path>.<kind>-N`, where N is the first number that is free.
///
/// # Errors
/// The place that it was to go to, and what the system says.
pub fn move_aside(path: &Path, kind: &str) -> Result<PathBuf, (PathBuf, io::Error)> {
    let place = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{kind}-{number}"));
        PathBuf::from(name)
    };
    let mut number = 1;
    while number < ASIDE_FILES_MAX && place(number).exists() {
        number += 1;
    }
    let place = place(number);
    match fs::rename(path, &place) {
        Ok(()) => Ok(place),
        Err(error) => Err((place, error)),
    }
}
