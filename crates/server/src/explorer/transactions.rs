use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use chainloom_index::Order;
use http::StatusCode;

use super::fabric;
use super::filter_form::FilterForm;
use super::format::{count, encode};
use super::frame::{Frame, Notice};
use super::page::{PageResult, page};
use super::pager::Pager;
use super::rows::TransactionRow;
use super::served::Shown;
use crate::access::Caller;
use crate::api::{Parameters, transaction_filter};
use crate::state::AppState;

/// How many transactions a page lists.
pub(super) const TRANSACTIONS: usize = 50;

/// After how many pages of the index without anything the reader is asked to go on: a second's work or so.
pub(super) const EMPTY_PAGES_MAX: usize = 50;
/// What is said then.
pub(super) const UNFINISHED: &str =
    "Nothing was found so far; there are older ones to look through.";

/// A page with a table of transactions.
#[derive(Template)]
#[template(path = "explorer/transactions.html")]
pub(super) struct Transactions {
    pub(super) frame: Frame,
    pub(super) heading: String,
    pub(super) lead: String,
    /// The form by which transactions are found, where the page has it.
    pub(super) filter: Option<FilterForm>,
    pub(super) transactions: Vec<TransactionRow>,
    pub(super) pager: Pager,
}

/// `GET /explorer/{ledger}/transactions?cursor=`: those in blocks, newest first; with the parameters of the API's list those
/// of which all is true that is asked for, `creator=me` the reader's own.
pub(super) async fn transactions(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
    parameters: Parameters,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    // What is left empty in a form is not asked for.
    let mut parameters = parameters.without_empty();
    let cursor = parameters.text("cursor")?;
    let form = FilterForm::read(&parameters, shown.place.is_tutorial)?;
    let filter = transaction_filter(&mut parameters, &shown.served, &caller).await?;
    shown.ledger().caught_up().await?;
    let index = shown.ledger().index();
    let mut listed = index
        .transactions(&filter, Order::NewestFirst, cursor.as_deref(), TRANSACTIONS)
        .await?;
    // Nothing was found yet, and there is more to look at.
    for _ in 1..EMPTY_PAGES_MAX {
        if !listed.transactions.is_empty() || listed.next.is_none() {
            break;
        }
        listed = index
            .transactions(
                &filter,
                Order::NewestFirst,
                listed.next.as_deref(),
                TRANSACTIONS,
            )
            .await?;
    }
    let total = index
        .blocks(None, 1, Order::NewestFirst)
        .await?
        .totals
        .transactions;
    let (heading, lead) = match (form.is_mine, &filter.creator, form.is_asked) {
        (true, Some(me), _) => (
            "My transactions",
            format!(
                "Made by {} of {}, in whatever certificate, newest first.",
                me.enrollment_id, me.organization
            ),
        ),
        (true, None, _) => (
            "My transactions",
            "Those of this node's account, newest first.".to_owned(),
        ),
        (false, _, true) => (
            "Transactions",
            "Those of which all is true that is asked for, newest first.".to_owned(),
        ),
        (false, _, false) => (
            "Transactions",
            format!("{} in blocks, newest first.", count(total, "transaction")),
        ),
    };
    let mut frame = Frame::new(&shown.place, heading, "Transactions", &address);
    let here = format!("{}/transactions{}", frame.base, form.query());
    let older = listed.next.map(|next| format!("cursor={}", encode(&next)));
    let is_unfinished = listed.transactions.is_empty() && older.is_some();
    let pager = Pager::new(here, cursor.is_some(), older);
    if is_unfinished {
        frame.notice = Some(Notice::plain(UNFINISHED));
    }
    if !shown.place.is_tutorial {
        let listed = &listed.transactions;
        return Ok(fabric::transactions(frame, lead, form, listed, pager));
    }
    let rows = listed.transactions.iter();
    let transactions = Transactions {
        heading: heading.to_owned(),
        lead,
        filter: Some(form),
        transactions: rows
            .map(|row| TransactionRow::listed(row, &frame.base))
            .collect(),
        pager,
        frame,
    };
    Ok(page(StatusCode::OK, &transactions))
}
