use axum::Json;
use axum::extract::State;
use chainloom_ledger::{ConfigHistory, Ledger};

use super::parameters::{Parameters, invalid};
use super::path::PathParts;
use super::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// How many changes an answer lists where the request does not say, and at most.
const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;

/// Shows what changed the parameters, the newest change first, each with its differences in words.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/config/history",
    tag = "ledgers",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("before" = Option<u64>, Query, description = "Changes by blocks before this one: `next` of the last answer"),
        ("limit" = Option<u64>, Query, description = "How many: 1 to 100, else 20"),
    ),
    responses((status = 200, body = ConfigHistory), Problems)
)]
pub(super) async fn config_history(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    mut parameters: Parameters,
) -> Result<Json<ConfigHistory>, Problem> {
    let before = parameters.number("before")?;
    let limit = parameters
        .number::<usize>("limit")?
        .unwrap_or(LIMIT_DEFAULT);
    parameters.finish()?;
    if !(1..=LIMIT_MAX).contains(&limit) {
        let expected = format!("a number from 1 to {LIMIT_MAX}");
        return Err(invalid("limit", &limit.to_string(), &expected));
    }
    let served = state.ledgers.get(&name)?;
    Ok(Json(served.ledger.config_history(before, limit).await?))
}
