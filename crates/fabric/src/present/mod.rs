//! Fabric's blocks, transactions and configuration in the words that every ledger has.

mod config;
mod contract;
mod creator;
mod endorsed;
mod organization;
#[cfg(test)]
mod tests;
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use chainloom_ledger as ledger;
use chainloom_ledger::{Hash, Payload, TimeSource, TransactionKind, TransactionRange};

pub(crate) use self::config::config;
pub(crate) use self::contract::contract;
pub(crate) use self::creator::{creator, decoded_creator};
use self::endorsed::{call, endorsed};
use crate::identity::hexadecimal;
use crate::wire::{
    Block, Body, DecodeError, Envelope, Header, Transaction, ValidationCode, Within,
};

/// Once the transactions that were decoded take more bytes on the wire than this, no further one is decoded with them: decoded they take
/// more, and a peer sends blocks of 100 MiB.
const DECODED_BYTES_MAX: usize = 4 << 20;

/// A block with some of its transactions, fewer where they are long: see [`TransactionRange`].
pub fn block(block: &Block, range: TransactionRange) -> ledger::Block {
    let mut decoded_bytes = 0;
    let hash = block.hash();
    let codes = block.metadata.validation_codes();
    let count = block.envelopes.len();
    let time = time_of(block);
    let transactions: Vec<ledger::Transaction> = block
        .transactions()
        .skip(range.from)
        .take(range.limit)
        .take_while(|transaction| {
            let has_room = decoded_bytes <= DECODED_BYTES_MAX;
            decoded_bytes += transaction.envelope.len();
            has_room
        })
        .map(|transaction| self::transaction(&transaction, hash))
        .collect();
    ledger::Block {
        number: block.number,
        hash,
        previous_hash: hexadecimal(&block.previous_hash),
        data_hash: block.data_hash.as_ref().try_into().ok().map(Hash),
        time,
        time_source: time.map(|_| TimeSource::Client),
        size_bytes: block
            .envelopes
            .iter()
            .map(|envelope| envelope.len() as u64)
            .sum(),
        transaction_count: count as u64,
        valid_count: codes.iter().take(count).filter(|code| **code == 0).count() as u64,
        transactions,
        proof_of_work: None,
    }
}

/// A block says no time; its last transaction's maker does.
fn time_of(block: &Block) -> Option<jiff::Timestamp> {
    let last = block.envelopes.len().checked_sub(1)?;
    block.transaction(last)?.decode().ok()?.header.time
}

/// A transaction of the block with this hash. One that cannot be read is shown with the reason.
pub fn transaction(transaction: &Transaction, block: Hash) -> ledger::Transaction {
    match transaction.decode() {
        Ok(envelope) => readable(transaction, envelope, block),
        Err(error) => ledger::Transaction {
            endorsed: Some(Box::new(ledger::Endorsed {
                undecodable: Some(error.to_string()),
                raw: Some(payload(&transaction.envelope)),
                ..ledger::Endorsed::default()
            })),
            ..bare(transaction, String::new(), block)
        },
    }
}

/// A transaction that stands in no block yet.
pub(crate) fn unseen(envelope: &Envelope) -> ledger::Transaction {
    let action = match envelope.body() {
        Ok(Body::Endorser(endorser)) => endorser.actions.into_iter().next(),
        _ => None,
    };
    ledger::Transaction {
        id: envelope.header.transaction_id.clone(),
        version: None,
        duplicates: Vec::new(),
        time: envelope.header.time,
        kind: TransactionKind::Endorser,
        call: action.map(|action| call(action.call)),
        transfer: None,
        content: None,
        endorsed: None,
        validation_code: None,
    }
}

fn readable(transaction: &Transaction, envelope: Envelope, block: Hash) -> ledger::Transaction {
    let (kind, call, endorsed) = body(&envelope);
    let mut header = envelope.header;
    let id = mem::take(&mut header.transaction_id);
    let bare = ledger::Transaction {
        time: header.time,
        ..bare(transaction, id, block)
    };
    let (creator, trouble) = match creator_of(&header) {
        Ok(creator) => (creator, None),
        Err(mut error) => {
            error.place.block = Some(transaction.version.block);
            error.place.transaction = Some(transaction.version.index);
            (None, Some(error.to_string()))
        }
    };
    ledger::Transaction {
        kind,
        call,
        endorsed: Some(Box::new(ledger::Endorsed {
            header: Some(self::header(header)),
            creator,
            undecodable: endorsed.undecodable.or(trouble),
            ..endorsed
        })),
        ..bare
    }
}

/// The creator; `None` where the header names none, as in block 0.
pub(crate) fn creator_of(header: &Header) -> Result<Option<Arc<ledger::Creator>>, DecodeError> {
    if header.creator.is_empty() {
        return Ok(None);
    }
    let creator = creator(&header.creator);
    creator.map(Some).within(|| "creator".to_owned())
}

/// What a transaction is, what it calls, and what else it holds.
fn body(envelope: &Envelope) -> (TransactionKind, Option<ledger::Call>, ledger::Endorsed) {
    let raw = || Some(payload(&envelope.data));
    let broken = |undecodable: String| ledger::Endorsed {
        undecodable: Some(undecodable),
        raw: raw(),
        ..ledger::Endorsed::default()
    };
    match envelope.body() {
        Ok(Body::Endorser(endorser)) => {
            let count = endorser.actions.len();
            let Some(mut action) = endorser.actions.into_iter().next() else {
                let endorsed = broken("it holds no call".to_owned());
                return (TransactionKind::Unknown, None, endorsed);
            };
            let is_init = action.call.is_init;
            // Peers take one alone as valid.
            let trouble =
                (count > 1).then(|| format!("it holds {count} calls, of which the first is told"));
            let called = call(mem::take(&mut action.call));
            let endorsed = ledger::Endorsed {
                is_init,
                raw: trouble.as_ref().and_then(|_| raw()),
                undecodable: trouble,
                ..endorsed(action)
            };
            (TransactionKind::Endorser, Some(called), endorsed)
        }
        Ok(Body::Config(_)) => (TransactionKind::Config, None, ledger::Endorsed::default()),
        Ok(Body::ConfigUpdate(_) | Body::Other { .. }) => {
            let endorsed = ledger::Endorsed {
                raw: raw(),
                ..ledger::Endorsed::default()
            };
            (TransactionKind::Unknown, None, endorsed)
        }
        Err(error) => (TransactionKind::Unknown, None, broken(error.to_string())),
    }
}

fn header(header: Header) -> ledger::Header {
    ledger::Header {
        kind: header.kind.name().into_owned(),
        nonce: hexadecimal(&header.nonce),
        version: header.version,
        epoch: header.epoch,
        tls_certificate_hash: hexadecimal(&header.tls_certificate_hash),
        channel: header.channel,
    }
}

/// What every transaction has. One without an id gets a stable one from where it stands.
fn bare(transaction: &Transaction, id: String, block: Hash) -> ledger::Transaction {
    let version = transaction.version;
    ledger::Transaction {
        id: match id.is_empty() {
            true => Hash::of(format!("{block}:{}", version.index).as_bytes()).to_string(),
            false => id,
        },
        version: Some(version),
        duplicates: Vec::new(),
        time: None,
        kind: TransactionKind::Unknown,
        call: None,
        transfer: None,
        content: None,
        endorsed: None,
        validation_code: transaction
            .validation_code
            .map(|code| ledger::ValidationCode {
                meaning: Some(code.meaning()),
                ..verdict(code)
            }),
    }
}

/// A peer's verdict.
pub(crate) fn verdict(code: ValidationCode) -> ledger::ValidationCode {
    ledger::ValidationCode {
        code: code.0.into(),
        name: code.name().to_owned(),
        meaning: None,
    }
}

fn payload(bytes: &Bytes) -> Payload {
    Payload(bytes.to_vec())
}
