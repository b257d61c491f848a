use askama::Template;
use axum::response::Response;
use chainloom_index::TransactionSummary;
use http::StatusCode;

use super::super::filter_form::FilterForm;
use super::super::frame::Frame;
use super::super::page::page;
use super::super::pager::Pager;
use super::rows::CallRow;

#[derive(Template)]
#[template(path = "explorer/fabric_transactions.html")]
struct Transactions {
    frame: Frame,
    lead: String,
    filter: FilterForm,
    transactions: Vec<CallRow>,
    names_creators: bool,
    pager: Pager,
}

/// The page of a list of transactions.
pub(in super::super) fn transactions(
    frame: Frame,
    lead: String,
    filter: FilterForm,
    listed: &[TransactionSummary],
    pager: Pager,
) -> Response {
    let transactions = Transactions {
        frame,
        lead,
        filter,
        transactions: listed.iter().map(CallRow::listed).collect(),
        names_creators: true,
        pager,
    };
    page(StatusCode::OK, &transactions)
}
