use super::*;

#[tokio::test]
async fn a_block_is_mined_every_given_time() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::open(&NodeOptions {
        mine_every: Some(Duration::from_millis(5)),
        ..options(folder.path())
    })
    .unwrap();
    until("three blocks are mined", || node.head().length >= 4).await;
    node.shutdown().await;
    // A block that was handed over before is written yet, and all that comes is written behind it.
    post(&node, 1).await;
    let length = node.head().length;
    post(&node, 2).await;
    assert_eq!(node.head().length, length);
    assert_eq!(node.head().pending_count, 2);
}

#[tokio::test]
async fn a_block_is_mined_as_soon_as_something_waits() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::open(&NodeOptions {
        mine_on_transaction: true,
        ..options(folder.path())
    })
    .unwrap();
    for number in 2..5 {
        post(&node, number).await;
        until("it is mined", || {
            let head = node.head();
            head.pending_count == 0 && head.length == number
        })
        .await;
    }
    // What was handed over before is written before this.
    node.shutdown().await;
    post(&node, 4).await;
    assert_eq!(node.head().length, 4);
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_work_and_frees_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::open(&NodeOptions {
        mine_every: Some(Duration::from_millis(1)),
        mine_on_transaction: true,
        ..options(folder.path())
    })
    .unwrap();
    until("it mines", || node.head().length > 2).await;
    let other = node.clone();
    drop(node);
    let length = other.head().length;
    until("it goes on", || other.head().length > length).await;
    drop(other);
    let begin = Instant::now();
    while Node::open(&options(folder.path())).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(60), "still locked");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
