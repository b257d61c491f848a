use std::fmt;
use std::str::FromStr;

use chainloom_ledger::Position;

/// The place behind an event: all before it is told.
///
/// In text `{generation}-{block}` behind a block, `{generation}-{block}-{transaction}` behind one of its transactions,
/// `{generation}-{block}-{transaction}-1` behind what a contract told in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    /// The block.
    pub position: Position,
    /// How far into it; `None` for all of it.
    pub part: Option<EventPart>,
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
    "`{0}` is not the id of an event: {{generation}}-{{block}} is expected, such as 0-17, or that with a transaction's index, such as 0-17-2 or 0-17-2-1"
)]
pub struct EventIdParseError(String);

impl EventId {
    /// Behind the whole block.
    pub(super) fn of_block(generation: u64, number: u64) -> Self {
        Self {
            position: Position { generation, number },
            part: None,
        }
    }

    /// Behind a transaction of it, or behind what a contract told in that.
    pub(super) fn of_part(generation: u64, number: u64, part: EventPart) -> Self {
        Self {
            position: Position { generation, number },
            part: Some(part),
        }
    }
}

impl FromStr for EventId {
    type Err = EventIdParseError;

    fn from_str(text: &str) -> Result<Self, EventIdParseError> {
        let error = || EventIdParseError(text.chars().take(80).collect());
        let mut parts = text.splitn(3, '-');
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
        Ok(Self { position, part })
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.position.fmt(formatter)?;
        match self.part {
            None => Ok(()),
            Some(part) if part.has_contract_event => write!(formatter, "-{}-1", part.index),
            Some(part) => write!(formatter, "-{}", part.index),
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
        for text in ["0-0", "3-17", "3-17-0", "0-5-4294967295", "1-2-3-1"] {
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
        ] {
            let error = text.parse::<EventId>().expect_err(text);
            assert!(error.to_string().contains("{generation}-{block}"), "{text}");
        }
        // In the order in which they are told.
        let told = ["0-1-0", "0-1-0-1", "0-1-1", "0-2-0"];
        assert!(told.is_sorted_by_key(|text| id(text)));
    }
}
