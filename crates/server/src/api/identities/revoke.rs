use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::{identities, label};
use crate::api::json_body::JsonBody;
use crate::api::parameters::Parameters;
use crate::api::path::PathParts;
use crate::api::responses::Problems;
use crate::identities::RevokeOptions;
use crate::problem::Problem;
use crate::state::AppState;

/// What channels do until they hear of a revocation.
const NOTICE: &str = "the CA refuses it from now on, but a channel goes on accepting it until a configuration update \
                      puts the CA's new CRL into the organization's MSP (`crl`)";

/// Who revokes, and why.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeRequest {
    /// The label of the identity that asks the CA for it; it needs the attribute `hf.Revoker`.
    registrar: String,
    /// A reason of RFC 5280 in lower case, such as `keycompromise` or `cessationofoperation`.
    reason: String,
    /// Whether only this certificate is revoked, and not the identity with all it has: then it can enroll again.
    #[serde(default)]
    only_certificate: bool,
}

/// What a revocation did.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RevokedAnswer {
    /// The identity's label; the wallet keeps it.
    label: String,
    /// The serial numbers of the certificates that are revoked now.
    serials: Vec<String>,
    /// What is left to do.
    notice: &'static str,
    /// The CA's new list of revoked certificates (CRL) in PEM, for the channel's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    crl: Option<String>,
}

/// A list of revoked certificates.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RevocationList {
    /// The list (CRL) in PEM.
    crl: String,
}

/// Revokes an identity at its CA. Channels accept it until their configuration has the CRL that is answered.
#[utoipa::path(
    post,
    path = "/identities/{label}/revoke",
    tag = "identities",
    params(("label" = String, Path, description = "The identity's label")),
    request_body = RevokeRequest,
    responses((status = 200, body = RevokedAnswer), Problems)
)]
pub(super) async fn revoke(
    State(state): State<AppState>,
    PathParts(text): PathParts<String>,
    parameters: Parameters,
    JsonBody(request): JsonBody<RevokeRequest>,
) -> Result<Json<RevokedAnswer>, Problem> {
    parameters.finish()?;
    let options = RevokeOptions {
        registrar: request.registrar,
        reason: request.reason,
        only_certificate: request.only_certificate,
    };
    let revoked = identities(&state)?.revoke(&label(&text)?, options).await?;
    Ok(Json(RevokedAnswer {
        label: revoked.record.label.to_string(),
        serials: revoked.revocation.serials,
        notice: NOTICE,
        crl: revoked.revocation.revocation_list,
    }))
}

/// The list of revoked certificates of the identity's CA, asked for as this identity (which needs `hf.GenCRL`).
#[utoipa::path(
    get,
    path = "/identities/{label}/crl",
    tag = "identities",
    params(("label" = String, Path, description = "The label of the identity that asks")),
    responses((status = 200, body = RevocationList), Problems)
)]
pub(super) async fn crl(
    State(state): State<AppState>,
    PathParts(text): PathParts<String>,
    parameters: Parameters,
) -> Result<Json<RevocationList>, Problem> {
    parameters.finish()?;
    let crl = identities(&state)?.revocation_list(&label(&text)?).await?;
    Ok(Json(RevocationList { crl }))
}
