//! The index in a process of its own that is killed, over and over, while it works.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::ledger::{MemoryLedger, Random};
use super::{Follower, assert_equals_new, index_all, open};

/// Names the index file and the first step for the process that is to be killed.
const VARIABLE: &str = "CHAINLOOM_INDEX_KILLED_TEST";

const KILLS: u64 = 100;

#[tokio::test]
async fn it_equals_one_built_from_nothing_after_kills() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("index.redb");
    let mut random = Random(4);
    let mut step = 0;
    let mut unfinished = 0;
    let ledger = ledger_after(0);
    for _ in 0..KILLS {
        let until = step + 1 + random.below(4);
        let delay = Duration::from_micros(random.below(20_000));
        let reached = run_and_kill(&path, step, until, delay);
        for step in step + 1..=reached {
            ledger.step(step);
        }
        step = reached;
        let index = open(&path);
        let position = index.position();
        drop(index);
        let info = chainloom_ledger::Ledger::info(&ledger).await.unwrap();
        unfinished += u64::from(!position.has_reached(info.generation, info.height));
    }
    assert!(unfinished > 0, "no kill fell into work");

    let index = open(&path);
    index_all(&index, &ledger).await;
    assert_eq!(index.health().rebuilds, 0);
    assert_equals_new(&index, &ledger).await;
}

/// Has a process follow the history from `step` on, kills it some time after it came to `until`,
/// and answers the last step that it may have come to.
fn run_and_kill(path: &Path, step: u64, until: u64, delay: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "tests::killed::process_that_is_killed",
            "--nocapture",
        ])
        .env(VARIABLE, format!("{step} {}", path.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut steps = lines.map_while(Result::ok).filter_map(|line| {
        assert!(
            !line.contains("built again"),
            "it started again instead of going on"
        );
        let (_, number) = line.split_once("step ")?;
        number.parse::<u64>().ok()
    });
    let reached = steps.by_ref().find(|number| *number >= until);
    std::thread::sleep(delay);
    kill(&mut child);
    assert!(reached.is_some(), "the process ended before it was killed");
    steps.last().or(reached).unwrap_or(until)
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn ledger_after(step: u64) -> MemoryLedger {
    let ledger = MemoryLedger::generated(0, 30);
    for step in 1..=step {
        ledger.step(step);
    }
    ledger
}

/// What runs in the other process; does nothing in this one.
#[tokio::test]
async fn process_that_is_killed() {
    let Ok(order) = std::env::var(VARIABLE) else {
        return;
    };
    let (start, path) = order.split_once(' ').unwrap();
    let start: u64 = start.parse().unwrap();
    let ledger = ledger_after(start);
    let index = open(Path::new(path));
    let _follower = Follower::start(&index, &ledger);
    for step in start + 1.. {
        // Said before it is done: the index never comes further than the parent knows.
        println!("step {step}");
        if index.health().rebuilds > 0 {
            println!("built again");
        }
        ledger.step(step);
        tokio::time::sleep(Duration::from_millis(3)).await;
        // A process whose parent went away must not stay.
        if step > start + 100_000 {
            return;
        }
    }
}
