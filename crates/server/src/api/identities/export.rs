use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chainloom_fabric::identity::Certificate;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use serde::{Deserialize, Serialize};

use super::request::SecretText;
use super::{identities, label};
use crate::api::json_body::JsonBody;
use crate::api::parameters::Parameters;
use crate::api::path::PathParts;
use crate::api::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// What to export.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportRequest {
    /// Whether the private key comes with it. It has to be asked for: whoever has it can act as this identity.
    #[serde(default)]
    include_private_key: bool,
    /// What the private key is encrypted with. Without it the key comes as other tools keep it: not encrypted.
    passphrase: Option<SecretText>,
}

/// What an MSP folder, a pair of PEM files or a file of Fabric's own wallets is made of.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ExportAnswer {
    /// The identity's label.
    label: String,
    /// The organization's MSP id.
    msp_id: String,
    /// The certificate in PEM.
    certificate: String,
    /// The private key in PEM, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<String>,
    /// The certificates of the root CAs in PEM, by the names of their files.
    roots: BTreeMap<String, String>,
    /// Those of the intermediate CAs.
    intermediates: BTreeMap<String, String>,
    /// `config.yaml`, which says how roles are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<String>,
}

/// Gives an identity to other tools; `chainloom identity export` writes the files.
#[utoipa::path(
    post,
    path = "/identities/{label}/export",
    tag = "identities",
    params(("label" = String, Path, description = "The identity's label")),
    request_body = ExportRequest,
    responses((status = 200, body = ExportAnswer), Problems)
)]
pub(super) async fn export(
    State(state): State<AppState>,
    PathParts(text): PathParts<String>,
    parameters: Parameters,
    JsonBody(request): JsonBody<ExportRequest>,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let (wallet, label) = (identities(&state)?, label(&text)?);
    let (record, private_key) = match request.include_private_key {
        true => {
            let passphrase = request.passphrase.map(|text| text.0);
            let exported = wallet.export(&label, passphrase).await?;
            (exported.record, Some(exported.private_key))
        }
        false => (wallet.record(&label).await?, None),
    };
    let context = record.context();
    let answer = ExportAnswer {
        label: record.label.to_string(),
        msp_id: record.msp_id.clone(),
        certificate: record.certificate.to_pem(),
        private_key: private_key.map(|key| key.expose().to_owned()),
        roots: texts(&context.roots),
        intermediates: texts(&context.intermediates),
        configuration: context.configuration.clone(),
    };
    let mut response = Json(answer).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn texts(certificates: &BTreeMap<String, Certificate>) -> BTreeMap<String, String> {
    let texts = certificates.iter();
    texts
        .map(|(name, certificate)| (name.clone(), certificate.to_pem()))
        .collect()
}
