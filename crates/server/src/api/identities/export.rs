use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chainloom_fabric::identity::Certificate;
use chainloom_fabric::identity::wallet::Label;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use super::request::SecretText;
use super::{identities, label};
use crate::api::json_body::JsonBody;
use crate::api::parameters::Parameters;
use crate::api::path::PathParts;
use crate::api::responses::Problems;
use crate::identities::Identities;
use crate::problem::Problem;
use crate::serve::Remote;
use crate::state::AppState;

/// What to export.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportRequest {
    /// Whether the private key comes with it. It has to be asked for: whoever has it can act as this identity. Over plain HTTP
    /// it goes to the server's own machine only; where no tokens are on, only to who says `wallet_file_sha256`.
    #[serde(default)]
    include_private_key: bool,
    /// What the private key is encrypted with. Without it the key comes as other tools keep it: not encrypted.
    passphrase: Option<SecretText>,
    /// The SHA-256 of the answer's `wallet_file`, as 64 hex digits (`sha256sum`). It shows that the caller may read the wallet, which is what
    /// a private key needs where nobody is asked for a token.
    wallet_file_sha256: Option<String>,
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
    /// The identity's file in the wallet, on the server's machine. It is readable for the server's user only.
    wallet_file: String,
}

/// Refuses a private key to who has neither a token nor access to the wallet: another user of this machine reaches the port too.
async fn check_owner(
    state: &AppState,
    wallet: &Identities,
    label: &Label,
    wallet_file_sha256: Option<&str>,
) -> Result<(), Problem> {
    // Who has no token that manages did not come here.
    if state.tokens.is_some() {
        return Ok(());
    }
    let sha256 = wallet_file_sha256.and_then(|text| text.parse().ok());
    if let Some(sha256) = sha256
        && wallet.has_read(label, sha256).await?
    {
        return Ok(());
    }
    let file = wallet.file_of(label);
    let detail = match wallet_file_sha256 {
        None => "a private key is not given to everybody who reaches this server, and it asks nobody for a token".to_owned(),
        Some(_) => format!("the wallet_file_sha256 is not the SHA-256 of {} as it is now", file.display()),
    };
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "key_export_needs_tokens",
        format!(
            "{detail}: run `chainloom identity export` as the user who runs the server and on its machine, which shows by `wallet_file_sha256`, \
             the SHA-256 of {}, that it may read the wallet; or turn tokens on (--tokens) and export with one that may `manage`",
            file.display()
        ),
    ))
}

/// Refuses a private key where somebody on the way could read it. An encrypted one too: its passphrase goes the same way.
fn check_confidential(is_tls: bool, remote: Option<SocketAddr>) -> Result<(), Problem> {
    let is_here = |address: SocketAddr| address.ip().to_canonical().is_loopback();
    if is_tls || remote.is_some_and(is_here) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "connection_not_confidential",
        "a private key is not sent over plain HTTP to another machine, where everybody on the way could read it: ask on \
         the server's own machine at 127.0.0.1 (an SSH tunnel leads there too), or let the server speak TLS \
         (--tls-certificate and --tls-key)",
    ))
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
    remote: Option<Extension<Remote>>,
    parameters: Parameters,
    JsonBody(request): JsonBody<ExportRequest>,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let (wallet, label) = (identities(&state)?, label(&text)?);
    let (record, private_key) = match request.include_private_key {
        true => {
            let remote = remote.map(|Extension(Remote(address))| address);
            check_confidential(state.is_tls, remote)?;
            let sha256 = request.wallet_file_sha256.as_deref();
            check_owner(&state, wallet, &label, sha256).await?;
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
        wallet_file: wallet.file_of(&record.label).display().to_string(),
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

#[cfg(test)]
mod tests;
