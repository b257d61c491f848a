//! Which transactions a page lists.

use chainloom_ledger::{Account, CreatorName, Hash};
use jiff::Timestamp;
use redb::{Error, ReadTransaction};

use super::find::List;
use crate::entry::{short_name, time_row};
use crate::facet;
use crate::tables::{CODES, Facet, SpanRow};

/// Which transactions a page lists: those of which all is true that is asked for.
#[derive(Debug, Clone, Default)]
pub struct TransactionFilter {
    /// It is sender or recipient.
    pub account: Option<Account>,
    /// Who made them, in whatever certificate.
    pub creator: Option<CreatorName>,
    /// SHA-256 of the certificate in which they were made.
    pub certificate: Option<Hash>,
    /// The contract that they called.
    pub contract: Option<String>,
    /// The function that they called.
    pub function: Option<String>,
    /// A key that they wrote.
    pub key: Option<KeyName>,
    /// The verdict on them.
    pub code: Option<CodeName>,
    /// Number of the first block.
    pub from_block: Option<u64>,
    /// Number of the last block.
    pub to_block: Option<u64>,
    /// The earliest time at which they were made, by their makers' clocks.
    pub from_time: Option<Timestamp>,
    /// The latest time.
    pub to_time: Option<Timestamp>,
}

/// A key on the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    /// Whose key it is.
    pub contract: String,
    /// The private collection in which it is, where it is in one.
    pub collection: Option<String>,
    /// The key.
    pub key: Vec<u8>,
}

impl KeyName {
    pub(super) fn facet(&self) -> Facet {
        match &self.collection {
            None => facet::key(&self.contract, &self.key),
            Some(collection) => {
                facet::private_key(&self.contract, collection, &Hash::of(&self.key).0)
            }
        }
    }
}

/// How a caller names a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeName {
    /// By its number.
    Number(i32),
    /// By its name, such as `MVCC_READ_CONFLICT`.
    Name(String),
}

impl From<&str> for CodeName {
    fn from(text: &str) -> CodeName {
        match text.parse() {
            Ok(number) => CodeName::Number(number),
            Err(_) => CodeName::Name(text.to_owned()),
        }
    }
}

impl TransactionFilter {
    /// The lists in which a transaction must stand; `None` where none can stand in all.
    pub(super) fn lists(&self, snapshot: &ReadTransaction) -> Result<Option<Vec<List>>, Error> {
        let code = match &self.code {
            None => None,
            Some(CodeName::Number(number)) => Some(facet::code(*number)),
            Some(CodeName::Name(name)) => match number_of(snapshot, name)? {
                Some(number) => Some(facet::code(number)),
                None => return Ok(None),
            },
        };
        let account = self.account.as_ref();
        let creator = self.creator.as_ref();
        let facets = [
            self.key.as_ref().map(KeyName::facet),
            account.map(|account| facet::account(&account.digest().0)),
            creator.map(|creator| facet::creator(&creator.organization, &creator.enrollment_id)),
            self.certificate.map(|hash| facet::certificate(&hash.0)),
            self.contract
                .as_deref()
                .map(|name| facet::contract(&short_name(name))),
            self.function
                .as_deref()
                .map(|name| facet::function(&short_name(name))),
            code,
        ];
        let facets = facets.into_iter().flatten();
        let lists: Result<Vec<List>, Error> =
            facets.map(|facet| List::with(snapshot, facet)).collect();
        let mut lists = lists?;
        if let Some(times) = self.times() {
            lists.push(List::between(snapshot, times)?);
        }
        // A span of times says of blocks alone that they may hold one.
        if lists.is_empty() || self.times().is_some() && lists.len() == 1 {
            lists.push(List::all(snapshot)?);
        }
        Ok(Some(lists))
    }

    /// The times between which they were made, where that is asked for.
    pub(super) fn times(&self) -> Option<SpanRow> {
        if self.from_time.is_none() && self.to_time.is_none() {
            return None;
        }
        let from = self.from_time.unwrap_or(Timestamp::MIN);
        let to = self.to_time.unwrap_or(Timestamp::MAX);
        Some((time_row(from), time_row(to)))
    }
}

/// The number of the verdict with this name, where a transaction has it.
fn number_of(snapshot: &ReadTransaction, name: &str) -> Result<Option<i32>, Error> {
    let codes = snapshot.open_table(CODES)?;
    for entry in codes.range::<(i32, &str)>(..)? {
        let entry = entry?;
        let (number, known) = entry.0.value();
        if known == name {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_number_or_a_name() {
        assert_eq!(CodeName::from("11"), CodeName::Number(11));
        assert_eq!(CodeName::from("VALID"), CodeName::Name("VALID".to_owned()));
    }
}
