use axum::Json;
use axum::extract::State;
use chainloom_ledger::{Ledger, LedgerConfig};

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// Shows the parameters by which blocks are made.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/config",
    tag = "ledgers",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("block" = Option<u64>, Query, description = "Those in force at this block; else now"),
    ),
    responses((status = 200, body = LedgerConfig), Problems)
)]
pub(super) async fn config(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    mut parameters: Parameters,
) -> Result<Json<LedgerConfig>, Problem> {
    let block = parameters.number("block")?;
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    Ok(Json(served.ledger.config(block).await?))
}
