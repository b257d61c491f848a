use askama::Template;
use axum::response::Response;
use chainloom_ledger::{
    ContractEvent, ContractResponse, Endorsed, KeyRead, KeyWrite, PrivateCollection, RangeRead,
    Transaction, TransactionKind, Version,
};
use http::{StatusCode, Uri};

use super::super::block::SHOWN_BYTES;
use super::super::format::{cut, encode, moment, printable};
use super::super::frame::Frame;
use super::super::page::page;
use super::super::served::Place;
use super::parties::Identity;
use super::rows::Verdict;
use super::shown_bytes::ShownBytes;

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
    time: Option<String>,
    verdict: Option<Verdict>,
    creator: Option<Identity>,
    contract: String,
    function: String,
    args: Lines<ShownBytes>,
    response: Option<Answer>,
    reads: Lines<Read>,
    range_reads: Lines<Range>,
    writes: Lines<Write>,
    private_collections: Lines<PrivateCollection>,
    endorsers: Lines<Identity>,
    events: Lines<Event>,
    content: Option<String>,
    content_cut: bool,
}

/// The lines of a table, and how many more there are.
struct Lines<T> {
    shown: Vec<T>,
    more: usize,
}

impl<T> Lines<T> {
    fn of<S>(all: &[S], line: impl Fn(&S) -> T) -> Lines<T> {
        Lines {
            shown: all.iter().take(LINES_MAX).map(line).collect(),
            more: all.len().saturating_sub(LINES_MAX),
        }
    }
}

/// What the contract answered.
struct Answer {
    status: i32,
    message: String,
    payload: ShownBytes,
}

/// A key that was read.
struct Read {
    contract: String,
    key: ShownBytes,
    version: Option<Version>,
}

/// A range that was read.
struct Range {
    contract: String,
    from: ShownBytes,
    to: ShownBytes,
    exhausted: bool,
    count: usize,
}

/// A key that was written.
struct Write {
    contract: String,
    key: ShownBytes,
    value: Option<ShownBytes>,
    delete: bool,
    policy: Option<String>,
}

/// What the contract told.
struct Event {
    contract: String,
    name: String,
    payload: ShownBytes,
}

/// The page of a transaction.
pub(in super::super) fn transaction(
    place: &Place,
    address: &Uri,
    transaction: Transaction,
) -> Response {
    let none = Endorsed::default();
    let endorsed = transaction.endorsed.as_deref().unwrap_or(&none);
    let call = transaction.call.as_ref();
    let content = transaction.content.as_ref();
    let content = content.and_then(|content| serde_json::to_string_pretty(content).ok());
    let (content, content_cut) = match content.map(|text| cut(text, SHOWN_BYTES)) {
        Some((text, is_cut)) => (Some(text), is_cut),
        None => (None, false),
    };
    let ledger = &place.name;
    let transaction_page = TransactionPage {
        frame: Frame::new(place, "Transaction", "Transactions", address),
        json_address: match transaction.version {
            // By its place, since an id may stand twice.
            Some(Version { block, index }) => {
                format!("/api/v1/ledgers/{ledger}/blocks/{block}/transactions/{index}")
            }
            None => format!(
                "/api/v1/ledgers/{ledger}/transactions/{}",
                encode(&transaction.id)
            ),
        },
        version: transaction.version,
        duplicates: transaction.duplicates,
        kind: kind(transaction.kind),
        time: transaction.time.map(|time| moment(Some(time))),
        verdict: transaction.validation_code.as_ref().map(Verdict::of),
        creator: endorsed.creator.as_ref().map(Identity::of),
        contract: call.map_or_else(String::new, |call| printable(&call.contract)),
        function: call.map_or_else(String::new, |call| printable(&call.function)),
        args: Lines::of(call.map_or(&[], |call| &call.args), ShownBytes::of),
        response: endorsed.response.as_ref().map(response),
        reads: Lines::of(&endorsed.reads, read),
        range_reads: Lines::of(&endorsed.range_reads, range),
        writes: Lines::of(&endorsed.writes, write),
        private_collections: Lines::of(&endorsed.private_collections, Clone::clone),
        endorsers: Lines::of(&endorsed.endorsers, Identity::of),
        events: Lines::of(&endorsed.events, event),
        content,
        content_cut,
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

fn response(response: &ContractResponse) -> Answer {
    Answer {
        status: response.status,
        message: printable(&response.message),
        payload: ShownBytes::of(&response.payload),
    }
}

fn read(read: &KeyRead) -> Read {
    Read {
        contract: printable(&read.contract),
        key: ShownBytes::of(&read.key),
        version: read.version,
    }
}

fn range(range: &RangeRead) -> Range {
    Range {
        contract: printable(&range.contract),
        from: ShownBytes::of(&range.from),
        to: ShownBytes::of(&range.to),
        exhausted: range.exhausted,
        count: range.keys.len(),
    }
}

fn write(write: &KeyWrite) -> Write {
    Write {
        contract: printable(&write.contract),
        key: ShownBytes::of(&write.key),
        value: write.value.as_ref().map(ShownBytes::of),
        delete: write.delete,
        policy: write.endorsement_policy.as_deref().map(printable),
    }
}

fn event(event: &ContractEvent) -> Event {
    Event {
        contract: printable(&event.contract),
        name: printable(&event.name),
        payload: ShownBytes::of(&event.payload),
    }
}
