use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use chainloom_index::{Order, TransactionFilter};
use http::StatusCode;

use super::fabric;
use super::format::{count, encode};
use super::frame::Frame;
use super::page::{PageResult, page};
use super::pager::Pager;
use super::rows::TransactionRow;
use super::served::Shown;
use crate::access::Caller;
use crate::api::Parameters;
use crate::state::AppState;

/// How many transactions a page lists.
pub(super) const TRANSACTIONS: usize = 50;

/// A page with a table of transactions.
#[derive(Template)]
#[template(path = "explorer/transactions.html")]
pub(super) struct Transactions {
    pub(super) frame: Frame,
    pub(super) heading: String,
    pub(super) lead: String,
    pub(super) transactions: Vec<TransactionRow>,
    pub(super) pager: Pager,
}

/// `GET /explorer/{ledger}/transactions?cursor=`: those in blocks, newest first.
pub(super) async fn transactions(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
    mut parameters: Parameters,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    let cursor = parameters.text("cursor")?;
    shown.ledger().caught_up().await?;
    let index = shown.ledger().index();
    let filter = TransactionFilter::default();
    let listed = index
        .transactions(&filter, Order::NewestFirst, cursor.as_deref(), TRANSACTIONS)
        .await?;
    let total = index
        .blocks(None, 1, Order::NewestFirst)
        .await?
        .totals
        .transactions;
    let frame = Frame::new(&shown.place, "Transactions", "Transactions", &address);
    let here = format!("{}/transactions", frame.base);
    let older = listed.next.map(|next| format!("cursor={}", encode(&next)));
    let pager = Pager::new(here, cursor.is_some(), older);
    let lead = format!("{} in blocks, newest first.", count(total, "transaction"));
    if !shown.place.is_tutorial {
        return Ok(fabric::transactions(
            frame,
            lead,
            &listed.transactions,
            pager,
        ));
    }
    let rows = listed.transactions.iter();
    let transactions = Transactions {
        heading: "Transactions".to_owned(),
        lead,
        transactions: rows
            .map(|row| TransactionRow::listed(row, &frame.base))
            .collect(),
        pager,
        frame,
    };
    Ok(page(StatusCode::OK, &transactions))
}
