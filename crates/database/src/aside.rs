//! Putting a file, or a copy of it, out of the way without losing anything.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::create::sync_folder;

/// How many files of a kind are kept beside a file before the last of them is overwritten.
pub const ASIDE_FILES_MAX: u32 = 9;

/// Renames a file to `<path>.<kind>-N`, where N is the first number that is free.
///
/// # Errors
/// The place that it was to go to, and what the system says.
pub fn move_aside(path: &Path, kind: &str) -> Result<PathBuf, (PathBuf, io::Error)> {
    let place = free_place(path, kind);
    match fs::rename(path, &place) {
        Ok(()) => Ok(place),
        Err(error) => Err((place, error)),
    }
}

/// As [`move_aside`], with a copy of the file: of an open database what was committed durably, if nobody writes to it meanwhile.
///
/// # Errors
/// As those of [`move_aside`].
pub fn copy_aside(path: &Path, kind: &str) -> Result<PathBuf, (PathBuf, io::Error)> {
    let place = free_place(path, kind);
    let copied = fs::copy(path, &place).and_then(|_| File::open(&place)?.sync_all());
    match copied.and_then(|()| sync_folder(path)) {
        Ok(()) => Ok(place),
        Err(error) => Err((place, error)),
    }
}

fn free_place(path: &Path, kind: &str) -> PathBuf {
    let place = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{kind}-{number}"));
        PathBuf::from(name)
    };
    let mut number = 1;
    while number < ASIDE_FILES_MAX && place(number).exists() {
        number += 1;
    }
    place(number)
}
