use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use super::tutorial::node;
use crate::problem::Problem;
use crate::state::AppState;

/// How the search for the next proof is going.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MiningAnswer {
    /// Whether a search is under way.
    searching: bool,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// How many digests it has computed.
    hashes: u64,
    /// How many it computes a second.
    hashes_per_s: f64,
    /// How many a search at this difficulty takes on average.
    expected_hashes: f64,
    /// How long that takes at this rate, in seconds; absent while no rate is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_s: Option<f64>,
    /// How many requests wait for their turn.
    waiting: usize,
}

/// Says how the search for the next proof is going.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/mining",
    tag = "mining",
    params(("ledger" = String, Path, description = "The ledger's name")),
    responses((status = 200, body = MiningAnswer), Problems)
)]
pub(super) async fn mining(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
) -> Result<Json<MiningAnswer>, Problem> {
    parameters.finish()?;
    let status = node(&state, &name)?.mining_status();
    Ok(Json(MiningAnswer {
        searching: status.searching,
        started_at: status.started_at,
        hashes: status.hashes,
        hashes_per_s: status.hashes_per_s,
        expected_hashes: status.expected_hashes,
        expected_s: status.expected_s,
        waiting: status.waiting,
    }))
}
