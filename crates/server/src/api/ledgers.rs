use axum::Json;
use axum::extract::State;
use chainloom_ledger::{Ledger, LedgerInfo};
use serde::Serialize;

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::ledgers::ServedLedger;
use crate::operations::Readiness;
use crate::problem::Problem;
use crate::state::AppState;

/// What is served.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct LedgersAnswer {
    /// The ledgers in the order of their names.
    ledgers: Vec<LedgerAnswer>,
}

/// A ledger as it is now.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct LedgerAnswer {
    /// Its name here.
    name: String,
    #[serde(flatten)]
    info: LedgerInfo,
    /// Number of the last block in the read model, which lists and balances come from.
    indexed_height: u64,
    health: LedgerHealth,
}

/// Whether a ledger answers all questions.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct LedgerHealth {
    /// How it is.
    status: LedgerStatus,
    /// What is wrong; absent while nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// How a ledger is.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum LedgerStatus {
    /// It answers everything.
    Ready,
    /// Lists and balances are behind.
    CatchingUp,
    /// Something is wrong.
    Failing,
}

/// Lists what is served.
#[utoipa::path(
    get,
    path = "/ledgers",
    tag = "ledgers",
    responses((status = 200, body = LedgersAnswer), Problems)
)]
pub(super) async fn ledgers(
    State(state): State<AppState>,
    parameters: Parameters,
) -> Result<Json<LedgersAnswer>, Problem> {
    parameters.finish()?;
    let mut ledgers = Vec::new();
    for (name, served) in state.ledgers.iter() {
        ledgers.push(describe(name, served).await?);
    }
    Ok(Json(LedgersAnswer { ledgers }))
}

/// Says how a ledger is now: height, tip, health.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}",
    tag = "ledgers",
    params(("ledger" = String, Path, description = "The ledger's name")),
    responses((status = 200, body = LedgerAnswer), Problems)
)]
pub(super) async fn ledger(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
) -> Result<Json<LedgerAnswer>, Problem> {
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    Ok(Json(describe(&name, served).await?))
}

async fn describe(name: &str, served: &ServedLedger) -> Result<LedgerAnswer, Problem> {
    let info = served.ledger.info().await?;
    let (status, detail) = match Readiness::of(served).await {
        Readiness::Ready => (LedgerStatus::Ready, None),
        Readiness::CatchingUp => (LedgerStatus::CatchingUp, None),
        Readiness::Failing(reason) => (LedgerStatus::Failing, Some(reason)),
    };
    Ok(LedgerAnswer {
        name: name.to_owned(),
        info,
        indexed_height: served.ledger.index().position().height,
        health: LedgerHealth { status, detail },
    })
}
