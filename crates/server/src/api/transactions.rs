use axum::Json;
use axum::extract::State;
use chainloom_index::{Order, PAGE_LIMIT_DEFAULT, TransactionsPage};

use super::blocks::ORDERS;
use super::catch_up::catch_up;
use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use super::transaction_filter::transaction_filter;
use crate::access::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// Lists transactions, all or those of which everything is true that is asked for, page by page.
///
/// A page's cost grows with what it lists and not with the chain. Where several things are asked for at once, it looks at 3,500
/// entries of their lists at most: a page may then be short, or empty, although there is a `next`; go on with that.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/transactions",
    tag = "transactions",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("account" = Option<String>, Query, description = "Sender or recipient, named by this string; `me` is the node"),
        ("account_json" = Option<String>, Query, description = "Sender or recipient, named by this JSON: `5`, `\"me\"`, `{}`"),
        ("creator" = Option<String>, Query, description = "Who made it: an MSP id, `/` and an enrollment id, whatever the certificate; `me` is the identity of the caller's token, else the ledger's own user, on a chain of the tutorial its node. A name that a CA gave out again, after it was removed, is one name: both people's transactions are listed"),
        ("certificate" = Option<String>, Query, description = "SHA-256 of the certificate in which it was made, in hex"),
        ("contract" = Option<String>, Query, description = "The contract that it called; with `key` the contract whose key it is"),
        ("function" = Option<String>, Query, description = "The function that it called"),
        ("key" = Option<String>, Query, description = "A key that it wrote, percent-encoded; any byte"),
        ("key_base64" = Option<String>, Query, description = "The same in base64"),
        ("collection" = Option<String>, Query, description = "The private collection in which the key is"),
        ("code" = Option<String>, Query, description = "The verdict: a number or a name, such as `11` or `MVCC_READ_CONFLICT`"),
        ("from" = Option<String>, Query, description = "The first block's number, or the earliest time (RFC 3339) by its maker's clock"),
        ("to" = Option<String>, Query, description = "The last block's number, or the latest time"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
        ("limit" = Option<usize>, Query, description = "Transactions on the page: 1 to 1,000, else 50"),
        ("order" = Option<Order>, Query, description = "`newest_first` where absent"),
        ("min_block" = Option<u64>, Query, description = "Wait until this block is indexed, 10 seconds at most; 504 where the ledger does not have it by then, 503 where the index does not"),
    ),
    responses((status = 200, body = TransactionsPage), Problems)
)]
pub(super) async fn transactions(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    caller: Caller,
    mut parameters: Parameters,
) -> Result<Json<TransactionsPage>, Problem> {
    let served = state.ledgers.get(&name)?;
    let filter = transaction_filter(&mut parameters, &served, &caller).await?;
    let cursor = parameters.text("cursor")?;
    let limit = parameters.number("limit")?.unwrap_or(PAGE_LIMIT_DEFAULT);
    let order = parameters.choice("order", &ORDERS)?.unwrap_or_default();
    let min_block = parameters.number("min_block")?;
    parameters.finish()?;
    catch_up(&served, min_block).await?;
    let index = served.ledger.index();
    let page = index
        .transactions(&filter, order, cursor.as_deref(), limit)
        .await;
    Ok(Json(page?))
}
