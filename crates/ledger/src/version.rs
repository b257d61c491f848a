use serde::{Deserialize, Serialize};

/// Where a transaction stands in a ledger: block number and index within the block.
///
/// The same pair that Fabric stores as the version of a key. Block numbers are the ledger's own
/// (the tutorial's chain counts positions from 1, Fabric from 0); the index counts from 0.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
pub struct Version {
    /// Number of the block.
    pub block: u64,
    /// Index of the transaction in the block, from 0.
    pub index: u32,
}
