//! Chains for tests and benchmarks: long ones that cost next to nothing to make.

use crate::json::{Json, write_canonical, write_compact};
use crate::rules::{GENESIS_PROOF, Rules, new_block, reward};
use chainloom_miner::{Progress, Puzzle};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

/// The time of the first block: that of the article's.
const FIRST_TIMESTAMP: f64 = 1506280650.770839;

/// Makes a valid chain block by block.
///
/// Under the article's rules the proofs of all chains are the same 108, found once a process; under the repository's
/// each one is searched for.
#[derive(Debug)]
pub struct ChainMaker {
    rules: Rules,
    difficulty: u32,
    blocks: u64,
    last_proof: u64,
    last_hash: [u8; 32],
}

impl ChainMaker {
    /// A chain of no blocks yet.
    #[must_use]
    pub fn new(rules: Rules, difficulty: u32) -> Self {
        Self {
            rules,
            difficulty,
            blocks: 0,
            last_proof: GENESIS_PROOF,
            last_hash: [0; 32],
        }
    }

    /// The next block, with these transactions and nothing added; the first one is a genesis block and has none.
    pub fn next(&mut self, transactions: Vec<Json>) -> Json {
        self.blocks += 1;
        let timestamp = FIRST_TIMESTAMP + self.blocks as f64 * 1.1;
        let block = if self.blocks == 1 {
            self.rules.genesis(FIRST_TIMESTAMP)
        } else {
            self.last_proof = self.proof();
            new_block(
                self.blocks,
                timestamp,
                transactions,
                self.last_proof,
                &self.last_hash,
            )
        };
        let mut text = Vec::with_capacity(512);
        write_canonical(&block, &mut text);
        self.last_hash = chainloom_miner::sha256(&text);
        block
    }

    /// The proof of the next block.
    fn proof(&self) -> u64 {
        static FOUND: Mutex<Option<HashMap<(u64, u32), u64>>> = Mutex::new(None);
        let prefix = self.last_proof.to_string();
        match self.rules {
            Rules::Article => {
                let mut found = FOUND
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
                *found
                    .get_or_insert_default()
                    .entry((self.last_proof, self.difficulty))
                    .or_insert_with(|| solve(&prefix, "", self.difficulty))
            }
            Rules::Repository => {
                let suffix = crate::rules::hex(&self.last_hash);
                solve(&prefix, &suffix, self.difficulty)
            }
        }
    }
}

fn solve(prefix: &str, suffix: &str, difficulty: u32) -> u64 {
    Puzzle::new(prefix.as_bytes(), suffix.as_bytes(), difficulty)
        .expect("tests ask for difficulties that exist")
        .solve(1, &AtomicBool::new(false), &Progress::default())
        .expect("there is a proof, and nothing cancels the search")
}

/// A valid chain of this many blocks, each but the first with one reward and every tenth with two transfers more.
#[must_use]
pub fn chain(rules: Rules, difficulty: u32, length: usize) -> Vec<Json> {
    let mut maker = ChainMaker::new(rules, difficulty);
    (0..length)
        .map(|index| maker.next(transactions(index)))
        .collect()
}

/// The transactions of the block at an index.
fn transactions(index: usize) -> Vec<Json> {
    let mut transactions = Vec::new();
    if index.is_multiple_of(10) {
        for amount in [Json::from(index as u64), Json::from(index as f64 / 4.0)] {
            let (sender, recipient) = (format!("account-{index}"), "ann".into());
            transactions.push(crate::rules::transaction(sender.into(), recipient, amount));
        }
    }
    transactions.push(reward("8bbcb347e0634905b0cac7955bae152b"));
    transactions
}

/// The body that `GET /chain` answers for these blocks.
#[must_use]
pub fn body(chain: &[Json]) -> Vec<u8> {
    let mut body = b"{\"chain\":[".to_vec();
    for (index, block) in chain.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        write_compact(block, &mut body);
    }
    body.extend_from_slice(format!("],\"length\":{}}}\n", chain.len()).as_bytes());
    body
}
