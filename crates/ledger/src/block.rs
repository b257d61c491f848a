use jiff::Timestamp;
use serde::Serialize;

use crate::{Hash, Transaction};

/// A block of a ledger, decoded.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Block {
    /// The ledger's own number of it; on the tutorial's chain its position, from 1.
    pub number: u64,
    /// The hash by which the next block names it.
    #[schema(value_type = String)]
    pub hash: Hash,
    /// The hash that it names as the block before; what a genesis block says is shown as it stands.
    pub previous_hash: String,
    /// The hash of its transactions, where it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub data_hash: Option<Hash>,
    /// When it was made, see `time_source`; absent where nothing in it says a time. It need not grow from block to block.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// Whose clock says that time; absent without a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_source: Option<TimeSource>,
    /// Size of its encoded form in bytes.
    pub size_bytes: u64,
    /// How many transactions it holds.
    pub transaction_count: u64,
    /// How many of them are valid.
    pub valid_count: u64,
    /// The transactions in their order; those that were asked for, see [`TransactionRange`].
    pub transactions: Vec<Transaction>,
    /// The work that it shows, on a ledger with proof of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_of_work: Option<ProofOfWork>,
}

/// Whose clock says the time of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeSource {
    /// The maker of the block wrote it into the block.
    Miner,
    /// The block has none; it is what the maker of its last transaction wrote into that.
    Client,
}

/// Which of a block's transactions are asked for: decoded they take many times the memory of their text.
///
/// An answer may hold fewer, at least one if there is any, when they are long; whoever wants all goes on behind the
/// last one until it has [`Block::transaction_count`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionRange {
    /// Index of the first one, from 0.
    pub from: usize,
    /// How many at most.
    pub limit: usize,
}

impl TransactionRange {
    /// None of them.
    pub const NONE: TransactionRange = TransactionRange::first(0);

    /// The first ones, at most so many.
    #[must_use]
    pub const fn first(limit: usize) -> TransactionRange {
        TransactionRange { from: 0, limit }
    }
}

/// How a block's proof of work is checked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProofOfWork {
    /// The proof as it stands in the block.
    pub proof: serde_json::Value,
    /// The very string that is hashed; absent for the first block, which is not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// SHA-256 of that string.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub digest: Option<Hash>,
}

/// How a caller names a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockSelector {
    /// By its number.
    Number(u64),
    /// By its hash.
    Hash(Hash),
    /// The last one.
    Latest,
}
