use std::ops::Bound;

use chainloom_ledger::{Account, TransactionKind, ValidationCode, Version};
use jiff::Timestamp;
use redb::{Error, ReadTransaction};
use serde::Serialize;
use serde_json::Value;

use super::blocks::timestamp;
use super::{Order, check_limit, state_of};
use crate::apply::kind_number;
use crate::short::shown;
use crate::tables::{ACCOUNTS, Digest, TRANSACTIONS, TransactionRow};
use crate::{Index, IndexError};

/// Which transactions a page lists.
#[derive(Debug, Clone, Default)]
pub struct TransactionFilter {
    /// Those in which it is sender or recipient; all where absent.
    pub account: Option<Account>,
}

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
    /// The transfer that it is, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferSummary>,
    /// The verdict.
    pub validation_code: ValidationCode,
}

/// What a transaction called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CallSummary {
    /// The contract; longer than 128 bytes it is cut and ends with `…`.
    pub contract: String,
    /// The function; longer than 128 bytes it is cut and ends with `…`.
    pub function: String,
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
    /// The cursor of the next page; absent where there is none (yet).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Number of the last block that is indexed; 0 while there is none.
    pub indexed_height: u64,
}

/// A place between two transactions: behind the one that was listed last.
///
/// It holds whatever is appended to the chain. After a replacement it is the same place in the new
/// chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor(u64, u32);

impl Cursor {
    fn parse(text: &str) -> Result<Cursor, IndexError> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u64>().ok()).flatten()
        };
        text.split_once('.')
            .and_then(|(block, index)| {
                Some(Cursor(number(block)?, number(index)?.try_into().ok()?))
            })
            .ok_or_else(|| IndexError::InvalidCursor(text.chars().take(80).collect()))
    }

    fn text(self) -> String {
        format!("{}.{}", self.0, self.1)
    }
}

impl Index {
    /// A page of transactions, those of an account or all, behind `cursor` or from the beginning of
    /// the order.
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
        let account = filter.account.as_ref().map(|account| account.digest().0);
        self.read(move |snapshot| page(snapshot, account, order, cursor, limit))
            .await
    }
}

fn page(
    snapshot: &ReadTransaction,
    account: Option<Digest>,
    order: Order,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<TransactionsPage, Error> {
    // One more than the page holds tells whether another follows.
    let mut versions = match account {
        Some(digest) => versions_of(snapshot, &digest, order, cursor, limit + 1)?,
        None => versions_of_all(snapshot, order, cursor, limit + 1)?,
    };
    let more = versions.len() > limit;
    versions.truncate(limit);
    let next = versions
        .last()
        .filter(|_| more)
        .map(|&(block, index)| Cursor(block, index).text());
    let table = snapshot.open_table(TRANSACTIONS)?;
    let mut transactions = Vec::with_capacity(versions.len());
    for version in versions {
        let row = table.get(version)?;
        let row = row
            .ok_or_else(|| Error::Corrupted(format!("the index has no transaction {version:?}")))?;
        transactions.push(summary(version, row.value()));
    }
    Ok(TransactionsPage {
        transactions,
        next,
        indexed_height: state_of(snapshot)?.height().unwrap_or(0),
    })
}

type VersionBound = Bound<(u64, u32)>;

/// The part of the chain that lies behind the cursor.
fn bounds(order: Order, cursor: Option<Cursor>) -> (VersionBound, VersionBound) {
    let first = Bound::Included((0, 0));
    let last = Bound::Included((u64::MAX, u32::MAX));
    match (order, cursor) {
        (_, None) => (first, last),
        (Order::NewestFirst, Some(Cursor(block, index))) => {
            (first, Bound::Excluded((block, index)))
        }
        (Order::OldestFirst, Some(Cursor(block, index))) => (Bound::Excluded((block, index)), last),
    }
}

fn versions_of_all(
    snapshot: &ReadTransaction,
    order: Order,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<Vec<(u64, u32)>, Error> {
    let table = snapshot.open_table(TRANSACTIONS)?;
    let range = table.range(bounds(order, cursor))?;
    let key = |entry: Result<(redb::AccessGuard<'_, (u64, u32)>, _), redb::StorageError>| {
        entry.map(|(key, _)| key.value()).map_err(Error::from)
    };
    match order {
        Order::NewestFirst => range.rev().take(limit).map(key).collect(),
        Order::OldestFirst => range.take(limit).map(key).collect(),
    }
}

fn versions_of(
    snapshot: &ReadTransaction,
    digest: &Digest,
    order: Order,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<Vec<(u64, u32)>, Error> {
    let table = snapshot.open_table(ACCOUNTS)?;
    let (start, end) = bounds(order, cursor);
    let of_account = |(block, index)| (digest, block, index);
    let range = table.range((start.map(of_account), end.map(of_account)))?;
    let mut versions = Vec::with_capacity(limit);
    let mut push = |entry: Result<(redb::AccessGuard<'_, _>, _), redb::StorageError>| {
        let (key, _): (
            redb::AccessGuard<'_, crate::tables::DigestAtVersion<'static>>,
            _,
        ) = entry?;
        let (_, block, index) = key.value();
        versions.push((block, index));
        Ok::<(), Error>(())
    };
    match order {
        Order::NewestFirst => range.rev().take(limit).try_for_each(&mut push)?,
        Order::OldestFirst => range.take(limit).try_for_each(&mut push)?,
    }
    Ok(versions)
}

fn summary((block, index): (u64, u32), row: TransactionRow<'_>) -> TransactionSummary {
    let (id, _, kind, time, (code, code_name), call, sender, recipient, amount, _) = row;
    let transfer = TransferSummary {
        sender: sender.map(|(_, name)| shown(name)),
        recipient: recipient.map(|(_, name)| shown(name)),
        amount: amount.map(shown),
    };
    let is_transfer =
        transfer.sender.is_some() || transfer.recipient.is_some() || transfer.amount.is_some();
    TransactionSummary {
        id: id.to_owned(),
        version: Version { block, index },
        time: time.and_then(timestamp),
        kind: kind_of(kind),
        call: call.map(|(contract, function)| CallSummary {
            contract: contract.to_owned(),
            function: function.to_owned(),
        }),
        transfer: is_transfer.then_some(transfer),
        validation_code: ValidationCode {
            code,
            name: code_name.to_owned(),
        },
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
