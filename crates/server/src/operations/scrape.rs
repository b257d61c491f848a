use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chainloom_ledger::Ledger;
use futures_util::future::{join, join_all};
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use tokio::time::timeout;

use super::LedgerGauges;
use super::readiness::TOLD_WITHIN;
use crate::identities::render_metrics;
use crate::ledgers::{Entry, ServedLedger};
use crate::state::AppState;

/// `GET /metrics`: everything in Prometheus' text format.
pub(super) async fn metrics(State(state): State<AppState>) -> Response {
    let gauges = LedgerGauges::new();
    let ledgers = state.ledgers.all();
    let served = ledgers.iter().filter_map(|(name, entry)| match entry {
        Entry::Served(served) => Some(read_gauges(&gauges, name, served)),
        Entry::Unavailable(_) => None,
    });
    join_all(served).await;
    let mut text = state.metrics.render() + &gauges.render();
    // A wallet that cannot be read is told by /readyz.
    if let Some(identities) = &state.identities
        && let Ok(listing) = identities.list().await
    {
        text.push_str(&render_metrics(&listing.identities, Timestamp::now()));
    }
    let content_type = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content_type, text).into_response()
}

async fn read_gauges(gauges: &LedgerGauges, name: &str, served: &ServedLedger) {
    let set = |gauge, value: f64| gauges.set(gauge, name, value);
    let info = timeout(TOLD_WITHIN, served.ledger.info());
    let peers = timeout(TOLD_WITHIN, served.ledger.peers());
    let (info, peers) = join(info, peers).await;
    // A failing ledger shows none; /readyz says why.
    if let Ok(Ok(info)) = info {
        set("chainloom_ledger_height", info.height as f64);
        set("chainloom_ledger_replacements", info.generation as f64);
        if let Some(pending) = info.pending_count {
            set("chainloom_ledger_pending_transactions", pending as f64);
        }
    }
    if let Ok(Ok(peers)) = peers {
        set("chainloom_ledger_peers", peers.len() as f64);
    }
    let indexed = served.ledger.index().position();
    set("chainloom_ledger_indexed_height", indexed.height as f64);
    let progress = served.ledger.index().health().progress;
    let rate = progress.map_or(0, |progress| progress.blocks_per_s);
    set("chainloom_ledger_index_blocks_per_second", rate as f64);
    if let Some(progress) = progress {
        let (done, total) = (progress.done_blocks, progress.total_blocks);
        set("chainloom_ledger_index_done_blocks", done as f64);
        set("chainloom_ledger_index_total_blocks", total as f64);
    }
    if let Some(node) = &served.node {
        set(
            "chainloom_ledger_chain_bytes",
            node.head().chain_body_bytes as f64,
        );
        let mining = node.mining_status();
        set("chainloom_mining_hashes_per_second", mining.hashes_per_s);
        set("chainloom_mining_hashes", mining.hashes as f64);
        set("chainloom_mining_waiting", mining.waiting as f64);
    }
}
