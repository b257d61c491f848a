use std::fmt;
use std::str::FromStr;

use crate::Block;

/// A place in a ledger's history, from which its blocks can be followed.
///
/// A ledger whose chain can be replaced counts its replacements as `generation`; on one that is
/// final it stays 0. In text `{generation}-{number}`, the id of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// How many times the chain had been replaced.
    pub generation: u64,
    /// A block's number.
    pub number: u64,
}

/// A text that is no position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a position: {{generation}}-{{number}} is expected, such as 0-17")]
pub struct PositionParseError(String);

impl FromStr for Position {
    type Err = PositionParseError;

    fn from_str(text: &str) -> Result<Position, PositionParseError> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u64>().ok()).flatten()
        };
        text.split_once('-')
            .and_then(|(generation, block)| {
                Some(Position {
                    generation: number(generation)?,
                    number: number(block)?,
                })
            })
            .ok_or_else(|| PositionParseError(text.chars().take(80).collect()))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.generation, self.number)
    }
}

/// What a ledger's block stream says.
#[derive(Debug, Clone)]
pub enum BlockEvent {
    /// The blocks from `from` on, as far as the reader has seen them, are no longer part of the
    /// chain; the stream goes on with the new block `from`.
    Replaced {
        /// The generation that holds now.
        generation: u64,
        /// Number of the first block that was replaced.
        from: u64,
    },
    /// The next block.
    Block {
        /// The generation in which it was read.
        generation: u64,
        /// The block.
        block: Box<Block>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_what_it_prints() {
        let position = Position {
            generation: 3,
            number: 17,
        };
        assert_eq!(position.to_string(), "3-17");
        assert_eq!("3-17".parse(), Ok(position));
        for text in [
            "",
            "3",
            "3-",
            "-3",
            "a-1",
            "+3-1",
            "3-1-2",
            "99999999999999999999-1",
        ] {
            let error = text.parse::<Position>().expect_err(text);
            assert!(error.to_string().contains("{generation}-{number}"));
        }
    }
}
