//! `index`: indexing a channel, walking it, looking things up in it, and decoding its blocks.

mod block_file;
mod channel;
mod decoding;
mod facts;
mod kept;
mod laps;
mod lookups;
mod page;
mod replay;
mod rival;
mod sample;
mod served;
mod syncing;
mod walk;
pub(crate) mod worker;

use std::path::Path;
use std::process::ExitCode;

use chainloom_ledger::CreatorName;

use self::kept::Kept;
use self::page::{Row, line, page};

/// The parts, each of which can be run by itself.
const PARTS: [&str; 4] = ["decoding", "syncing", "lookups", "walk"];

/// Runs all parts and writes the page; with names only these, and writes nothing.
pub(crate) async fn run(words: &[String]) -> ExitCode {
    if let Some(word) = words.iter().find(|word| !PARTS.contains(&word.as_str())) {
        eprintln!("there is no `{word}`: index [{}]", PARTS.join("] ["));
        return ExitCode::from(2);
    }
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    let kept = Kept::provide().await;
    // Who made most of the transactions.
    let user = CreatorName {
        organization: "Org1MSP".to_owned(),
        enrollment_id: "alice".to_owned(),
    };
    let mut rows = Vec::new();
    let mut add = |more: Vec<Row>| {
        for row in more {
            println!("{}", line(&row));
            rows.push(row);
        }
    };
    if wanted("decoding") {
        add(decoding::run(&kept));
    }
    if wanted("syncing") {
        add(syncing::run(&kept, &user));
    }
    if wanted("lookups") {
        let (synced, rows) = lookups::run(&kept, &user);
        add(vec![syncing::memory(&synced, "1,000,000 transactions")]);
        add(rows);
    }
    if wanted("walk") {
        add(walk::run().await);
    }
    if words.is_empty() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks-index.md");
        if let Err(error) = std::fs::write(&path, page(&kept.description(), &rows)) {
            eprintln!("{} could not be written: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
