//! Making a file that is there as a whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use redb::TableHandle as _;

use crate::database::{Database, OpenError};

/// Makes a database under another name and gives it its own when `fill` has written its first rows and they are on the disk, so that a crash
/// leaves none or a whole one. Does nothing where the file is there.
///
/// # Errors
/// [`OpenError`]; in it, those of `fill`.
pub fn create<E>(
    path: &Path,
    cache_bytes: usize,
    fill: impl FnOnce(&Database) -> Result<(), E>,
) -> Result<Result<(), E>, OpenError> {
    let mut new_path = path.as_os_str().to_owned();
    new_path.push(".new");
    let new_path = PathBuf::from(new_path);
    let database = match Database::open_or_create(&new_path, cache_bytes) {
        // Half a file that a crash left: nothing was ever answered from it.
        Err(OpenError::Damaged(_)) => {
            fs::remove_file(&new_path)?;
            Database::open_or_create(&new_path, cache_bytes)?
        }
        other => other?,
    };
    // The lock on the new file is ours now; another process may have finished just before.
    if path.try_exists()? {
        return Ok(Ok(()));
    }
    empty(&database).map_err(|error| io::Error::other(error.to_string()))?;
    if let Err(error) = fill(&database) {
        return Ok(Err(error));
    }
    fs::rename(&new_path, path)?;
    sync_folder(path)?;
    Ok(Ok(()))
}

/// Removes the tables that a crash left.
fn empty(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    let left_over: Vec<_> = transaction.list_tables()?.collect();
    for table in left_over {
        tracing::debug!(table = table.name(), "removing what a crash left");
        transaction.delete_table(table)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Makes the new name of a file itself survive a power loss.
///
/// # Errors
/// What the system says.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
