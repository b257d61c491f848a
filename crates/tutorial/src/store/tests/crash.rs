//! A process that is killed while it writes: what it was told is done is there afterwards.

use super::*;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const FULL_DISK_FOLDER: &str = "CHAINLOOM_STORE_FULL_DISK_FOLDER";
const WAITING_FOLDER: &str = "CHAINLOOM_STORE_WAITING_FOLDER";
const CHILD_FOLDER: &str = "CHAINLOOM_STORE_CRASH_FOLDER";

/// Not a test of its own: the process that [`acknowledged_writes_survive_kill`] kills. It prints
/// the kind of each transaction after it was accepted, and `adopted N` after each adoption.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER) else {
        return;
    };
    let store = open(Path::new(&folder));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let start = store.snapshot().unwrap().state.next_sequence;
        for kind in start.. {
            post(&store, kind, None).await;
            println!("\naccepted {kind}");
            if kind % 5 == 4 {
                let block = mine(&store).await;
                println!("\nmined {}", block.number);
            }
            if kind % 16 == 15 {
                let ours = chain(&store);
                let shared = ours.len().saturating_sub(3).max(1);
                let fork = foreign(&ours, shared, kind, &vec![vec![]; 5]);
                adopt(&store, &fork).await;
                println!("\nadopted {}", fork.len());
            }
        }
    });
}

#[test]
fn acknowledged_writes_survive_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut accepted = Vec::new();
    for round in 0..8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::tests::crash::child_that_writes_until_it_is_killed",
                "--nocapture",
            ])
            .env(CHILD_FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut length = 0_u64;
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut seen = 0;
        for line in output.lines() {
            let line = line.unwrap();
            let (word, number) = line.split_once(' ').unwrap_or_default();
            match word {
                "accepted" => {
                    accepted.push(number.parse::<u64>().unwrap());
                    seen += 1;
                    // Go on reading what it had printed before it died.
                    if seen == 20 + 7 * round {
                        child.kill().unwrap();
                    }
                }
                "mined" | "adopted" => length = number.parse().unwrap(),
                _ => {}
            }
        }
        assert!(!child.wait().unwrap().success(), "it was not killed");
        let store = open(folder.path());
        let blocks = chain(&store);
        assert!(blocks.len() as u64 >= length);
        let mut found = waiting_kinds(&store);
        for block in &blocks {
            found.extend(kinds_in(block));
        }
        found.sort_unstable();
        // All that was acknowledged, each once; and at most one more, whose answer was cut off.
        let more = found.len() - accepted.len();
        assert!(more <= 1, "{more} more than acknowledged");
        assert_eq!(found[..accepted.len()], accepted[..]);
        accepted = found;
    }
}

/// A process that writes until the disk takes no more, then looks at what it has.
#[test]
fn child_that_writes_until_the_disk_is_full() {
    let Some(folder) = std::env::var_os(FULL_DISK_FOLDER) else {
        return;
    };
    let store = open(Path::new(&folder));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let large = compact(&Json::from("x".repeat(100_000))).into_bytes();
        let mut accepted = 0;
        let error = loop {
            let posting = Posting {
                compact: large.clone(),
                ticket: None,
                key: None,
            };
            match store.post(posting).await {
                Ok(posted) => {
                    assert!(matches!(posted, Posted::Accepted { .. }));
                    accepted += 1;
                }
                Err(error) => break error,
            }
        };
        assert!(
            matches!(error, super::super::StoreError::Failed { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("free space"), "{error}");
        assert_eq!(store.head().borrow().pending_count, accepted);
        // What was accepted can still be read as far as it is in memory, which here is all; nothing more is taken.
        let snapshot = store.snapshot().unwrap();
        let waiting = snapshot.waiting(None, usize::MAX, usize::MAX).unwrap();
        assert_eq!(waiting.len() as u64, accepted);
        assert!(store.post(posting(1, None)).await.is_err());
        println!("\naccepted {accepted}");
    });
}

/// The limit on the size of files stands for a full disk: the system refuses to make one longer.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing_that_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let output = Command::new("sh")
        .args([
            "-c",
            r#"trap "" XFSZ; ulimit -f 8192; exec "$0" "$@""#,
            std::env::current_exe().unwrap().to_str().unwrap(),
            "--exact",
            "store::tests::crash::child_that_writes_until_the_disk_is_full",
            "--nocapture",
        ])
        .env(FULL_DISK_FOLDER, folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let accepted = text
        .lines()
        .find_map(|line| line.strip_prefix("accepted "))
        .unwrap();
    let store = open(folder.path());
    assert_eq!(store.head().borrow().pending_count.to_string(), accepted);
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { mine(&store).await });
}

/// A process that fills a store, says so, and waits to be killed.
#[test]
fn child_that_waits_to_be_killed() {
    let Some(folder) = std::env::var_os(WAITING_FOLDER) else {
        return;
    };
    let store = open(Path::new(&folder));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        adopt(&store, &foreign(&[], 0, 1, &vec![vec![1]; 30_000])).await;
        post(&store, 1, None).await;
        println!("\nready");
        std::future::pending::<()>().await;
    });
}

#[test]
fn all_is_there_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::tests::crash::child_that_waits_to_be_killed",
            "--nocapture",
        ])
        .env(WAITING_FOLDER, folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"));
    child.kill().unwrap();
    child.wait().unwrap();
    let store = open(folder.path());
    assert_eq!(store.head().borrow().length, 30_000);
    assert_eq!(waiting_kinds(&store), [1]);
}

fn kinds_in(block: &NewBlock) -> Vec<u64> {
    super::super::block_text::transactions(&block.compact)
        .map(|text| crate::json::parse(text, &Default::default()).unwrap())
        .filter(|transaction| transaction.get("sender").unwrap().as_str() != Some("0"))
        .map(|transaction| transaction.get("amount").unwrap().as_u64().unwrap())
        .collect()
}
