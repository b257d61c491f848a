//! Other nodes: those that are registered with a chain of the tutorial, and those of a channel.

use chainloom_ledger::PeerReport;
use serde::Deserialize;

use crate::output::{Table, printable, time};

/// A node and what it last did.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Peer {
    address: String,
    /// Only nodes of a channel have one.
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    organization: Option<String>,
    #[serde(default)]
    height: Option<u64>,
    #[serde(default)]
    first_block: Option<u64>,
    #[serde(default)]
    last_error: Option<Trouble>,
    #[serde(default)]
    asked_at: Option<String>,
    #[serde(default)]
    outcome: Option<Outcome>,
}

#[derive(Debug, Clone, Deserialize)]
struct Trouble {
    at: String,
    detail: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Outcome {
    code: String,
    detail: String,
    verified_blocks: u64,
    duration_ms: u64,
}

/// The nodes that a ledger talks to.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PeerList {
    /// Each of them.
    pub(crate) peers: Vec<Peer>,
}

/// A table with a row for each node.
pub(crate) fn peers(peers: &[Peer]) -> Table {
    match peers.iter().any(|peer| peer.role.is_some()) {
        true => of_a_channel(peers),
        false => registered(peers),
    }
}

fn of_a_channel(peers: &[Peer]) -> Table {
    let mut table = Table::new(&[
        "node",
        "role",
        "organization",
        "reachable",
        "last block#",
        "last error",
    ]);
    for peer in peers {
        let text = |text: &Option<String>| text.as_deref().map_or("-".to_owned(), printable);
        let is_reachable = peer.is_reachable();
        table.row([
            printable(&peer.address),
            text(&peer.role),
            text(&peer.organization),
            is_reachable
                .map_or("not asked", |is| if is { "yes" } else { "no" })
                .to_owned(),
            match (peer.height, peer.first_block) {
                (Some(height), Some(first)) => format!("{height}, from {first} on"),
                (Some(height), None) => height.to_string(),
                (None, _) => "-".to_owned(),
            },
            match (&peer.outcome, &peer.last_error) {
                (Some(outcome), _) if is_reachable == Some(false) => printable(&outcome.detail),
                (_, Some(trouble)) => {
                    format!(
                        "{}: {}",
                        time(Some(&trouble.at)),
                        printable(&trouble.detail)
                    )
                }
                (_, None) => "-".to_owned(),
            },
        ]);
    }
    table
}

fn registered(peers: &[Peer]) -> Table {
    let mut table = Table::new(&["node", "asked", "result", "blocks#", "ms#", "what happened"]);
    for peer in peers {
        let outcome = peer.outcome.as_ref();
        let cell = |show: fn(&Outcome) -> String| outcome.map_or_else(|| "-".to_owned(), show);
        table.row([
            printable(&peer.address),
            match &peer.asked_at {
                Some(asked_at) => time(Some(asked_at)),
                None => "never".to_owned(),
            },
            cell(|outcome| printable(&outcome.code)),
            cell(|outcome| outcome.verified_blocks.to_string()),
            cell(|outcome| outcome.duration_ms.to_string()),
            cell(|outcome| printable(&outcome.detail)),
        ]);
    }
    table
}

impl Peer {
    /// Whether a node of a channel answered when it was asked last.
    fn is_reachable(&self) -> Option<bool> {
        let outcome = self.outcome.as_ref()?;
        Some(outcome.code == PeerReport::ANSWERED)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::output::Paint;

    #[test]
    fn a_node_that_was_not_asked_yet_is_shown_too() {
        let list: PeerList = serde_json::from_str(
            r#"{"peers": [{"address": "127.0.0.1:5001"}, {"address": "127.0.0.1:5002",
            "asked_at": "2026-01-02T03:04:05Z", "outcome": {"code": "not_longer",
            "detail": "its chain has 3 blocks", "verified_blocks": 3, "duration_ms": 12}}]}"#,
        )
        .unwrap();
        assert_eq!(
            peers(&list.peers).render(Paint::PLAIN),
            "node            asked                 result      blocks  ms  what happened\n\
             127.0.0.1:5001  never                 -                -   -  -\n\
             127.0.0.1:5002  2026-01-02T03:04:05Z  not_longer       3  12  its chain has 3 blocks\n"
        );
    }

    #[test]
    fn a_channels_nodes_are_shown_with_how_far_they_are_and_what_went_wrong() {
        let list: PeerList = serde_json::from_str(
            r#"{"peers": [
            {"address": "127.0.0.1:7051", "role": "peer", "organization": "Org1MSP", "height": 7,
             "asked_at": "2026-01-02T03:04:05Z", "outcome": {"code": "answered",
             "detail": "its last block is 7", "verified_blocks": 0, "duration_ms": 3}},
            {"address": "127.0.0.1:9051", "role": "peer", "height": 12, "first_block": 5,
             "last_error": {"at": "2026-01-02T03:04:05Z", "detail": "it was away"},
             "outcome": {"code": "answered", "detail": "", "verified_blocks": 0, "duration_ms": 3}},
            {"address": "127.0.0.1:7050", "role": "orderer",
             "outcome": {"code": "orderers_unavailable", "detail": "connection refused", "verified_blocks": 0, "duration_ms": 3}}]}"#,
        )
        .unwrap();
        assert_eq!(
            peers(&list.peers).render(Paint::PLAIN),
            "node            role     organization  reachable     last block  last error\n\
             127.0.0.1:7051  peer     Org1MSP       yes                    7  -\n\
             127.0.0.1:9051  peer     -             yes        12, from 5 on  2026-01-02T03:04:05Z: it was away\n\
             127.0.0.1:7050  orderer  -             no                     -  connection refused\n"
        );
    }
}
