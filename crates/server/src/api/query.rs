use axum::Json;
use axum::extract::State;
use chainloom_ledger::{Ledger, Payload, QueryAnswer};
use serde::Serialize;
use serde_json::value::RawValue;

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
    result: Payload,
    /// The same, where it is a JSON object or array of at most 1 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    result_json: Option<Box<RawValue>>,
}

impl QueryResult {
    pub(super) fn of(result: Payload) -> QueryResult {
        QueryResult {
            result_json: result.to_json(),
            result,
        }
    }
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
    Ok(Json(QueryResult::of(result)))
}
