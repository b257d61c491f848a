//! Other nodes.

use serde::Deserialize;

use crate::output::{Table, printable, time};

/// A registered node and what it last did.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Peer {
    address: String,
    #[serde(default)]
    asked_at: Option<String>,
    #[serde(default)]
    outcome: Option<Outcome>,
}

#[derive(Debug, Clone, Deserialize)]
struct Outcome {
    code: String,
    detail: String,
    verified_blocks: u64,
    duration_ms: u64,
}

/// The registered nodes.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PeerList {
    /// Each of them.
    pub(crate) peers: Vec<Peer>,
}

/// A table with a row for each node.
pub(crate) fn peers(peers: &[Peer]) -> Table {
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
}
