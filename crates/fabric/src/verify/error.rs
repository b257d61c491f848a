use crate::wire::DecodeError;

/// Why a block is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// What the orderers signed cannot be read.
    #[error("block {number} has no orderers' signatures that can be read: {error}")]
    Metadata {
        /// The block.
        number: u64,
        /// What is wrong with its metadata.
        error: DecodeError,
    },
    /// Too few orderers signed it, or others than may.
    #[error(
        "block {number} is not signed as the configuration asks ({policy}): {}",
        if faults.is_empty() { "nobody signed it".to_owned() } else { faults.join("; ") }
    )]
    NotSigned {
        /// The block.
        number: u64,
        /// Who has to sign, in words.
        policy: String,
        /// What each signature is worth.
        faults: Vec<String>,
    },
    /// Its orderers name another configuration than the last one before it.
    #[error(
        "the orderers of block {number} name block {claimed} as the last configuration, which is block {expected}"
    )]
    OtherConfiguration {
        /// The block.
        number: u64,
        /// What the signed metadata say.
        claimed: u64,
        /// The last block with a configuration.
        expected: u64,
    },
    /// The configuration says nothing by which blocks could be checked.
    #[error("the configuration in block {number} does not say who signs blocks: {reason}")]
    NoRules {
        /// The block with the configuration.
        number: u64,
        /// What it lacks.
        reason: String,
    },
    /// The block that is to hold a configuration holds none that can be read.
    #[error("the configuration in block {number} cannot be read: {reason}")]
    Configuration {
        /// The block.
        number: u64,
        /// What is wrong.
        reason: String,
    },
}
