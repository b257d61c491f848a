use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chainloom_index::{Phase, Progress};
use chainloom_ledger::{Ledger, PeerRole};
use futures_util::future::{join, join_all};
use http::StatusCode;
use tokio::time::timeout;

use crate::ledgers::{Entry, ServedLedger};
use crate::state::AppState;

/// How long a ledger may take to say how it is doing: longer than a peer that is frozen, so that another one can answer.
pub(super) const TOLD_WITHIN: Duration = Duration::from_secs(8);

/// Whether a ledger answers all questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Its store is open and its read model follows it. With what of a channel's nodes is away, if anything is.
    Ready(Option<String>),
    /// Its read model is still reading what was there before.
    CatchingUp(Option<Progress>),
    /// It does not answer, or its read model does not follow; with the reason.
    Failing(String),
}

impl Readiness {
    /// How a ledger is doing; one that does not say so in time is failing.
    pub(crate) async fn of(entry: &Entry) -> Readiness {
        let told = timeout(TOLD_WITHIN, Self::asked(entry)).await;
        told.unwrap_or_else(|_| {
            let within = TOLD_WITHIN.as_secs();
            Readiness::Failing(format!("it did not answer within {within} s"))
        })
    }

    async fn asked(entry: &Entry) -> Readiness {
        let served = match entry {
            Entry::Served(served) => served,
            Entry::Unavailable(unavailable) => {
                return Readiness::Failing(unavailable.reason.clone());
            }
        };
        // Side by side: each waits for a peer that is frozen.
        let (info, nodes) = join(served.ledger.info(), nodes_of(served)).await;
        if let Err(error) = info {
            return Readiness::Failing(error.to_string());
        }
        let health = served.ledger.index().health();
        match health.phase {
            Phase::Live => nodes,
            Phase::CatchingUp => Readiness::CatchingUp(health.progress),
            Phase::Idle | Phase::Retrying => Readiness::Failing(
                health
                    .error
                    .unwrap_or_else(|| "its read model does not follow it".to_owned()),
            ),
        }
    }
}

/// Whether a channel's nodes are there: the peers, and in mode `direct` the orderers.
async fn nodes_of(served: &ServedLedger) -> Readiness {
    let Some(channel) = &served.channel else {
        return Readiness::Ready(None);
    };
    let (orderers, nodes) = join(channel.check_orderers(), channel.peers()).await;
    if let Err(error) = orderers {
        return Readiness::Failing(error.to_string());
    }
    let nodes = nodes.unwrap_or_default();
    let away = nodes.iter().filter_map(|node| {
        let what = match node.role {
            Some(PeerRole::Orderer) => "orderer",
            _ => "peer",
        };
        Some(format!("{what} {} ({})", node.address, node.away()?))
    });
    let away: Vec<String> = away.collect();
    let told = (!away.is_empty()).then(|| format!("away: {}", away.join("; ")));
    Readiness::Ready(told)
}

/// `GET /readyz`: 200 when every ledger answers everything, else 503; a line for each and for each
/// warning about an identity, or one word where the server asks for tokens.
pub(super) async fn readyz(State(state): State<AppState>) -> Response {
    let mut lines = String::new();
    let mut status = StatusCode::OK;
    let ledgers = state.ledgers.all();
    // Side by side: one that is frozen holds up none of the others.
    let asked = ledgers
        .iter()
        .map(async |(name, entry)| (name, Readiness::of(entry).await));
    for (name, readiness) in join_all(asked).await {
        let line = match readiness {
            Readiness::Ready(None) => format!("{name}: ready\n"),
            Readiness::Ready(Some(away)) => format!("{name}: ready; {away}\n"),
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

#[cfg(test)]
mod tests;
