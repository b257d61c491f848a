use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use super::parameters::{self, Parameters};
use super::path::PathParts;
use super::responses::Problems;
use super::tutorial::node;
use crate::problem::Problem;
use crate::state::AppState;

/// Shows the very text whose SHA-256 is a block's hash, on a chain of the tutorial.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/blocks/{number}/hash-input",
    tag = "blocks",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("number" = u64, Path, description = "The block's number"),
    ),
    responses((status = 200, body = String, content_type = "text/plain"), Problems)
)]
pub(super) async fn hash_input(
    State(state): State<AppState>,
    PathParts((name, number)): PathParts<(String, String)>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let number = parameters::number("number", &number)?;
    let node = node(&state, &name)?;
    let text = node.block_hash_input(number).await?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
