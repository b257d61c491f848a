use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::answer::IdentityDetails;
use super::{identities, label};
use crate::api::parameters::Parameters;
use crate::api::path::PathParts;
use crate::api::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// What forgetting did, and did not do.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Forgotten {
    /// The label, which is free again.
    forgotten: String,
    /// What it did not do.
    notice: String,
}

/// One identity with its certificate. Its private key is never shown here.
#[utoipa::path(
    get,
    path = "/identities/{label}",
    tag = "identities",
    params(("label" = String, Path, description = "The identity's label")),
    responses((status = 200, body = IdentityDetails), Problems)
)]
pub(super) async fn one(
    State(state): State<AppState>,
    PathParts(text): PathParts<String>,
    parameters: Parameters,
) -> Result<Json<IdentityDetails>, Problem> {
    parameters.finish()?;
    let wallet = identities(&state)?;
    let record = wallet.record(&label(&text)?).await?;
    Ok(Json(IdentityDetails::of(&record, wallet)))
}

/// Deletes an identity from this server's wallet, and nowhere else: the CA and the channels are told nothing.
#[utoipa::path(
    delete,
    path = "/identities/{label}",
    tag = "identities",
    params(
        ("label" = String, Path, description = "The identity's label"),
        ("force" = Option<bool>, Query, description = "Also where ledgers sign with it")
    ),
    responses((status = 200, body = Forgotten), Problems)
)]
pub(super) async fn forget(
    State(state): State<AppState>,
    PathParts(text): PathParts<String>,
    mut parameters: Parameters,
) -> Result<Json<Forgotten>, Problem> {
    let force = parameters.choice("force", &[("true", true), ("false", false)])?;
    parameters.finish()?;
    let label = label(&text)?;
    identities(&state)?
        .forget(&label, force.unwrap_or_default())
        .await?;
    Ok(Json(Forgotten {
        forgotten: label.to_string(),
        notice: "only this server's wallet forgot it: its certificate goes on being good until it ends or is revoked"
            .to_owned(),
    }))
}
