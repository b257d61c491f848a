use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chainloom_index::{Phase, Progress};
use chainloom_ledger::Ledger;
use http::StatusCode;

use crate::ledgers::Entry;
use crate::state::AppState;

/// Whether a ledger answers all questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Its store is open and its read model follows it.
    Ready,
    /// Its read model is still reading what was there before.
    CatchingUp(Option<Progress>),
    /// It does not answer, or its read model does not follow; with the reason.
    Failing(String),
}

impl Readiness {
    /// How a ledger is doing.
    pub(crate) async fn of(entry: &Entry) -> Readiness {
        let served = match entry {
            Entry::Served(served) => served,
            Entry::Unavailable(unavailable) => {
                return Readiness::Failing(unavailable.reason.clone());
            }
        };
        if let Err(error) = served.ledger.info().await {
            return Readiness::Failing(error.to_string());
        }
        let health = served.ledger.index().health();
        match health.phase {
            Phase::Live => Readiness::Ready,
            Phase::CatchingUp => Readiness::CatchingUp(health.progress),
            Phase::Idle | Phase::Retrying => Readiness::Failing(
                health
                    .error
                    .unwrap_or_else(|| "its read model does not follow it".to_owned()),
            ),
        }
    }
}

/// `GET /readyz`: 200 when every ledger answers everything, else 503; a line for each and for each
/// warning about an identity, or one word where the server asks for tokens.
pub(super) async fn readyz(State(state): State<AppState>) -> Response {
    let mut lines = String::new();
    let mut status = StatusCode::OK;
    for (name, entry) in state.ledgers.all().iter() {
        let line = match Readiness::of(entry).await {
            Readiness::Ready => format!("{name}: ready\n"),
            Readiness::CatchingUp(progress) => {
                status = StatusCode::SERVICE_UNAVAILABLE;
                let progress = progress.map(|progress| format!(": {progress}"));
                let progress = progress.unwrap_or_default();
                format!("{name}: its read model is catching up{progress}\n")
            }
            Readiness::Failing(reason) => {
                status = StatusCode::SERVICE_UNAVAILABLE;
                format!("{name}: {reason}\n")
            }
        };
        lines.push_str(&line);
    }
    if let Some(identities) = &state.identities {
        match identities.warnings().await {
            // A warning is no reason to take the server out of service: a ledger that cannot go on says so itself.
            Ok(warnings) => lines.extend(warnings.iter().map(|warning| format!("{warning}\n"))),
            Err(error) => {
                status = StatusCode::SERVICE_UNAVAILABLE;
                lines.push_str(&format!("wallet: {error}\n"));
            }
        }
    }
    // Nobody is asked for a token here, so that only those are told more who need none.
    if state.tokens.is_some() {
        lines = match status {
            StatusCode::OK => "ready\n".to_owned(),
            _ => "not ready\n".to_owned(),
        };
    }
    (status, lines).into_response()
}
