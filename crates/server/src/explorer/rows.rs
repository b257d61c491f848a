//! What the tables of blocks and transactions show.

use chainloom_index::{BlockSummary, TransactionSummary};
use chainloom_ledger::{Transaction, TransactionKind};
use jiff::Timestamp;
use serde_json::Value;

use super::format::{age, count, cut, encode, printable, short, size};

/// A line of a table of blocks, and a link of the woven chain.
pub(super) struct BlockRow {
    pub(super) number: u64,
    pub(super) hash: String,
    pub(super) short_hash: String,
    pub(super) time: String,
    pub(super) age: String,
    pub(super) size: String,
    pub(super) transaction_count: u64,
    pub(super) transaction_words: String,
    /// How many of them took no effect.
    pub(super) invalid_count: u64,
}

impl BlockRow {
    pub(super) fn new(block: &BlockSummary, now: Timestamp) -> BlockRow {
        let hash = block.hash.to_string();
        BlockRow {
            number: block.number,
            short_hash: short(&hash),
            hash,
            time: block.time.map(|time| time.to_string()).unwrap_or_default(),
            age: age(block.time, now),
            size: size(block.size_bytes),
            transaction_count: block.transaction_count,
            transaction_words: count(block.transaction_count, "transaction"),
            invalid_count: block.transaction_count.saturating_sub(block.valid_count),
        }
    }
}

/// A line of a table of transactions.
pub(super) struct TransactionRow {
    pub(super) id: String,
    pub(super) short_id: String,
    /// Its page; none for one that waits without a ticket.
    pub(super) address: Option<String>,
    /// Its block; none while it is pending.
    pub(super) block: Option<u64>,
    pub(super) reward: bool,
    pub(super) sender: Option<Party>,
    pub(super) recipient: Option<Party>,
    pub(super) amount: String,
}

impl TransactionRow {
    /// The line of a transaction in a list of the index.
    pub(super) fn listed(transaction: &TransactionSummary, base: &str) -> TransactionRow {
        let (block, index) = (transaction.version.block, transaction.version.index);
        let transfer = transaction.transfer.as_ref();
        TransactionRow {
            short_id: short(&transaction.id),
            id: transaction.id.clone(),
            address: Some(format!("{base}/blocks/{block}/transactions/{index}")),
            block: Some(block),
            reward: transaction.kind == TransactionKind::Reward,
            sender: transfer.and_then(|transfer| Party::new(transfer.sender.as_ref()?, base)),
            recipient: transfer.and_then(|transfer| Party::new(transfer.recipient.as_ref()?, base)),
            amount: transfer
                .map_or_else(String::new, |transfer| value_text(transfer.amount.as_ref())),
        }
    }

    /// The line of a transaction that was read whole.
    pub(super) fn whole(transaction: &Transaction, base: &str) -> TransactionRow {
        let transfer = transaction.transfer.as_ref();
        let party =
            |account: Option<&chainloom_ledger::Account>| Party::new(account?.value(), base);
        TransactionRow {
            short_id: short(&transaction.id),
            id: transaction.id.clone(),
            address: match transaction.version {
                Some(version) => Some(format!(
                    "{base}/blocks/{}/transactions/{}",
                    version.block, version.index
                )),
                None if transaction.id.starts_with("pending-") => None,
                None => Some(format!("{base}/transactions/{}", encode(&transaction.id))),
            },
            block: transaction.version.map(|version| version.block),
            reward: transaction.kind == TransactionKind::Reward,
            sender: transfer.and_then(|transfer| party(transfer.sender.as_ref())),
            recipient: transfer.and_then(|transfer| party(transfer.recipient.as_ref())),
            amount: transfer
                .map_or_else(String::new, |transfer| value_text(transfer.amount.as_ref())),
        }
    }
}

/// How much of a name a page shows, in bytes.
const NAME_BYTES: usize = 256;

/// The longest name that goes into a link, in bytes; servers refuse longer addresses.
const LINKED_NAME_BYTES_MAX: usize = 2_000;

/// An account with the page that shows it.
pub(super) struct Party {
    pub(super) name: String,
    /// Its page; none where the name is too long for an address.
    pub(super) address: Option<String>,
}

impl Party {
    /// The account with this name, as `/api/v1` shows it.
    pub(super) fn new(value: &Value, base: &str) -> Option<Party> {
        let (key, text) = match value {
            Value::String(name) => ("name", name.clone()),
            Value::Object(fields) if fields.len() == 2 && fields.contains_key("cut") => {
                // Cut short by the index: the transaction's own page shows more of it.
                let beginning = fields.get("cut").and_then(Value::as_str)?;
                return Some(Party {
                    name: format!("{}…", printable(beginning)),
                    address: None,
                });
            }
            Value::Object(fields) if fields.len() == 1 && fields.contains_key("python") => {
                let text = fields.get("python").and_then(Value::as_str)?;
                ("json", text.to_owned())
            }
            other => ("json", other.to_string()),
        };
        let address = (text.len() <= LINKED_NAME_BYTES_MAX)
            .then(|| format!("{base}/account?{key}={}", encode(&text)));
        let (beginning, is_cut) = cut(text, NAME_BYTES);
        let mut name = printable(&beginning);
        if is_cut {
            name.push('…');
        }
        Some(Party { name, address })
    }
}

/// An amount as people read it.
pub(super) fn value_text(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::Object(fields)) if fields.len() == 1 && fields.contains_key("python") => {
            fields["python"].as_str().unwrap_or_default().to_owned()
        }
        Some(Value::Object(fields)) if fields.len() == 2 && fields.contains_key("cut") => {
            format!("{}…", fields["cut"].as_str().unwrap_or_default())
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_party_links_to_its_own_account() {
        let address = |value| {
            let party = Party::new(&value, "/e").expect("a party");
            party.address.unwrap_or_default()
        };
        assert_eq!(address(json!("bob & co")), "/e/account?name=bob%20%26%20co");
        assert_eq!(address(json!(5)), "/e/account?json=5");
        assert_eq!(address(json!({"python": "NaN"})), "/e/account?json=NaN");
        assert_eq!(address(json!({"cut": "abc", "size_bytes": 999})), "");
        assert_eq!(
            address(json!({"a": 1})),
            "/e/account?json=%7B%22a%22%3A1%7D"
        );
    }

    #[test]
    fn amounts_are_shown_plainly() {
        assert_eq!(value_text(None), "");
        assert_eq!(value_text(Some(&json!(5))), "5");
        assert_eq!(value_text(Some(&json!("5"))), "\"5\"");
        assert_eq!(value_text(Some(&json!({"python": "Infinity"}))), "Infinity");
        assert_eq!(
            value_text(Some(&json!({"cut": "123", "size_bytes": 4000}))),
            "123…"
        );
    }
}
