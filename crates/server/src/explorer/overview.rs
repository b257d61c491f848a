use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use axum::response::Response;
use chainloom_index::Order;
use chainloom_ledger::Ledger;
use http::{StatusCode, Uri};
use jiff::Timestamp;

use super::fabric;
use super::format::span;
use super::frame::{Frame, Notice};
use super::page::{PageResult, page};
use super::rows::BlockRow;
use super::served::{Chain, Shown};
use crate::access::Caller;
use crate::state::AppState;

/// How many blocks the overview shows.
pub(super) const RECENT_BLOCKS: usize = 10;

/// What the form to send holds, kept when it was refused.
#[derive(Default, serde::Deserialize)]
pub(super) struct SendForm {
    pub(super) sender: String,
    pub(super) recipient: String,
    pub(super) amount: String,
}

#[derive(Template)]
#[template(path = "explorer/overview.html")]
struct Overview {
    frame: Frame,
    rules: String,
    difficulty: u32,
    height: u64,
    pending_count: u64,
    transaction_count: u64,
    peer_count: usize,
    expected_hashes: String,
    expected_words: String,
    expected_time: String,
    searching: bool,
    mining_rate: String,
    recent: Vec<BlockRow>,
    form: SendForm,
    node_id: String,
    tip_hash: String,
    reward: u64,
}

/// `GET /`
pub(super) async fn overview(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(address): OriginalUri,
) -> PageResult {
    of_ledger(Shown::first(&state, &caller)?, &address).await
}

/// `GET /explorer/{ledger}`
pub(super) async fn named(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
) -> PageResult {
    of_ledger(Shown::named(&state, &caller, &name)?, &address).await
}

async fn of_ledger(shown: Shown, address: &Uri) -> PageResult {
    match shown.chain() {
        Some(chain) => render(&chain, address, StatusCode::OK, None, SendForm::default()).await,
        None => fabric::overview(&shown, address).await,
    }
}

/// The overview, with what a form on it met.
pub(super) async fn render(
    chain: &Chain,
    address: &Uri,
    status: StatusCode,
    notice: Option<Notice>,
    form: SendForm,
) -> Result<Response, super::page::PageError> {
    let node = &chain.node;
    let head = node.head();
    chain.ledger.caught_up().await?;
    let blocks = chain
        .ledger
        .index()
        .blocks(None, RECENT_BLOCKS, Order::NewestFirst)
        .await?;
    let peers = chain.ledger.peers().await?;
    let config = chain.ledger.config(None).await?;
    let mining = node.mining_status();
    let now = Timestamp::now();
    let mut frame = Frame::new(&chain.place, "Overview", "Overview", address);
    if notice.is_some() {
        frame.notice = notice;
    }
    let expected_hashes = mining.expected_hashes;
    let overview = Overview {
        frame,
        rules: node.rules().to_string(),
        difficulty: node.difficulty(),
        height: head.length,
        pending_count: head.pending_count,
        transaction_count: blocks.totals.transactions,
        peer_count: peers.len(),
        expected_hashes: format!("{expected_hashes:.0}"),
        expected_words: tries(expected_hashes),
        expected_time: mining.expected_s.map_or_else(
            || "on average".to_owned(),
            |expected_s| format!("about {}", span(expected_s)),
        ),
        searching: mining.searching,
        mining_rate: match mining.hashes_per_s {
            rate if rate <= 0.0 => "no rate known yet".to_owned(),
            rate if mining.searching => format!("{:.1} MH/s", rate / 1e6),
            rate => format!("last {:.1} MH/s", rate / 1e6),
        },
        recent: blocks
            .blocks
            .iter()
            .map(|block| BlockRow::new(block, now))
            .collect(),
        form,
        node_id: node.id().to_owned(),
        tip_hash: head.tip_hash.to_string(),
        reward: config.proof_of_work.map_or(0, |work| work.reward),
    };
    Ok(page(status, &overview))
}

/// How many tries a proof takes on average.
fn tries(expected: f64) -> String {
    match expected {
        tries if tries < 1e3 => format!("{tries:.0} tries"),
        tries if tries < 1e6 => format!("{:.0} k tries", tries / 1e3),
        tries if tries < 1e9 => format!("{:.0} M tries", tries / 1e6),
        tries => format!("{tries:.0e} tries"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_rounded() {
        assert_eq!(tries(65_536.0), "66 k tries");
        assert_eq!(tries(256.0), "256 tries");
        assert_eq!(tries(16_777_216.0), "17 M tries");
    }
}
