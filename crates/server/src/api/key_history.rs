use axum::Json;
use axum::extract::State;
use chainloom_index::{KeyHistoryPage, KeyName, Order, PAGE_LIMIT_DEFAULT};

use super::blocks::ORDERS;
use super::catch_up::catch_up;
use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// Whether what took no effect is listed too.
const WITH_INVALID: [(&str, bool); 2] = [("true", true), ("false", false)];

/// Lists who wrote what to a key, and when, page by page.
///
/// Of a key in a private collection the ledger has hashes alone; who knows the key finds its history all the same.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/keys/{contract}/history",
    tag = "transactions",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("contract" = String, Path, description = "The contract whose key it is"),
        ("key" = Option<String>, Query, description = "The key, percent-encoded; any byte. This or `key_base64` is needed"),
        ("key_base64" = Option<String>, Query, description = "The key in base64"),
        ("collection" = Option<String>, Query, description = "The private collection in which it is"),
        ("invalid" = Option<bool>, Query, description = "List also what invalid transactions would have written; `false` where absent"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
        ("limit" = Option<usize>, Query, description = "Writes on the page: 1 to 1,000, else 50"),
        ("order" = Option<Order>, Query, description = "`newest_first` where absent"),
        ("min_block" = Option<u64>, Query, description = "Wait until this block is indexed, 10 seconds at most"),
    ),
    responses((status = 200, body = KeyHistoryPage), Problems)
)]
pub(super) async fn key_history(
    State(state): State<AppState>,
    PathParts((name, contract)): PathParts<(String, String)>,
    mut parameters: Parameters,
) -> Result<Json<KeyHistoryPage>, Problem> {
    let key = parameters.key()?;
    let collection = parameters.text("collection")?;
    let with_invalid = parameters.choice("invalid", &WITH_INVALID)?;
    let cursor = parameters.text("cursor")?;
    let limit = parameters.number("limit")?.unwrap_or(PAGE_LIMIT_DEFAULT);
    let order = parameters.choice("order", &ORDERS)?.unwrap_or_default();
    let min_block = parameters.number("min_block")?;
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    let key = key.ok_or_else(key_missing)?;
    let key = KeyName {
        contract,
        collection,
        key,
    };
    catch_up(&served, min_block).await?;
    let index = served.ledger.index();
    let with_invalid = with_invalid.unwrap_or(false);
    let page = index.key_history(key, with_invalid, order, cursor.as_deref(), limit);
    Ok(Json(page.await?))
}

/// A request for the history of no key.
fn key_missing() -> Problem {
    Problem::bad_request(
        "key_missing",
        "give the key as `key`, percent-encoded, or as `key_base64`",
    )
}
