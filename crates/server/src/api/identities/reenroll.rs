use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::answer::IdentityDetails;
use super::request::{AuthorityRequest, KeyChoice};
use super::{identities, label};
use crate::api::json_body::JsonBody;
use crate::api::parameters::Parameters;
use crate::api::path::PathParts;
use crate::api::responses::Problems;
use crate::identities::RenewOptions;
use crate::problem::Problem;
use crate::state::AppState;

/// How to renew.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReenrollRequest {
    /// Whether the new certificate is for the old key, rather than for a new one.
    #[serde(default)]
    keep_key: bool,
    /// The kind of the new key; the old one's where there is none.
    key: Option<KeyChoice>,
    /// The CA, where the wallet does not know it or it has moved; it is remembered.
    ca: Option<AuthorityRequest>,
}

/// Gets a new certificate from the CA with the one that still holds. Every ledger that signs with this identity goes on
/// with the new one at once.
#[utoipa::path(
    post,
    path = "/identities/{label}/reenroll",
    tag = "identities",
    params(("label" = String, Path, description = "The identity's label")),
    request_body = ReenrollRequest,
    responses((status = 200, body = IdentityDetails), Problems)
)]
pub(super) async fn reenroll(
    State(state): State<AppState>,
    PathParts(text): PathParts<String>,
    parameters: Parameters,
    JsonBody(request): JsonBody<ReenrollRequest>,
) -> Result<Json<IdentityDetails>, Problem> {
    parameters.finish()?;
    let wallet = identities(&state)?;
    let options = RenewOptions {
        keep_key: request.keep_key,
        key: request.key.map(Into::into),
        authority: request.ca.map(Into::into),
    };
    let record = wallet.renew(&label(&text)?, options).await?;
    Ok(Json(IdentityDetails::of(&record, wallet)))
}
