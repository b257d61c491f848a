//! Transactions.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::output::{Details, Table, account, amount, printable, shortened, time};

use super::endorsed::{
    Call, Creator, Event, Header, KeyRead, KeyWrite, PrivateCollection, RangeRead, Response, bytes,
};
use super::{ACCOUNT_WIDTH, AMOUNT_WIDTH};

/// A transaction, in a block or waiting for one.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Transaction {
    id: String,
    #[serde(default)]
    version: Option<Version>,
    #[serde(default)]
    duplicates: Vec<Version>,
    #[serde(default)]
    time: Option<String>,
    kind: String,
    #[serde(default)]
    call: Option<Call>,
    #[serde(default)]
    transfer: Option<Transfer>,
    #[serde(default, deserialize_with = "present")]
    content: Option<Value>,
    #[serde(default)]
    header: Option<Header>,
    #[serde(default)]
    undecodable: Option<String>,
    #[serde(default)]
    raw: Option<Value>,
    #[serde(default)]
    creator: Option<Creator>,
    #[serde(default)]
    is_init: bool,
    #[serde(default)]
    proposal_hash: Option<String>,
    #[serde(default)]
    response: Option<Response>,
    #[serde(default)]
    reads: Vec<KeyRead>,
    #[serde(default)]
    range_reads: Vec<RangeRead>,
    #[serde(default)]
    writes: Vec<KeyWrite>,
    #[serde(default)]
    private_collections: Vec<PrivateCollection>,
    #[serde(default)]
    events: Vec<Event>,
    #[serde(default)]
    endorsers: Vec<Creator>,
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
    #[serde(default)]
    meaning: Option<String>,
}

impl ValidationCode {
    fn line(&self) -> String {
        let meaning = self.meaning.as_deref().unwrap_or_default();
        format!("{} ({}) {meaning}", self.name, self.code)
            .trim_end()
            .to_owned()
    }
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

/// A table with a row for each transaction: transfers, or on a channel of Fabric calls.
pub(crate) fn transactions(transactions: &[Transaction]) -> Table {
    if transactions.iter().any(Transaction::is_of_channel) {
        return calls(transactions);
    }
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

fn calls(transactions: &[Transaction]) -> Table {
    let mut table = Table::new(&[
        "block.index#",
        "kind",
        "contract",
        "function",
        "verdict",
        "id",
    ]);
    for transaction in transactions {
        let version = transaction.version.as_ref();
        let (contract, function) = match &transaction.call {
            Some(call) => (printable(&call.contract), printable(&call.function)),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let verdict = transaction.validation_code.as_ref();
        table.row([
            version.map_or_else(|| "pending".to_owned(), Version::to_string),
            printable(&transaction.kind),
            contract,
            function,
            verdict.map_or_else(|| "-".to_owned(), |verdict| printable(&verdict.name)),
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
    /// Whether it is a configuration of the channel, which orderers make and peers do not endorse.
    pub(crate) fn is_configuration(&self) -> bool {
        self.kind == "config"
    }

    /// One line for a list that goes on.
    pub(crate) fn line(&self) -> String {
        let version = self.version.as_ref();
        let what = match (&self.call, &self.transfer) {
            (_, Some(transfer)) => transfer.cells().join(" "),
            (Some(call), None) => printable(&format!("{}.{}", call.contract, call.function)),
            (None, None) => printable(&self.kind),
        };
        let verdict = self.validation_code.as_ref();
        [
            version.map_or_else(|| "pending".to_owned(), Version::to_string),
            time(self.time.as_deref()),
            what,
            verdict.map_or_else(|| "-".to_owned(), |verdict| printable(&verdict.name)),
            printable(&self.id),
        ]
        .join("  ")
    }

    /// Whether only a channel of Fabric has such a one.
    fn is_of_channel(&self) -> bool {
        matches!(self.kind.as_str(), "endorser" | "config")
    }

    /// What its maker called, what peers saw it read and write, and who they are.
    fn add_endorsed(&self, details: &mut Details) {
        if let Some(header) = &self.header {
            details
                .add("type", header.kind.clone())
                .add("channel", header.channel.clone())
                .add("nonce", header.nonce.clone());
        }
        details.add("cannot be read", self.undecodable.clone());
        if let Some(creator) = &self.creator {
            details.add("by", creator.line());
            if let Some(certificate) = &creator.certificate {
                details.add("certificate", certificate.line());
                for attribute in certificate.attributes() {
                    details.add("attribute", attribute);
                }
            }
        }
        if let (Some(call), None) = (&self.call, &self.transfer) {
            details
                .add("contract", call.contract.clone())
                .add("function", call.function.clone());
            for argument in &call.args {
                details.add("argument", bytes(argument));
            }
            details.add(
                "initializes",
                self.is_init.then(|| "the contract".to_owned()),
            );
        }
        details.add("proposal hash", self.proposal_hash.clone());
        if let Some(response) = &self.response {
            details
                .add("response", response.line())
                .add("result", bytes(&response.payload));
        }
        let mut add = |name, lines: Vec<String>| {
            for line in lines {
                details.add(name, line);
            }
        };
        add("read", self.reads.iter().map(KeyRead::line).collect());
        for range in &self.range_reads {
            add("range read", vec![range.line()]);
            add("in the range", range.keys().collect());
        }
        add("written", self.writes.iter().map(KeyWrite::line).collect());
        let private = self.private_collections.iter();
        add(
            "private",
            private.flat_map(PrivateCollection::lines).collect(),
        );
        add("event", self.events.iter().map(Event::line).collect());
        add(
            "endorser",
            self.endorsers.iter().map(Creator::line).collect(),
        );
        add("raw", self.raw.iter().map(bytes).collect());
    }

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
        for duplicate in &self.duplicates {
            details.add("again at", format!("{duplicate}, without effect"));
        }
        details
            .add("time", self.time.clone())
            .add("kind", self.kind.clone());
        let transfer = self.transfer.clone().unwrap_or_default();
        let names = ["sender", "recipient", "amount"];
        for (name, text) in names.into_iter().zip(transfer.texts()) {
            details.add(name, text);
        }
        self.add_endorsed(&mut details);
        if self.transfer.is_none() {
            details.add("content", self.content.as_ref().map(Value::to_string));
        }
        let verdict = self.validation_code.as_ref();
        details.add("validation", verdict.map(ValidationCode::line));
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
    #[test]
    fn a_call_on_a_channel_is_shown_with_all_that_stands_in_it() {
        let call = r#"{"id": "ab", "version": {"block": 7, "index": 0}, "kind": "endorser",
            "time": "2026-02-03T04:05:06Z",
            "call": {"contract": "probe", "function": "put", "args": ["key", {"base64": "/+4="}]},
            "creator": {"organization": "Org1MSP", "enrollment_id": "alice", "certificate": {
                "subject": "CN=alice", "issuer": "CN=ca", "serial": "0a", "sha256": "5a",
                "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z",
                "attributes": {"hf.Type": "client"}}},
            "header": {"type": "ENDORSER_TRANSACTION", "channel": "mychannel", "nonce": "0c"},
            "is_init": true, "proposal_hash": "0e",
            "undecodable": "it holds 2 calls, of which the first is told", "raw": "more",
            "response": {"status": 200, "message": "well", "payload": "fine", "contract_version": "1.7"},
            "reads": [{"contract": "probe", "key": "key", "version": {"block": 0, "index": 3}},
                {"contract": "probe", "key": "other"}],
            "range_reads": [{"contract": "probe", "from": "a", "to": "b", "exhausted": false,
                "keys": [{"key": "aa", "version": {"block": 0, "index": 1}}]},
                {"contract": "probe", "from": "", "to": "", "exhausted": true, "keys": [],
                "summary": {"hashes": ["0a", "0b"]}}],
            "writes": [{"contract": "probe", "key": "key", "value": "v"},
                {"contract": "probe", "key": "gone", "delete": true},
                {"contract": "probe", "key": "kept", "endorsement_policy": "Org1.peer",
                "metadata": {"colour": "red"}}],
            "private_collections": [{"contract": "probe", "collection": "secrets", "hash": "c0",
                "reads": 1, "writes": 3, "key_reads": [{"key_hash": "a0"}],
                "key_writes": [{"key_hash": "a1", "value_hash": "b1"},
                {"key_hash": "a2", "delete": true}, {"key_hash": "a3", "purge": true}],
                "key_policies": [{"key_hash": "a4", "endorsement_policy": "Org2.peer"}]}],
            "events": [{"contract": "probe", "name": "happened", "payload": "told"}],
            "duplicates": [{"block": 9, "index": 1}, {"block": 9, "index": 2}],
            "endorsers": [{"organization": "Org2MSP", "enrollment_id": "peer0"},
                {"organization": "Org3MSP"}],
            "validation_code": {"code": 11, "name": "MVCC_READ_CONFLICT",
                "meaning": "A key changed."}}"#;
        let config = r#"{"id": "", "version": {"block": 0, "index": 0}, "kind": "config",
            "validation_code": {"code": 0, "name": "VALID"}}"#;
        let both: Vec<Transaction> = serde_json::from_str(&format!("[{call}, {config}]")).unwrap();
        assert_eq!(
            both[0].details().render(Paint::PLAIN),
            "transaction     ab\n\
             block           7\n\
             index           0\n\
             again at        9.1, without effect\n\
             again at        9.2, without effect\n\
             time            2026-02-03T04:05:06Z\n\
             kind            endorser\n\
             type            ENDORSER_TRANSACTION\n\
             channel         mychannel\n\
             nonce           0c\n\
             cannot be read  it holds 2 calls, of which the first is told\n\
             by              alice of Org1MSP\n\
             certificate     CN=alice, issued by CN=ca, serial 0a, valid 2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z\n\
             attribute       hf.Type = client\n\
             contract        probe\n\
             function        put\n\
             argument        key\n\
             argument        {\"base64\":\"/+4=\"}\n\
             initializes     the contract\n\
             proposal hash   0e\n\
             response        200, by version 1.7: well\n\
             result          fine\n\
             read            probe key, written by 0.3\n\
             read            probe other, was not there\n\
             range read      probe from a to b: 1 key, not to its end\n\
             in the range    aa, written by 0.1\n\
             range read      probe from  to : so many keys that 2 hash values stand for them\n\
             written         probe key = v\n\
             written         probe gone, deleted\n\
             written         probe kept, changes endorsed by Org1.peer, colour = red\n\
             private         probe secrets: 1 read, 3 written, hash c0\n\
             private           read the key of hash a0, was not there\n\
             private           wrote the key of hash a1 = a value of hash b1\n\
             private           deleted the key of hash a2\n\
             private           purged the key of hash a3\n\
             private           the key of hash a4, changes endorsed by Org2.peer\n\
             event           probe happened: told\n\
             endorser        peer0 of Org2MSP\n\
             endorser        somebody of Org3MSP\n\
             raw             more\n\
             validation      MVCC_READ_CONFLICT (11) A key changed.\n"
        );
        assert_eq!(
            transactions(&both).render(Paint::PLAIN),
            "block.index  kind      contract  function  verdict             id\n        \
             7.0  endorser  probe     put       MVCC_READ_CONFLICT  ab\n        \
             0.0  config    -         -         VALID\n"
        );
    }
}
