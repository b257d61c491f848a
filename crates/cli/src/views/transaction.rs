//! Transactions.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::output::{Details, Table, account, amount, printable, shortened};

use super::{ACCOUNT_WIDTH, AMOUNT_WIDTH};

/// A transaction, in a block or waiting for one.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Transaction {
    id: String,
    #[serde(default)]
    version: Option<Version>,
    #[serde(default)]
    time: Option<String>,
    kind: String,
    #[serde(default)]
    transfer: Option<Transfer>,
    #[serde(default, deserialize_with = "present")]
    content: Option<Value>,
    #[serde(default)]
    validation_code: Option<ValidationCode>,
}

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Version {
    block: u64,
    index: u32,
}

/// Who pays whom how much; a stranger's transaction may lack any of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Transfer {
    #[serde(deserialize_with = "present")]
    sender: Option<Value>,
    #[serde(deserialize_with = "present")]
    recipient: Option<Value>,
    #[serde(deserialize_with = "present")]
    amount: Option<Value>,
}

/// What is there, and be it `null`: only what is missing is `None`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Debug, Clone, Deserialize)]
struct ValidationCode {
    code: i32,
    name: String,
}

/// A page of transactions.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TransactionPage {
    /// Its transactions.
    pub(crate) transactions: Vec<Transaction>,
    /// Where the next page begins.
    #[serde(default)]
    pub(crate) next: Option<String>,
}

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.block, self.index)
    }
}

/// A table with a row for each transaction.
pub(crate) fn transactions(transactions: &[Transaction]) -> Table {
    let mut table = Table::new(&[
        "block.index#",
        "kind",
        "sender",
        "recipient",
        "amount#",
        "id",
    ]);
    for transaction in transactions {
        let version = transaction.version.as_ref();
        let transfer = transaction.transfer.clone().unwrap_or_default();
        let [sender, recipient, amount] = transfer.cells();
        table.row([
            version.map_or_else(|| "pending".to_owned(), Version::to_string),
            printable(&transaction.kind),
            sender,
            recipient,
            amount,
            printable(&transaction.id),
        ]);
    }
    table
}

/// A table with a row for each transfer.
pub(crate) fn transfers(transfers: &[Transfer]) -> Table {
    let mut table = Table::new(&["sender", "recipient", "amount#"]);
    for transfer in transfers {
        table.row(transfer.cells());
    }
    table
}

impl Transfer {
    /// Who, whom and how much, where it is there. Accounts are texts as a rule and amounts are
    /// numbers; an amount that is a text is quoted.
    fn texts(&self) -> [Option<String>; 3] {
        [
            self.sender.as_ref().map(account),
            self.recipient.as_ref().map(account),
            self.amount.as_ref().map(amount),
        ]
    }

    fn cells(&self) -> [String; 3] {
        let [sender, recipient, amount] = self.texts();
        [
            (sender, ACCOUNT_WIDTH),
            (recipient, ACCOUNT_WIDTH),
            (amount, AMOUNT_WIDTH),
        ]
        .map(|(text, width)| text.map_or_else(|| "-".to_owned(), |text| shortened(&text, width)))
    }
}

impl Transaction {
    /// All there is to say of it.
    pub(crate) fn details(&self) -> Details {
        let mut details = Details::default();
        details.add("transaction", self.id.clone());
        match self.version {
            Some(version) => details
                .add("block", version.block.to_string())
                .add("index", version.index.to_string()),
            None => details.add("block", "none yet: it is pending".to_owned()),
        };
        details
            .add("time", self.time.clone())
            .add("kind", self.kind.clone());
        let transfer = self.transfer.clone().unwrap_or_default();
        let names = ["sender", "recipient", "amount"];
        for (name, text) in names.into_iter().zip(transfer.texts()) {
            details.add(name, text);
        }
        if self.transfer.is_none() {
            details.add("content", self.content.as_ref().map(Value::to_string));
        }
        let verdict = self.validation_code.as_ref();
        details.add(
            "validation",
            verdict.map(|verdict| format!("{} ({})", verdict.name, verdict.code)),
        );
        details
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::output::Paint;

    #[test]
    fn a_transfer_may_lack_anything() {
        let list: Vec<Transfer> =
            serde_json::from_str(r#"[{"sender": "alice", "amount": 5}, {}]"#).unwrap();
        assert_eq!(
            transfers(&list).render(Paint::PLAIN),
            "sender  recipient  amount\nalice   -               5\n-       -               -\n"
        );
    }

    #[test]
    fn null_is_something_and_texts_are_no_numbers() {
        let list: Vec<Transfer> = serde_json::from_str(
            r#"[{"sender": null, "recipient": "null", "amount": null},
                {"sender": "", "recipient": "-", "amount": "5"},
                {"sender": {"cut": "xx", "size_bytes": 900}, "recipient": "0", "amount": ""}]"#,
        )
        .unwrap();
        assert_eq!(
            transfers(&list).render(Paint::PLAIN),
            "sender  recipient  amount\nnull    \"null\"       null\n\
             \"\"      \"-\"           \"5\"\nxx…     0              \"\"\n"
        );
    }

    #[test]
    fn a_transaction_is_shown_in_lists_and_by_itself() {
        let reward = r#"{"id": "ab", "version": {"block": 2, "index": 0}, "kind": "reward",
            "transfer": {"sender": "0", "recipient": "8bbcb347e0634905b0cac7955bae152b",
            "amount": {"python": "1e+400"}}, "validation_code": {"code": 0, "name": "VALID"}}"#;
        let pending = r#"{"id": "cd", "kind": "unknown", "content": [1, "x\u001b"]}"#;
        let both: Vec<Transaction> =
            serde_json::from_str(&format!("[{reward}, {pending}]")).unwrap();
        assert_eq!(
            transactions(&both).render(Paint::PLAIN),
            "block.index  kind     sender  recipient                         amount  id\n        \
             2.0  reward   0       8bbcb347e0634905b0cac7955bae152b  1e+400  ab\n    \
             pending  unknown  -       -                                      -  cd\n"
        );
        assert_eq!(
            both[0].details().render(Paint::PLAIN),
            "transaction  ab\nblock        2\nindex        0\nkind         reward\n\
             sender       0\nrecipient    8bbcb347e0634905b0cac7955bae152b\n\
             amount       1e+400\nvalidation   VALID (0)\n"
        );
        assert_eq!(
            both[1].details().render(Paint::PLAIN),
            "transaction  cd\nblock        none yet: it is pending\nkind         unknown\n\
             content      [1,\"x\\u001b\"]\n"
        );
    }
}
