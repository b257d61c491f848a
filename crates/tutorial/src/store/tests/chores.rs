use super::super::chores::SEGMENTS_MAX;
use super::super::tables::BLOCKS;
use super::*;
use chainloom_database::Database;
use redb::ReadableTableMetadata;
use std::time::{Duration, Instant};

fn rows(store: &Store) -> u64 {
    let read = store.shared.database.begin_read().unwrap();
    read.open_table(BLOCKS).unwrap().len().unwrap()
}

fn segments(store: &Store) -> usize {
    store.snapshot().unwrap().state.segments.len()
}

/// Waits until the background work has come so far.
async fn until(what: &str, done: impl Fn() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn replaced_blocks_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let first = foreign(&[], 0, 1, &vec![vec![1]; 3_000]);
    adopt(&store, &first).await;
    let second = foreign(&first, 1_000, 2, &vec![vec![2]; 2_100]);
    adopt(&store, &second).await;
    until("old rows are swept", || rows(&store) == 3_100).await;
    assert_eq!(chain(&store), second);
}

#[tokio::test]
async fn a_dropped_staging_is_swept_and_a_live_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let blocks = foreign(&[], 0, 1, &vec![vec![]; 50]);
    let kept = stage(&store, &blocks).await;
    let dropped = stage(&store, &foreign(&[], 0, 2, &vec![vec![]; 70])).await;
    assert_eq!(rows(&store), 121);
    drop(dropped);
    until("the dropped one is swept", || rows(&store) == 51).await;
    assert!(matches!(
        store.adopt(kept).await.unwrap(),
        Adoption::Adopted { .. }
    ));
    assert_eq!(chain(&store), blocks);
    until("our old genesis is swept", || rows(&store) == 50).await;
}

#[tokio::test]
async fn what_a_crash_left_is_swept_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    mine(&store).await;
    let ours = chain(&store);
    drop(store);
    {
        let database = Database::open(&folder.path().join("tutorial.redb"), 1 << 20).unwrap();
        let write = database.begin_write().unwrap();
        {
            let mut blocks = write.open_table(BLOCKS).unwrap();
            // In our own segment beyond the tip, and in segments that nobody knows.
            for (segment, number) in [(0, 9), (7, 1), (7, 2), (u64::MAX, u64::MAX)] {
                blocks.insert((segment, number), &b"left"[..]).unwrap();
            }
        }
        write.commit().unwrap();
    }
    let store = open(folder.path());
    until("left rows are swept", || rows(&store) == 2).await;
    assert_eq!(chain(&store), ours);
}

#[tokio::test]
async fn many_short_segments_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut blocks = chain(&store);
    for salt in 0..3 * SEGMENTS_MAX as u64 {
        // Each chain leaves one block of the one before, so that the list grows.
        blocks = foreign(&blocks, blocks.len() - 1, salt, &[vec![salt], vec![]]);
        let adopted = adopt(&store, &blocks).await;
        assert!(matches!(adopted, Adoption::Adopted { .. }));
    }
    // Not only when there is nothing else to do.
    let posting = tokio::spawn({
        let store = store.clone();
        async move {
            loop {
                post(&store, 1, None).await;
            }
        }
    });
    until("segments are merged", || segments(&store) <= SEGMENTS_MAX).await;
    posting.abort();
    assert!(posting.await.unwrap_err().is_cancelled());
    let length = blocks.len() as u64;
    until("copied rows are swept", || rows(&store) == length).await;
    assert_eq!(chain(&store), blocks);
    mine(&store).await;
    drop(store);
    let store = open(folder.path());
    assert_eq!(chain(&store)[..blocks.len()], blocks[..]);
    assert!(segments(&store) <= SEGMENTS_MAX);
}
