//! A transaction's id as its row has it.

use chainloom_ledger::Hash;
use redb::Error;

use crate::short::{SHORT_VALUE_BYTES_MAX, short_text};
use crate::tables::Digest;

/// An id. Most are 64 hex digits, which stand in half as many bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Id {
    /// The hex digits of these bytes, in lower case.
    Hex(Digest),
    /// This text.
    Text(String),
    /// The beginning of one that is longer than a list shows.
    Cut {
        /// Of the whole.
        digest: Digest,
        beginning: String,
    },
}

impl Id {
    pub(crate) fn of(id: &str) -> Id {
        if id.len() > SHORT_VALUE_BYTES_MAX {
            return Id::Cut {
                digest: Hash::of(id.as_bytes()).0,
                beginning: short_text(id, SHORT_VALUE_BYTES_MAX),
            };
        }
        match id.parse::<Hash>() {
            Ok(hash) if !id.bytes().any(|byte| byte.is_ascii_uppercase()) => Id::Hex(hash.0),
            _ => Id::Text(id.to_owned()),
        }
    }

    /// As it is shown.
    pub(crate) fn text(&self) -> String {
        match self {
            Id::Hex(bytes) => Hash(*bytes).to_string(),
            Id::Text(text) => text.clone(),
            Id::Cut { beginning, .. } => beginning.clone(),
        }
    }

    /// The SHA-256 of the whole, by which it is found.
    pub(crate) fn digest(&self) -> Digest {
        match self {
            Id::Cut { digest, .. } => *digest,
            whole => Hash::of(whole.text().as_bytes()).0,
        }
    }

    /// Hands what stands in the row to `write`.
    pub(crate) fn with_row<T>(&self, write: impl FnOnce((u8, &[u8])) -> T) -> T {
        match self {
            Id::Hex(bytes) => write((0, bytes)),
            Id::Text(text) => write((1, text.as_bytes())),
            Id::Cut { digest, beginning } => write((2, &[digest, beginning.as_bytes()].concat())),
        }
    }

    /// What stands in a row.
    pub(crate) fn of_row((form, bytes): (u8, &[u8])) -> Result<Id, Error> {
        let broken = || Error::Corrupted("an id cannot be read".to_owned());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| broken());
        match form {
            0 => bytes.try_into().map(Id::Hex).map_err(|_| broken()),
            1 => text(bytes).map(Id::Text),
            2 => {
                let (digest, beginning) = bytes.split_first_chunk().ok_or_else(broken)?;
                Ok(Id::Cut {
                    digest: *digest,
                    beginning: text(beginning)?,
                })
            }
            _ => Err(broken()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_id_comes_out_of_its_row_as_it_went_in() {
        let hash = Hash::of(b"x").to_string();
        for id in [&hash, &hash.to_uppercase(), &hash[1..], "", "é"] {
            let read = Id::of(id).with_row(Id::of_row).unwrap();
            assert_eq!(read.text(), id);
            assert_eq!(read.digest(), Hash::of(id.as_bytes()).0);
        }
        assert_eq!(Id::of(&hash).with_row(|(_, bytes)| bytes.len()), 32);
    }

    #[test]
    fn a_long_id_is_cut_and_found_by_the_whole() {
        let long = "é".repeat(500);
        let read = Id::of(&long).with_row(Id::of_row).unwrap();
        assert_eq!(read, Id::of(&long));
        assert_eq!(read.text(), short_text(&long, SHORT_VALUE_BYTES_MAX));
        assert_eq!(read.digest(), Hash::of(long.as_bytes()).0);
    }

    #[test]
    fn a_damaged_row_is_told() {
        for row in [(0, &b"short"[..]), (1, b"\xff"), (2, b"short"), (3, b"")] {
            let error = Id::of_row(row).unwrap_err();
            assert!(
                error.to_string().contains("an id cannot be read"),
                "{error}"
            );
        }
    }
}
