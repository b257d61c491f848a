use askama::Template;
use chainloom_ledger::{Ledger, PeerReport, PeerRole};
use http::{StatusCode, Uri};
use jiff::Timestamp;

use super::super::format::{age, printable};
use super::super::frame::Frame;
use super::super::page::{PageResult, page};
use super::super::served::Shown;

#[derive(Template)]
#[template(path = "explorer/fabric_peers.html")]
struct Peers {
    frame: Frame,
    peers: Vec<PeerRow>,
}

/// A line of the table of peers.
struct PeerRow {
    address: String,
    role: &'static str,
    organization: String,
    /// Number of its last block, and of its first where that is not the channel's.
    blocks: String,
    asked: String,
    /// Whether it did what it was asked.
    answered: bool,
    code: String,
    detail: String,
    /// What last went wrong with it, and when.
    trouble: Option<(String, String)>,
}

impl PeerRow {
    fn new(report: PeerReport, now: Timestamp) -> PeerRow {
        let outcome = report.outcome.as_ref();
        PeerRow {
            address: printable(&report.address),
            role: match report.role {
                Some(PeerRole::Peer) => "peer",
                Some(PeerRole::Orderer) => "orderer",
                None => "",
            },
            organization: report
                .organization
                .as_deref()
                .map_or_else(String::new, printable),
            blocks: match (report.height, report.first_block) {
                (Some(height), Some(first)) => format!("{height}, from {first} on"),
                (Some(height), None) => height.to_string(),
                (None, Some(first)) => format!("from {first} on"),
                (None, None) => String::new(),
            },
            answered: report.away().is_none(),
            trouble: report
                .last_error
                .as_ref()
                .map(|error| (age(Some(error.at), now), printable(&error.detail))),
            asked: match report.asked_at {
                Some(time) => age(Some(time), now),
                None => "not yet".to_owned(),
            },
            code: outcome.map_or_else(String::new, |outcome| outcome.code.clone()),
            detail: outcome.map_or_else(String::new, |outcome| printable(&outcome.detail)),
        }
    }
}

/// The page of the nodes that the ledger talks to.
pub(in super::super) async fn peers(shown: &Shown, address: &Uri) -> PageResult {
    let now = Timestamp::now();
    let reports = shown.ledger().peers().await?.into_iter();
    let peers = Peers {
        frame: Frame::new(&shown.place, "Peers", "Peers", address),
        peers: reports.map(|report| PeerRow::new(report, now)).collect(),
    };
    Ok(page(StatusCode::OK, &peers))
}
