//! A damaged file is reported, never emptied, and never makes a panic that anyone sees.

use super::*;
use std::fs;
use std::path::PathBuf;

use super::super::StoreError;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// A store with blocks and waiting transactions, closed; its file.
fn filled(folder: &Path) -> PathBuf {
    let store = open(folder);
    runtime().block_on(async {
        for kind in 0..300 {
            post(&store, kind, Some([kind as u8; 16])).await;
            if kind % 2 == 0 {
                mine(&store).await;
            }
        }
        for kind in 0..20 {
            post(&store, kind, None).await;
        }
    });
    folder.join("tutorial.redb")
}

/// Everything that reading touches, and one write.
fn use_everything(store: &Store) -> Result<(), StoreError> {
    let snapshot = store.snapshot()?;
    snapshot.scan(1, |_, _, _| super::super::Scan::On)?;
    snapshot.waiting(None, usize::MAX, usize::MAX)?;
    snapshot.replaced_since(0)?;
    for kind in 0..=255 {
        snapshot.ticket(&[kind; 16])?;
    }
    runtime().block_on(async {
        let posted = store.post(posting(1, None)).await?;
        assert!(matches!(posted, Posted::Accepted { .. }));
        let mined = Mined {
            parent: store.head().borrow().tip_hash,
            proof: 7,
            timestamp_s: 1.5,
        };
        store.append_mined(mined).await?;
        Ok(())
    })
}

/// Opens and uses a damaged store: what is said about it, if anything is.
fn verdict(folder: &Path) -> Option<String> {
    let store = match try_open(folder) {
        Ok(store) => store,
        Err(error) => {
            assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
            return Some(error.to_string());
        }
    };
    match use_everything(&store) {
        Ok(()) => None,
        Err(error) => {
            assert!(
                matches!(
                    error,
                    StoreError::Damaged { .. } | StoreError::Failed { .. }
                ),
                "{error:?}"
            );
            Some(error.to_string())
        }
    }
}

fn assert_says_what_to_do(sentence: &str, path: &Path) {
    for part in [
        &*path.to_string_lossy(),
        "damaged",
        "backup",
        "reset",
        "import",
    ] {
        assert!(sentence.contains(part), "no `{part}` in: {sentence}");
    }
}

#[test]
fn truncated_files_are_reported_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(folder.path());
    let whole = fs::read(&path).unwrap();
    for kept in [0, 1, 100, 4_096, whole.len() / 3, whole.len() / 2] {
        fs::write(&path, &whole[..kept]).unwrap();
        let sentence = verdict(folder.path()).unwrap_or_else(|| panic!("{kept} bytes will do"));
        assert_says_what_to_do(&sentence, &path);
        assert_eq!(fs::metadata(&path).unwrap().len(), kept as u64);
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(verdict(folder.path()), None);
}

#[test]
fn a_file_of_another_kind_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tutorial.redb");
    fs::write(&path, vec![b'x'; 100_000]).unwrap();
    assert_says_what_to_do(&verdict(folder.path()).unwrap(), &path);
}

#[test]
fn bytes_overwritten_anywhere_never_go_unseen_into_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(folder.path());
    let whole = fs::read(&path).unwrap();
    let before = {
        let store = open(folder.path());
        (chain(&store), waiting_kinds(&store))
    };
    fs::write(&path, &whole).unwrap();
    let mut reported = 0;
    let pieces = 40;
    for piece in 0..pieces {
        let mut damaged = whole.clone();
        let begin = piece * whole.len() / pieces;
        let end = damaged.len().min(begin + 5_000);
        for byte in &mut damaged[begin..end] {
            *byte ^= 0x5a;
        }
        fs::write(&path, &damaged).unwrap();
        match verdict(folder.path()) {
            Some(sentence) => {
                assert!(sentence.contains("tutorial.redb"), "{sentence}");
                reported += 1;
            }
            None => {
                // The piece held nothing that is in use.
                let store = open(folder.path());
                let blocks = chain(&store);
                assert_eq!(blocks[..before.0.len()], before.0[..], "piece {piece}");
            }
        }
    }
    assert!(reported > 0, "no damage was seen");
}
