//! What redb reads and writes: pages that are checked when they are read.

use std::fmt::Debug;
use std::io;
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use redb::{BackendError, StorageBackend};

use crate::layout::{
    HEADER_BYTES, PAGE_BYTES, SECTOR_BYTES, SLOT_BYTES, damaged, empty_slot, fill_slot, header_in,
    pages_in, sector, slot_offset,
};

/// The first damage that was met in a file, in words.
pub(crate) type Damage = Arc<OnceLock<String>>;

/// A storage whose pages are checked when they are read, in another storage.
#[derive(Debug)]
pub(crate) struct CheckedFile<B> {
    storage: B,
    damage: Damage,
}

impl<B: StorageBackend> CheckedFile<B> {
    pub(crate) fn new(storage: B) -> Self {
        Self {
            storage,
            damage: Damage::default(),
        }
    }

    /// Where the first damage is told.
    pub(crate) fn damage(&self) -> Damage {
        self.damage.clone()
    }

    fn checked<T>(&self, read: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &read
            && error.kind() == io::ErrorKind::InvalidData
        {
            let _ = self.damage.set(error.to_string());
        }
        read
    }

    fn header(&self) -> io::Result<[u8; HEADER_BYTES]> {
        let mut sector = [0; SECTOR_BYTES];
        self.storage.read(0, &mut sector)?;
        header_in(&sector)
    }

    fn read_pages(&self, first: u64, out: &mut [u8]) -> io::Result<()> {
        let pages = out.chunks_exact_mut(PAGE_BYTES);
        let mut slots = vec![0; pages.len() * SLOT_BYTES];
        self.storage.read(slot_offset(first), &mut slots)?;
        let slots = slots.chunks_exact(SLOT_BYTES);
        for (number, (slot, page)) in (first..).zip(slots.zip(pages)) {
            empty_slot(slot, number, page)?;
        }
        Ok(())
    }

    /// redb writes its header as a whole, and first when the file is new.
    fn write_header(&self, data: &[u8]) -> io::Result<()> {
        let mut header = [0; HEADER_BYTES];
        let place = header.get_mut(..data.len()).ok_or_else(unaligned)?;
        place.copy_from_slice(data);
        self.storage.write(0, &sector(&header))
    }
}

impl<B: StorageBackend> StorageBackend for CheckedFile<B> {
    fn len(&self) -> io::Result<u64> {
        let file_bytes = self.storage.len()?;
        let pages = pages_in(file_bytes)
            .ok_or_else(|| damaged(format!("it ends within a page, after {file_bytes} bytes")));
        Ok(self.checked(pages)? * PAGE_BYTES as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset == 0 && out.len() <= HEADER_BYTES {
            let header = self.checked(self.header())?;
            out.copy_from_slice(&header[..out.len()]);
            return Ok(());
        }
        let first = first_page(offset, out)?;
        self.checked(self.read_pages(first, out))
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        if !length.is_multiple_of(PAGE_BYTES as u64) {
            return Err(unaligned());
        }
        self.storage
            .set_len(slot_offset(length / PAGE_BYTES as u64))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.storage.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if offset == 0 {
            return self.write_header(data);
        }
        let first = first_page(offset, data)?;
        let pages = data.chunks_exact(PAGE_BYTES);
        let mut slots = vec![0; pages.len() * SLOT_BYTES];
        let places = slots.chunks_exact_mut(SLOT_BYTES);
        for (number, (slot, page)) in (first..).zip(places.zip(pages)) {
            fill_slot(slot, number, page);
        }
        self.storage.write(slot_offset(first), &slots)
    }

    fn close(&self) -> io::Result<()> {
        self.storage.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.storage.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.storage.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.storage.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.storage.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.storage.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.storage.query_lock_range(start, end)
    }
}

/// The first of the pages that are read or written; redb reads and writes whole ones.
fn first_page(offset: u64, bytes: &[u8]) -> io::Result<u64> {
    let page = PAGE_BYTES as u64;
    match offset >= page && offset.is_multiple_of(page) && bytes.len().is_multiple_of(PAGE_BYTES) {
        true => Ok(offset / page),
        false => Err(unaligned()),
    }
}

fn unaligned() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "the database was asked for a part of a page",
    )
}
