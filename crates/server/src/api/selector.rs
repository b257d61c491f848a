use chainloom_ledger::{BlockSelector, Version};

use super::parameters::{invalid, number};
use crate::problem::Problem;

/// How many digits a hash has in a path.
const HASH_DIGITS: usize = 64;

/// Reads how a path names a block: its number, its hash of 64 hex digits, or `latest`.
pub(super) fn block(text: &str) -> Result<BlockSelector, Problem> {
    if text == "latest" {
        return Ok(BlockSelector::Latest);
    }
    if text.len() == HASH_DIGITS
        && let Ok(hash) = text.parse()
    {
        return Ok(BlockSelector::Hash(hash));
    }
    number("block", text)
        .map(BlockSelector::Number)
        .map_err(|_| {
            invalid(
                "block",
                text,
                "a number, a hash of 64 hex digits, or `latest`",
            )
        })
}

/// Reads where a path says that a transaction stands.
pub(super) fn version(block: &str, index: &str) -> Result<Version, Problem> {
    let is_negative = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if is_negative(block) {
        let block: String = block.chars().take(80).collect();
        let detail = format!(
            "block {block} is negative; blocks are counted from 0, on a chain of the tutorial from 1"
        );
        return Err(Problem::bad_request("negative_block", detail));
    }
    Ok(Version {
        block: number("block", block)?,
        index: number("index", index)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_names_of_a_block() {
        let hex = "ab".repeat(32);
        assert!(matches!(block("latest"), Ok(BlockSelector::Latest)));
        assert!(matches!(block("17"), Ok(BlockSelector::Number(17))));
        assert!(matches!(block(&hex), Ok(BlockSelector::Hash(hash)) if hash.to_string() == hex));
    }

    #[test]
    fn refuses_everything_else() {
        for text in ["", "-1", "first", "abcd", &"g".repeat(64), &"9".repeat(30)] {
            let problem = block(text).expect_err(text);
            assert!(problem.detail().contains("or `latest`"), "{text}");
        }
        assert!(version("1", "x").is_err());
        assert!(version("x", "1").is_err());
        // What is wrong with the block is told before what is wrong with the index.
        let problem = version("-1", "-1").expect_err("there is none");
        assert!(problem.detail().contains("block -1 is negative"));
    }
}
