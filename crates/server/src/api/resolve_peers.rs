use axum::Json;
use axum::extract::State;
use chainloom_ledger::PeerReport;
use serde::Serialize;

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use super::tutorial::node;
use crate::problem::Problem;
use crate::state::AppState;

/// What came of asking all peers.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ResolutionAnswer {
    /// Whether a longer valid chain was found and adopted.
    replaced: bool,
    /// Number of the first block that was replaced, where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u64>,
    /// How many times the chain has been replaced in all.
    generation: u64,
    /// What each peer did.
    peers: Vec<PeerReport>,
}

/// Asks every peer for its chain and adopts the longest valid one that is longer than ours.
#[utoipa::path(
    post,
    path = "/ledgers/{ledger}/peers/resolve",
    tag = "peers",
    params(("ledger" = String, Path, description = "The ledger's name")),
    responses((status = 200, body = ResolutionAnswer), Problems)
)]
pub(super) async fn resolve_peers(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
) -> Result<Json<ResolutionAnswer>, Problem> {
    parameters.finish()?;
    let node = node(&state, &name)?;
    let resolution = node.resolve().await?;
    Ok(Json(ResolutionAnswer {
        replaced: resolution.replaced,
        from: resolution.from,
        generation: resolution.generation,
        peers: resolution.reports,
    }))
}
