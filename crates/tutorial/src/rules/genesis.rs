use super::{Rules, block::block};
use crate::json::Json;

/// The proof of every genesis block.
pub const GENESIS_PROOF: u64 = 100;

impl Rules {
    /// A genesis block of this time, in seconds since 1970. Every node makes its own.
    #[must_use]
    pub fn genesis(self, timestamp: f64) -> Json {
        let previous_hash = match self {
            Self::Article => Json::from(1_i64),
            Self::Repository => Json::from("1"),
        };
        block(1, timestamp, Vec::new(), GENESIS_PROOF, previous_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{canonical, compact};
    use crate::rules::{block_hash, hex};

    #[test]
    fn golden_genesis_blocks() {
        let article = Rules::Article.genesis(1506280650.770839);
        assert_eq!(
            canonical(&article),
            r#"{"index": 1, "previous_hash": 1, "proof": 100, "timestamp": 1506280650.770839, "transactions": []}"#
        );
        assert_eq!(
            hex(&block_hash(&article)),
            "c099bc76471bfdd48ae262ba832388af2b87904924730633db415994fb82bfb7"
        );
        let repository = Rules::Repository.genesis(1506280650.770839);
        assert_eq!(
            compact(&repository),
            r#"{"index":1,"previous_hash":"1","proof":100,"timestamp":1506280650.770839,"transactions":[]}"#
        );
        assert_eq!(
            hex(&block_hash(&repository)),
            "a54baf00bfbe53601094e03bbc98f580a2b996f2d5aa46ffddd4576888981029"
        );
    }
}
