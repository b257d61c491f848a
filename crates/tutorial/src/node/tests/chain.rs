use super::*;
use crate::store::tests::{adopt, chain, encoded};

fn whole(node: &Node) -> Vec<u8> {
    let snapshot = node.chain().unwrap();
    let bytes = snapshot.body_bytes();
    let mut body = Vec::new();
    for chunk in snapshot {
        body.extend_from_slice(&chunk.unwrap());
    }
    assert_eq!(body.len() as u64, bytes);
    body
}

#[tokio::test]
async fn the_pieces_are_the_blocks_joined_with_commas() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    for amount in 0..40 {
        post(&node, amount).await;
        node.mine().await.unwrap();
    }
    // One block that is larger than a piece, and small ones behind it.
    let large = "x".repeat(400_000).into();
    node.post_transaction(large, "b".into(), 5_u64.into())
        .await
        .unwrap();
    for _ in 0..3 {
        node.mine().await.unwrap();
    }
    let snapshot = node.chain().unwrap();
    assert_eq!(snapshot.length(), 44);
    let sizes: Vec<_> = snapshot.map(|chunk| chunk.unwrap().len()).collect();
    assert_eq!(sizes.len(), 3, "{sizes:?}");
    let blocks = chain(&node.core().store);
    let texts: Vec<_> = blocks.iter().map(|block| &*block.compact).collect();
    assert_eq!(whole(&node), texts.join(&b','));
    assert_eq!(node.head().chain_body_bytes, whole(&node).len() as u64);
}

#[tokio::test]
async fn a_chain_that_is_being_read_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    node.mine().await.unwrap();
    let before = whole(&node);
    let snapshot = node.chain().unwrap();
    let store = &node.core().store;
    let other: Vec<_> = (0..4_u64)
        .map(|proof| {
            encoded(&crate::json::Json::object(
                [("proof", proof)].map(|(k, v)| (k, v.into())),
            ))
        })
        .collect();
    adopt(store, &other).await;
    let body: Vec<u8> = snapshot.flat_map(|chunk| chunk.unwrap()).collect();
    assert_eq!(body, before);
    assert_eq!(
        whole(&node),
        br#"{"proof":0},{"proof":1},{"proof":2},{"proof":3}"#
    );
}

#[tokio::test]
async fn single_blocks_are_given_as_written_and_as_hashed() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let mined = node.mine().await.unwrap();
    assert_eq!(node.block_compact(2).await.unwrap(), mined.compact);
    let input = node.block_hash_input(2).await.unwrap();
    assert_eq!(chainloom_ledger::Hash::of(input.as_bytes()), mined.hash);
    for number in [0, 3] {
        let error = node.block_compact(number).await.unwrap_err();
        assert_eq!(error.code(), "block_not_found");
        assert!(error.to_string().contains("1 to 2"));
        let error = node.block_hash_input(number).await.unwrap_err();
        assert_eq!(error.code(), "block_not_found");
    }
}
