use axum::Json;
use axum::extract::State;
use chainloom_index::{BlocksPage, Order, PAGE_LIMIT_DEFAULT};

use super::catch_up::catch_up;
use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// The spellings of the orders.
pub(super) const ORDERS: [(&str, Order); 2] = [
    ("newest_first", Order::NewestFirst),
    ("oldest_first", Order::OldestFirst),
];

/// Walks through the blocks, page by page, with totals of the page and of the chain.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/blocks",
    tag = "blocks",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("from" = Option<u64>, Query, description = "Number of the page's first block; the `next` of the page before"),
        ("limit" = Option<usize>, Query, description = "Blocks on the page: 1 to 1,000, else 50"),
        ("order" = Option<Order>, Query, description = "`newest_first` where absent"),
        ("min_block" = Option<u64>, Query, description = "Wait until this block is indexed, 10 seconds at most; 504 where the ledger does not have it by then, 503 where the index does not"),
    ),
    responses((status = 200, body = BlocksPage), Problems)
)]
pub(super) async fn blocks(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    mut parameters: Parameters,
) -> Result<Json<BlocksPage>, Problem> {
    let from = parameters.number("from")?;
    let limit = parameters.number("limit")?.unwrap_or(PAGE_LIMIT_DEFAULT);
    let order = parameters.choice("order", &ORDERS)?.unwrap_or_default();
    let min_block = parameters.number("min_block")?;
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    catch_up(&served, min_block).await?;
    let page = served.ledger.index().blocks(from, limit, order).await;
    Ok(Json(page?))
}
