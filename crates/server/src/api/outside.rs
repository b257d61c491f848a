//! Calls whose key is elsewhere: what is to be signed goes out, signatures come in.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chainloom_fabric::outside::{self, EndorsedToSign, Outside, OutsideError, ToSign};
use chainloom_ledger::{Creator, Hash, LedgerError, Payload, ReceiptStatus, Wait};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::call_request::CallRequest;
use super::json_body::JsonBody;
use super::parameters::Parameters;
use super::path::PathParts;
use super::query::QueryResult;
use super::receipt::ReceiptAnswer;
use super::responses::Problems;
use crate::access::{Caller, Permission};
use crate::ledgers::ServedLedger;
use crate::problem::Problem;
use crate::state::AppState;

/// A call that somebody signs whose key is elsewhere.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PrepareRequest {
    /// The call.
    call: CallRequest,
    /// The certificate of who signs, in PEM.
    certificate: String,
    /// Their organization: its MSP id.
    organization: String,
    /// Whether it only asks, and changes nothing: the next step is `evaluate` then, else `endorse`.
    #[serde(default)]
    query: bool,
}

/// A signature.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureRequest {
    /// Over `bytes` of the step before.
    signature: Signature,
}

/// A signature of the transaction.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitRequest {
    /// Over `bytes` of the step before.
    signature: Signature,
    /// What to wait for; `committed` where absent.
    wait: Option<Wait>,
}

/// A signature in base64, as text or as `{"base64": "..."}`: DER as openssl writes it, or raw (r and s side by side; 64 bytes of Ed25519).
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(
    untagged,
    expecting = "a signature in base64 is expected, as text or as {\"base64\": \"...\"}"
)]
pub(super) enum Signature {
    /// The text alone: a signature is never text itself.
    Text(String),
    /// In the form that all bytes have here.
    Bytes(Base64),
}

/// Bytes.
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Base64 {
    /// In base64.
    base64: String,
}

/// Which signature is due.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// Of a proposal; `endorse` takes it.
    Proposal,
    /// Of a question; `evaluate` takes it.
    Query,
    /// Of an endorsed transaction; `submit` takes it.
    Transaction,
}

/// How bytes are to be signed.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Algorithm {
    /// ECDSA over their SHA-256, on P-256 and P-384 alike.
    EcdsaSha256,
    /// Ed25519 over the bytes themselves.
    Ed25519,
}

/// What is to be signed.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct StepToSign {
    /// The transaction's id, under which the next step is taken.
    transaction_id: String,
    /// What it is.
    step: Step,
    /// What is to be signed.
    bytes: Base64,
    /// Their SHA-256 in hex, for signers that take a digest; absent for Ed25519, which takes the bytes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    digest: Option<Hash>,
    /// How they are to be signed.
    algorithm: Algorithm,
    /// Until when the signature is waited for.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A transaction that is to be signed.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct EndorsedAnswer {
    #[serde(flatten)]
    to_sign: StepToSign,
    /// What the contract answered.
    result: Payload,
    /// Who endorsed it.
    endorsers: Vec<Creator>,
}

impl Signature {
    fn decode(&self) -> Result<Vec<u8>, Problem> {
        let (Self::Text(text) | Self::Bytes(Base64 { base64: text })) = self;
        STANDARD.decode(text).map_err(|error| {
            Problem::bad_request(
                "invalid_body",
                format!("`signature` is not base64 ({error}): `base64 -w0` writes it"),
            )
        })
    }
}

impl From<ToSign> for StepToSign {
    fn from(to_sign: ToSign) -> StepToSign {
        StepToSign {
            transaction_id: to_sign.transaction_id,
            step: match to_sign.step {
                outside::Step::Proposal => Step::Proposal,
                outside::Step::Query => Step::Query,
                outside::Step::Transaction => Step::Transaction,
            },
            bytes: Base64 {
                base64: STANDARD.encode(&to_sign.bytes),
            },
            digest: to_sign.digest,
            algorithm: match to_sign.algorithm {
                outside::Algorithm::EcdsaSha256 => Algorithm::EcdsaSha256,
                outside::Algorithm::Ed25519 => Algorithm::Ed25519,
            },
            expires_at: to_sign.expires_at,
        }
    }
}

impl From<EndorsedToSign> for EndorsedAnswer {
    fn from(endorsed: EndorsedToSign) -> EndorsedAnswer {
        EndorsedAnswer {
            to_sign: endorsed.to_sign.into(),
            result: endorsed.result,
            endorsers: endorsed.endorsers,
        }
    }
}

impl From<OutsideError> for Problem {
    fn from(error: OutsideError) -> Problem {
        LedgerError::from(error).into()
    }
}

/// The calls of a ledger that are signed elsewhere.
fn outside<'a>(served: &'a ServedLedger, name: &str) -> Result<Outside<'a>, Problem> {
    let channel = served.channel.as_ref().ok_or_else(|| {
        Problem::not_found(
            "not_a_channel",
            format!("the ledger `{name}` is no channel of Fabric: nobody signs calls of it"),
        )
    })?;
    Ok(channel.outside())
}

/// Puts a call together for somebody to sign whose key is elsewhere. Nothing is sent to a peer; what is prepared waits five minutes for each
/// signature, in memory.
#[utoipa::path(
    post,
    path = "/ledgers/{ledger}/transactions/prepare",
    tag = "signing",
    params(("ledger" = String, Path, description = "The ledger's name")),
    request_body = PrepareRequest,
    responses((status = 200, description = "What is to be signed", body = StepToSign), Problems)
)]
pub(super) async fn prepare(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    caller: Caller,
    parameters: Parameters,
    JsonBody(request): JsonBody<PrepareRequest>,
) -> Result<Json<StepToSign>, Problem> {
    parameters.finish()?;
    let permission = match request.query {
        true => Permission::Query,
        false => Permission::Invoke,
    };
    caller.check(permission, &name)?;
    let served = state.ledgers.get(&name)?;
    let outside = outside(&served, &name)?;
    let (call, options) = request.call.into_call(&served)?;
    let (certificate, organization) = (&request.certificate, &request.organization);
    let to_sign = match request.query {
        true => {
            outside
                .prepare_query(call, options, certificate, organization)
                .await?
        }
        false => {
            outside
                .prepare(call, options, certificate, organization)
                .await?
        }
    };
    Ok(Json(to_sign.into()))
}

/// Asks a contract what was prepared with `"query": true` and is signed now.
#[utoipa::path(
    post,
    path = "/ledgers/{ledger}/transactions/{id}/evaluate",
    tag = "signing",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("id" = String, Path, description = "The id that `prepare` gave"),
    ),
    request_body = SignatureRequest,
    responses((status = 200, body = QueryResult), Problems)
)]
pub(super) async fn evaluate(
    State(state): State<AppState>,
    PathParts((name, id)): PathParts<(String, String)>,
    parameters: Parameters,
    JsonBody(request): JsonBody<SignatureRequest>,
) -> Result<Json<QueryResult>, Problem> {
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    let signature = request.signature.decode()?;
    let result = outside(&served, &name)?.evaluate(&id, &signature).await?;
    Ok(Json(QueryResult::of(result)))
}

/// Has peers endorse a call that is signed now. The transaction is to be signed next.
#[utoipa::path(
    post,
    path = "/ledgers/{ledger}/transactions/{id}/endorse",
    tag = "signing",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("id" = String, Path, description = "The id that `prepare` gave"),
    ),
    request_body = SignatureRequest,
    responses((status = 200, description = "What is to be signed", body = EndorsedAnswer), Problems)
)]
pub(super) async fn endorse(
    State(state): State<AppState>,
    PathParts((name, id)): PathParts<(String, String)>,
    parameters: Parameters,
    JsonBody(request): JsonBody<SignatureRequest>,
) -> Result<Json<EndorsedAnswer>, Problem> {
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    let signature = request.signature.decode()?;
    let endorsed = outside(&served, &name)?.endorse(&id, &signature).await?;
    Ok(Json(endorsed.into()))
}

/// Submits a transaction that is signed now.
#[utoipa::path(
    post,
    path = "/ledgers/{ledger}/transactions/{id}/submit",
    tag = "signing",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("id" = String, Path, description = "The id that `prepare` gave"),
    ),
    request_body = SubmitRequest,
    responses(
        (status = 200, description = "It stands in a block", body = ReceiptAnswer),
        (status = 202, description = "The orderers have it", body = ReceiptAnswer),
        Problems,
    )
)]
pub(super) async fn submit(
    State(state): State<AppState>,
    PathParts((name, id)): PathParts<(String, String)>,
    parameters: Parameters,
    JsonBody(request): JsonBody<SubmitRequest>,
) -> Result<(StatusCode, Json<ReceiptAnswer>), Problem> {
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    let signature = request.signature.decode()?;
    let outside = outside(&served, &name)?;
    let receipt = outside.submit(&id, &signature, request.wait).await?;
    let status = match receipt.status {
        ReceiptStatus::Committed => StatusCode::OK,
        ReceiptStatus::Pending | ReceiptStatus::Ordered => StatusCode::ACCEPTED,
    };
    Ok((status, Json(receipt.into())))
}
