//! The paper's user connection: a user, a channel, its peers and orderers. A connection is a ledger.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use http::StatusCode;
use http::header::LOCATION;
use serde::Serialize;

use super::json_body::JsonBody;
use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::connections::{AddError, ConnectionRequest, Connections, Status};
use crate::ledgers::Entry;
use crate::operations::Readiness;
use crate::problem::Problem;
use crate::state::AppState;

/// The connections to channels of Fabric.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ConnectionsAnswer {
    /// Those of the configuration and those that callers made, in the order of their names.
    connections: Vec<Status>,
}

fn connections(state: &AppState) -> Result<&Connections, Problem> {
    state
        .connections
        .as_ref()
        .ok_or_else(|| Problem::not_found("not_supported", "this server keeps no connections"))
}

/// The connection with how its ledger is doing now.
async fn with_readiness(state: &AppState, mut status: Status) -> Status {
    let Ok(entry @ Entry::Served(_)) = state.ledgers.entry(status.name()) else {
        return status;
    };
    match Readiness::of(&entry).await {
        Readiness::Ready(away) => status.set_ready(true, away),
        Readiness::CatchingUp(_) => {
            let told = "its read model is catching up".to_owned();
            status.set_ready(false, Some(told));
        }
        Readiness::Failing(reason) => status.set_ready(false, Some(reason)),
    }
    status
}

/// Connects a user to a channel of Fabric.
///
/// The user must be enrolled. The nodes are asked one by one, the peers first, then the orderers, and the answer says what came of each. One peer
/// must be usable, and in mode `direct` one orderer; those that are away now are used when they are back. The connection is a ledger from now on,
/// `/api/v1/ledgers/{name}`, and it is kept across restarts.
#[utoipa::path(
    post,
    path = "/connections",
    tag = "connections",
    request_body = ConnectionRequest,
    responses((status = 201, description = "It is served", body = Status), Problems)
)]
pub(super) async fn add(
    State(state): State<AppState>,
    parameters: Parameters,
    JsonBody(request): JsonBody<ConnectionRequest>,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let location = format!("/api/v1/ledgers/{}", request.name);
    let status = connections(&state)?.add(request).await?;
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(status)).into_response())
}

/// Lists the connections to channels of Fabric.
#[utoipa::path(
    get,
    path = "/connections",
    tag = "connections",
    responses((status = 200, body = ConnectionsAnswer), Problems)
)]
pub(super) async fn list(
    State(state): State<AppState>,
    parameters: Parameters,
) -> Result<Json<ConnectionsAnswer>, Problem> {
    parameters.finish()?;
    let statuses = connections(&state)?.statuses().into_iter();
    // Side by side: one that does not answer holds up no other.
    let connections = join_all(statuses.map(|status| with_readiness(&state, status))).await;
    Ok(Json(ConnectionsAnswer { connections }))
}

/// Shows a connection.
#[utoipa::path(
    get,
    path = "/connections/{name}",
    tag = "connections",
    params(("name" = String, Path, description = "The connection's name, which is the ledger's")),
    responses((status = 200, body = Status), Problems)
)]
pub(super) async fn show(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
) -> Result<Json<Status>, Problem> {
    parameters.finish()?;
    let status = connections(&state)?.status(&name);
    let status = status.ok_or(AddError::Unknown(name))?;
    Ok(Json(with_readiness(&state, status).await))
}

/// Stops a connection and forgets it.
///
/// Its index is deleted, since the channel holds all that is in it. Event streams of its ledger end. One of the configuration is refused.
#[utoipa::path(
    delete,
    path = "/connections/{name}",
    tag = "connections",
    params(("name" = String, Path, description = "The connection's name, which is the ledger's")),
    responses((status = 204, description = "It is forgotten"), Problems)
)]
pub(super) async fn remove(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
) -> Result<StatusCode, Problem> {
    parameters.finish()?;
    connections(&state)?.remove(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
