use std::time::Instant;

use super::ledger::{MemoryLedger, transfer};
use super::{Follower, catch_up};
use crate::Index;

/// `cargo test --release -p chainloom-index -- --ignored --nocapture throughput`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: it says something in a release build only"]
async fn throughput_of_a_long_chain() {
    const BLOCKS: usize = 100_000;
    let ledger = MemoryLedger::new(None, 1);
    for number in 0..BLOCKS {
        let id = format!("{number:064x}");
        let miner = ["8bbcb347e0634905b0cac7955bae152b", "another"][number % 2];
        ledger.append_block(vec![transfer(&id, "0", miner, "1")]);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("index.redb");
    let index = Index::open(&path, 32 << 20).unwrap();
    let started = Instant::now();
    let follower = Follower::start(&index, &ledger);
    catch_up(&index, &ledger).await;
    let elapsed = started.elapsed();
    println!(
        "{BLOCKS} blocks in {elapsed:.2?}: {:.0} a second, {} MiB on disk",
        BLOCKS as f64 / elapsed.as_secs_f64(),
        std::fs::metadata(&path).unwrap().len() >> 20
    );
    // What a process that is killed now leaves behind.
    let left = directory.path().join("left.redb");
    std::fs::copy(&path, &left).unwrap();
    std::fs::File::open(&left).unwrap().sync_all().unwrap();
    let started = Instant::now();
    let opened = Index::open(&left, 32 << 20).unwrap();
    println!(
        "opened after a kill in {:.2?}, at block {}",
        started.elapsed(),
        opened.position().height
    );
    drop(opened);
    let started = Instant::now();
    ledger.replace(1, BLOCKS / 2, BLOCKS / 2 + 1);
    catch_up(&index, &ledger).await;
    println!("half of them replaced in {:.2?}", started.elapsed());
    let started = Instant::now();
    ledger.replace(1, 0, 1);
    catch_up(&index, &ledger).await;
    println!("all of them dropped in {:.2?}", started.elapsed());
    follower.stop().await;
}
