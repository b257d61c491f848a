use chainloom_ledger::{Hash, Transaction, TransactionKind, ValidationCode, Version};
use jiff::Timestamp;
use redb::{Error, ReadTransaction};
use serde::Serialize;
use serde_json::Value;

use super::blocks::timestamp;
use super::cursor::Cursor;
use super::filter::TransactionFilter;
use super::find::{Place, Search, is_between};
use super::{Order, check_limit, state_of};
use crate::entry::{Entry, kind_number};
use crate::id::Id;
use crate::short::shown;
use crate::tables::{CreatorRow, TRANSACTIONS, TransactionRow};
use crate::{Index, IndexError};

/// A transaction as a list shows it.
///
/// A name or an amount whose JSON is longer than 256 bytes is `{"cut": "<its beginning>",
/// "size_bytes": N}`; the transaction itself has it in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct TransactionSummary {
    /// Its id; longer than 256 bytes it is cut and ends with `…`.
    pub id: String,
    /// Where it stands.
    pub version: Version,
    /// When it was made, by its maker's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// What sort it is.
    pub kind: TransactionKind,
    /// The call that it records, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallSummary>,
    /// Who made it, where the ledger says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<CreatorSummary>,
    /// The transfer that it is, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferSummary>,
    /// The verdict.
    pub validation_code: ValidationCode,
}

impl TransactionSummary {
    /// The transaction at this place as a ledger gives it.
    pub(crate) fn of(version: Version, transaction: &Transaction) -> TransactionSummary {
        let place = (version.block, version.index);
        let summary = Entry::of(transaction).with_row(|row| summary(place, row));
        summary.expect("a row that was just made can be read")
    }
}

/// What a transaction called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CallSummary {
    /// The contract; longer than 128 bytes it is cut and ends with `…`.
    pub contract: String,
    /// The function; longer than 128 bytes it is cut and ends with `…`.
    pub function: String,
}

/// Who made a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CreatorSummary {
    /// The MSP id of the organization; longer than 256 bytes it is cut and ends with `…`.
    pub organization: String,
    /// The name under which its CA enrolled them, cut likewise; absent where the certificate cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment_id: Option<String>,
    /// SHA-256 of the certificate; absent where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub certificate_sha256: Option<Hash>,
}

/// Who paid whom how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct TransferSummary {
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<Value>,
    /// Who is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Value>,
    /// The amount as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Value>,
}

/// Some transactions of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct TransactionsPage {
    /// The transactions, in the order that was asked for.
    pub transactions: Vec<TransactionSummary>,
    /// The cursor of the next page; absent where there is none (yet). A page may be short although there is one: where
    /// several things are asked for at once, a page looks at 3,500 entries of their lists at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Number of the last block that is indexed; 0 while there is none.
    pub indexed_height: u64,
}

impl Index {
    /// A page of transactions, those that the filter lets through, behind `cursor` or from the beginning of
    /// the order. Its cost grows with what is listed and not with the chain; with several conditions it grows with the shortest
    /// of their lists, in steps of bounded pages.
    ///
    /// `cursor` is the `next` of a page with the same filter and order.
    ///
    /// # Errors
    /// [`IndexError::InvalidCursor`], [`IndexError::InvalidLimit`]; [`IndexError::Damaged`] and
    /// [`IndexError::Storage`], as every read.
    pub async fn transactions(
        &self,
        filter: &TransactionFilter,
        order: Order,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<TransactionsPage, IndexError> {
        check_limit(limit)?;
        let cursor = cursor.map(Cursor::parse).transpose()?;
        let filter = filter.clone();
        self.read(move |snapshot| page(snapshot, &filter, order, cursor, limit))
            .await
    }
}

fn page(
    snapshot: &ReadTransaction,
    filter: &TransactionFilter,
    order: Order,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<TransactionsPage, Error> {
    let table = snapshot.open_table(TRANSACTIONS)?;
    let times = filter.times();
    let (transactions, next) = match filter.lists(snapshot)? {
        None => (Vec::new(), None),
        Some(lists) => {
            let from = filter.from_block.unwrap_or(0);
            let to = filter.to_block.unwrap_or(u64::MAX);
            let search = Search {
                lists,
                order,
                cursor,
                blocks: (from, to),
                limit,
            };
            search.page(|place| {
                let missing =
                    || Error::Corrupted(format!("the index has no transaction {place:?}"));
                let row = table.get(place)?.ok_or_else(missing)?;
                let (_, _, time, ..) = row.value();
                let wanted = times.is_none_or(|times| is_between(time, times));
                wanted.then(|| summary(place, row.value())).transpose()
            })?
        }
    };
    Ok(TransactionsPage {
        transactions,
        next,
        indexed_height: state_of(snapshot)?.height().unwrap_or(0),
    })
}

/// A row as it is shown.
pub(super) fn summary(
    (block, index): Place,
    row: TransactionRow<'_>,
) -> Result<TransactionSummary, Error> {
    let (id, kind, time, (code, code_name), call, creator, sender, recipient, amount, _) = row;
    let transfer = TransferSummary {
        sender: sender.map(|(_, name)| shown(name)),
        recipient: recipient.map(|(_, name)| shown(name)),
        amount: amount.map(shown),
    };
    let is_transfer =
        transfer.sender.is_some() || transfer.recipient.is_some() || transfer.amount.is_some();
    Ok(TransactionSummary {
        id: Id::of_row(id)?.text(),
        version: Version { block, index },
        time: time.and_then(timestamp),
        kind: kind_of(kind),
        call: call.map(|(contract, function)| CallSummary {
            contract: contract.to_owned(),
            function: function.to_owned(),
        }),
        creator: creator.map(creator_summary),
        transfer: is_transfer.then_some(transfer),
        validation_code: ValidationCode {
            code,
            name: code_name.to_owned(),
            meaning: None,
        },
    })
}

fn creator_summary(
    (_, organization, enrollment_id, certificate): CreatorRow<'_>,
) -> CreatorSummary {
    CreatorSummary {
        organization: organization.to_owned(),
        enrollment_id: enrollment_id.map(str::to_owned),
        certificate_sha256: certificate.map(|digest| Hash(*digest)),
    }
}

fn kind_of(number: u8) -> TransactionKind {
    [
        TransactionKind::Transfer,
        TransactionKind::Reward,
        TransactionKind::Endorser,
        TransactionKind::Config,
    ]
    .into_iter()
    .find(|kind| kind_number(*kind) == number)
    .unwrap_or(TransactionKind::Unknown)
}
