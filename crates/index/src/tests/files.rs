//! Index files that are damaged, in use, out of reach, or that stop working.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chainloom_database::Database;
use chainloom_ledger::Account;
use redb::backends::InMemoryBackend;
use redb::{BackendError, StorageBackend, TableDefinition};

use super::ledger::{MemoryLedger, Random};
use super::{CACHE_BYTES, Follower, assert_equals_new, catch_up, index_all, is_damaged, open};
use crate::file::IndexFile;
use crate::{Index, IndexError, Order};

fn aside(path: &Path, number: u32) -> PathBuf {
    PathBuf::from(format!("{}.damaged-{number}", path.display()))
}

#[tokio::test]
async fn a_file_in_use_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("index.redb");
    let _index = open(&path);
    let error = Index::open(&path, CACHE_BYTES).err().unwrap();
    assert_eq!(error, IndexError::Locked { path });
    assert!(error.to_string().contains("in use by another process"));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_out_of_reach_is_said_to_be() {
    let directory = tempfile::tempdir().unwrap();
    for path in [
        directory.path().to_owned(),
        directory.path().join("none/index.redb"),
    ] {
        let error = Index::open(&path, CACHE_BYTES).err().unwrap();
        assert!(matches!(error, IndexError::Inaccessible { .. }), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()));
    }
    // A damaged file that cannot be moved aside, for its neighbours are folders.
    let path = directory.path().join("index.redb");
    fs::write(&path, "no index").unwrap();
    for number in 1..=9 {
        fs::create_dir(aside(&path, number)).unwrap();
    }
    let error = Index::open(&path, CACHE_BYTES).err().unwrap();
    assert!(
        error.to_string().contains("cannot be moved aside"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "no index");
}

#[tokio::test]
async fn a_damaged_file_is_moved_aside_and_built_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("index.redb");
    let ledger = MemoryLedger::generated(1, 30);
    index_all(&open(&path), &ledger).await;
    let sound = fs::read(&path).unwrap();
    let half = &sound[..sound.len() / 2];
    let mut headless = sound.clone();
    headless[..512].fill(0x5a);
    for (number, damaged) in (1..).zip([&b"no index at all"[..], half, &headless, &[0; 9000]]) {
        fs::write(&path, damaged).unwrap();
        let index = open(&path);
        assert_eq!(index.position().blocks, 0);
        assert_eq!(fs::read(aside(&path, number)).unwrap().len(), damaged.len());
        index_all(&index, &ledger).await;
        assert_equals_new(&index, &ledger).await;
    }
}

#[tokio::test]
async fn random_damage_never_keeps_it_from_opening() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("index.redb");
    let ledger = MemoryLedger::generated(1, 30);
    index_all(&open(&path), &ledger).await;
    let sound = fs::read(&path).unwrap();
    let mut random = Random(11);
    for _ in 0..40 {
        let mut damaged = sound.clone();
        for _ in 0..1 + random.below(30) {
            let place = random.below(damaged.len() as u64) as usize;
            damaged[place] ^= 1 << random.below(8);
        }
        fs::write(&path, damaged).unwrap();
        drop(open(&path));
        for number in 1..=9 {
            let _ = fs::remove_file(aside(&path, number));
        }
    }
}

#[tokio::test]
async fn other_formats_are_emptied() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("index.redb");
    let ledger = MemoryLedger::generated(1, 10);
    let foreign_rows: TableDefinition<u64, u64> = TableDefinition::new("foreign");
    let other_state: TableDefinition<u64, &str> = TableDefinition::new("state");
    for with_state in [false, true] {
        let database = Database::open_or_create(&path, CACHE_BYTES).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction
            .open_table(foreign_rows)
            .unwrap()
            .insert(1, 2)
            .unwrap();
        if with_state {
            transaction.delete_table(crate::tables::STATE).unwrap();
            transaction
                .open_table(other_state)
                .unwrap()
                .insert(1, "newer")
                .unwrap();
        }
        transaction.commit().unwrap();
        drop(database);
        if !with_state {
            // No state yet: it is not an index.
            let index = open(&path);
            index_all(&index, &ledger).await;
            assert_equals_new(&index, &ledger).await;
        }
    }
    let index = open(&path);
    assert_eq!(index.position().blocks, 0);
    index_all(&index, &ledger).await;
    assert_equals_new(&index, &ledger).await;
    assert!(!aside(&path, 1).exists());
}

/// Damage in the middle of a file that is open shows when it is read, and heals by itself.
#[tokio::test]
async fn damage_that_shows_late_is_healed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("index.redb");
    let ledger = MemoryLedger::generated(1, 200);
    index_all(&open(&path), &ledger).await;
    // Without a cache, so that every read goes to the disk.
    let index = Index::open(&path, 0).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let size = file.metadata().unwrap().len();
    for page in 1..size / 4096 {
        // The first page holds redb's own header, which a running process does not read again.
        file.write_all_at(&[0xee; 4096], page * 4096).unwrap();
    }
    let read = index.balance(&Account::named("alice")).await;
    assert!(is_damaged(&read), "{read:?}");
    assert!(read.unwrap_err().to_string().contains("being built again"));

    let follower = Follower::start(&index, &ledger);
    super::eventually("built again", async || index.health().rebuilds == 1).await;
    assert!(aside(&path, 1).exists());
    catch_up(&index, &ledger).await;
    follower.stop().await;
    assert_equals_new(&index, &ledger).await;
}

/// Memory that can be told to fail, as a disk that is full.
#[derive(Debug)]
struct FailingBackend {
    memory: InMemoryBackend,
    fails: Arc<AtomicBool>,
}

impl FailingBackend {
    fn check(&self) -> Result<(), BackendError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(io::Error::from(io::ErrorKind::StorageFull).into());
        }
        Ok(())
    }
}

impl StorageBackend for FailingBackend {
    fn len(&self) -> Result<u64, io::Error> {
        self.memory.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.memory.read(offset, out)
    }

    fn set_len(&self, length: u64) -> Result<(), io::Error> {
        self.memory.set_len(length)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.check()?;
        self.memory.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.check()?;
        self.memory.write(offset, data)
    }
}

#[tokio::test]
async fn a_disk_that_fails_is_said_and_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("index.redb");
    let ledger = MemoryLedger::generated(1, 30);
    let index = open(&path);
    let fails = Arc::new(AtomicBool::new(false));
    let backend = FailingBackend {
        memory: InMemoryBackend::new(),
        fails: fails.clone(),
    };
    let database = Database::in_storage(backend, CACHE_BYTES).unwrap();
    index
        .inner
        .exchange(IndexFile::of_database(&path, database).unwrap());
    let mut health = index.inner.health.subscribe();
    let follower = Follower::start(&index, &ledger);
    catch_up(&index, &ledger).await;
    fails.store(true, Ordering::Relaxed);
    ledger.append(2, 30);
    let error = super::failure(&mut health).await.error.unwrap();
    assert!(error.contains("look after the disk"), "{error}");
    // It is opened again, here from the path, which is empty, and goes on.
    catch_up(&index, &ledger).await;
    follower.stop().await;
    assert_equals_new(&index, &ledger).await;
}

#[tokio::test]
async fn a_failing_disk_is_a_storage_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("index.redb");
    let fails = Arc::new(AtomicBool::new(false));
    let backend = FailingBackend {
        memory: InMemoryBackend::new(),
        fails: fails.clone(),
    };
    let database = Database::in_storage(backend, CACHE_BYTES).unwrap();
    let file = IndexFile::of_database(&path, database).unwrap();
    fails.store(true, Ordering::Relaxed);
    let error = file.sync().unwrap_err();
    assert!(matches!(error, IndexError::Storage { .. }), "{error}");

    let index = open(&path);
    index.inner.close();
    let closed = index.blocks(None, 1, Order::NewestFirst).await.unwrap_err();
    assert!(
        closed.to_string().contains("being opened again"),
        "{closed}"
    );
}
