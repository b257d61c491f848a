//! A file that is damaged says so, or gives what was written; and nothing that is done with it ends the process.

use std::fs;
use std::path::Path;

use super::*;
use crate::layout::{SECTOR_BYTES, SLOT_BYTES};
use crate::{OpenError, is_damage};

/// How many damaged files are tried. More are tried by hand: `CHAINLOOM_DAMAGED_FILES=20000 cargo test -p chainloom-database damage`.
const DAMAGED_FILES: u64 = 300;

/// A closed file in which pages were freed and used again.
fn filled(path: &Path) -> Rows {
    let mut rows = Rows::new();
    let mut random = Random(1);
    for _ in 0..2 {
        let database = Database::open_or_create(path, CACHE_BYTES).unwrap();
        for round in 0..40 {
            let durability = match round % 3 {
                0 => Durability::None,
                _ => Durability::Immediate,
            };
            change(&database, &mut rows, durability, &mut random).unwrap();
        }
    }
    rows
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    match random.below(6) {
        0 => bytes.truncate(random.below(bytes.len())),
        1 => {
            // Two pages that changed places.
            let slots = (bytes.len() - SECTOR_BYTES) / SLOT_BYTES;
            let slot = |number| SECTOR_BYTES + number * SLOT_BYTES;
            let (one, other) = (slot(random.below(slots)), slot(random.below(slots)));
            for place in 0..SLOT_BYTES {
                bytes.swap(one + place, other + place);
            }
        }
        2 => {
            // What a disk or a file system does: whole blocks of something else.
            let begin = random.below(bytes.len()) / 4096 * 4096;
            let end = bytes.len().min(begin + (1 + random.below(3)) * 4096);
            bytes[begin..end].fill([0, 0xee][random.below(2)]);
        }
        _ => {
            for _ in 0..1 + random.below(30) {
                let place = random.below(bytes.len());
                bytes[place] ^= 1 << random.below(8);
            }
        }
    }
}

/// Reads all, writes, and reads all again: what went wrong, if anything did.
fn use_all(path: &Path, written: &Rows, random: &mut Random) -> Result<(), redb::Error> {
    let database = match Database::open(path, CACHE_BYTES) {
        Ok(database) => database,
        Err(OpenError::Damaged(detail)) => return Err(redb::Error::Corrupted(detail)),
        Err(error) => panic!("{error}"),
    };
    let mut rows = rows_in(&database)?;
    assert!(rows == *written, "other rows than were written");
    for _ in 0..3 {
        change(&database, &mut rows, Durability::Immediate, random)?;
    }
    assert!(rows_in(&database)? == rows);
    drop(database);
    let database = Database::open(path, CACHE_BYTES).expect("nothing was damaged since");
    assert!(rows_in(&database)? == rows);
    Ok(())
}

#[test]
fn damage_is_told_and_never_ends_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.redb");
    let rows = filled(&path);
    let whole = fs::read(&path).unwrap();
    let files = std::env::var("CHAINLOOM_DAMAGED_FILES");
    let files = files.map_or(DAMAGED_FILES, |files| files.parse().unwrap());
    let (mut told, mut unseen) = (0, 0);
    for seed in 0..files {
        let mut random = Random(seed);
        let mut damaged = whole.clone();
        damage(&mut damaged, &mut random);
        fs::write(&path, &damaged).unwrap();
        match use_all(&path, &rows, &mut random) {
            Ok(()) => unseen += 1,
            Err(error) => {
                assert!(is_damage(&error), "seed {seed}: {error:?}");
                told += 1;
            }
        }
    }
    // Some damage meets only pages that are in no use.
    assert!(told > files / 2, "{told} told, {unseen} unseen");
}

#[test]
fn damage_under_an_open_database_is_told_and_it_closes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.redb");
    let mut rows = filled(&path);
    for is_written in [false, true] {
        let whole = fs::read(&path).unwrap();
        // Without a cache, so that it is the file that is read.
        let database = Database::open(&path, 0).unwrap();
        let mut damaged = fs::read(&path).unwrap();
        damaged[SECTOR_BYTES..].fill(0xee);
        fs::write(&path, &damaged).unwrap();
        let told = match is_written {
            true => change(&database, &mut rows, Durability::Immediate, &mut Random(3)),
            false => rows_in(&database).map(|_| ()),
        };
        assert!(told.is_err_and(|error| is_damage(&error)));
        // redb does nothing any more, and why is still told.
        let again = rows_in(&database).unwrap_err().to_string();
        assert!(again.contains("is not what was written"), "{again}");
        drop(database);
        assert!(Database::open(&path, 0).is_err());
        fs::write(&path, whole).unwrap();
    }
}
