//! The store in a process of its own that is killed, over and over, while it works.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

/// Names the file and the first number for the process that is to be killed.
const VARIABLE: &str = "CHAINLOOM_OUTBOX_KILLED_TEST";
const KILLS: u32 = 12;
/// The longest wait for a kill, in words of the other process: some batches of its work.
const WORDS_BEFORE_KILL: usize = 100;

/// What the other process said of one call, as far as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Nothing,
    /// It is on the disk; only then it may be sent.
    Stored,
    /// The orderers refused it.
    Refused,
    /// It was seen on the chain; that need not be on the disk.
    Seen,
}

#[tokio::test]
async fn what_was_said_to_be_stored_is_there_after_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.redb");
    let mut said: Vec<Said> = Vec::new();
    let mut kills = 0;
    // How far the other process comes is told by its own words, never by a clock: on a slow machine it is only later.
    while kills < KILLS || !saw_each_kind(&said) {
        let mut random = [0; 2];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random).unwrap();
        let words = 1 + usize::from(random[0]) % WORDS_BEFORE_KILL;
        let pause = Duration::from_micros(u64::from(random[1]) * 10);
        run_and_kill(&path, &mut said, words, pause);
        kills += 1;
        let outbox = open(&path);
        for (number, said) in said.iter().enumerate() {
            check(&outbox, number, *said).await;
        }
        // As many rows of times as resolved keys, and none of what is gone: the tables fit together.
        check_tables(&outbox);
    }
}

fn saw_each_kind(said: &[Said]) -> bool {
    [Said::Stored, Said::Refused, Said::Seen]
        .iter()
        .all(|kind| said.contains(kind))
}

async fn check(outbox: &Outbox, number: usize, said: Said) {
    let id = number.to_string();
    let key = key_use(outbox, &id, "x");
    let used = used(outbox, &key).await;
    let is_there = outbox.contains(&id);
    match (said, &used) {
        (Said::Nothing, None) => assert!(!is_there, "{id}"),
        (Said::Nothing | Said::Stored | Said::Seen, Some(Used::Sent { .. })) => {
            assert_eq!(used, Some(sent(&id)));
            assert_eq!(outbox.envelope(&id).await.unwrap(), Some(envelope(&id)));
        }
        // Said a moment later than done.
        (Said::Stored | Said::Seen, Some(Used::Committed { .. })) => {
            assert_eq!(used, Some(committed(&id)));
            assert!(!is_there, "{id}");
        }
        (Said::Refused, None) => assert!(!is_there, "{id}"),
        // Refused, and killed before it was said.
        (Said::Stored, None) if number.is_multiple_of(3) => assert!(!is_there, "{id}"),
        _ => panic!("{id}: {said:?}, but {used:?}"),
    }
}

fn check_tables(outbox: &Outbox) {
    use redb::{ReadableTable, ReadableTableMetadata};
    let read = outbox.database.begin_read().unwrap();
    let keys = read.open_table(KEYS).unwrap();
    let mut resolved = 0;
    let mut bytes = 0;
    for row in keys.iter().unwrap() {
        let (digest, row) = row.unwrap();
        bytes += row.value().len() as u64;
        let row: KeyRow = unseal("a key", digest.value(), row.value()).unwrap();
        match row.outcome {
            Some(_) => resolved += 1,
            None => assert!(outbox.contains(&row.transaction_id), "{row:?}"),
        }
    }
    let times = read.open_table(tables::KEY_TIMES).unwrap();
    assert_eq!(times.len().unwrap(), resolved);
    let meta = read.open_table(tables::META).unwrap();
    let stored = meta.get("key_bytes").unwrap().unwrap();
    assert_eq!(stored.value(), bytes.to_be_bytes());
}

/// Has a process work, kills it a pause after it said so many words, and adds all that it said. The pause only sees to it that
/// not every kill falls on a word.
fn run_and_kill(path: &Path, said: &mut Vec<Said>, words_before_kill: usize, pause: Duration) {
    let first = said.len();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "outbox::tests::killed::process_that_is_killed",
            "--nocapture",
        ])
        .env(VARIABLE, format!("{first} {}", path.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut words = lines.map_while(Result::ok).filter_map(|line| {
        let (_, rest) = line.split_once("outbox-said ")?;
        let (word, number) = rest.split_once(' ')?;
        let said = match word {
            "begun" => Said::Nothing,
            "stored" => Said::Stored,
            "refused" => Said::Refused,
            _ => Said::Seen,
        };
        Some((said, number.parse::<usize>().ok()?))
    });
    let first_words: Vec<_> = words.by_ref().take(words_before_kill).collect();
    assert_eq!(
        first_words.len(),
        words_before_kill,
        "the process ended before it was killed"
    );
    std::thread::sleep(pause);
    child.kill().unwrap();
    child.wait().unwrap();
    for (word, number) in first_words.into_iter().chain(words) {
        if said.len() <= number {
            said.resize(number + 1, Said::Nothing);
        }
        said[number] = said[number].max(word);
    }
}

/// What runs in the other process; does nothing in this one.
#[tokio::test]
async fn process_that_is_killed() {
    let Ok(order) = std::env::var(VARIABLE) else {
        return;
    };
    let (first, path) = order.split_once(' ').unwrap();
    let first: usize = first.parse().unwrap();
    let outbox = open(Path::new(path));
    // A process whose parent went away must not stay.
    for batch in 0..10_000 {
        let work = (0..8).map(|index| work(&outbox, first + batch * 8 + index));
        futures_util::future::join_all(work).await;
    }
}

/// Says each thing after it was done, but the first before.
async fn work(outbox: &Outbox, number: usize) {
    let id = number.to_string();
    println!("outbox-said begun {id}");
    let key = key_use(outbox, &id, "x");
    let (_claim, none) = outbox.claim(&key).await.unwrap();
    assert_eq!(none, None);
    outbox.store(entry(&id, Some(key))).await.unwrap();
    println!("outbox-said stored {id}");
    match number % 3 {
        0 => {
            outbox.refused(&id).await.unwrap();
            println!("outbox-said refused {id}");
        }
        1 => {
            outbox.seen(&id, Verdict::Valid(VERSION));
            println!("outbox-said seen {id}");
        }
        _ => (),
    }
}
