//! Files of redb's own layout, as Chainloom made them before pages were checked: taken over once, when they are first opened.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Bound;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Builder, StorageBackend};

use crate::caught;
use crate::checked_file::CheckedFile;
use crate::create::sync_folder;
use crate::database::{OpenError, told};
use crate::layout::{HEADER_BYTES, PAGE_BYTES, damaged};

/// How many pages are copied at once.
const PAGES_AT_ONCE: usize = 256;

/// Checks the whole file and puts one with checked pages in its place.
///
/// # Errors
/// [`OpenError`]. The file is left as it is.
pub(crate) fn take_over(path: &Path, file: File, cache_bytes: usize) -> Result<(), OpenError> {
    check(file, cache_bytes)?;
    let mut former = OpenOptions::new().read(true).write(true).open(path)?;
    let lock = FileBackend::new(former.try_clone()?).map_err(told)?;
    let is_ours = lock.try_lock_range(Bound::Unbounded, Bound::Unbounded);
    if !is_ours.map_err(io::Error::other)? {
        return Err(OpenError::InUse);
    }
    let mut new_path = path.as_os_str().to_owned();
    new_path.push(".checked");
    let new_path = PathBuf::from(new_path);
    copy(&mut former, &new_path)?;
    fs::rename(&new_path, path)?;
    sync_folder(path)?;
    tracing::info!(path = %path.display(), "the pages of this database are checked from now on");
    Ok(())
}

/// redb's own walk through all pages, which puts an end to what a crash left, too.
fn check(file: File, cache_bytes: usize) -> Result<(), OpenError> {
    let mut builder = Builder::new();
    builder.set_cache_size(cache_bytes);
    builder.set_check_integrity_on_open(true);
    let storage = FileBackend::new(file).map_err(told)?;
    let checked = caught(|| builder.create_with_backend(storage)?.close());
    checked.map_err(OpenError::Damaged)?.map_err(told)
}

fn copy(former: &mut File, new_path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    let file = options.open(new_path)?;
    file.set_permissions(former.metadata()?.permissions())?;
    let new = FileBackend::new(file).map_err(io::Error::other)?;
    let new = CheckedFile::new(new);
    let bytes = former.metadata()?.len();
    if !bytes.is_multiple_of(PAGE_BYTES as u64) {
        return Err(damaged(format!(
            "it ends within a page, after {bytes} bytes"
        )));
    }
    new.set_len(bytes)?;
    let mut header = [0; HEADER_BYTES];
    former.seek(SeekFrom::Start(0))?;
    former.read_exact(&mut header)?;
    new.write(0, &header)?;
    let mut pages = vec![0; PAGES_AT_ONCE * PAGE_BYTES];
    let mut offset = PAGE_BYTES as u64;
    former.seek(SeekFrom::Start(offset))?;
    while offset < bytes {
        let left = usize::try_from(bytes - offset).unwrap_or(usize::MAX);
        let some = &mut pages[..left.min(PAGES_AT_ONCE * PAGE_BYTES)];
        former.read_exact(some)?;
        new.write(offset, some)?;
        offset += some.len() as u64;
    }
    new.sync_data()?;
    new.close()
}
