//! Which process runs the network of a directory: the one that holds its lock.
//!
//! The lock's file also marks the directory as a network's, and names the process that holds it. It is locked exclusively by that
//! process, and shared, for a moment, by those who only look.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;
use std::process;
use std::thread;
use std::time::Duration;

use crate::error::DevnetError;
use crate::layout::Layout;

/// What the file begins with; the process id follows while a process holds the lock.
const MARK: &str = "a network of `chainloom devnet` lives in this folder\n";
/// How often the lock is tried: somebody may be looking.
const TRIES: u32 = 10;
const TRY_EVERY: Duration = Duration::from_millis(20);

/// The lock of a directory, held until this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock of an existing directory.
    ///
    /// # Errors
    /// [`DevnetError::Running`] when another process has it, [`DevnetError::File`].
    pub(crate) fn take(layout: &Layout) -> Result<Self, DevnetError> {
        let path = layout.lock_file();
        let file = open(&path)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => {
                    let mut lock = Self(file);
                    let written = lock.write(&format!("{MARK}{}\n", process::id()));
                    return written.map(|()| lock).map_err(DevnetError::file(&path));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(TRY_EVERY),
                Err(TryLockError::Error(error)) => return Err(DevnetError::file(path)(error)),
            }
        }
        Err(DevnetError::Running(layout.directory().to_owned()))
    }

    /// Whether a process holds the lock.
    ///
    /// # Errors
    /// [`DevnetError::File`].
    pub(crate) fn is_held(layout: &Layout) -> Result<bool, DevnetError> {
        let path = layout.lock_file();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(DevnetError::file(path)(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(DevnetError::file(path)(error)),
        }
    }

    /// The id of the process that holds the lock; `None` where none does.
    ///
    /// # Errors
    /// [`DevnetError::File`].
    pub(crate) fn holder(layout: &Layout) -> Result<Option<i32>, DevnetError> {
        let id = || -> Result<Option<i32>, DevnetError> {
            match Self::is_held(layout)? {
                true => {
                    Ok(text(layout)?.and_then(|text| text.strip_prefix(MARK)?.trim().parse().ok()))
                }
                false => Ok(None),
            }
        };
        // Who has just got the lock has not written its own id yet, and what stands there may be an older one.
        let first = id()?;
        thread::sleep(TRY_EVERY);
        Ok(id()?.filter(|id| Some(*id) == first && *id > 0))
    }

    /// Whether a network was ever made in the directory, or begun.
    ///
    /// # Errors
    /// [`DevnetError::File`].
    pub(crate) fn marks(layout: &Layout) -> Result<bool, DevnetError> {
        Ok(text(layout)?.is_some_and(|text| text.starts_with(MARK)))
    }

    fn write(&mut self, text: &str) -> std::io::Result<()> {
        self.0.set_len(0)?;
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(text.as_bytes())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // On failure the id stays, which nobody believes while the lock is free.
        let _ = self.write(MARK);
    }
}

/// Opens a file that is there to be locked, and makes it where it is not there.
///
/// # Errors
/// [`DevnetError::File`].
pub(crate) fn open(path: &Path) -> Result<File, DevnetError> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(DevnetError::file(path))
}

fn text(layout: &Layout) -> Result<Option<String>, DevnetError> {
    let path = layout.lock_file();
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DevnetError::file(path)(error)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_process_at_a_time_holds_it_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().to_owned());
        assert!(!Lock::is_held(&layout).unwrap());
        assert!(!Lock::marks(&layout).unwrap());
        let lock = Lock::take(&layout).unwrap();
        assert!(matches!(Lock::take(&layout), Err(DevnetError::Running(_))));
        assert!(Lock::is_held(&layout).unwrap());
        let own = i32::try_from(process::id()).unwrap();
        assert_eq!(Lock::holder(&layout).unwrap(), Some(own));
        drop(lock);
        assert_eq!(Lock::holder(&layout).unwrap(), None);
        assert!(Lock::marks(&layout).unwrap());
        drop(Lock::take(&layout).unwrap());
    }

    #[test]
    fn who_only_looks_is_not_taken_for_a_holder() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().to_owned());
        drop(Lock::take(&layout).unwrap());
        fs::write(layout.lock_file(), format!("{MARK}1\n")).unwrap();
        let looking = File::open(layout.lock_file()).unwrap();
        looking.try_lock_shared().unwrap();
        assert!(!Lock::is_held(&layout).unwrap());
        assert_eq!(Lock::holder(&layout).unwrap(), None);
    }

    #[test]
    fn what_is_no_process_id_names_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().to_owned());
        let lock = Lock::take(&layout).unwrap();
        for text in [
            "",
            "7",
            &format!("{MARK}-7"),
            &format!("{MARK}0"),
            &format!("{MARK}x"),
        ] {
            fs::write(layout.lock_file(), text).unwrap();
            assert_eq!(Lock::holder(&layout).unwrap(), None, "{text}");
        }
        drop(lock);
    }
}
