use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::answer::{AuthorityAnswer, CertificateAnswer};
use super::{identities, label};
use crate::api::parameters::Parameters;
use crate::api::path::PathParts;
use crate::api::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// A CA, as it tells of itself.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct AuthorityDetails {
    #[serde(flatten)]
    address: AuthorityAnswer,
    /// Its server's version.
    version: String,
    /// Its certificate, and those that issued it.
    chain: Vec<CertificateAnswer>,
}

/// Who is registered with a CA.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RegisteredList {
    /// Those that the one who asks may see.
    registered: Vec<Registered>,
}

/// Somebody who is registered with a CA.
#[derive(Serialize, utoipa::ToSchema)]
struct Registered {
    /// The name with which it enrolls.
    enrollment_id: String,
    /// Its role.
    #[serde(rename = "type")]
    role: String,
    /// Its affiliation.
    affiliation: String,
    /// How often its secret enrolls; -1 for any number.
    max_enrollments: i64,
}

/// What the identity's CA tells everybody about itself.
#[utoipa::path(
    get,
    path = "/identities/{label}/ca",
    tag = "identities",
    params(("label" = String, Path, description = "The identity's label")),
    responses((status = 200, body = AuthorityDetails), Problems)
)]
pub(super) async fn authority(
    State(state): State<AppState>,
    PathParts(text): PathParts<String>,
    parameters: Parameters,
) -> Result<Json<AuthorityDetails>, Problem> {
    parameters.finish()?;
    let (address, info) = identities(&state)?.authority_info(&label(&text)?).await?;
    Ok(Json(AuthorityDetails {
        address: AuthorityAnswer {
            url: address.url,
            name: Some(info.name),
        },
        version: info.version,
        chain: info.chain.iter().map(Into::into).collect(),
    }))
}

/// Who is registered with the identity's CA, as far as this identity may see them.
#[utoipa::path(
    get,
    path = "/identities/{label}/ca/identities",
    tag = "identities",
    params(("label" = String, Path, description = "The label of the identity that asks")),
    responses((status = 200, body = RegisteredList), Problems)
)]
pub(super) async fn registered(
    State(state): State<AppState>,
    PathParts(text): PathParts<String>,
    parameters: Parameters,
) -> Result<Json<RegisteredList>, Problem> {
    parameters.finish()?;
    let registered = identities(&state)?.registered(&label(&text)?).await?;
    let registered = registered.into_iter().map(|one| Registered {
        enrollment_id: one.enrollment_id,
        role: one.kind,
        affiliation: one.affiliation,
        max_enrollments: one.max_enrollments,
    });
    Ok(Json(RegisteredList {
        registered: registered.collect(),
    }))
}
