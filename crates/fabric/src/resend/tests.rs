//! What the orderers refuse, on a real network.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use chainloom_devnet::{Network, Options};
use chainloom_ledger::{
    Call, InvokeOptions, Ledger, LedgerError, Payload, ReceiptStatus, TransactionSelector,
};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::call::ChannelCall;
use crate::connect::{ConnectionOptions, Mode};
use crate::ledger::FabricLedger;
use crate::outbox::{IDEMPOTENCY_KEEP, NewEntry, OutboxOptions, REFUSED_FOR_GOOD_AFTER, Request};

async fn connected(network: &Network, mode: Mode) -> FabricLedger {
    let directory = network.layout().directory();
    let profile = match mode {
        Mode::Gateway => "connection-org1.yaml",
        Mode::Direct => "connection-full-org1.yaml",
    };
    let options = ConnectionOptions {
        profile: directory.join(profile),
        channel: "devnet".to_owned(),
        contract: Some("probe".to_owned()),
        wallet: directory.join("wallets/org1"),
        identity: "alice".to_owned(),
        mode,
    };
    let ledger = FabricLedger::connect(options).await.unwrap();
    let outbox = OutboxOptions {
        path: directory.join(format!("{mode:?}.redb")),
        idempotency_keep: IDEMPOTENCY_KEEP,
    };
    ledger.with_outbox(outbox).await.unwrap()
}

/// An envelope in the store that no orderer takes, as where its creator was revoked since: it is sent again for some time, since a refusal by one
/// orderer says nothing of another, and then given up, so that its key can be used.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_orderers_refuse_for_long_is_given_up_and_its_key_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::in_directory(folder.path().join("net"));
    let network = spawn_blocking(move || Network::start(&options, &|_| ()));
    let network = network.await.unwrap().unwrap();
    for mode in [Mode::Gateway, Mode::Direct] {
        let ledger = connected(&network, mode).await;
        let deadline = Instant::now() + Duration::from_secs(60);
        let args = ["put", "refused", "1"].map(Into::into).to_vec();
        let call = ChannelCall::plain("probe", args, deadline);
        let mut endorsed = ledger.flow.endorse(&call).await.unwrap();
        // Of another's signature the orderers say what they say of a revoked creator's.
        let mut signature = endorsed.envelope.signature.to_vec();
        *signature.last_mut().unwrap() ^= 1;
        endorsed.envelope.signature = signature.into();
        let id = endorsed.transaction_id;
        let request = Request {
            invocation: &call.invocation,
            organizations: &call.organizations,
            peers: &call.peers,
        };
        let key = ledger.outbox.key_use("Org1MSP", "alice", "k", &request);
        let key = key.unwrap();
        let held = ledger.outbox.hold(&id);
        let stored = ledger.outbox.store(NewEntry {
            transaction_id: id.clone(),
            envelope: endorsed.envelope,
            result: endorsed.result,
            key: Some(key),
        });
        stored.await.unwrap();
        drop(held);
        let begin = Instant::now();
        while ledger.outbox.contains(&id) {
            assert!(begin.elapsed() < Duration::from_secs(60), "it is kept");
            // Not at the pauses of hours in which orderers are away.
            ledger.outbox.hurry(&id);
            sleep(Duration::from_millis(200)).await;
        }
        let gone_after = begin.elapsed();
        assert!(
            gone_after >= REFUSED_FOR_GOOD_AFTER,
            "the first refusal is not the last word: {gone_after:?}"
        );
        let selector = TransactionSelector::Id(id.clone());
        let gone = ledger.transaction(selector).await.unwrap_err();
        assert!(matches!(gone, LedgerError::NotFound { .. }), "{gone}");
        let anew = Call {
            contract: String::new(),
            function: "put".to_owned(),
            args: ["refused", "1"].map(Payload::from).to_vec(),
        };
        let options = InvokeOptions {
            idempotency_key: Some("k".to_owned()),
            ..InvokeOptions::default()
        };
        let receipt = ledger.invoke(anew, options).await.unwrap();
        assert_eq!(receipt.status, ReceiptStatus::Committed);
        assert_ne!(receipt.transaction_id, id);
    }
}
