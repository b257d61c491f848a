use axum::Json;
use axum::extract::State;
use chainloom_ledger::{Ledger, Transaction, TransactionSelector};

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use super::selector;
use crate::problem::Problem;
use crate::state::AppState;

/// Shows a transaction by its id: the id that `invoke` gave or that a block shows.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/transactions/{id}",
    tag = "transactions",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("id" = String, Path, description = "The transaction's id"),
    ),
    responses((status = 200, body = Transaction), Problems)
)]
pub(super) async fn by_id(
    State(state): State<AppState>,
    PathParts((name, id)): PathParts<(String, String)>,
    parameters: Parameters,
) -> Result<Json<Transaction>, Problem> {
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    let selector = TransactionSelector::Id(id);
    Ok(Json(served.ledger.transaction(selector).await?))
}

/// Shows a transaction by its version: the block's number and its index in the block, from 0.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/blocks/{number}/transactions/{index}",
    tag = "transactions",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("number" = u64, Path, description = "The block's number"),
        ("index" = u32, Path, description = "The transaction's index in the block, from 0"),
    ),
    responses((status = 200, body = Transaction), Problems)
)]
pub(super) async fn by_version(
    State(state): State<AppState>,
    PathParts((name, number, index)): PathParts<(String, String, String)>,
    parameters: Parameters,
) -> Result<Json<Transaction>, Problem> {
    parameters.finish()?;
    let version = selector::version(&number, &index)?;
    let served = state.ledgers.get(&name)?;
    let selector = TransactionSelector::Version(version);
    Ok(Json(served.ledger.transaction(selector).await?))
}
