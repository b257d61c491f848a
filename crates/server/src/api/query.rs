use axum::Json;
use axum::extract::State;
use chainloom_ledger::{Ledger, Payload, QueryAnswer};
use serde::Serialize;

use super::call_request::CallRequest;
use super::json_body::JsonBody;
use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// A contract's answer.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct QueryResult {
    /// What it returned.
    pub(super) result: Payload,
}

/// Asks a contract without changing the ledger.
#[utoipa::path(
    post,
    path = "/ledgers/{ledger}/query",
    tag = "calls",
    params(("ledger" = String, Path, description = "The ledger's name")),
    request_body = CallRequest,
    responses((status = 200, body = QueryResult), Problems)
)]
pub(super) async fn query(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
    JsonBody(request): JsonBody<CallRequest>,
) -> Result<Json<QueryResult>, Problem> {
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    let (call, options) = request.into_call(&served)?;
    let result = match served.ledger.query(call, options).await? {
        QueryAnswer::Result(result) => result,
        // The read model answers this one itself; the type of a ledger's answer has it all the same.
        QueryAnswer::Balance(account) => {
            let balance = served.ledger.index().balance(&account).await;
            balance?.balance.into()
        }
    };
    Ok(Json(QueryResult { result }))
}
