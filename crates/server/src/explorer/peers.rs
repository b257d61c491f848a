use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use axum::response::Response;
use chainloom_ledger::{Ledger, PeerOutcome, PeerReport};
use http::{HeaderMap, StatusCode, Uri, header};
use jiff::Timestamp;

use super::advice::advice;
use super::fabric;
use super::format::{age, size};
use super::frame::{Frame, Notice};
use super::page::{PageError, PageResult, page};
use super::served::{Chain, Shown, chain};
use crate::access::Caller;
use crate::state::AppState;

/// A line of the table of peers.
struct PeerRow {
    address: String,
    asked: String,
    outcome: Option<OutcomeRow>,
    advice: &'static str,
}

/// What came of asking a peer.
struct OutcomeRow {
    tone: &'static str,
    code: String,
    detail: String,
    verified_blocks: u64,
}

impl PeerRow {
    fn new(report: PeerReport, now: Timestamp) -> PeerRow {
        PeerRow {
            address: report.address,
            asked: report
                .asked_at
                .map_or_else(String::new, |time| age(Some(time), now)),
            advice: advice(report.outcome.as_ref().map(|outcome| outcome.code.as_str())),
            outcome: report.outcome.map(OutcomeRow::new),
        }
    }
}

impl OutcomeRow {
    fn new(outcome: PeerOutcome) -> OutcomeRow {
        OutcomeRow {
            tone: match outcome.code.as_str() {
                "adopted" => "good",
                "not_longer" | "shorter_than_best" | "own_address" => "",
                _ => "bad",
            },
            code: outcome.code,
            detail: outcome.detail,
            verified_blocks: outcome.verified_blocks,
        }
    }
}

#[derive(Template)]
#[template(path = "explorer/peers.html")]
struct Peers {
    frame: Frame,
    peers: Vec<PeerRow>,
    form_address: String,
}

/// `GET /explorer/{ledger}/peers`
pub(super) async fn peers(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    match shown.chain() {
        Some(chain) => render(&chain, &address, StatusCode::OK, None, String::new()).await,
        None => fabric::peers(&shown, &address).await,
    }
}

/// The page of peers, with what a form on it met.
pub(super) async fn render(
    chain: &Chain,
    address: &Uri,
    status: StatusCode,
    notice: Option<Notice>,
    form_address: String,
) -> Result<Response, PageError> {
    let mut frame = Frame::new(&chain.place, "Peers", "Peers", address);
    if notice.is_some() {
        frame.notice = notice;
    }
    let peers = Peers {
        frame,
        peers: rows(chain).await?,
        form_address,
    };
    Ok(page(status, &peers))
}

async fn rows(chain: &Chain) -> Result<Vec<PeerRow>, PageError> {
    let now = Timestamp::now();
    let reports = chain.ledger.peers().await?;
    Ok(reports
        .into_iter()
        .map(|report| PeerRow::new(report, now))
        .collect())
}

#[derive(Template)]
#[template(path = "explorer/why.html")]
struct Why {
    frame: Frame,
    rules: String,
    difficulty: u32,
    height: u64,
    chain_size: String,
    our_address: String,
    peers: Vec<PeerRow>,
}

/// `GET /explorer/{ledger}/peers/why`: why a Python node does not take our chain.
pub(super) async fn why(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
    headers: HeaderMap,
) -> PageResult {
    let chain = chain(&state, &caller, &name)?;
    let head = chain.node.head();
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let why = Why {
        frame: Frame::new(
            &chain.place,
            "Why does it not take our chain?",
            "Peers",
            &address,
        ),
        rules: chain.node.rules().to_string(),
        difficulty: chain.node.difficulty(),
        height: head.length,
        chain_size: size(head.chain_body_bytes),
        our_address: host.unwrap_or("127.0.0.1:5000").to_owned(),
        peers: rows(&chain).await?,
    };
    Ok(page(StatusCode::OK, &why))
}
