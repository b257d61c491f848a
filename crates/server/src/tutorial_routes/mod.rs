//! The tutorial's five routes, as a node on Flask answers them.

mod chain_stream;
mod json_body;
mod mine;
mod new_transaction;
mod pages;
mod register;
mod resolve;

use std::borrow::Cow;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use http::Method;
use percent_encoding::percent_decode_str;

use crate::area::Area;
use crate::problem::Problem;
use crate::state::AppState;
use chain_stream::Frame;
use pages::Allowed;
pub(crate) use pages::not_found;

/// One of the five routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Mine,
    NewTransaction,
    Chain,
    Register,
    Resolve,
}

impl Route {
    const ALL: [Route; 5] = [
        Route::Mine,
        Route::NewTransaction,
        Route::Chain,
        Route::Register,
        Route::Resolve,
    ];

    fn path(self) -> &'static str {
        match self {
            Route::Mine => "/mine",
            Route::NewTransaction => "/transactions/new",
            Route::Chain => "/chain",
            Route::Register => "/nodes/register",
            Route::Resolve => "/nodes/resolve",
        }
    }

    fn allowed(self) -> Allowed {
        match self {
            Route::Mine | Route::Resolve => Allowed::Get,
            Route::NewTransaction | Route::Register => Allowed::Post,
            Route::Chain => Allowed::GetAndHead,
        }
    }

    /// The route of a path; Flask decodes it first, and its server takes several slashes at the
    /// beginning as one.
    fn of(path: &str) -> Option<Route> {
        let decoded = percent_decode_str(path).decode_utf8().ok()?;
        let decoded = match decoded.trim_start_matches('/') {
            rest if rest.len() + 1 < decoded.len() => Cow::Owned(format!("/{rest}")),
            _ => decoded,
        };
        Route::ALL.into_iter().find(|route| route.path() == decoded)
    }
}

/// Whether a path is one of the two that change the chain when they are read.
pub(crate) fn writes_on_get(path: &str) -> bool {
    matches!(Route::of(path), Some(Route::Mine | Route::Resolve))
}

/// The route that a path means, as it is written plainly.
pub(crate) fn route_path(path: &str) -> Option<&'static str> {
    Route::of(path).map(Route::path)
}

/// The five routes.
pub(crate) fn router() -> Router<AppState> {
    Route::ALL.into_iter().fold(Router::new(), |router, route| {
        let handler = move |State(state): State<AppState>, request: Request| async move {
            dispatch(route, state, request).await
        };
        router.route(route.path(), any(handler))
    })
}

/// What no route was found for: one of the five in another spelling, or Flask's 404.
pub(crate) async fn fallback(state: AppState, request: Request) -> Response {
    match Route::of(request.uri().path()) {
        Some(route) => dispatch(route, state, request).await,
        None => not_found(),
    }
}

async fn dispatch(route: Route, state: AppState, request: Request) -> Response {
    let Some(node) = &state.ledgers.tutorial() else {
        return not_served(route);
    };
    let method = request.method();
    match (route, method) {
        (_, &Method::OPTIONS) => pages::options(route.allowed()),
        (Route::Mine, &Method::GET) => mine::answer(node).await,
        (Route::Resolve, &Method::GET) => resolve::answer(&state, node).await,
        (Route::Chain, &Method::GET) => chain_stream::answer(&state, node, Frame::CHAIN).await,
        (Route::Chain, &Method::HEAD) => chain_stream::head(node).await,
        (Route::NewTransaction, &Method::POST) => {
            new_transaction::answer(&state, node, request).await
        }
        (Route::Register, &Method::POST) => register::answer(&state, node, request).await,
        _ => pages::method_not_allowed(route.allowed()),
    }
}

/// Nobody takes this server for a node of the tutorial, so it answers in its own words.
fn not_served(route: Route) -> Response {
    Area::Operations.refuse(Problem::not_found(
        "not_supported",
        format!(
            "there is no {} here: no ledger of kind `tutorial` is served, and only those have the \
             tutorial's routes; /api/v1/ledgers lists what is served",
            route.path()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_route_as_flask_does() {
        for (path, route) in [
            ("/chain", Some(Route::Chain)),
            ("//chain", Some(Route::Chain)),
            ("/%63hain", Some(Route::Chain)),
            ("/nodes%2Fresolve", Some(Route::Resolve)),
            ("/chain/", None),
            ("/Chain", None),
            ("/./chain", None),
            ("/%ff", None),
            ("chain", None),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
