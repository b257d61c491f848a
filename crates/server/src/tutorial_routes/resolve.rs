use axum::response::Response;
use chainloom_tutorial::Node;

use super::chain_stream::{self, Frame};
use super::pages;
use crate::state::AppState;

/// `GET /nodes/resolve`: asks the peers, then sends the chain that holds now.
pub(super) async fn answer(state: &AppState, node: &Node) -> Response {
    match node.resolve().await {
        Ok(resolution) if resolution.replaced => {
            chain_stream::answer(state, node, Frame::REPLACED).await
        }
        Ok(_) => chain_stream::answer(state, node, Frame::AUTHORITATIVE).await,
        Err(error) => pages::refusal(error),
    }
}
