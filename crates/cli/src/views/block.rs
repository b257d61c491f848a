//! Blocks.

use serde::Deserialize;
use serde_json::Value;

use crate::output::{Details, Table, count, shortened, time, value};

use super::HASH_WIDTH;
use super::transaction::{Transaction, transactions};

/// A block, in a list without its transactions.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Block {
    /// Its number.
    pub(crate) number: u64,
    hash: String,
    #[serde(default)]
    previous_hash: Option<String>,
    #[serde(default)]
    data_hash: Option<String>,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    size_bytes: Option<u64>,
    transaction_count: u64,
    valid_count: u64,
    #[serde(default)]
    transactions: Vec<Transaction>,
    #[serde(default)]
    proof_of_work: Option<ProofOfWork>,
}

#[derive(Debug, Clone, Deserialize)]
struct ProofOfWork {
    proof: Value,
    #[serde(default)]
    digest: Option<String>,
}

/// A page of blocks.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BlockPage {
    /// Its blocks.
    pub(crate) blocks: Vec<Block>,
    /// The first block of the next page.
    #[serde(default)]
    pub(crate) next: Option<u64>,
    /// Of the whole chain.
    pub(crate) totals: Totals,
}

/// Counts of a whole chain.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Totals {
    /// Its blocks.
    pub(crate) blocks: u64,
    /// Their transactions.
    pub(crate) transactions: u64,
}

/// A table with a row for each block.
pub(crate) fn summaries(blocks: &[Block]) -> Table {
    let mut table = Table::new(&["block#", "hash", "time", "transactions#", "valid#"]);
    for block in blocks {
        table.row([
            block.number.to_string(),
            shortened(&block.hash, HASH_WIDTH),
            time(block.time.as_deref()),
            block.transaction_count.to_string(),
            block.valid_count.to_string(),
        ]);
    }
    table
}

impl Block {
    /// All there is to say of it but its transactions.
    pub(crate) fn details(&self) -> Details {
        let mut details = Details::default();
        details
            .add("block", self.number.to_string())
            .add("hash", self.hash.clone())
            .add("previous hash", self.previous_hash.clone())
            .add("data hash", self.data_hash.clone())
            .add("time", self.time.clone())
            .add(
                "size",
                self.size_bytes.map(|bytes| format!("{bytes} bytes")),
            );
        if let Some(work) = &self.proof_of_work {
            details
                .add("proof", value(&work.proof))
                .add("proof's digest", work.digest.clone());
        }
        details.add("transactions", self.counts());
        details
    }

    fn counts(&self) -> String {
        if self.valid_count == self.transaction_count {
            self.transaction_count.to_string()
        } else {
            format!("{}, {} valid", self.transaction_count, self.valid_count)
        }
    }

    /// How many transactions it holds.
    pub(crate) fn transaction_count(&self) -> u64 {
        self.transaction_count
    }

    /// Its transactions.
    pub(crate) fn transactions(&self) -> Table {
        transactions(&self.transactions)
    }

    /// One line for a list that goes on; wide enough for a billion blocks.
    pub(crate) fn line(&self) -> String {
        format!(
            "{:>9}  {}  {}  {}",
            self.number,
            shortened(&self.hash, HASH_WIDTH),
            time(self.time.as_deref()),
            count(self.transaction_count, "transaction")
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::output::Paint;

    const GENESIS: &str = r#"{"number": 1, "previous_hash": "1", "time": "2017-09-24T19:37:30Z",
        "hash": "c099bc76471bfdd48ae262ba832388af2b87904924730633db415994fb82bfb7",
        "size_bytes": 91, "transaction_count": 0, "valid_count": 0, "transactions": [],
        "proof_of_work": {"proof": 100}}"#;

    #[test]
    fn a_block_is_shown_in_lists_and_by_itself() {
        let block: Block = serde_json::from_str(GENESIS).unwrap();
        assert_eq!(
            block.details().render(Paint::PLAIN),
            "block          1\n\
             hash           c099bc76471bfdd48ae262ba832388af2b87904924730633db415994fb82bfb7\n\
             previous hash  1\n\
             time           2017-09-24T19:37:30Z\n\
             size           91 bytes\n\
             proof          100\n\
             transactions   0\n"
        );
        assert_eq!(
            summaries(&[block]).render(Paint::PLAIN),
            "block  hash               time                  transactions  valid\n    \
             1  c099bc76471bfdd4…  2017-09-24T19:37:30Z             0      0\n"
        );
    }
}
