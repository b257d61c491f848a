use axum::Router;
use axum::extract::{Request, State};
use axum::middleware;
use axum::response::Response;

use crate::access::Caller;
use crate::area::Area;
use crate::gate::gate;
use crate::state::AppState;
use crate::{api, explorer, operations, tutorial_routes};

/// Every route, behind the gate.
pub(crate) fn router(state: AppState) -> Router {
    Router::new()
        .merge(tutorial_routes::router())
        .merge(operations::router())
        .merge(api::router())
        .merge(explorer::router(&state))
        .fallback(fallback)
        .layer(middleware::from_fn_with_state(state.clone(), gate))
        .with_state(state)
}

async fn fallback(State(state): State<AppState>, caller: Caller, request: Request) -> Response {
    let path = request.uri().path();
    match Area::of(path) {
        Area::Tutorial => tutorial_routes::fallback(state, request).await,
        Area::Explorer => explorer::nowhere(&state, &caller, request.uri()),
        area => area.not_found(path),
    }
}
