//! The explorer: pages made here, readable without JavaScript.
//!
//! A page is a template, a struct that fills it and a handler that reads the ledger; each of them
//! has one file. What JavaScript adds is that parts of a page follow the chain without a reload.

mod account;
mod actions;
mod advice;
mod assets;
mod block;
mod blocks;
mod configuration;
mod fabric;
mod filter_form;
mod form;
mod format;
mod frame;
mod overview;
mod page;
mod pager;
mod peers;
mod pending;
mod rows;
mod search;
mod served;
mod sign_in;
mod statistics;
mod transaction;
mod transactions;

use axum::Router;
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};

use http::{StatusCode, Uri, request};

use crate::access::{Caller, Refusal};
use crate::problem::Problem;
use crate::state::AppState;

/// `/` and `/explorer/…`.
pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let problems = middleware::from_fn_with_state(state.clone(), page::with_problem_page);
    Router::new()
        .route("/", get(overview::overview))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/explorer", get(to_overview))
        .route("/explorer/", get(to_overview))
        .route("/explorer/{ledger}", get(overview::named))
        .route("/explorer/assets/{name}", get(assets::asset))
        .route("/explorer/{ledger}/blocks", get(blocks::blocks))
        .route("/explorer/{ledger}/blocks/{block}", get(block::block))
        .route(
            "/explorer/{ledger}/blocks/{block}/transactions/{index}",
            get(transaction::by_version),
        )
        .route(
            "/explorer/{ledger}/transactions",
            get(transactions::transactions),
        )
        .route(
            "/explorer/{ledger}/transactions/{id}",
            get(transaction::by_id),
        )
        .route("/explorer/{ledger}/keys/{contract}", get(fabric::key))
        .route("/explorer/{ledger}/stats", get(statistics::statistics))
        .route("/explorer/{ledger}/pending", get(pending::pending))
        .route("/explorer/{ledger}/account", get(account::account))
        .route("/explorer/{ledger}/search", get(search::search))
        .route(
            "/explorer/{ledger}/config",
            get(configuration::configuration),
        )
        .route("/explorer/{ledger}/peers", get(peers::peers))
        .route("/explorer/{ledger}/peers/why", get(peers::why))
        .route(
            "/explorer/{ledger}/peers/register",
            post(actions::register).get(to_overview),
        )
        .route(
            "/explorer/{ledger}/peers/forget",
            post(actions::forget).get(to_overview),
        )
        .route(
            "/explorer/{ledger}/peers/resolve",
            post(actions::resolve).get(to_overview),
        )
        .route(
            "/explorer/{ledger}/send",
            post(actions::send).get(to_overview),
        )
        .route(
            "/explorer/{ledger}/mine",
            post(actions::mine).get(to_overview),
        )
        .route(
            "/explorer/{ledger}/query",
            post(fabric::query).get(to_overview),
        )
        .route(
            "/explorer/{ledger}/invoke",
            post(fabric::invoke).get(to_overview),
        )
        .layer(problems)
}

/// Where there is no page, or only a form's target: to the overview.
async fn to_overview() -> Response {
    page::see("/")
}

/// What any other address below `/explorer` answers.
pub(crate) fn nowhere(state: &AppState, caller: &Caller, address: &Uri) -> Response {
    let path: String = address.path().chars().take(200).collect();
    let problem = Problem::not_found("route_not_found", format!("There is no page at {path}."));
    page::problem_page(state, caller, address, &problem)
}

/// What a reader is shown who may not see a page: where to sign in, or why that token does not suffice.
pub(crate) fn refused(request: &request::Parts, refusal: Refusal) -> Response {
    let address = &request.uri;
    if refusal.status() == StatusCode::UNAUTHORIZED {
        return sign_in::instead_of(request, &refusal);
    }
    // Nothing of any ledger is on it, since who asks was not let in.
    let problem = Problem::from(refusal);
    page::refusal_page(address, &problem)
}
