use axum::Json;
use axum::extract::State;
use chainloom_index::{STATS_WINDOW_BLOCKS_DEFAULT, Stats};

use super::catch_up::catch_up;
use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// Counts the chain: transactions in all, by verdict and function; rates of its last blocks.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/stats",
    tag = "ledgers",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("window" = Option<u64>, Query, description = "Over how many of the last blocks rates are taken: 1 to 1,000, else 100"),
    ),
    responses((status = 200, body = Stats), Problems)
)]
pub(super) async fn stats(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    mut parameters: Parameters,
) -> Result<Json<Stats>, Problem> {
    let window = parameters.number("window")?;
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    catch_up(&served, None).await?;
    let window = window.unwrap_or(STATS_WINDOW_BLOCKS_DEFAULT);
    let stats = served.ledger.index().stats(window).await;
    Ok(Json(stats?))
}
