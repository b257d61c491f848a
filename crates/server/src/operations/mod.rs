//! For operators: is it up, is it ready, what does it do.

mod health;
mod metrics;
mod readiness;
mod scrape;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;
use metrics::LedgerGauges;
pub(crate) use metrics::Metrics;
pub(crate) use readiness::Readiness;

/// `/healthz`, `/readyz`, `/metrics`.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(readiness::readyz))
        .route("/metrics", get(scrape::metrics))
}
