use axum::Json;
use axum::extract::State;
use chainloom_ledger::Hash;
use http::StatusCode;
use serde::Serialize;

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use super::tutorial::node;
use crate::problem::Problem;
use crate::state::AppState;

/// A block that was just made.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MinedAnswer {
    /// Its number.
    number: u64,
    /// Its hash.
    #[schema(value_type = String)]
    hash: Hash,
}

/// Makes a block of what is pending. Whoever closes the connection ends the search.
#[utoipa::path(
    post,
    path = "/ledgers/{ledger}/mine",
    tag = "mining",
    params(("ledger" = String, Path, description = "The ledger's name")),
    responses((status = 201, body = MinedAnswer), Problems)
)]
pub(super) async fn mine(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
) -> Result<(StatusCode, Json<MinedAnswer>), Problem> {
    parameters.finish()?;
    let node = node(&state, &name)?;
    let block = node.mine().await?;
    let answer = MinedAnswer {
        number: block.number,
        hash: block.hash,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}
