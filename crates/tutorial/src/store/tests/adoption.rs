use super::super::TicketPlace;
use super::*;
use chainloom_ledger::Version;

#[tokio::test]
async fn only_a_longer_chain_is_adopted() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    mine(&store).await;
    let ours = chain(&store);
    assert_eq!(adopt(&store, &ours[..1]).await, Adoption::NotLonger);
    assert_eq!(adopt(&store, &ours).await, Adoption::NotLonger);
    let equal = foreign(&ours, 0, 1, &[vec![], vec![]]);
    assert_eq!(adopt(&store, &equal).await, Adoption::NotLonger);
    assert_eq!(adopt(&store, &[]).await, Adoption::NotLonger);
    assert_eq!(chain(&store), ours);

    let longer = foreign(&ours, 0, 1, &[vec![], vec![], vec![4]]);
    let adopted = Adoption::Adopted {
        generation: 1,
        from: 1,
    };
    assert_eq!(adopt(&store, &longer).await, adopted);
    assert_eq!(chain(&store), longer);
    let head = store.head().borrow().clone();
    assert_eq!((head.generation, head.length), (1, 3));
    assert_eq!(head.tip_hash, longer[2].hash);
    let body: usize = longer.iter().map(|block| block.compact.len()).sum();
    assert_eq!(head.chain_body_bytes, body as u64 + 2);
}

#[tokio::test]
async fn shared_blocks_are_not_stored_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for _ in 0..5 {
        mine(&store).await;
    }
    let ours = chain(&store);
    let fork = foreign(&ours, 4, 1, &[vec![], vec![], vec![]]);
    let staging = stage(&store, &fork).await;
    assert_eq!((staging.shared, staging.staged), (4, 3));
    let adopted = store.adopt(staging).await.unwrap();
    assert_eq!(
        adopted,
        Adoption::Adopted {
            generation: 1,
            from: 5
        }
    );
    assert_eq!(chain(&store), fork);
    // A chain that only goes on is one that replaces nothing.
    let on = foreign(&fork, 7, 2, &[vec![]]);
    assert_eq!(
        adopt(&store, &on).await,
        Adoption::Adopted {
            generation: 2,
            from: 8
        }
    );
    assert_eq!(chain(&store), on);
    drop(store);
    assert_eq!(chain(&open(folder.path())), on);
}

#[tokio::test]
async fn blocks_mined_while_a_chain_comes_in_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    mine(&store).await;
    let fork = foreign(&chain(&store), 2, 1, &[vec![], vec![], vec![]]);
    let staging = stage(&store, &fork).await;
    post(&store, 6, None).await;
    mine(&store).await;
    assert!(matches!(
        store.adopt(staging).await.unwrap(),
        Adoption::Adopted { from: 3, .. }
    ));
    assert_eq!(chain(&store), fork);
    assert_eq!(waiting_kinds(&store), [6]);
    // Now ours grows to the same length meanwhile.
    let fork = foreign(&fork, 5, 2, &[vec![]]);
    let staging = stage(&store, &fork).await;
    mine(&store).await;
    assert_eq!(store.adopt(staging).await.unwrap(), Adoption::NotLonger);
}

#[tokio::test]
async fn a_chain_whose_base_was_replaced_is_not_adopted() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    mine(&store).await;
    let ours = chain(&store);
    let late = foreign(&ours, 2, 1, &[vec![], vec![], vec![], vec![]]);
    let staging = stage(&store, &late).await;
    let early = foreign(&ours, 1, 2, &[vec![], vec![]]);
    assert!(matches!(
        adopt(&store, &early).await,
        Adoption::Adopted { .. }
    ));
    assert_eq!(store.adopt(staging).await.unwrap(), Adoption::BaseChanged);
    assert_eq!(chain(&store), early);
}

#[tokio::test]
async fn the_next_index_follows_the_foreign_tip() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let odd = |index: Json| {
        encoded(&Json::object([
            ("index", index),
            ("proof", Json::from("any text")),
        ]))
    };
    let huge = crate::json::parse(b"123456789012345678901234567890", &Default::default());
    let chain = [odd(1_i64.into()), odd(huge.unwrap())];
    adopt(&store, &chain).await;
    let posted = store.post(posting(1, None)).await.unwrap();
    let next_index = "123456789012345678901234567891".to_owned();
    assert_eq!(posted, Posted::Accepted { next_index });
    let chain = [odd(1_i64.into()), odd(Json::Null), odd(Json::from(4.0))];
    adopt(&store, &chain).await;
    assert_eq!(&*store.head().borrow().next_index_text, "4");
    let block = mine(&store).await;
    assert!(block.compact.starts_with(b"{\"index\":4,"));
}

#[tokio::test]
async fn what_was_accepted_here_comes_back_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let ticket = |number: u8| Some([number; 16]);
    // 1 and 2 go into block 2; 1, 3 and a posted "reward" into block 3; 4 waits.
    post(&store, 1, ticket(1)).await;
    post(&store, 2, None).await;
    mine(&store).await;
    post(&store, 1, ticket(2)).await;
    post(&store, 3, ticket(3)).await;
    let reward = transaction("0".into(), "bob".into(), 50_u64.into());
    store
        .post(Posting {
            compact: compact(&reward).into_bytes(),
            ticket: ticket(5),
            key: None,
        })
        .await
        .unwrap();
    mine(&store).await;
    post(&store, 4, ticket(4)).await;
    let ours = chain(&store);

    // The new chain holds one 1, one 3 that is ours, another 3, and a 4.
    let fork = foreign(&ours, 1, 1, &[vec![9, 3], vec![], vec![1, 3, 4]]);
    adopt(&store, &fork).await;
    assert_eq!(waiting_kinds(&store), [2, 1, 50, 4]);
    let place = |number: u8| {
        let snapshot = store.snapshot().unwrap();
        snapshot.ticket(&[number; 16]).unwrap().unwrap()
    };
    // Of equal ones, the first that was accepted counts as mined.
    assert_eq!(place(1), TicketPlace::Mined(Version { block: 4, index: 0 }));
    assert_eq!(place(2), TicketPlace::Pending(2));
    assert_eq!(place(3), TicketPlace::Mined(Version { block: 2, index: 1 }));
    assert_eq!(place(5), TicketPlace::Pending(4));
    // What waited goes on waiting, though the new chain holds an equal one.
    assert_eq!(place(4), TicketPlace::Pending(5));

    // And back: all that the first chain held is mined once more.
    let back = foreign(&ours, 3, 2, &[vec![], vec![]]);
    adopt(&store, &back).await;
    assert_eq!(place(1), TicketPlace::Mined(Version { block: 2, index: 0 }));
    assert_eq!(place(3), TicketPlace::Mined(Version { block: 3, index: 1 }));
    // What came back and stands there again waits no longer; what never stood in a block does.
    assert_eq!(place(2), TicketPlace::Mined(Version { block: 3, index: 0 }));
    assert_eq!(place(5), TicketPlace::Mined(Version { block: 3, index: 2 }));
    assert_eq!(waiting_kinds(&store), [4]);
}

#[tokio::test]
async fn returned_transactions_may_exceed_the_limit_of_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let large = || Posting {
        compact: compact(&Json::from("x".repeat(20 << 20))).into_bytes(),
        ticket: None,
        key: None,
    };
    store.post(large()).await.unwrap();
    mine(&store).await;
    store.post(large()).await.unwrap();
    mine(&store).await;
    let fork = foreign(&chain(&store), 1, 1, &[vec![], vec![], vec![]]);
    adopt(&store, &fork).await;
    assert_eq!(store.head().borrow().pending_count, 2);
    assert_eq!(store.post(large()).await.unwrap(), Posted::Full);
    mine(&store).await;
    assert_eq!(store.head().borrow().pending_count, 1);
    mine(&store).await;
    assert_eq!(store.head().borrow().pending_count, 0);
    assert!(matches!(
        store.post(large()).await.unwrap(),
        Posted::Accepted { .. }
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adoption_comes_through_while_others_mine() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let own = chain(&store);
    let fork = foreign(&own, 1, 1, &vec![vec![3]; 400]);
    let staging = stage(&store, &fork).await;
    let miner = tokio::spawn({
        let store = store.clone();
        async move {
            for kind in 0..100 {
                post(&store, kind, None).await;
                let mined = Mined {
                    parent: store.head().borrow().tip_hash,
                    proof: 7,
                    timestamp_s: 1.5,
                };
                store.append_mined(mined).await.unwrap();
            }
        }
    });
    let adoption = store.adopt(staging).await.unwrap();
    assert!(matches!(adoption, Adoption::Adopted { .. }));
    miner.await.unwrap();
    let blocks = chain(&store);
    assert_eq!(blocks[..fork.len()], fork[..]);
    // Each of the hundred is mined or waits, but 3: the fork holds it, if it was mined before.
    let mut kinds = waiting_kinds(&store);
    for block in &blocks[fork.len()..] {
        let tree = crate::json::parse(&block.compact, &Default::default()).unwrap();
        for transaction in tree.get("transactions").unwrap().as_array().unwrap() {
            if transaction.get("sender").unwrap().as_str() != Some("0") {
                kinds.push(transaction.get("amount").unwrap().as_u64().unwrap());
            }
        }
    }
    kinds.retain(|kind| *kind != 3);
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        (0..100).filter(|kind| *kind != 3).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_came_back_is_not_mined_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    post(&store, 6, Some([6; 16])).await;
    mine(&store).await;
    let ours = chain(&store);
    adopt(&store, &foreign(&ours, 1, 1, &[vec![], vec![]])).await;
    // One that waits and stood in no block is another one, however equal.
    post(&store, 6, Some([7; 16])).await;
    assert_eq!(waiting_kinds(&store), [6, 6]);
    let with_both = foreign(&ours, 1, 2, &[vec![6], vec![6], vec![]]);
    adopt(&store, &with_both).await;
    assert_eq!(waiting_kinds(&store), [6]);
    let snapshot = store.snapshot().unwrap();
    let mined = TicketPlace::Mined(Version { block: 2, index: 0 });
    assert_eq!(snapshot.ticket(&[6; 16]).unwrap(), Some(mined));
    assert_eq!(
        snapshot.ticket(&[7; 16]).unwrap(),
        Some(TicketPlace::Pending(1))
    );
}
