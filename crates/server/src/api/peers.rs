use axum::Json;
use axum::extract::State;
use chainloom_ledger::{Ledger, PeerReport};
use serde::Serialize;

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// Whom a ledger talks to.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PeersAnswer {
    /// Each with what it last did, and why it was refused.
    pub(super) peers: Vec<PeerReport>,
}

/// Lists whom the ledger talks to, what each last did and why it was refused.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/peers",
    tag = "peers",
    params(("ledger" = String, Path, description = "The ledger's name")),
    responses((status = 200, body = PeersAnswer), Problems)
)]
pub(super) async fn peers(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
) -> Result<Json<PeersAnswer>, Problem> {
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    let peers = served.ledger.peers().await?;
    Ok(Json(PeersAnswer { peers }))
}
