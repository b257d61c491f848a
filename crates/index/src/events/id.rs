use std::fmt;
use std::str::FromStr;

use chainloom_ledger::{Hash, Position};

/// The place behind an event: all before it is told.
///
/// In text `{generation}-{block}` behind a block, `{generation}-{block}-{transaction}` behind one of its transactions,
/// `{generation}-{block}-{transaction}-1` behind what a contract told in it; then `.` and the mark of the chain, where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    /// The block.
    pub position: Position,
    /// How far into it; `None` for all of it.
    pub part: Option<EventPart>,
    /// Of which chain it is, for a channel; `None` where that is not said.
    pub(super) chain: Option<ChainMark>,
}

/// By what a channel is told from another one of its name: the first 32 bits of the hash of its block 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChainMark(u32);

impl ChainMark {
    /// The mark of the chain that begins with the block of this hash.
    pub(super) fn of(first: Hash) -> Self {
        let [a, b, c, d, ..] = first.0;
        Self(u32::from_be_bytes([a, b, c, d]))
    }
}

/// How far into a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPart {
    /// The transaction's index in the block.
    pub index: u32,
    /// Whether what a contract told in it is told, too.
    pub has_contract_event: bool,
}

/// A text that is no event's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the id of an event: {{generation}}-{{block}} is expected, such as 0-17, or that with a transaction's index, such as 0-17-2 or 0-17-2-1, each as it was told"
)]
pub struct EventIdParseError(String);

impl EventId {
    /// Behind the whole block.
    pub(super) fn of_block(generation: u64, number: u64, chain: Option<ChainMark>) -> Self {
        Self {
            position: Position { generation, number },
            part: None,
            chain,
        }
    }

    /// Behind a transaction of it, or behind what a contract told in that.
    pub(super) fn of_part(
        generation: u64,
        number: u64,
        part: EventPart,
        chain: Option<ChainMark>,
    ) -> Self {
        Self {
            position: Position { generation, number },
            part: Some(part),
            chain,
        }
    }
}

impl FromStr for EventId {
    type Err = EventIdParseError;

    fn from_str(text: &str) -> Result<Self, EventIdParseError> {
        let error = || EventIdParseError(text.chars().take(80).collect());
        let (place, chain) = match text.split_once('.') {
            None => (text, None),
            Some((place, mark)) => {
                let is_mark = mark.len() == 8 && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
                let mark = u32::from_str_radix(mark, 16).ok().filter(|_| is_mark);
                (place, Some(ChainMark(mark.ok_or_else(error)?)))
            }
        };
        let mut parts = place.splitn(3, '-');
        let block = match (parts.next(), parts.next()) {
            (Some(generation), Some(number)) => format!("{generation}-{number}"),
            _ => return Err(error()),
        };
        let position = block.parse().map_err(|_| error())?;
        let part = match parts.next() {
            None => None,
            Some(part) => {
                let (index, has_contract_event) = match part.strip_suffix("-1") {
                    Some(index) => (index, true),
                    None => (part, false),
                };
                let is_number =
                    !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
                let index = index.parse().ok().filter(|_| is_number);
                Some(EventPart {
                    index: index.ok_or_else(error)?,
                    has_contract_event,
                })
            }
        };
        Ok(Self {
            position,
            part,
            chain,
        })
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.position.fmt(formatter)?;
        match self.part {
            None => {}
            Some(part) if part.has_contract_event => write!(formatter, "-{}-1", part.index)?,
            Some(part) => write!(formatter, "-{}", part.index)?,
        }
        match self.chain {
            None => Ok(()),
            Some(ChainMark(mark)) => write!(formatter, ".{mark:08x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn id(text: &str) -> EventId {
        text.parse().unwrap()
    }

    #[test]
    fn an_id_reads_what_it_prints() {
        for text in [
            "0-0",
            "3-17",
            "3-17-0",
            "0-5-4294967295",
            "1-2-3-1",
            "0-7.00ab01ff",
            "0-7-3-1.00ab01ff",
        ] {
            assert_eq!(id(text).to_string(), text);
        }
        for text in [
            "",
            "3",
            "3-",
            "-3",
            "a-1",
            "+3-1",
            "3-1-",
            "3-1-x",
            "3-1-+2",
            "3-1-2-0",
            "3-1-2-2",
            "3-1-4294967296",
            "3-1-2-1-1",
            "3-1.",
            "3-1.00ab01f",
            "3-1.+0ab01ff",
            ".00ab01ff",
        ] {
            let error = text.parse::<EventId>().expect_err(text);
            assert!(error.to_string().contains("{generation}-{block}"), "{text}");
        }
        // In the order in which they are told.
        let told = ["0-1-0", "0-1-0-1", "0-1-1", "0-2-0"];
        assert!(told.is_sorted_by_key(|text| id(text)));
    }
}
