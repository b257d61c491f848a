#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::block_server::gateway::{
    COMMIT_STATUS, EVALUATE, SUBMIT, committed, envelope, from_snapshot, gateway_ledger, submitted,
};
use crate::block_server::{BlockServer, chain};

/// A peer that was started from a snapshot knows nothing of the first one, and answers what it saw: the duplicate that was sent again, though the first
/// may have taken effect. A verdict on the first frees its key or binds it.
#[tokio::test]
async fn what_a_peer_says_of_a_duplicate_is_no_verdict() {
    let server = BlockServer::start(chain("a", 1)).await;
    server.answer_to(SUBMIT, submitted());
    server.answer_to(EVALUATE, from_snapshot("a"));
    for code in [ValidationCode(9), ValidationCode::NOT_VALIDATED] {
        server.answer_to(COMMIT_STATUS, committed(code));
        let ledger = gateway_ledger(&[&server]);
        let endorsed = Endorsed {
            transaction_id: "a".to_owned(),
            envelope: envelope(),
            result: Bytes::new(),
        };
        let _held = ledger.outbox.hold("a");
        let sending = Sending {
            ledger: &ledger,
            endorsed: &endorsed,
            is_stored: false,
            is_sent_before: false,
            wait: None,
            deadline: Instant::now() + Duration::from_secs(60),
        };
        let error = sending.finish(None).await.unwrap_err();
        assert_eq!(error.code(), "outcome_unknown", "{error}");
        assert!(ledger.outbox.contains("a"), "it is not looked for");
        assert!(ledger.outbox.is_standing("a"), "it is sent again");
        // The same where it is all that a look tells.
        let seen = Commit {
            block: 7,
            version: None,
            code,
        };
        let error = sending.told(seen).await.unwrap_err();
        assert_eq!(error.code(), "outcome_unknown", "{error}");
        assert!(ledger.outbox.contains("a"));
    }
    let mvcc = ValidationCode(11);
    server.answer_to(COMMIT_STATUS, committed(mvcc));
    let ledger = gateway_ledger(&[&server]);
    let commit = ledger
        .flow
        .commit("a", Instant::now() + Duration::from_secs(60));
    let reached = ledger.first_of("a", commit.await.unwrap(), Instant::now());
    assert!(matches!(reached.await, Reached::Placed(commit) if commit.code == mvcc));
}
