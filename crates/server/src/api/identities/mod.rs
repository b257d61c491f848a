//! `/api/v1/identities`: who can act through this server.

mod add;
mod answer;
mod authority;
mod export;
mod list;
mod one;
mod reenroll;
mod request;
mod revoke;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::identities::{Identities, IdentitiesError};
use crate::problem::Problem;
use crate::state::AppState;

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, add::add))
        .routes(routes!(one::one, one::forget))
        .routes(routes!(reenroll::reenroll))
        .routes(routes!(revoke::revoke))
        .routes(routes!(revoke::crl))
        .routes(routes!(authority::authority))
        .routes(routes!(authority::registered))
        .routes(routes!(export::export))
}

/// The server's identities, where it has a wallet.
fn identities(state: &AppState) -> Result<&Identities, Problem> {
    state.identities.as_ref().ok_or_else(|| {
        Problem::not_found(
            "wallet_missing",
            "this server has no wallet; `chainloom up` opens one",
        )
    })
}

/// A label in a path.
fn label(text: &str) -> Result<chainloom_fabric::identity::wallet::Label, Problem> {
    text.parse()
        .map_err(|error| IdentitiesError::Label(error).into())
}
