//! A warning where a list may lack the newest blocks.

use serde::Deserialize;

use crate::client::Client;
use crate::output::{printable, warn};

#[derive(Debug, Deserialize)]
struct Ledger {
    health: Health,
}

#[derive(Debug, Deserialize)]
struct Health {
    status: String,
    #[serde(default)]
    detail: Option<String>,
}

/// Says on standard error that what was listed may not be all, where the ledger's read model is behind.
pub(super) async fn warn_if_behind(client: &Client) {
    // The list itself was answered: no more than a warning is lost.
    let Ok(answer) = client.ask_ledger(&[]).await else {
        return;
    };
    if let Ok(ledger) = answer.read::<Ledger>()
        && let Some(sentence) = ledger.health.sentence()
    {
        warn(&sentence);
    }
}

impl Health {
    fn sentence(&self) -> Option<String> {
        let detail = self.detail.as_deref().unwrap_or("it does not say why");
        match self.status.as_str() {
            "catching_up" => Some(
                "the newest blocks are not in this yet: the ledger's index is being built"
                    .to_owned(),
            ),
            "failing" => Some(format!(
                "the newest blocks may be missing in this: {}",
                printable(detail)
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_a_ledger_that_may_be_behind_is_warned_of() {
        let sentence = |json| {
            serde_json::from_str::<Ledger>(json)
                .unwrap()
                .health
                .sentence()
        };
        assert_eq!(
            sentence(r#"{"health": {"status": "ready", "detail": "away: p"}}"#),
            None
        );
        let building = sentence(r#"{"health": {"status": "catching_up"}}"#).unwrap();
        assert!(building.contains("is being built"), "{building}");
        let failing = sentence(r#"{"health": {"status": "failing", "detail": "no\u0007 disk"}}"#);
        assert_eq!(
            failing.unwrap(),
            r"the newest blocks may be missing in this: no\u{7} disk"
        );
    }
}
