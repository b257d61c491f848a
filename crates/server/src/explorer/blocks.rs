use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use chainloom_index::Order;
use http::StatusCode;
use jiff::Timestamp;

use super::format::count;
use super::frame::Frame;
use super::page::{PageResult, page};
use super::pager::Pager;
use super::rows::BlockRow;
use super::served::Shown;
use crate::access::Caller;
use crate::api::Parameters;
use crate::state::AppState;

/// How many blocks a page lists.
const BLOCKS: usize = 50;

#[derive(Template)]
#[template(path = "explorer/blocks.html")]
struct Blocks {
    frame: Frame,
    totals: String,
    recent: Vec<BlockRow>,
    pager: Pager,
}

/// `GET /explorer/{ledger}/blocks?from=`: from that number down, else from the tip.
pub(super) async fn blocks(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
    mut parameters: Parameters,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    let from = parameters.number("from")?;
    let ledger = shown.ledger();
    ledger.caught_up().await?;
    let listed = ledger
        .index()
        .blocks(from, BLOCKS, Order::NewestFirst)
        .await?;
    let frame = Frame::new(&shown.place, "Blocks", "Blocks", &address);
    let now = Timestamp::now();
    let blocks = Blocks {
        totals: format!(
            "{} with {}, newest first.",
            count(listed.totals.blocks, "block"),
            count(listed.totals.transactions, "transaction")
        ),
        recent: listed
            .blocks
            .iter()
            .map(|block| BlockRow::new(block, now))
            .collect(),
        pager: Pager::new(
            format!("{}/blocks", frame.base),
            from.is_some(),
            listed.next.map(|next| format!("from={next}")),
        ),
        frame,
    };
    Ok(page(StatusCode::OK, &blocks))
}
