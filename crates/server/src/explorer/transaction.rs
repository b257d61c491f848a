use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use axum::response::Response;
use chainloom_ledger::{Ledger, Transaction, TransactionKind, TransactionSelector, Version};
use http::{StatusCode, Uri};

use super::block::SHOWN_BYTES;
use super::fabric;
use super::format::{cut, moment};
use super::frame::Frame;
use super::page::{PageResult, page};
use super::rows::{Party, value_text};
use super::served::{Place, Shown};
use crate::access::Caller;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "explorer/transaction.html")]
struct TransactionPage {
    frame: Frame,
    id: String,
    place: Option<Version>,
    kind: &'static str,
    sender: Option<Party>,
    recipient: Option<Party>,
    amount: Option<String>,
    time: Option<String>,
    content: String,
    content_cut: bool,
}

/// `GET /explorer/{ledger}/transactions/{id}`
pub(super) async fn by_id(
    State(state): State<AppState>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    OriginalUri(address): OriginalUri,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    let selector = TransactionSelector::Id(id);
    let transaction = shown.ledger().transaction(selector).await?;
    Ok(of_ledger(&shown, &address, transaction))
}

/// `GET /explorer/{ledger}/blocks/{block}/transactions/{index}`
pub(super) async fn by_version(
    State(state): State<AppState>,
    caller: Caller,
    Path((name, block, index)): Path<(String, String, String)>,
    OriginalUri(address): OriginalUri,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    let version = Version {
        block: crate::api::number("block", &block)?,
        index: crate::api::number("index", &index)?,
    };
    let selector = TransactionSelector::Version(version);
    let transaction = shown.ledger().transaction(selector).await?;
    Ok(of_ledger(&shown, &address, transaction))
}

fn of_ledger(shown: &Shown, address: &Uri, transaction: Transaction) -> Response {
    match shown.place.is_tutorial {
        true => render(&shown.place, address, transaction),
        false => fabric::transaction(&shown.place, address, transaction),
    }
}

fn render(place: &Place, address: &Uri, transaction: Transaction) -> Response {
    let frame = Frame::new(place, "Transaction", "Transactions", address);
    let content = transaction
        .content
        .as_ref()
        .and_then(|content| serde_json::to_string_pretty(content).ok());
    let (content, content_cut) = cut(content.unwrap_or_default(), SHOWN_BYTES);
    let transfer = transaction.transfer.as_ref();
    let transaction_page = TransactionPage {
        id: transaction.id,
        place: transaction.version,
        kind: match transaction.kind {
            TransactionKind::Transfer => "transfer",
            TransactionKind::Reward => {
                "reward: a transfer from \"0\", which the rules let anyone write"
            }
            TransactionKind::Unknown | TransactionKind::Endorser | TransactionKind::Config => {
                "unknown: it is no transfer that can be read"
            }
        },
        sender: transfer
            .and_then(|transfer| Party::new(transfer.sender.as_ref()?.value(), &frame.base)),
        recipient: transfer
            .and_then(|transfer| Party::new(transfer.recipient.as_ref()?.value(), &frame.base)),
        amount: transfer.map(|transfer| cut(value_text(transfer.amount.as_ref()), SHOWN_BYTES).0),
        time: transaction.time.map(|time| moment(Some(time))),
        content,
        content_cut,
        frame,
    };
    page(StatusCode::OK, &transaction_page)
}
