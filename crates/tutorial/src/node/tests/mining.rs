use super::*;
use crate::store::tests::{adopt, chain, foreign};
use crate::verify::{ChainLimits, ChainReader};
use chainloom_ledger::LedgerError;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn mines_the_smallest_proofs_and_pays_itself() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::open(&NodeOptions {
        difficulty: 4,
        ..options(folder.path())
    })
    .unwrap();
    for (number, proof) in (2..).zip([35293, 35089, 119678, 146502, 43538]) {
        let next_index = post(&node, number).await;
        assert_eq!(next_index, number.to_string());
        let block = node.mine().await.unwrap();
        assert_eq!(block.number, number);
        let tree = crate::json::parse(&block.compact, &Default::default()).unwrap();
        assert_eq!(block.hash.0, crate::rules::block_hash(&tree));
        assert_eq!(tree.get("proof").unwrap().as_u64(), Some(proof));
        assert_eq!(tree.get("index").unwrap().as_u64(), Some(number));
        let transactions = tree.get("transactions").unwrap().as_array().unwrap();
        assert_eq!(transactions.len(), 2);
        assert_eq!(transactions[1], crate::rules::reward(node.id()));
        let now = super::super::mining::now_s();
        let timestamp = tree.get("timestamp").unwrap().as_f64().unwrap();
        assert!((now - 60.0..=now).contains(&timestamp));
    }
}

#[tokio::test]
async fn mined_chains_are_valid_under_both_rules() {
    for rules in Rules::ALL {
        let folder = tempfile::tempdir().unwrap();
        let node = Node::open(&NodeOptions {
            rules,
            ..options(folder.path())
        })
        .unwrap();
        for amount in 0..5 {
            post(&node, amount).await;
            node.mine().await.unwrap();
        }
        let mut body = b"{\"chain\":[".to_vec();
        for chunk in node.chain().unwrap() {
            body.extend_from_slice(&chunk.unwrap());
        }
        body.extend_from_slice(b"],\"length\":6}\n");
        let mut reader = ChainReader::new(rules, 2, ChainLimits::default());
        reader.push(&body).unwrap();
        reader.finish().unwrap();
        assert_eq!(reader.blocks(), 6);
        let mut other = ChainReader::new(rules.other(), 2, ChainLimits::default());
        assert!(other.push(&body).and_then(|_| other.finish()).is_err());
    }
}

#[tokio::test]
async fn requests_take_turns_in_the_order_in_which_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let mut requests = tokio::task::JoinSet::new();
    let begun = std::sync::Arc::new(AtomicUsize::new(0));
    for request in 0..20 {
        let node = node.clone();
        let begun_here = begun.clone();
        requests.spawn(async move {
            begun_here.fetch_add(1, Ordering::SeqCst);
            (request, node.mine().await.unwrap().number)
        });
        // On the one thread of this test it runs up to where it waits for its turn.
        until("the request has begun", || {
            begun.load(Ordering::SeqCst) > request
        })
        .await;
    }
    while let Some(finished) = requests.join_next().await {
        let (request, number) = finished.unwrap();
        assert_eq!(number, request as u64 + 2);
    }
    assert_eq!(node.head().length, 21);
}

#[tokio::test]
async fn the_queue_is_bounded_and_whoever_leaves_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_hopeless(folder.path());
    let spawn = || {
        let node = node.clone();
        tokio::spawn(async move { node.mine().await })
    };
    let searching = spawn();
    until("the first one searches", || node.mining_status().hashes > 0).await;
    let mut waiting: Vec<_> = (0..64).map(|_| spawn()).collect();
    until("64 wait", || node.mining_status().waiting == 64).await;
    let refused = node.mine().await.unwrap_err();
    assert_eq!(refused.code(), "mining_queue_full");
    assert!(matches!(refused, LedgerError::Overloaded { retry_after_s, .. } if retry_after_s > 0));
    assert_eq!(node.mining_status().waiting, 64);

    waiting.swap_remove(10).abort();
    until("one has left", || node.mining_status().waiting == 63).await;
    // Another one's search begins when the first one's caller goes away.
    let before = node.mining_status().started_at;
    searching.abort();
    until("the next one searches", || {
        let status = node.mining_status();
        status.waiting == 62 && status.searching && status.started_at > before
    })
    .await;
    node.shutdown().await;
    for request in waiting {
        let ended = tokio::time::timeout(Duration::from_secs(60), request).await;
        let result = ended.unwrap().unwrap();
        assert_eq!(result.unwrap_err(), LedgerError::ShuttingDown);
    }
    until("nobody searches", || !node.mining_status().searching).await;
    assert_eq!(node.mine().await.unwrap_err(), LedgerError::ShuttingDown);
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_its_search() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_hopeless(folder.path());
    until_it_searches(&node).await;
    let status = node.mining_status();
    assert!(!status.searching);
    assert!(status.hashes_per_s > 0.0);
    assert_eq!(status.expected_hashes, 16_f64.powi(40));
    assert!(status.expected_s.unwrap() > 1e6);
    // The search's thread gives the turn back, so that the next one can begin.
    until_it_searches(&node).await;
}

/// Asks for a block until the search for it has a rate, and goes away then.
async fn until_it_searches(node: &Node) {
    let has_rate = || {
        let status = node.mining_status();
        status.searching && status.hashes > 0 && status.hashes_per_s > 0.0
    };
    tokio::select! {
        mined = node.mine() => panic!("{mined:?}"),
        () = until("a search has a rate", has_rate) => {}
    }
}

#[tokio::test]
async fn a_replaced_chain_restarts_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_hopeless(folder.path());
    let request = tokio::spawn({
        let node = node.clone();
        async move { node.mine().await }
    });
    until("the search runs", || node.mining_status().hashes > 0).await;
    let first = node.mining_status().started_at.unwrap();
    let store = &node.core().store;
    adopt(store, &foreign(&chain(store), 1, 1, &[vec![]])).await;
    until("another search runs", || {
        node.mining_status()
            .started_at
            .is_some_and(|start| start > first)
    })
    .await;
    // What merely waits is no reason to begin anew.
    let second = node.mining_status().started_at.unwrap();
    post(&node, 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(node.mining_status().started_at, Some(second));
    node.shutdown().await;
    assert_eq!(
        request.await.unwrap().unwrap_err(),
        LedgerError::ShuttingDown
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chains_that_keep_being_replaced_while_mining_stay_whole() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let miner = tokio::spawn({
        let node = node.clone();
        async move {
            for amount in 0..60 {
                post(&node, amount).await;
                node.mine().await.unwrap();
            }
        }
    });
    let store = &node.core().store;
    for salt in 0..20 {
        let ours = chain(store);
        let shared = ours.len().saturating_sub(2).max(1);
        adopt(store, &foreign(&ours, shared, salt, &vec![vec![]; 6])).await;
    }
    miner.await.unwrap();
    // All blocks name the one before them.
    let blocks = chain(store);
    for (before, block) in blocks.iter().zip(&blocks[1..]) {
        let named = format!("\"previous_hash\":\"{}\"", before.hash);
        assert!(String::from_utf8_lossy(&block.compact).contains(&named));
    }
}

#[tokio::test]
async fn a_foreign_tip_with_a_text_for_a_proof_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let text = crate::json::parse(
        r#"{"index":7,"proof":"链 \"x\""}"#.as_bytes(),
        &Default::default(),
    );
    let tip = crate::store::tests::encoded(&text.unwrap());
    let store = &node.core().store;
    let genesis = chain(store).remove(0);
    adopt(store, &[genesis, tip]).await;
    assert_eq!(&*node.head().next_index_text, "8");
    let block = node.mine().await.unwrap();
    assert_eq!(block.number, 3);
    use chainloom_ledger::{BlockSelector, Ledger};
    let decoded = node.block(BlockSelector::Latest, ALL).await.unwrap();
    let work = decoded.proof_of_work.unwrap();
    assert!(work.input.unwrap().starts_with("链 \"x\""));
    assert!(work.digest.unwrap().to_string().starts_with("00"));
}
