use axum::extract::{OriginalUri, Path, State};
use http::StatusCode;

use super::format::count;
use super::frame::Frame;
use super::page::{PageResult, page};
use super::pager::Pager;
use super::rows::TransactionRow;
use super::served::chain;
use super::transactions::{TRANSACTIONS, Transactions};
use crate::access::Caller;
use crate::state::AppState;

/// `GET /explorer/{ledger}/pending`: what waits for the next block, oldest first.
pub(super) async fn pending(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
) -> PageResult {
    let chain = chain(&state, &caller, &name)?;
    let total = chain.node.head().pending_count;
    let waiting = chain.node.pending(None, TRANSACTIONS).await?;
    let frame = Frame::new(&chain.place, "Pending", "Transactions", &address);
    let more = if total > TRANSACTIONS as u64 {
        " The first of them:"
    } else {
        ""
    };
    let pending = Transactions {
        heading: "Pending".to_owned(),
        filter: None,
        lead: format!(
            "{} for the next block, in the order of arrival.{more}",
            wait(total)
        ),
        transactions: waiting
            .iter()
            .map(|waiting| TransactionRow::whole(&waiting.transaction, &frame.base))
            .collect(),
        pager: Pager::default(),
        frame,
    };
    Ok(page(StatusCode::OK, &pending))
}

fn wait(total: u64) -> String {
    match total {
        0 => "Nothing waits".to_owned(),
        1 => "1 transaction waits".to_owned(),
        _ => format!("{} wait", count(total, "transaction")),
    }
}
