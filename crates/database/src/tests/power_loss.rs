//! A power loss at any moment, on a disk that keeps any part of what was not synced: what was committed is there.

use std::io;
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

use super::*;

/// How much of a disk is written as a whole or not at all.
const DISK_SECTOR_BYTES: usize = 512;

/// A disk, of which what was written since the last sync is known.
#[derive(Debug, Default)]
struct Disk {
    now: Vec<u8>,
    synced: Vec<u8>,
    /// First byte and content of each write since the last sync.
    writes: Vec<(usize, Vec<u8>)>,
    /// How many writes and syncs are done before the power goes.
    left: u64,
    /// How much was read.
    read_bytes: usize,
}

#[derive(Debug, Clone, Default)]
struct Plug(Arc<Mutex<Disk>>);

impl Plug {
    /// What stands on the disk when the power is back: of the writes that were not synced, some sectors.
    fn after_power_loss(&self, random: &mut Random) -> Plug {
        let disk = self.0.lock().unwrap();
        let mut left = disk.synced.clone();
        // The system writes the length when it wants to.
        if random.below(2) == 0 {
            left.resize(disk.now.len(), 0);
        }
        for (offset, bytes) in &disk.writes {
            let mut from = *offset;
            while from < offset + bytes.len() {
                let sector_end = (from / DISK_SECTOR_BYTES + 1) * DISK_SECTOR_BYTES;
                let to = sector_end.min(offset + bytes.len());
                if to <= left.len() && random.below(2) == 0 {
                    left[from..to].copy_from_slice(&bytes[from - offset..to - offset]);
                }
                from = to;
            }
        }
        let disk = Disk {
            now: left.clone(),
            synced: left,
            writes: Vec::new(),
            left: u64::MAX,
            read_bytes: 0,
        };
        Plug(Arc::new(Mutex::new(disk)))
    }

    fn spend(&self) -> io::Result<std::sync::MutexGuard<'_, Disk>> {
        let mut disk = self.0.lock().unwrap();
        disk.left = disk
            .left
            .checked_sub(1)
            .ok_or_else(|| io::Error::new(io::ErrorKind::BrokenPipe, "the power is gone"))?;
        Ok(disk)
    }
}

impl StorageBackend for Plug {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        disk.read_bytes += out.len();
        let bytes = disk.now.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.spend()?.now.resize(length as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut disk = self.spend()?;
        disk.synced = disk.now.clone();
        disk.writes.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut disk = self.spend()?;
        let offset = offset as usize;
        disk.now[offset..offset + data.len()].copy_from_slice(data);
        disk.writes.push((offset, data.to_vec()));
        Ok(())
    }
}

#[test]
fn what_was_committed_survives_a_power_loss() {
    let mut random = Random(17);
    let mut disk = Plug::default();
    disk.0.lock().unwrap().left = u64::MAX;
    drop(Database::in_storage(disk.clone(), CACHE_BYTES).unwrap());
    let mut rows = Rows::new();
    let mut losses = 0;
    for round in 0..200 {
        // The rows as of the last synced commit, and as of each one after it.
        let mut possible = vec![rows.clone()];
        let is_closed_in_peace = round % 8 == 7;
        disk.0.lock().unwrap().left = match is_closed_in_peace {
            true => u64::MAX,
            false => random.next() % 400,
        };
        let opened = Database::in_storage(disk.clone(), CACHE_BYTES);
        for _ in 0..if opened.is_ok() { 30 } else { 0 } {
            let durability = match random.below(3) {
                0 => Durability::None,
                _ => Durability::Immediate,
            };
            let changes = some_changes(&mut random);
            rows = applied(&rows, &changes);
            let written = write(opened.as_ref().unwrap(), &changes, durability);
            if written.is_err() {
                // Nobody was told whether this commit is done: it may be.
                losses += 1;
                possible.push(rows.clone());
                break;
            }
            if matches!(durability, Durability::Immediate) {
                possible.clear();
            }
            possible.push(rows.clone());
        }
        drop(opened);
        if is_closed_in_peace {
            possible = vec![rows.clone()];
        }
        disk = disk.after_power_loss(&mut random);
        let database = Database::in_storage(disk.clone(), CACHE_BYTES).unwrap();
        let found = match rows_in(&database) {
            Err(redb::Error::TableDoesNotExist(_)) => Rows::new(),
            found => found.unwrap(),
        };
        let place = possible.iter().position(|rows| *rows == found);
        assert!(place.is_some(), "round {round}: rows that no commit left");
        rows = found;
    }
    assert!(losses > 50, "{losses}");
}

/// Nothing is walked, neither to repair the file nor to look for damage.
#[test]
fn opening_after_a_power_loss_reads_little() {
    let disk = Plug::default();
    disk.0.lock().unwrap().left = u64::MAX;
    let database = Database::in_storage(disk.clone(), CACHE_BYTES).unwrap();
    let mut random = Random(23);
    let mut rows = Rows::new();
    for key in 0..20_000 {
        rows.insert(key, vec![7; 400]);
    }
    let changes = rows.iter().map(|(key, value)| (*key, Some(value.clone())));
    let changes: Changes = changes.collect();
    write(&database, &changes, Durability::Immediate).unwrap();
    let after = disk.after_power_loss(&mut random);
    let reopened = Database::in_storage(after.clone(), CACHE_BYTES).unwrap();
    let disk = after.0.lock().unwrap();
    let (read, whole) = (disk.read_bytes, disk.now.len());
    assert!(whole > 8_000_000 && read < whole / 20, "{read} of {whole}");
    drop(disk);
    assert!(rows_in(&reopened).unwrap() == rows);
}
