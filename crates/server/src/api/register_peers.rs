use axum::Json;
use axum::extract::State;
use chainloom_ledger::Ledger;
use chainloom_tutorial::json::Json as Tree;
use http::StatusCode;
use serde::Deserialize;

use super::json_body::JsonBody;
use super::parameters::Parameters;
use super::path::PathParts;
use super::peers::PeersAnswer;
use super::responses::Problems;
use super::tutorial::node;
use crate::problem::Problem;
use crate::state::AppState;

/// Peers to register.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterRequest {
    /// Their addresses, such as `http://127.0.0.1:5001` or `127.0.0.1:5001`.
    nodes: Vec<String>,
}

/// Registers peers, all of them or none; answers all that are registered now.
#[utoipa::path(
    post,
    path = "/ledgers/{ledger}/peers",
    tag = "peers",
    params(("ledger" = String, Path, description = "The ledger's name")),
    request_body = RegisterRequest,
    responses((status = 201, body = PeersAnswer), Problems)
)]
pub(super) async fn register_peers(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
    JsonBody(request): JsonBody<RegisterRequest>,
) -> Result<(StatusCode, Json<PeersAnswer>), Problem> {
    parameters.finish()?;
    let node = node(&state, &name)?;
    let addresses: Vec<Tree> = request.nodes.into_iter().map(Tree::from).collect();
    node.register(&addresses).await?;
    let peers = state.ledgers.get(&name)?.ledger.peers().await?;
    Ok((StatusCode::CREATED, Json(PeersAnswer { peers })))
}
