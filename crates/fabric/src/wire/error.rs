use std::fmt;

use bytes::Bytes;
use prost::{Message, Name};

/// Bytes that are not what they should be, and where they stand:
/// `block 7, transaction 3, action 0, event: …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}{fault}")]
pub struct DecodeError {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    #[source]
    pub fault: Fault,
}

/// What is wrong with the bytes at a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not the protobuf message that belongs there.
    #[error("the bytes are no {message}: {source}")]
    Malformed {
        /// The protobuf message that was expected.
        message: &'static str,
        /// What the protobuf reader says.
        source: prost::DecodeError,
    },
    /// A part without which the rest means nothing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Policies or principals inside each other, without end.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// Levels that are read.
        limit: usize,
    },
    /// More of something than any network needs.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many are read.
        limit: usize,
    },
    /// A policy that asks for a signer that it does not list.
    #[error("signer {signer} is asked for, but {identities} identities are listed")]
    UnknownSigner {
        /// Index of the signer.
        signer: i32,
        /// How many identities the policy lists.
        identities: usize,
    },
    /// Identity bytes that hold no X.509 certificate in PEM.
    #[error("the identity is no PEM certificate: {0}")]
    NoCertificate(String),
    /// Not a duration as Go writes them.
    #[error("`{0}` is no duration such as `2s` or `200ms`")]
    BadDuration(String),
}

/// A place inside a block; only what is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Number of the block.
    pub block: Option<u64>,
    /// Index of the transaction in the block.
    pub transaction: Option<u32>,
    /// From the outside in: `action 0`, `event`.
    pub parts: Vec<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let block = self.block.map(|number| format!("block {number}"));
        let transaction = self.transaction.map(|index| format!("transaction {index}"));
        let all: Vec<String> = block
            .into_iter()
            .chain(transaction)
            .chain(self.parts.iter().cloned())
            .collect();
        if !all.is_empty() {
            write!(formatter, "{}: ", all.join(", "))?;
        }
        Ok(())
    }
}

impl From<Fault> for DecodeError {
    fn from(fault: Fault) -> Self {
        Self {
            place: Place::default(),
            fault,
        }
    }
}

/// Names the place while an error travels outwards.
pub(crate) trait Within {
    /// The error stands inside this part.
    fn within(self, part: impl FnOnce() -> String) -> Self;
}

impl<T> Within for Result<T, DecodeError> {
    fn within(self, part: impl FnOnce() -> String) -> Self {
        self.map_err(|mut error| {
            error.place.parts.insert(0, part());
            error
        })
    }
}

/// Reads a message; its `bytes` fields are slices of these bytes.
pub(crate) fn decode<M: Message + Name + Default>(bytes: Bytes) -> Result<M, DecodeError> {
    M::decode(bytes).map_err(|source| {
        Fault::Malformed {
            message: M::NAME,
            source,
        }
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::proto::common;

    #[test]
    fn says_where_and_what() {
        let error = decode::<common::Envelope>(Bytes::from_static(b"\xff"))
            .within(|| "event".to_owned())
            .within(|| "action 0".to_owned())
            .expect_err("no message");
        assert!(
            error
                .to_string()
                .starts_with("action 0, event: the bytes are no Envelope: "),
            "{error}"
        );
        let place = Place {
            block: Some(7),
            transaction: Some(3),
            parts: vec!["header".to_owned()],
        };
        let error = DecodeError {
            place,
            fault: Fault::Missing("the creator"),
        };
        assert_eq!(
            error.to_string(),
            "block 7, transaction 3, header: the creator is missing"
        );
        assert_eq!(
            DecodeError::from(Fault::Missing("x")).to_string(),
            "x is missing"
        );
    }
}
