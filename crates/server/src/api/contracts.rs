use axum::Json;
use axum::extract::State;
use chainloom_ledger::{ContractDefinition, Ledger};
use serde::Serialize;

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// What can be called.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Contracts {
    /// The contracts, by name.
    contracts: Vec<ContractDefinition>,
}

/// Lists the contracts as the ledger's members agreed on them.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/contracts",
    tag = "ledgers",
    params(("ledger" = String, Path, description = "The ledger's name")),
    responses((status = 200, body = Contracts), Problems)
)]
pub(super) async fn contracts(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
) -> Result<Json<Contracts>, Problem> {
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    let contracts = served.ledger.contracts().await?;
    Ok(Json(Contracts { contracts }))
}
