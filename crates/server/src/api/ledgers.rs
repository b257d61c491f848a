use axum::Json;
use axum::extract::State;
use chainloom_index::Progress;
use chainloom_ledger::{Hash, Ledger, LedgerKind};
use futures_util::future::join_all;
use serde::Serialize;

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::access::{Caller, Permission};
use crate::ledgers::Entry;
use crate::operations::Readiness;
use crate::problem::Problem;
use crate::state::AppState;

/// What is served.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct LedgersAnswer {
    /// The ledgers in the order of their names.
    ledgers: Vec<LedgerAnswer>,
}

/// A ledger as it is now. Of one that does not answer only name, kind and health are known.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct LedgerAnswer {
    /// Its name here.
    name: String,
    /// Its kind.
    kind: LedgerKind,
    /// Number of the last block.
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u64>,
    /// Number of the first block that can be read, where that is known. It is not 0 where all of a channel's peers were started from a
    /// snapshot; the read model begins there, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_block: Option<u64>,
    /// How many times the chain has been replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    /// Hash of the last block.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    tip_hash: Option<Hash>,
    /// How many transactions wait for a block here, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_count: Option<u64>,
    /// The account that is paid for blocks made here, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    node_id: Option<String>,
    /// Number of the last block in the read model, which lists and balances come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    indexed_height: Option<u64>,
    health: LedgerHealth,
}

/// Whether a ledger answers all questions.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct LedgerHealth {
    /// How it is.
    status: LedgerStatus,
    /// What is wrong, or what was found; absent while nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// How far the read model is with what was there before; absent where it has all of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
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

/// Lists what is served; with a token what it may read.
#[utoipa::path(
    get,
    path = "/ledgers",
    tag = "ledgers",
    responses((status = 200, body = LedgersAnswer), Problems)
)]
pub(super) async fn ledgers(
    State(state): State<AppState>,
    caller: Caller,
    parameters: Parameters,
) -> Result<Json<LedgersAnswer>, Problem> {
    parameters.finish()?;
    let entries = state.ledgers.all();
    let readable = entries
        .iter()
        .filter(|(name, _)| caller.may(Permission::Read, name));
    let described = readable.map(|(name, entry)| describe(name, entry));
    // Side by side: one that does not answer holds up no other.
    let ledgers = join_all(described).await;
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
    let entry = state.ledgers.entry(&name)?;
    Ok(Json(describe(&name, &entry).await))
}

/// What an operator should know although all is well: that the ledger is not the one that it was.
fn other_ledger(entry: &Entry) -> Option<String> {
    let Entry::Served(served) = entry else {
        return None;
    };
    let reason = served.ledger.index().health().other_ledger?;
    Some(format!(
        "the ledger was reset or swapped: {reason}; the index of the former one is kept as `.former-N` beside the new one"
    ))
}

async fn describe(name: &str, entry: &Entry) -> LedgerAnswer {
    let info = match entry {
        Entry::Served(served) => served.ledger.info().await.ok(),
        Entry::Unavailable(_) => None,
    };
    let (status, detail, progress) = match Readiness::of(entry).await {
        Readiness::Ready(away) => {
            let told: Vec<String> = other_ledger(entry).into_iter().chain(away).collect();
            let detail = (!told.is_empty()).then(|| told.join("; "));
            (LedgerStatus::Ready, detail, None)
        }
        Readiness::CatchingUp(progress) => (LedgerStatus::CatchingUp, None, progress),
        Readiness::Failing(reason) => (LedgerStatus::Failing, Some(reason), None),
    };
    LedgerAnswer {
        name: name.to_owned(),
        kind: entry.kind(),
        height: info.as_ref().map(|info| info.height),
        first_block: info.as_ref().and_then(|info| info.first_block),
        generation: info.as_ref().map(|info| info.generation),
        tip_hash: info.as_ref().map(|info| info.tip_hash),
        pending_count: info.as_ref().and_then(|info| info.pending_count),
        node_id: info.and_then(|info| info.node_id),
        indexed_height: match entry {
            Entry::Served(served) => Some(served.ledger.index().position().height),
            Entry::Unavailable(_) => None,
        },
        health: LedgerHealth {
            status,
            detail,
            progress,
        },
    }
}
