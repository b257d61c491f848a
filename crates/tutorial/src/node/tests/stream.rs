use super::*;
use crate::store::tests::{adopt, chain, foreign};
use chainloom_ledger::{BlockEvent, BoxStream, Ledger, LedgerError, Position};
use futures_util::{FutureExt, StreamExt};

type Events = BoxStream<Result<BlockEvent, LedgerError>>;

/// What an event says, in short.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Replaced { generation: u64, from: u64 },
    Block { generation: u64, number: u64 },
}
use Said::{Block, Replaced};

async fn next(events: &mut Events) -> Said {
    let event = tokio::time::timeout(Duration::from_secs(60), events.next());
    match event.await.unwrap().unwrap().unwrap() {
        BlockEvent::Replaced { generation, from } => Replaced { generation, from },
        BlockEvent::Block { generation, block } => Block {
            generation,
            number: block.number,
        },
    }
}

fn follow(node: &Node, generation: u64, number: u64) -> Events {
    node.blocks(Position { generation, number }, 1_000)
}

#[tokio::test]
async fn it_goes_on_live() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    node.mine().await.unwrap();
    let mut events = follow(&node, 0, 1);
    for number in [1, 2] {
        assert_eq!(
            next(&mut events).await,
            Block {
                generation: 0,
                number
            }
        );
    }
    assert!(events.next().now_or_never().is_none());
    // What merely waits is no event.
    post(&node, 1).await;
    assert!(events.next().now_or_never().is_none());
    node.mine().await.unwrap();
    let (generation, number) = (0, 3);
    assert_eq!(next(&mut events).await, Block { generation, number });
    node.shutdown().await;
    let end = events.next().await.unwrap();
    assert_eq!(end.unwrap_err(), LedgerError::ShuttingDown);
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_replacement_is_told_only_of_what_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    for _ in 0..4 {
        node.mine().await.unwrap();
    }
    let store = &node.core().store;
    let mut seen_all = follow(&node, 0, 1);
    for number in 1..=5 {
        assert_eq!(
            next(&mut seen_all).await,
            Block {
                generation: 0,
                number
            }
        );
    }
    adopt(
        store,
        &foreign(&chain(store), 3, 1, &[vec![], vec![], vec![]]),
    )
    .await;
    let replaced = Replaced {
        generation: 1,
        from: 4,
    };
    assert_eq!(next(&mut seen_all).await, replaced);
    for number in 4..=6 {
        assert_eq!(
            next(&mut seen_all).await,
            Block {
                generation: 1,
                number
            }
        );
    }
    // One that had seen the first three only goes on where it was.
    let mut resumed = follow(&node, 0, 4);
    let (generation, number) = (1, 4);
    assert_eq!(next(&mut resumed).await, Block { generation, number });
    let mut resumed = follow(&node, 0, 5);
    assert_eq!(next(&mut resumed).await, replaced);
    // Several replacements are one, from the first block that any of them replaced.
    adopt(store, &foreign(&chain(store), 1, 2, &vec![vec![]; 6])).await;
    adopt(store, &foreign(&chain(store), 6, 3, &vec![vec![]; 3])).await;
    let replaced = Replaced {
        generation: 3,
        from: 2,
    };
    assert_eq!(next(&mut seen_all).await, replaced);
    for number in 2..=9 {
        assert_eq!(
            next(&mut seen_all).await,
            Block {
                generation: 3,
                number
            }
        );
    }
    assert!(seen_all.next().now_or_never().is_none());
}

#[tokio::test]
async fn positions_that_this_chain_never_had_begin_anew() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let replaced = Replaced {
        generation: 0,
        from: 1,
    };
    for (generation, number) in [(3, 2), (0, 9), (u64::MAX, u64::MAX)] {
        let mut events = follow(&node, generation, number);
        assert_eq!(next(&mut events).await, replaced);
        let (generation, number) = (0, 1);
        assert_eq!(next(&mut events).await, Block { generation, number });
    }
    // Nothing was seen yet: nothing is replaced.
    for number in [0, 1] {
        let mut events = follow(&node, 7, number);
        let (generation, number) = (0, 1);
        assert_eq!(next(&mut events).await, Block { generation, number });
    }
}

#[tokio::test]
async fn long_chains_come_in_batches_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let store = &node.core().store;
    adopt(store, &foreign(&chain(store), 1, 1, &vec![vec![1]; 1_000])).await;
    let mut events = follow(&node, 1, 1);
    for number in 1..=1_001 {
        assert_eq!(
            next(&mut events).await,
            Block {
                generation: 1,
                number
            }
        );
        if number == 500 {
            // The reader rests with half a batch taken; what it was promised still comes.
            adopt(store, &foreign(&chain(store), 900, 2, &vec![vec![2]; 200])).await;
        }
        if number == 512 {
            break;
        }
    }
    for number in 513..=1_100 {
        assert_eq!(
            next(&mut events).await,
            Block {
                generation: 2,
                number
            }
        );
    }
}

#[tokio::test]
async fn a_giant_block_is_a_batch_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    for _ in 0..6 {
        let large = "x".repeat(1_000_000).into();
        node.post_transaction(large, "b".into(), 1_u64.into())
            .await
            .unwrap();
    }
    for _ in 0..3 {
        node.mine().await.unwrap();
    }
    let mut events = follow(&node, 0, 1);
    for number in 1..=4 {
        assert_eq!(
            next(&mut events).await,
            Block {
                generation: 0,
                number
            }
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_has_the_chain_after_any_history() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let reader = tokio::spawn({
        let mut events = follow(&node, 0, 1);
        async move {
            let mut seen = Vec::new();
            loop {
                match events.next().await.unwrap().unwrap() {
                    BlockEvent::Replaced { from, .. } => {
                        assert!(from <= seen.len() as u64, "nothing was replaced");
                        seen.truncate(from as usize - 1);
                    }
                    BlockEvent::Block { block, .. } => {
                        assert_eq!(block.number, seen.len() as u64 + 1);
                        seen.push(block.hash);
                        if block.size_bytes > 5_000 {
                            return seen;
                        }
                    }
                }
                if seen.len() % 7 == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    });
    let store = &node.core().store;
    for salt in 0..30 {
        node.mine().await.unwrap();
        let ours = chain(store);
        let shared = ours.len() - (salt as usize % 4).min(ours.len());
        adopt(store, &foreign(&ours, shared, salt, &vec![vec![]; 5])).await;
    }
    let mark = "x".repeat(5_000).into();
    node.post_transaction(mark, "b".into(), 1_u64.into())
        .await
        .unwrap();
    node.mine().await.unwrap();
    let expected: Vec<_> = chain(store).iter().map(|block| block.hash).collect();
    assert_eq!(reader.await.unwrap(), expected);
}
