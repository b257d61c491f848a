//! From stored blocks to the vocabulary that all ledgers share.

use chainloom_ledger::{
    Account, Block, Call, Hash, LedgerError, Payload, ProofOfWork, TimeSource, Transaction,
    TransactionKind, TransactionRange, Transfer, ValidationCode, Version,
};
use jiff::{SignedDuration, Timestamp};

use crate::json::{Elements, Json, Limits, canonical, decimal, parse, public_value};
use crate::rules::{BlockFields, Rules, Tip};
use crate::store::{Snapshot, StoredBlock, TicketPlace, Waiting};

use super::error::block_not_found;

/// The one contract of this ledger.
pub(super) const CONTRACT: &str = "coin";
/// Its one function that changes something.
pub(super) const TRANSFER: &str = "transfer";
/// The account from which rewards are paid.
const REWARD_SENDER: &str = "0";
/// Before the sequence, in the id of a transaction that waits without a ticket.
const PENDING_PREFIX: &str = "pending-";

/// How long the texts of the transactions are that are decoded at once, the last of them excepted.
const DECODED_BYTES_MAX: usize = 4 << 20;

/// A block of the chain with some of its transactions, decoded.
pub(super) fn block(
    snapshot: &Snapshot,
    rules: Rules,
    number: u64,
    range: TransactionRange,
) -> Result<Block, LedgerError> {
    let not_found = || block_not_found(number, snapshot.head().length);
    let stored = snapshot.block(number)?.ok_or_else(not_found)?;
    let tip = match number {
        0 | 1 => None,
        _ => tip_of(snapshot, number - 1)?,
    };
    following_block(snapshot, rules, &stored, tip.as_ref(), range)
}

/// What a block's proof continues: the hash and proof of the block at this number.
pub(super) fn tip_of(snapshot: &Snapshot, number: u64) -> Result<Option<Tip>, LedgerError> {
    let stored = snapshot.block(number)?;
    Ok(stored.and_then(|stored| tip_of_block(&stored)))
}

/// What the block after this one continues; `None` if none can follow it.
pub(super) fn tip_of_block(stored: &StoredBlock) -> Option<Tip> {
    Tip::of_compact(stored.hash.0, &stored.compact).ok()
}

/// A stored block with some of its transactions, decoded; `tip` is what it continues. The others are counted only.
pub(super) fn following_block(
    snapshot: &Snapshot,
    rules: Rules,
    stored: &StoredBlock,
    tip: Option<&Tip>,
    range: TransactionRange,
) -> Result<Block, LedgerError> {
    let fields = BlockFields::of(&stored.compact);
    let time = time_of(&fields);
    let version = |index: usize| Version {
        block: stored.number,
        index: u32::try_from(index).unwrap_or(u32::MAX),
    };
    let end = range.from.saturating_add(range.limit);
    let mut tickets = snapshot
        .tickets_between(version(range.from), version(end))?
        .into_iter()
        .peekable();
    let mut transactions = Vec::new();
    let mut decoded_bytes = 0;
    let mut transaction_count = 0;
    let texts = Elements::of(fields.transactions.unwrap_or_default());
    for (place, text) in texts.enumerate() {
        transaction_count += 1;
        if !(range.from..end).contains(&place) || decoded_bytes > DECODED_BYTES_MAX {
            continue;
        }
        decoded_bytes += text.len();
        let version = version(place);
        let index = version.index;
        let id = match tickets.next_if(|(place, _)| *place == version) {
            Some((_, ticket)) => ticket_text(&ticket),
            None => derived_id(stored.hash, index),
        };
        transactions.push(mined_transaction(id, version, time, text)?);
    }
    Ok(Block {
        number: stored.number,
        hash: stored.hash,
        previous_hash: previous_hash(&fields)?,
        data_hash: None,
        time,
        time_source: time.map(|_| TimeSource::Miner),
        size_bytes: stored.compact.len() as u64,
        transaction_count,
        valid_count: transaction_count,
        transactions,
        proof_of_work: proof_of_work(rules, &fields, tip)?,
    })
}

/// The transaction at a place in the chain.
pub(super) fn transaction_at(
    snapshot: &Snapshot,
    version: Version,
) -> Result<Transaction, LedgerError> {
    let Version { block, index } = version;
    let stored = snapshot
        .block(block)?
        .ok_or_else(|| block_not_found(block, snapshot.head().length))?;
    let fields = BlockFields::of(&stored.compact);
    let list = Elements::of(fields.transactions.unwrap_or_default());
    let text = list
        .clone()
        .nth(index as usize)
        .ok_or_else(|| LedgerError::NotFound {
            code: "transaction_not_found",
            detail: format!(
                "block {block} has no transaction {index}; it has {}, counted from 0",
                list.count()
            ),
        })?;
    let end = Version {
        block: block + u64::from(index == u32::MAX),
        index: index.wrapping_add(1),
    };
    let id = match snapshot.tickets_between(version, end)?.first() {
        Some((_, ticket)) => ticket_text(ticket),
        None => derived_id(stored.hash, index),
    };
    mined_transaction(id, version, time_of(&fields), text)
}

/// Where the transaction stands that was accepted under an id, if in a block.
pub(super) fn place_of_id(snapshot: &Snapshot, id: &str) -> Result<Option<Version>, LedgerError> {
    let place = match ticket_of(id) {
        Some(ticket) => snapshot.ticket(&ticket)?,
        None => None,
    };
    Ok(match place {
        Some(TicketPlace::Mined(version)) => Some(version),
        _ => None,
    })
}

/// The transaction that was accepted under an id, wherever it is now.
pub(super) fn transaction_by_id(snapshot: &Snapshot, id: &str) -> Result<Transaction, LedgerError> {
    if let Some(ticket) = ticket_of(id) {
        match snapshot.ticket(&ticket)? {
            Some(TicketPlace::Mined(version)) => return transaction_at(snapshot, version),
            Some(TicketPlace::Pending(sequence)) => {
                if let Some(waiting) = snapshot.waiting_at(sequence)? {
                    return waiting_transaction(&waiting);
                }
            }
            None => {}
        }
    } else if let Some(sequence) = id
        .strip_prefix(PENDING_PREFIX)
        .and_then(|sequence| sequence.parse().ok())
        && let Some(waiting) = snapshot.waiting_at(sequence)?
        && waiting.ticket.is_none()
    {
        return waiting_transaction(&waiting);
    }
    Err(LedgerError::NotFound {
        code: "transaction_not_found",
        detail: format!(
            "no transaction was accepted here under the id `{}`",
            id.chars().take(80).collect::<String>()
        ),
    })
}

/// A transaction that waits, decoded.
pub(super) fn waiting_transaction(waiting: &Waiting) -> Result<Transaction, LedgerError> {
    let id = match &waiting.ticket {
        Some(ticket) => ticket_text(ticket),
        None => format!("{PENDING_PREFIX}{}", waiting.sequence),
    };
    let content = tree(&waiting.compact)?;
    Ok(transaction(id, &content))
}

fn mined_transaction(
    id: String,
    version: Version,
    time: Option<Timestamp>,
    text: &[u8],
) -> Result<Transaction, LedgerError> {
    let content = tree(text)?;
    Ok(Transaction {
        version: Some(version),
        time,
        validation_code: Some(ValidationCode::valid()),
        ..transaction(id, &content)
    })
}

/// A transaction of the tutorial: three fields that may hold anything. A foreign one may lack some
/// of them, or be no object at all.
fn transaction(id: String, content: &Json) -> Transaction {
    let field = |name: &str| content.get(name);
    let (sender, recipient, amount) = (field("sender"), field("recipient"), field("amount"));
    let kind = if sender.and_then(Json::as_str) == Some(REWARD_SENDER) {
        TransactionKind::Reward
    } else if sender.or(recipient).or(amount).is_some() {
        TransactionKind::Transfer
    } else {
        TransactionKind::Unknown
    };
    let transfer = (kind != TransactionKind::Unknown).then(|| Transfer {
        sender: sender.map(account),
        recipient: recipient.map(account),
        amount: amount.map(public_value),
        amount_exact: amount.and_then(decimal),
    });
    let call = match (kind, sender, recipient, amount) {
        (TransactionKind::Transfer, Some(sender), Some(recipient), Some(amount)) => Some(Call {
            contract: CONTRACT.to_owned(),
            function: TRANSFER.to_owned(),
            args: [sender, recipient, amount].map(argument).into(),
        }),
        _ => None,
    };
    Transaction {
        id,
        version: None,
        duplicates: Vec::new(),
        time: None,
        kind,
        call,
        transfer,
        content: Some(public_value(content)),
        endorsed: None,
        validation_code: None,
    }
}

/// A field as an argument of a call: a string as it is, anything else as canonical JSON.
fn argument(value: &Json) -> Payload {
    match value.as_str() {
        Some(text) => text.into(),
        None => canonical(value).into(),
    }
}

fn account(value: &Json) -> Account {
    Account::from_canonical(canonical(value), public_value(value))
}

/// When a block says that it was made, where that is a time.
fn time_of(fields: &BlockFields<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(fields.timestamp?).ok()?;
    let seconds: f64 = match tree(text.as_bytes()).ok()? {
        Json::Integer(_) => text.parse().ok()?,
        Json::Float(seconds) => seconds,
        _ => return None,
    };
    let since_1970 = SignedDuration::try_from_secs_f64(seconds).ok()?;
    Timestamp::from_duration(since_1970).ok()
}

/// The hash that a block names as the one before; whatever else stands there, as canonical JSON.
fn previous_hash(fields: &BlockFields<'_>) -> Result<String, LedgerError> {
    let Some(text) = fields.previous_hash else {
        return Ok(String::new());
    };
    let value = tree(text)?;
    Ok(match value.as_str() {
        Some(text) => text.to_owned(),
        None => canonical(&value),
    })
}

fn proof_of_work(
    rules: Rules,
    fields: &BlockFields<'_>,
    tip: Option<&Tip>,
) -> Result<Option<ProofOfWork>, LedgerError> {
    let Some(text) = fields.proof else {
        return Ok(None);
    };
    let proof = tree(text)?;
    let input = match (tip, crate::json::python_str(&proof)) {
        (Some(tip), Ok(printed)) => Some(rules.message(tip, &printed)),
        _ => None,
    };
    Ok(Some(ProofOfWork {
        proof: public_value(&proof),
        digest: input.as_ref().map(|input| Hash::of(input.as_bytes())),
        input,
    }))
}

/// A ticket as the id of its transaction.
pub(super) fn ticket_text(ticket: &[u8; 16]) -> String {
    uuid::Uuid::from_bytes(*ticket).simple().to_string()
}

/// The ticket that an id is: 32 lower-case hex digits.
fn ticket_of(id: &str) -> Option<[u8; 16]> {
    let ticket = uuid::Uuid::try_parse(id).ok()?.into_bytes();
    (ticket_text(&ticket) == id).then_some(ticket)
}

/// The id of a transaction that has no ticket: it tells two equal transfers apart.
fn derived_id(block_hash: Hash, index: u32) -> String {
    Hash::of(format!("{block_hash}:{index}").as_bytes()).to_string()
}

/// What the store holds, as a tree. It was measured when it was accepted.
pub(super) fn tree(compact: &[u8]) -> Result<Json, LedgerError> {
    parse(compact, &Limits::MEASURED).map_err(|error| LedgerError::Storage {
        detail: format!("the store holds a text that is no JSON: {error}; verify the chain"),
    })
}
