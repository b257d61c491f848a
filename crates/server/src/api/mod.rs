//! `/api/v1`: the ledgers' verbs in JSON, described by `/openapi.json` and shown at `/docs`.

mod account;
mod block;
mod blocks;
mod call_request;
mod catch_up;
mod config;
mod config_history;
mod connections;
mod contracts;
mod description;
mod events;
mod hash_input;
mod identities;
mod invoke;
mod json_body;
mod key_history;
mod ledgers;
mod mine;
mod mining;
mod outside;
mod parameters;
mod path;
mod peers;
mod query;
mod receipt;
mod register_peers;
mod remove_peer;
mod resolve_peers;
mod responses;
mod selector;
mod stats;
mod transaction;
mod transaction_filter;
mod transactions;
mod tutorial;
mod values;

use axum::Router;
use axum::extract::Request;
use http::StatusCode;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::state::AppState;
pub(crate) use account::account_from_json;
pub(crate) use parameters::{Parameters, number};
pub(crate) use stats::{BlockFill, block_fill};
pub(crate) use transaction_filter::transaction_filter;

/// `/api/v1`, `/openapi.json` and `/docs`.
pub(crate) fn router() -> Router<AppState> {
    let (routes, document) = OpenApiRouter::with_openapi(description::Description::openapi())
        .nest("/api/v1", v1())
        .split_for_parts();
    routes
        .method_not_allowed_fallback(method_not_allowed)
        .merge(description::router(document))
}

fn v1() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(ledgers::ledgers))
        .routes(routes!(ledgers::ledger))
        .routes(routes!(connections::list, connections::add))
        .routes(routes!(connections::show, connections::remove))
        .routes(routes!(config::config))
        .routes(routes!(config_history::config_history))
        .routes(routes!(contracts::contracts))
        .routes(routes!(stats::stats))
        .routes(routes!(blocks::blocks))
        .routes(routes!(block::block))
        .routes(routes!(hash_input::hash_input))
        .routes(routes!(events::events))
        .routes(routes!(transactions::transactions))
        .routes(routes!(transaction::by_id))
        .routes(routes!(transaction::by_version))
        .routes(routes!(values::of_id))
        .routes(routes!(values::of_version))
        .routes(routes!(key_history::key_history))
        .routes(routes!(query::query))
        .routes(routes!(invoke::invoke))
        .routes(routes!(outside::prepare))
        .routes(routes!(outside::evaluate))
        .routes(routes!(outside::endorse))
        .routes(routes!(outside::submit))
        .routes(routes!(mine::mine))
        .routes(routes!(mining::mining))
        .routes(routes!(peers::peers, register_peers::register_peers))
        .routes(routes!(resolve_peers::resolve_peers))
        .routes(routes!(remove_peer::remove_peer))
        .merge(identities::router())
}

/// A route of the API that does not take the method; axum adds what it takes as `Allow`.
async fn method_not_allowed(request: Request) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!(
            "{} is not allowed on {}; the Allow header says what is",
            request
                .method()
                .as_str()
                .chars()
                .take(20)
                .collect::<String>(),
            request.uri().path().chars().take(200).collect::<String>()
        ),
    )
}
