use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::answer::IdentityAnswer;
use super::identities;
use crate::api::parameters::Parameters;
use crate::api::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// The identities in the server's wallet.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct IdentityList {
    /// In the order of their labels.
    identities: Vec<IdentityAnswer>,
    /// Files of the wallet that cannot be read, and why.
    damaged: Vec<String>,
}

/// Who can act through this server, and how long each certificate holds.
#[utoipa::path(
    get,
    path = "/identities",
    tag = "identities",
    responses((status = 200, body = IdentityList), Problems)
)]
pub(super) async fn list(
    State(state): State<AppState>,
    parameters: Parameters,
) -> Result<Json<IdentityList>, Problem> {
    parameters.finish()?;
    let wallet = identities(&state)?;
    let listing = wallet.list().await?;
    let records = listing.identities.iter();
    Ok(Json(IdentityList {
        identities: records
            .map(|record| IdentityAnswer::of(record, wallet))
            .collect(),
        damaged: listing.damaged.iter().map(ToString::to_string).collect(),
    }))
}
