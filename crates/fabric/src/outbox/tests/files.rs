//! Files that are damaged, of others, or from the future: told, and left as they are.

use std::fs;

use super::*;

fn refused(path: &Path) -> OutboxError {
    match Outbox::open(&options(path), "devnet") {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

/// The database of a file, when who closed it has done so.
pub(super) fn once_closed(path: &Path) -> Database {
    loop {
        match Database::open(path, 1 << 20) {
            Ok(database) => return database,
            Err(chainloom_database::OpenError::InUse) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Changes the closed file as another program would.
pub(super) fn change(path: &Path, name: &str, value: &[u8]) {
    let transaction = once_closed(path).begin_write().unwrap();
    let mut meta = transaction.open_table(tables::META).unwrap();
    meta.insert(name, value).unwrap();
    drop(meta);
    transaction.commit().unwrap();
}

/// A file with an entry under a key.
async fn with_an_entry(path: &Path) {
    let outbox = open(path);
    let key = key_use(&outbox, "k", "1");
    outbox.store(entry("a", Some(key))).await.unwrap();
}

#[tokio::test]
async fn a_file_of_another_channel_or_from_the_future_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    with_an_entry(&path).await;
    let other = Outbox::open(&options(&path), "trade").unwrap_err();
    let OutboxError::OtherChannel { found, wanted, .. } = &other else {
        panic!("{other:?}");
    };
    assert_eq!((found.as_str(), wanted.as_str()), ("devnet", "trade"));
    assert!(other.to_string().contains("another name"), "{other}");

    change(&path, "format", &2_u32.to_be_bytes());
    let newer = refused(&path);
    assert!(
        matches!(
            newer,
            OutboxError::NewerFormat {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{newer:?}"
    );
    assert!(newer.to_string().contains("newer chainloom"), "{newer}");
    change(&path, "format", &1_u32.to_be_bytes());
    assert!(open(&path).contains("a"));
    change(&path, "salt", b"short");
    assert!(refused(&path).to_string().contains("its salt is missing"));
}

#[tokio::test]
async fn a_file_that_is_open_elsewhere_is_refused_and_one_that_closes_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    let outbox = open(&path);
    let error = refused(&path);
    assert!(matches!(error, OutboxError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains("another process"), "{error}");
    let closing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        drop(outbox);
    });
    open(&path);
    closing.join().unwrap();
}

#[tokio::test]
async fn what_is_no_outbox_is_told_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    for (content, told) in [(&b""[..], "it is empty"), (&[7; 10_000][..], "damaged")] {
        fs::write(&path, content).unwrap();
        let error = refused(&path);
        assert!(matches!(error, OutboxError::Damaged { .. }), "{error:?}");
        let sentence = error.to_string();
        for part in [told, "left as it is", "restore it"] {
            assert!(sentence.contains(part), "{sentence}");
        }
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    let nowhere = refused(&folder.path().join("no such folder").join("outbox.redb"));
    assert!(
        matches!(nowhere, OutboxError::Inaccessible { .. }),
        "{nowhere:?}"
    );
}

#[tokio::test]
async fn half_a_file_that_a_crash_left_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    fs::write(folder.path().join("outbox.redb.new"), b"half").unwrap();
    with_an_entry(&path).await;
    assert!(open(&path).contains("a"));
    assert!(!folder.path().join("outbox.redb.new").exists());
}

/// Whatever byte is damaged: it is told, or what is read is as it was written.
#[tokio::test]
async fn no_damage_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.redb");
    with_an_entry(&whole).await;
    let whole = fs::read(&whole).unwrap();
    let places: Vec<usize> = {
        // Where the rows are: the text of the envelope and of the id's row, each in the last pages that were written.
        let needle = b"payload of a";
        let found = whole.windows(needle.len()).enumerate();
        found
            .filter(|(_, window)| window == needle)
            .map(|(place, _)| place)
            .collect()
    };
    assert!(!places.is_empty());
    let path = folder.path().join("outbox.redb");
    let mut told = 0;
    for place in places.iter().flat_map(|place| place - 40..place + 40) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        match Outbox::open(&options(&path), "devnet") {
            Err(OutboxError::Damaged { .. }) => told += 1,
            Err(error) => panic!("{error:?}"),
            Ok(outbox) => match outbox.envelope("a").await {
                Ok(read) => assert_eq!(read, Some(envelope("a")), "at {place}"),
                Err(error) => assert!(error.to_string().contains("damaged"), "{error}"),
            },
        }
    }
    assert!(told > 40, "{told}");
}

#[tokio::test]
async fn of_a_file_that_nobody_uses_it_is_known_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    with_an_entry(&path).await;
    assert_eq!(waiting_in_outbox(&path).unwrap(), ["a"]);
    let outbox = open(&path);
    let used = waiting_in_outbox(&path).unwrap_err();
    assert!(matches!(used, OutboxError::Locked { .. }), "{used:?}");
    outbox.seen("a", Verdict::Valid(VERSION));
    drop(outbox);
    assert!(waiting_in_outbox(&path).unwrap().is_empty());
}
