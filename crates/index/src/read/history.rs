//! Who wrote what to a key, and when.

use chainloom_ledger::{Hash, Payload, ValidationCode, Version};
use jiff::Timestamp;
use redb::{Error, ReadTransaction};
use serde::Serialize;

use super::cursor::Cursor;
use super::filter::KeyName;
use super::find::{List, Search};
use super::transactions::{CreatorSummary, TransactionSummary, summary};
use super::{Order, check_limit, state_of};
use crate::tables::{TRANSACTIONS, WRITES, WriteRow};
use crate::writes::Change;
use crate::{Index, IndexError};

/// What was written to a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct KeyHistoryPage {
    /// Whose key it is.
    pub contract: String,
    /// The private collection in which it is, where it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// The key.
    pub key: Payload,
    /// The writes, in the order that was asked for.
    pub writes: Vec<KeyVersion>,
    /// The cursor of the next page; absent where there is none (yet). A page may be short although there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Number of the last block that is indexed; 0 while there is none.
    pub indexed_height: u64,
}

/// What one transaction wrote to a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct KeyVersion {
    /// Where the transaction stands: the key's version from then on, if it is valid.
    pub version: Version,
    /// The transaction's id; longer than 256 bytes it is cut and ends with `…`.
    pub transaction_id: String,
    /// When it was made, by its maker's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// Who made it, where the ledger says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<CreatorSummary>,
    /// What it did to the key.
    pub change: KeyChange,
    /// The value, or its first 1,024 bytes; absent where none was written, and of private keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Payload>,
    /// Size of the whole value in bytes, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_size_bytes: Option<u64>,
    /// Whether `value` is but the beginning; the transaction itself has it whole.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub value_cut: bool,
    /// SHA-256 of the value of a private key, in lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_hash: Option<String>,
    /// Who has to endorse changes of the key from then on, in words, where that was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endorsement_policy: Option<String>,
    /// The verdict: what is not valid took no effect.
    pub validation_code: ValidationCode,
}

/// What a transaction did to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyChange {
    /// It wrote a value.
    Write,
    /// It deleted the key.
    Delete,
    /// It deleted a private key, and had all that hold its values forget them.
    Purge,
    /// It changed who has to endorse changes of the key, and left the value.
    Policy,
}

impl Index {
    /// A page of a key's history, behind `cursor` or from the beginning of the order. What invalid transactions would have
    /// written is left out, or listed too where `with_invalid` says so.
    ///
    /// # Errors
    /// [`IndexError::InvalidCursor`], [`IndexError::InvalidLimit`]; [`IndexError::Damaged`] and
    /// [`IndexError::Storage`], as every read.
    pub async fn key_history(
        &self,
        key: KeyName,
        with_invalid: bool,
        order: Order,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<KeyHistoryPage, IndexError> {
        check_limit(limit)?;
        let cursor = cursor.map(Cursor::parse).transpose()?;
        self.read(move |snapshot| page(snapshot, key, with_invalid, order, cursor, limit))
            .await
    }
}

fn page(
    snapshot: &ReadTransaction,
    key: KeyName,
    with_invalid: bool,
    order: Order,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<KeyHistoryPage, Error> {
    let facet = key.facet();
    let search = Search {
        lists: vec![List::with(snapshot, facet)?],
        order,
        cursor,
        blocks: (0, u64::MAX),
        limit,
    };
    let table = snapshot.open_table(WRITES)?;
    let transactions = snapshot.open_table(TRANSACTIONS)?;
    let (writes, next) = search.page(|place| {
        let missing = || Error::Corrupted(format!("the index has no write {place:?}"));
        let row = table.get((place.0, place.1, &facet))?.ok_or_else(missing)?;
        let (_, is_valid, ..) = row.value();
        if !is_valid && !with_invalid {
            return Ok(None);
        }
        let transaction = transactions.get(place)?.ok_or_else(missing)?;
        let transaction = summary(place, transaction.value())?;
        let is_private = key.collection.is_some();
        key_version(transaction, row.value(), is_private).map(Some)
    })?;
    Ok(KeyHistoryPage {
        contract: key.contract,
        collection: key.collection,
        key: Payload(key.key),
        writes,
        next,
        indexed_height: state_of(snapshot)?.height().unwrap_or(0),
    })
}

fn key_version(
    transaction: TransactionSummary,
    (change, _, value, size_bytes, policy): WriteRow<'_>,
    is_private: bool,
) -> Result<KeyVersion, Error> {
    let change = Change::of_number(change)
        .ok_or_else(|| Error::Corrupted(format!("a write is of the unknown kind {change}")))?;
    let is_public_value = change == Change::Write && !is_private;
    let hash = <[u8; 32]>::try_from(value).ok().filter(|_| is_private);
    let value_cut = size_bytes > value.len() as u64;
    Ok(KeyVersion {
        version: transaction.version,
        transaction_id: transaction.id,
        time: transaction.time,
        creator: transaction.creator,
        change: match change {
            Change::Write => KeyChange::Write,
            Change::Delete => KeyChange::Delete,
            Change::Purge => KeyChange::Purge,
            Change::Policy => KeyChange::Policy,
        },
        value: is_public_value.then(|| Payload(whole_characters(value, value_cut).to_vec())),
        value_size_bytes: is_public_value.then_some(size_bytes),
        value_cut,
        value_hash: hash.map(|hash| Hash(hash).to_string()),
        endorsement_policy: policy.map(str::to_owned),
        validation_code: transaction.validation_code,
    })
}

/// Without the half of a character at the end, if it was cut in one: text stays text.
fn whole_characters(value: &[u8], is_cut: bool) -> &[u8] {
    match std::str::from_utf8(value) {
        Err(error) if is_cut && error.error_len().is_none() => &value[..error.valid_up_to()],
        _ => value,
    }
}
