use axum::extract::State;
use http::StatusCode;

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use super::tutorial::node;
use crate::problem::Problem;
use crate::state::AppState;

/// Forgets a peer.
#[utoipa::path(
    delete,
    path = "/ledgers/{ledger}/peers/{address}",
    tag = "peers",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("address" = String, Path, description = "The peer's address as the list shows it"),
    ),
    responses((status = 204, description = "It is forgotten"), Problems)
)]
pub(super) async fn remove_peer(
    State(state): State<AppState>,
    PathParts((name, address)): PathParts<(String, String)>,
    parameters: Parameters,
) -> Result<StatusCode, Problem> {
    parameters.finish()?;
    let node = node(&state, &name)?;
    if node.unregister(&address).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found(
        "peer_not_found",
        format!(
            "no peer is registered as `{}`; the list of peers shows how they are",
            address.chars().take(200).collect::<String>()
        ),
    ))
}
