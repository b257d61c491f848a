use askama::Template;
use axum::response::Response;
use chainloom_ledger::{
    Call, ContractEvent, ContractResponse, Endorsed, Header, KeyRead, KeyWrite, Payload,
    PrivateCollection, RangeKey, RangeRead, Transaction, TransactionKind, Version,
};
use http::{StatusCode, Uri};

use super::super::block::SHOWN_BYTES;
use super::super::format::{count, cut, encode, moment, printable};
use super::super::frame::Frame;
use super::super::page::page;
use super::super::served::Place;
use super::parties::Identity;
use super::rows::Verdict;
use super::shown_bytes::{ShownBytes, ShownKey, history};
use crate::transaction_value::ValueName;

/// How many lines each of a transaction's tables shows.
const LINES_MAX: usize = 200;

#[derive(Template)]
#[template(path = "explorer/fabric_transaction.html")]
struct TransactionPage {
    frame: Frame,
    id: String,
    json_address: String,
    version: Option<Version>,
    duplicates: Vec<Version>,
    kind: &'static str,
    header: Option<Header>,
    undecodable: Option<String>,
    time: Option<String>,
    verdict: Option<Verdict>,
    creator: Option<Identity>,
    /// The page of all that its creator made.
    made_address: Option<String>,
    call: Option<Called>,
    proposal_hash: Option<String>,
    response: Option<Answer>,
    reads: Lines<Read>,
    range_reads: Lines<Range>,
    writes: Lines<Write>,
    private_collections: Lines<PrivateCollection>,
    endorsers: Lines<Identity>,
    events: Lines<Event>,
    raw: Option<ShownBytes>,
    content: Option<String>,
    content_cut: bool,
}

/// The lines of a table, and how many more there are.
struct Lines<T> {
    shown: Vec<T>,
    more: usize,
}

impl<T> Lines<T> {
    /// `line` gets an item and its place.
    fn of<S>(all: &[S], line: impl Fn(usize, &S) -> T) -> Lines<T> {
        let shown = all.iter().take(LINES_MAX).enumerate();
        Lines {
            shown: shown.map(|(place, item)| line(place, item)).collect(),
            more: all.len().saturating_sub(LINES_MAX),
        }
    }
}

/// What was called.
struct Called {
    contract: String,
    function: String,
    args: Lines<ShownBytes>,
    is_init: bool,
}

/// What the contract answered.
struct Answer {
    status: i32,
    message: String,
    contract_version: String,
    payload: ShownBytes,
    /// The same in lines, where it is JSON with parts.
    json: Option<String>,
}

/// A key that was read.
struct Read {
    contract: String,
    key: ShownKey,
    version: Option<Version>,
}

/// A range that was read.
struct Range {
    contract: String,
    from: ShownBytes,
    to: ShownBytes,
    exhausted: bool,
    keys: Lines<FoundKey>,
    count: String,
    summary: String,
}

/// A key that was there in a range.
struct FoundKey {
    text: String,
    history: Option<String>,
    version: Option<Version>,
}

/// A key that was written.
struct Write {
    contract: String,
    key: ShownKey,
    value: Option<ShownBytes>,
    delete: bool,
    policy: Option<String>,
    metadata: Vec<(String, ShownBytes)>,
}

/// What the contract told.
struct Event {
    contract: String,
    name: String,
    payload: ShownBytes,
}

/// Where things about a transaction are.
struct Addresses {
    /// The ledger's pages.
    base: String,
    /// Its JSON.
    json: String,
}

impl Addresses {
    fn new(place: &Place, transaction: &Transaction) -> Addresses {
        let ledger = format!("/api/v1/ledgers/{}", place.name);
        Addresses {
            base: place.base(),
            json: match transaction.version {
                // By its place, since an id may stand twice.
                Some(Version { block, index }) => {
                    format!("{ledger}/blocks/{block}/transactions/{index}")
                }
                None => format!("{ledger}/transactions/{}", encode(&transaction.id)),
            },
        }
    }

    fn value(&self, name: ValueName) -> String {
        format!("{}/values/{name}", self.json)
    }

    fn shown(&self, payload: &Payload, name: ValueName) -> ShownBytes {
        ShownBytes::with_download(payload, self.value(name))
    }

    fn key(&self, contract: &str, key: &Payload, name: ValueName) -> ShownKey {
        ShownKey::new(&self.base, contract, key, self.value(name))
    }

    fn called(&self, call: &Call, is_init: bool) -> Called {
        Called {
            contract: printable(&call.contract),
            function: printable(&call.function),
            args: Lines::of(&call.args, |place, argument| {
                self.shown(argument, ValueName::Argument(place))
            }),
            is_init,
        }
    }

    fn answer(&self, response: &ContractResponse) -> Answer {
        Answer {
            status: response.status,
            message: printable(&response.message),
            contract_version: printable(&response.contract_version),
            payload: self.shown(&response.payload, ValueName::Result),
            json: in_lines(&response.payload),
        }
    }

    fn read(&self, place: usize, read: &KeyRead) -> Read {
        Read {
            contract: printable(&read.contract),
            key: self.key(&read.contract, &read.key, ValueName::ReadKey(place)),
            version: read.version,
        }
    }

    fn range(&self, range: &RangeRead) -> Range {
        let found = |_: usize, found: &RangeKey| FoundKey {
            text: ShownBytes::of(&found.key).text,
            history: history(&self.base, &range.contract, &found.key),
            version: found.version,
        };
        let summary = range.summary.as_ref();
        Range {
            contract: printable(&range.contract),
            from: ShownBytes::of(&range.from),
            to: ShownBytes::of(&range.to),
            exhausted: range.exhausted,
            keys: Lines::of(&range.keys, found),
            count: count(range.keys.len() as u64, "key"),
            summary: summary.map_or_else(String::new, |summary| summary.hashes.join(" ")),
        }
    }

    fn write(&self, place: usize, write: &KeyWrite) -> Write {
        let value = write.value.as_ref();
        let metadata = write.metadata.iter();
        Write {
            contract: printable(&write.contract),
            key: self.key(&write.contract, &write.key, ValueName::WrittenKey(place)),
            value: value.map(|value| self.shown(value, ValueName::Written(place))),
            delete: write.delete,
            policy: write.endorsement_policy.as_deref().map(printable),
            metadata: metadata
                .map(|(name, value)| (printable(name), ShownBytes::of(value)))
                .collect(),
        }
    }

    fn event(&self, place: usize, event: &ContractEvent) -> Event {
        Event {
            contract: printable(&event.contract),
            name: printable(&event.name),
            payload: self.shown(&event.payload, ValueName::Event(place)),
        }
    }

    /// The page of all that a creator made.
    fn made_by(&self, endorsed: &Endorsed) -> Option<String> {
        let creator = endorsed.creator.as_ref()?;
        let name = creator.enrollment_id.as_ref()?;
        let name = encode(&format!("{}/{name}", creator.organization));
        Some(format!("{}/transactions?creator={name}", self.base))
    }
}

/// The page of a transaction.
pub(in super::super) fn transaction(
    place: &Place,
    address: &Uri,
    transaction: Transaction,
) -> Response {
    let none = Endorsed::default();
    let endorsed = transaction.endorsed.as_deref().unwrap_or(&none);
    let at = Addresses::new(place, &transaction);
    let content = transaction.content.as_ref();
    let content = content.and_then(|content| serde_json::to_string_pretty(content).ok());
    let (content, content_cut) = match content.map(|text| cut(text, SHOWN_BYTES)) {
        Some((text, is_cut)) => (Some(text), is_cut),
        None => (None, false),
    };
    let call = transaction.call.as_ref();
    let raw = endorsed.raw.as_ref();
    let transaction_page = TransactionPage {
        frame: Frame::new(place, "Transaction", "Transactions", address),
        version: transaction.version,
        kind: kind(transaction.kind),
        header: endorsed.header.as_ref().map(|header| Header {
            channel: printable(&header.channel),
            ..header.clone()
        }),
        undecodable: endorsed.undecodable.as_deref().map(printable),
        time: transaction.time.map(|time| moment(Some(time))),
        verdict: transaction.validation_code.as_ref().map(Verdict::of),
        creator: endorsed.creator.as_deref().map(Identity::of),
        made_address: at.made_by(endorsed),
        call: call.map(|call| at.called(call, endorsed.is_init)),
        proposal_hash: endorsed.proposal_hash.clone(),
        response: endorsed
            .response
            .as_ref()
            .map(|response| at.answer(response)),
        reads: Lines::of(&endorsed.reads, |place, read| at.read(place, read)),
        range_reads: Lines::of(&endorsed.range_reads, |_, range| at.range(range)),
        writes: Lines::of(&endorsed.writes, |place, write| at.write(place, write)),
        private_collections: Lines::of(&endorsed.private_collections, |_, collection| {
            private_collection(collection)
        }),
        endorsers: Lines::of(&endorsed.endorsers, |_, endorser| Identity::of(endorser)),
        events: Lines::of(&endorsed.events, |place, event| at.event(place, event)),
        raw: raw.map(|raw| at.shown(raw, ValueName::Raw)),
        content,
        content_cut,
        json_address: at.json,
        duplicates: transaction.duplicates,
        id: transaction.id,
    };
    page(StatusCode::OK, &transaction_page)
}

fn kind(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::Endorser => "a call of a contract, endorsed by peers",
        TransactionKind::Config => "a configuration of the channel",
        TransactionKind::Unknown | TransactionKind::Transfer | TransactionKind::Reward => {
            "unknown: it cannot be read as a call"
        }
    }
}

/// JSON with a line for each part, digit by digit as it stands; none where that is longer than a page shows.
fn in_lines(payload: &Payload) -> Option<String> {
    let json = payload.to_json()?;
    let mut lines = String::new();
    let mut depth = 0_usize;
    let (mut is_text, mut is_escaped) = (false, false);
    let mut characters = json.get().chars().peekable();
    while let Some(character) = characters.next() {
        let new_line = |depth: usize| format!("\n{}", "  ".repeat(depth));
        if is_text || character == '"' {
            lines.push(character);
            is_text = match character {
                '"' => is_escaped || !is_text,
                _ => true,
            };
            is_escaped = character == '\\' && !is_escaped;
            continue;
        }
        match character {
            '{' | '[' => {
                lines.push(character);
                if !matches!(characters.peek(), Some('}' | ']')) {
                    depth += 1;
                    lines.push_str(&new_line(depth));
                }
            }
            '}' | ']' => {
                if !lines.ends_with(['{', '[']) {
                    depth = depth.saturating_sub(1);
                    lines.push_str(&new_line(depth));
                }
                lines.push(character);
            }
            ',' => {
                lines.push(character);
                lines.push_str(&new_line(depth));
            }
            ':' => lines.push_str(": "),
            _ => lines.push(character),
        }
        if lines.len() > SHOWN_BYTES {
            return None;
        }
    }
    Some(lines)
}

/// The names are a contract's and anything can be in them; of the keys the first ones.
fn private_collection(collection: &PrivateCollection) -> PrivateCollection {
    let mut shown = PrivateCollection {
        contract: printable(&collection.contract),
        collection: printable(&collection.collection),
        ..collection.clone()
    };
    shown.key_reads.truncate(LINES_MAX);
    shown.key_writes.truncate(LINES_MAX);
    shown.key_policies.truncate(LINES_MAX);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_shown_in_lines_with_all_its_digits() {
        let lines = |json: &str| in_lines(&Payload::from(json));
        assert_eq!(
            lines(r#"{"b":[12345678901234567890123,{}],"a{\":,":[]}"#).as_deref(),
            Some(
                "{\n  \"b\": [\n    12345678901234567890123,\n    {}\n  ],\n  \"a{\\\":,\": []\n}"
            )
        );
        assert_eq!(lines("blue"), None);
        assert_eq!(lines("5"), None);
        assert_eq!(lines(&format!("[{}1]", "1,".repeat(20_000))), None);
    }
}
