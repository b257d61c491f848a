//! Files that are made, in use, of others, or of former versions.

use std::fs;
use std::io;

use super::*;
use crate::layout::MARK;
use crate::{OpenError, create, move_aside};

#[test]
fn a_file_is_made_as_a_whole_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.redb");
    let missing = Database::open(&path, CACHE_BYTES).unwrap_err();
    assert!(
        matches!(&missing, OpenError::Inaccessible(error) if error.kind() == io::ErrorKind::NotFound)
    );
    let fill = |database: &Database| {
        let mut rows = Rows::new();
        let written = change(database, &mut rows, Durability::Immediate, &mut Random(1));
        written.map_err(|error| OpenError::Damaged(error.to_string()))
    };
    // What a crash left: half a file, and a file with other tables.
    fs::write(folder.path().join("rows.redb.new"), b"half").unwrap();
    let failed = create(&path, CACHE_BYTES, |database| {
        fill(database)?;
        Err(OpenError::Damaged("as by a crash".to_owned()))
    });
    assert_eq!(failed.unwrap().unwrap_err().to_string(), "as by a crash");
    assert!(!path.exists());
    create(&path, CACHE_BYTES, |database| {
        let transaction = database.begin_write().unwrap();
        assert_eq!(transaction.list_tables().unwrap().count(), 0);
        drop(transaction);
        fill(database)
    })
    .unwrap()
    .unwrap();
    let rows = rows_in(&Database::open(&path, CACHE_BYTES).unwrap()).unwrap();
    assert!(!rows.is_empty());
    let again = create(&path, CACHE_BYTES, |_| -> Result<(), OpenError> {
        panic!("it is there")
    });
    again.unwrap().unwrap();
    assert!(rows_in(&Database::open(&path, CACHE_BYTES).unwrap()).unwrap() == rows);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_file_in_use_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.redb");
    let database = Database::open_or_create(&path, CACHE_BYTES).unwrap();
    let error = Database::open(&path, CACHE_BYTES).unwrap_err();
    assert!(matches!(error, OpenError::InUse), "{error:?}");
    drop(database);
    Database::open(&path, CACHE_BYTES).unwrap();
}

#[test]
fn what_is_no_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.redb");
    for (content, told) in [
        (&b""[..], "empty"),
        (b"text", "begin"),
        (&[0; 9_000], "begin"),
        (&MARK[..], "after 16 bytes"),
    ] {
        fs::write(&path, content).unwrap();
        let error = Database::open(&path, CACHE_BYTES).unwrap_err();
        assert!(
            matches!(&error, OpenError::Damaged(detail) if detail.contains(told)),
            "{error:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

/// Files of redb's own layout, closed or left by a crash, are gone on with; and damaged ones are told.
#[test]
fn former_files_are_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.redb");
    let copy = folder.path().join("copy.redb");
    for is_closed in [true, false] {
        let database = redb::Database::create(&path).unwrap();
        let mut rows = Rows::new();
        let mut random = Random(5);
        for _ in 0..50 {
            let changes = some_changes(&mut random);
            let transaction = database.begin_write().unwrap();
            write_in(&transaction, &changes).unwrap();
            transaction.commit().unwrap();
            rows = applied(&rows, &changes);
        }
        if !is_closed {
            fs::copy(&path, &copy).unwrap();
        }
        drop(database);
        if !is_closed {
            fs::rename(&copy, &path).unwrap();
        }
        let former = fs::read(&path).unwrap();
        let database = Database::open(&path, CACHE_BYTES).unwrap();
        assert!(rows_in(&database).unwrap() == rows);
        change(&database, &mut rows, Durability::Immediate, &mut random).unwrap();
        drop(database);
        assert!(fs::read(&path).unwrap().starts_with(MARK));
        let database = Database::open(&path, CACHE_BYTES).unwrap();
        assert!(rows_in(&database).unwrap() == rows);
        drop(database);

        let mut told = 0;
        for seed in 0..100 {
            let mut damaged = former.clone();
            let mut random = Random(seed);
            for _ in 0..1 + random.below(30) {
                let place = 9 + random.below(damaged.len() - 9);
                damaged[place] ^= 1 << random.below(8);
            }
            fs::write(&path, damaged).unwrap();
            match Database::open(&path, CACHE_BYTES) {
                Ok(database) => drop(rows_in(&database).unwrap()),
                Err(OpenError::Damaged(_)) => told += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(told > 10, "{told}");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn files_are_moved_aside_and_the_last_place_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.redb");
    for number in 1..=10 {
        fs::write(&path, number.to_string()).unwrap();
        let place = move_aside(&path, "damaged").unwrap();
        let expected = format!("rows.redb.damaged-{}", number.min(9));
        assert_eq!(place, folder.path().join(expected));
        assert_eq!(fs::read_to_string(place).unwrap(), number.to_string());
    }
    let (place, error) = move_aside(&path, "former").unwrap_err();
    assert_eq!(place, folder.path().join("rows.redb.former-1"));
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn memory_is_a_database_too() {
    let database = Database::in_memory();
    let mut rows = Rows::new();
    change(&database, &mut rows, Durability::Immediate, &mut Random(2)).unwrap();
    assert!(rows_in(&database).unwrap() == rows);
}
