//! Following a ledger that fails, contradicts itself, or is another one.

use chainloom_ledger::{BlockEvent, Ledger, LedgerError};

use super::ledger::{MemoryLedger, StreamFault};
use super::{Follower, assert_equals_new, catch_up, eventually, failure, index_all, open};
use crate::{Index, Phase};

fn index_in(directory: &tempfile::TempDir) -> Index {
    open(&directory.path().join("index.redb"))
}

fn failed(detail: &str) -> LedgerError {
    LedgerError::Storage {
        detail: detail.to_owned(),
    }
}

#[tokio::test]
async fn each_block_is_taken_as_it_comes() {
    let directory = tempfile::tempdir().unwrap();
    let index = index_in(&directory);
    assert_eq!(index.health().phase, Phase::Idle);
    let ledger = MemoryLedger::generated(1, 10);
    let follower = Follower::start(&index, &ledger);
    for seed in 0..20 {
        catch_up(&index, &ledger).await;
        ledger.append(seed, 1);
    }
    catch_up(&index, &ledger).await;
    eventually("live", async || index.health().phase == Phase::Live).await;
    assert_eq!(index.health().error, None);
    follower.stop().await;
    assert_eq!(index.health().phase, Phase::Idle);
    drop(index);
    let index = index_in(&directory);
    assert_eq!(index.position().height, 30);
    assert_equals_new(&index, &ledger).await;
}

#[tokio::test]
async fn it_waits_for_a_ledger_without_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let index = index_in(&directory);
    let ledger = MemoryLedger::new(None, 0);
    let follower = Follower::start(&index, &ledger);
    ledger.append(1, 1);
    let indexed = index.wait_for(0, 0, super::PATIENCE).await;
    assert_eq!((indexed.height, indexed.blocks), (0, 1));
    follower.stop().await;
}

#[tokio::test]
async fn an_error_of_the_ledger_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let index = index_in(&directory);
    let ledger = MemoryLedger::generated(1, 10);
    ledger.fail_info([failed("out of order")]);
    let mut health = index.inner.health.subscribe();
    let follower = Follower::start(&index, &ledger);
    let retrying = failure(&mut health).await;
    assert_eq!(retrying.error.as_deref(), Some("out of order"));
    assert_eq!(retrying.retry_in_ms, Some(100));
    catch_up(&index, &ledger).await;
    for (fault, reason) in [
        (StreamFault::Error(failed("torn")), "torn"),
        (StreamFault::End, "the ledger's block stream ended"),
    ] {
        ledger.fail_streams([fault]);
        let retrying = failure(&mut health).await;
        assert_eq!(retrying.error.as_deref(), Some(reason));
        ledger.append(2, 2);
        catch_up(&index, &ledger).await;
        eventually("recovered", async || index.health().error.is_none()).await;
    }
    follower.stop().await;
    assert_equals_new(&index, &ledger).await;
}

#[tokio::test]
async fn shutting_down_does_not_wait_for_the_next_try() {
    let directory = tempfile::tempdir().unwrap();
    let index = index_in(&directory);
    let ledger = MemoryLedger::generated(1, 10);
    ledger.fail_info((0..20).map(|_| LedgerError::ShuttingDown));
    let follower = Follower::start(&index, &ledger);
    eventually("retrying", async || index.health().phase == Phase::Retrying).await;
    follower.stop().await;
}

#[tokio::test]
async fn two_followers_take_turns() {
    let directory = tempfile::tempdir().unwrap();
    let index = index_in(&directory);
    let ledger = MemoryLedger::generated(1, 10);
    let first = Follower::start(&index, &ledger);
    catch_up(&index, &ledger).await;
    let second = Follower::start(&index, &ledger);
    let third = Follower::start(&index, &ledger);
    third.stop().await;
    first.stop().await;
    ledger.append(1, 5);
    catch_up(&index, &ledger).await;
    second.stop().await;
}

/// What the health says after the stream said `event` once; the index must be right afterwards.
async fn after(event: impl FnOnce(&MemoryLedger) -> BlockEvent) -> String {
    let directory = tempfile::tempdir().unwrap();
    let index = index_in(&directory);
    let ledger = MemoryLedger::generated(1, 10);
    ledger.replace(2, 5, 10);
    let mut health = index.inner.health.subscribe();
    let follower = Follower::start(&index, &ledger);
    catch_up(&index, &ledger).await;
    let event = event(&ledger);
    ledger.fail_streams([StreamFault::Event(event)]);
    let error = failure(&mut health).await.error.unwrap();
    ledger.append(3, 3);
    catch_up(&index, &ledger).await;
    follower.stop().await;
    assert_equals_new(&index, &ledger).await;
    error
}

fn block(ledger: &MemoryLedger, position: usize, generation: u64) -> BlockEvent {
    let block = Box::new(ledger.edit(|blocks| blocks[position].clone()));
    BlockEvent::Block { generation, block }
}

#[tokio::test]
async fn a_stream_that_contradicts_itself_is_read_anew() {
    let reason = after(|ledger| block(ledger, 7, 1)).await;
    assert!(
        reason.contains("gave block 8 where block 16 follows"),
        "{reason}"
    );
    let reason = after(|ledger| block(ledger, 14, 0)).await;
    assert!(reason.contains("from generation 1 to 0"), "{reason}");
    let reason = after(|_| BlockEvent::Replaced {
        generation: 0,
        from: 3,
    })
    .await;
    assert!(reason.contains("from generation 1 to 0"), "{reason}");
    let reason = after(|ledger| {
        let mut event = block(ledger, 14, 1);
        if let BlockEvent::Block { block, .. } = &mut event {
            block.number = 16;
        }
        event
    })
    .await;
    assert!(reason.contains("block 16 names"), "{reason}");
}

#[tokio::test]
async fn a_block_that_is_replaced_while_it_is_read_leaves_nothing() {
    let reason = after(|ledger| {
        let mut event = block(ledger, 14, 1);
        if let BlockEvent::Block { block, .. } = &mut event {
            block.number = 16;
            block.previous_hash = block.hash.to_string();
            block.hash = chainloom_ledger::Hash::of(b"gone");
            block.transaction_count += 100;
        }
        event
    })
    .await;
    let expected = "block 16 was replaced while it was read";
    assert!(reason.contains(expected), "{reason}");
}

/// An index of one ledger is given another; it must become as if it had never seen the first.
async fn moves_over(from: &MemoryLedger, to: &MemoryLedger) {
    let directory = tempfile::tempdir().unwrap();
    let index = index_in(&directory);
    index_all(&index, from).await;
    let height = index.position().height;
    let follower = Follower::start(&index, to);
    eventually("built again", async || index.health().rebuilds == 1).await;
    catch_up(&index, to).await;
    follower.stop().await;
    assert!(index.health().other_ledger.is_some());
    assert_equals_new(&index, to).await;
    // What was built from the other one is kept.
    let former = open(&directory.path().join("index.redb.former-1"));
    assert_eq!(former.position().height, height);
    assert_equals_new(&former, from).await;
}

fn with_node(node_id: &str, seed: u64, blocks: usize) -> MemoryLedger {
    let ledger = MemoryLedger::new(Some(node_id), 1);
    ledger.append(seed, blocks);
    ledger
}

#[tokio::test]
async fn another_ledger_is_noticed() {
    let ours = with_node("ours", 1, 20);
    // The same blocks under another node's id: its tickets differ.
    moves_over(&ours, &with_node("theirs", 1, 20)).await;
    // Another tip at our height; a shorter chain.
    moves_over(&ours, &with_node("ours", 2, 25)).await;
    moves_over(&ours, &with_node("ours", 1, 10)).await;
    // Fewer replacements than we have seen.
    let replaced = with_node("ours", 1, 20);
    replaced.replace(3, 5, 20);
    moves_over(&replaced, &ours).await;
    // More replacements, none of which explains why its blocks are others.
    let other = with_node("ours", 2, 30);
    other.replace(3, 25, 10);
    moves_over(&ours, &other).await;
}

#[tokio::test]
async fn a_channel_that_was_swapped_is_noticed() {
    let channel = |seed, blocks| {
        let ledger = MemoryLedger::new(None, 0).into_channel();
        ledger.append(seed, blocks);
        ledger
    };
    // As high, higher and lower than the one before.
    for blocks in [20, 25, 10] {
        moves_over(&channel(1, 20), &channel(2, blocks)).await;
    }
}

#[tokio::test]
async fn what_was_verified_is_not_given_up_on_a_peers_word() {
    let channel = |seed| {
        let ledger = MemoryLedger::new(None, 0).into_channel().into_verifying();
        ledger.append(seed, 20);
        ledger
    };
    let directory = tempfile::tempdir().unwrap();
    let index = index_in(&directory);
    index_all(&index, &channel(1)).await;
    let before = index.position();
    let mut health = index.inner.health.subscribe();
    let follower = Follower::start(&index, &channel(2));
    let error = failure(&mut health).await.error.unwrap();
    assert!(error.contains("which nobody has proven"), "{error}");
    assert_eq!(
        (index.position(), index.health().other_ledger),
        (before, None)
    );
    follower.stop().await;
}

#[tokio::test]
async fn a_peer_that_is_behind_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let index = index_in(&directory);
    let ledger = MemoryLedger::new(None, 0).into_channel();
    ledger.append(1, 20);
    index_all(&index, &ledger).await;
    let late = ledger.edit(|blocks| blocks.split_off(15));
    let mut health = index.inner.health.subscribe();
    let follower = Follower::start(&index, &ledger);
    let error = failure(&mut health).await.error.unwrap();
    let expected = "its last block is 14, indexed are blocks up to 19: it is behind";
    assert!(error.contains(expected), "{error}");
    assert_eq!(index.position().height, 19);
    ledger.edit(|blocks| blocks.extend(late));
    ledger.append(2, 3);
    catch_up(&index, &ledger).await;
    follower.stop().await;
    assert_eq!(index.health().rebuilds, 0);
    assert_equals_new(&index, &ledger).await;
}

#[tokio::test]
async fn a_ledger_that_was_replaced_meanwhile_is_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = with_node("ours", 1, 20);
    let index = index_in(&directory);
    index_all(&index, &ledger).await;
    ledger.replace(2, 18, 10);
    ledger.replace(3, 15, 20);
    let follower = Follower::start(&index, &ledger);
    catch_up(&index, &ledger).await;
    follower.stop().await;
    assert_eq!(index.health().rebuilds, 0);
    assert_equals_new(&index, &ledger).await;
    assert_eq!(ledger.info().await.unwrap().generation, 2);
}

#[tokio::test]
async fn a_chain_that_breaks_within_itself_is_not_rebuilt_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let index = index_in(&directory);
    let ledger = MemoryLedger::generated(1, 20);
    ledger.edit(|blocks| blocks[12].previous_hash = "ab".repeat(32));
    let mut health = index.inner.health.subscribe();
    let follower = Follower::start(&index, &ledger);
    let error = failure(&mut health).await.error.unwrap();
    assert!(error.contains("block 13 names abab"), "{error}");
    // What stood before the break is there to be read.
    assert!(index.position().height >= 9);
    ledger.replace(2, 12, 20);
    catch_up(&index, &ledger).await;
    follower.stop().await;
    assert_equals_new(&index, &ledger).await;
}
