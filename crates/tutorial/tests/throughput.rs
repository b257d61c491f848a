//! How fast the store accepts and mines. Run with `--release --ignored --nocapture` for figures.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use chainloom_tutorial::json::Json;
use chainloom_tutorial::rules::Rules;
use chainloom_tutorial::{Node, NodeOptions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn figures() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::open(&NodeOptions {
        directory: folder.path().to_owned(),
        rules: Rules::Article,
        difficulty: 4,
        cache_bytes: 16 << 20,
        mining_threads: 2,
        resolve_interval: None,
        mine_every: None,
        mine_on_transaction: false,
    })
    .unwrap();
    for clients in [1, 32, 64] {
        let begin = Instant::now();
        let mut posters = Vec::new();
        for client in 0..clients {
            let node = node.clone();
            posters.push(tokio::spawn(async move {
                let mut count = 0;
                while begin.elapsed() < Duration::from_secs(1) {
                    node.post_transaction(
                        format!("client {client}").into(),
                        "bob".into(),
                        Json::from(count as u64),
                    )
                    .await
                    .unwrap();
                    count += 1;
                }
                count
            }));
        }
        let mut total = 0;
        for poster in posters {
            total += poster.await.unwrap();
        }
        println!(
            "{clients} clients: {:.0} posts/s",
            f64::from(total) / begin.elapsed().as_secs_f64()
        );
        let begin = Instant::now();
        node.mine().await.unwrap();
        println!("a block of {total} transactions: {:?}", begin.elapsed());
    }
    let mut times = Vec::new();
    for _ in 0..200 {
        node.post_transaction("a".into(), "b".into(), Json::from(1_u64))
            .await
            .unwrap();
        let begin = Instant::now();
        node.mine().await.unwrap();
        times.push(begin.elapsed());
    }
    times.sort();
    println!("mine: median {:?}, max {:?}", times[100], times[199]);
}
