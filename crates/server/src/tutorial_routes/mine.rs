use axum::response::Response;
use chainloom_ledger::LedgerError;
use chainloom_tutorial::json::{self, Json};
use chainloom_tutorial::{MinedBlock, Node};
use http::StatusCode;

use super::pages;

/// `GET /mine`: a caller who goes away ends the search, for then this future is dropped.
pub(super) async fn answer(node: &Node) -> Response {
    let body = match node.mine().await {
        Ok(block) => tokio::task::spawn_blocking(move || body(&block)).await.ok(),
        Err(error) => return pages::refusal(error),
    };
    match body.flatten() {
        Some(body) => pages::json(StatusCode::OK, body),
        None => pages::refusal(LedgerError::Storage {
            detail: "the block was mined and stored, but cannot be shown".to_owned(),
        }),
    }
}

/// The tutorial's answer: the new block without its time, under a message.
fn body(block: &MinedBlock) -> Option<Vec<u8>> {
    let block = json::parse(&block.compact, &json::Limits::default()).ok()?;
    let mut members = vec![("message", Json::from("New Block Forged"))];
    for key in ["index", "transactions", "proof", "previous_hash"] {
        members.push((key, block.get(key)?.clone()));
    }
    Some(pages::line(json::compact(&Json::object(members))))
}
