//! Decoding blocks on one core, beside Fabric's own Go types.

use std::hint::black_box;
use std::process::Command;

use bytes::Bytes;
use chainloom_fabric::block_in_words;
use chainloom_fabric::wire::Block;
use chainloom_ledger::TransactionRange;
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;

use super::facts::Facts;
use super::kept::Kept;
use super::page::{Row, at_least};
use crate::process::Child;
use crate::report::median;

/// How many bytes of blocks each decodes at a turn; they are in memory before the clock runs.
const BYTES: u64 = 100 << 20;

/// How often each has its turn.
const TURNS: usize = 5;

/// How many times faster than Go it is to be.
const GOAL: f64 = 3.0;

/// What decoding came to.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Decoded {
    bytes: u64,
    /// Of the processor; on a machine with other work the only fair measure of one core.
    cpu_seconds: f64,
    facts: Facts,
}

impl Decoded {
    fn megabytes_per_second(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.cpu_seconds
    }
}

/// Both decode the same blocks in turns.
pub(crate) fn run(kept: &Kept) -> Vec<Row> {
    let program = std::env::var_os("CHAINLOOM_BENCH_GO_DECODE").expect(
        "CHAINLOOM_BENCH_GO_DECODE names the program; `cargo xtask bench index` builds it and says so",
    );
    let mut go = Child::start("Go", Command::new(program).arg(&kept.path));
    let blocks = read(kept);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 1..=TURNS {
        go.write(&BYTES);
        let rival: Decoded = go.read();
        let decoded = decode(&blocks);
        assert_eq!(decoded.bytes, rival.bytes);
        assert_eq!(decoded.facts, rival.facts, "both find the same");
        theirs.push(rival.megabytes_per_second());
        ours.push(decoded.megabytes_per_second());
        println!(
            "decoding, turn {turn}: {:.0} and {:.0} MB/s",
            theirs[turn - 1],
            ours[turn - 1]
        );
    }
    let (ours, theirs) = (median(ours), median(theirs));
    vec![Row {
        work: "decoding blocks whole, on one core".to_owned(),
        rival: format!("{theirs:.0} MB/s (Fabric's Go types)"),
        ours: format!("{ours:.0} MB/s"),
        goal: Some(at_least(ours / theirs, GOAL)),
    }]
}

/// The first blocks, until there are enough bytes of them.
fn read(kept: &Kept) -> Vec<Bytes> {
    let file = kept.file();
    let mut blocks = Vec::new();
    let mut bytes = 0;
    for number in 0..file.blocks() {
        if bytes >= BYTES {
            break;
        }
        let block = file.block(number).expect("the file can be read");
        bytes += block.len() as u64;
        blocks.push(block);
    }
    blocks
}

fn decode(blocks: &[Bytes]) -> Decoded {
    let start = used();
    let mut facts = Facts::default();
    let mut bytes = 0;
    for block in blocks {
        let read = Block::decode(block.clone()).expect("the peer sent a block");
        let read = block_in_words(&read, TransactionRange::first(usize::MAX));
        facts.add(black_box(&read));
        bytes += block.len() as u64;
    }
    Decoded {
        bytes,
        cpu_seconds: used() - start,
        facts,
    }
}

/// What this thread has used of processors so far, in seconds.
fn used() -> f64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}
