//! What the orderers refuse, on a real network; what no network can be made to answer when it is needed, of a peer that can.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use chainloom_devnet::{Network, Options};
use chainloom_ledger::{
    Call, InvokeOptions, Ledger, LedgerError, ReceiptStatus, TransactionSelector,
};
use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use super::Resender;
use crate::block_server::gateway::{
    EVALUATE, GatewayAnswer, SUBMIT, access_denied, envelope, forbidden, from_snapshot,
    gateway_ledger, submitted, unavailable, unknown_id,
};
use crate::block_server::{BlockServer, chain};
use crate::call::ChannelCall;
use crate::connect::{ConnectionOptions, Mode};
use crate::gateway::Endorsed;
use crate::identity::authority::{Authority, EnrollmentOptions, Revoked};
use crate::identity::{Credentials, CurrentIdentity, Identity, KeyKind, PrivateKey, Secret};
use crate::ledger::FabricLedger;
use crate::outbox::{IDEMPOTENCY_KEEP, NewEntry, OutboxOptions, REFUSED_FOR_GOOD_AFTER, Request};

#[path = "../../tests/config_update/mod.rs"]
mod config_update;

fn options(network: &Network, mode: Mode) -> ConnectionOptions {
    let directory = network.layout().directory();
    let profile = match mode {
        Mode::Gateway => "connection-org1.yaml",
        Mode::Direct => "connection-full-org1.yaml",
    };
    ConnectionOptions {
        contract: Some("probe".to_owned()),
        mode,
        ..ConnectionOptions::new(
            directory.join(profile),
            "devnet",
            directory.join("wallets/org1"),
            "alice",
        )
    }
}

async fn connected(network: &Network, mode: Mode) -> FabricLedger {
    let ledger = FabricLedger::connect(options(network, mode)).await.unwrap();
    with_outbox(ledger, network, &format!("{mode:?}")).await
}

async fn with_outbox(ledger: FabricLedger, network: &Network, name: &str) -> FabricLedger {
    let outbox = OutboxOptions {
        path: network.layout().directory().join(format!("{name}.redb")),
        idempotency_keep: IDEMPOTENCY_KEEP,
    };
    ledger.with_outbox(outbox).await.unwrap()
}

/// A call of alice that is endorsed.
async fn endorsed(ledger: &FabricLedger) -> (ChannelCall, Endorsed) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let args = ["put", "refused", "1"].map(Into::into).to_vec();
    let call = ChannelCall::plain("probe", args, deadline);
    let endorsed = ledger.flow.endorse(&call).await.unwrap();
    (call, endorsed)
}

/// Leaves it to be sent; answers its id.
async fn store(ledger: &FabricLedger, call: &ChannelCall, endorsed: Endorsed) -> String {
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
    id
}

/// Waits until it is given up that could be refused since `begin`.
async fn is_given_up(ledger: &FabricLedger, id: &str, begin: Instant) {
    while ledger.outbox.contains(id) {
        assert!(begin.elapsed() < Duration::from_secs(120), "it is kept");
        // Not at the pauses of hours in which orderers are away.
        ledger.outbox.hurry(id);
        sleep(Duration::from_millis(200)).await;
    }
    let gone_after = begin.elapsed();
    assert!(
        gone_after >= REFUSED_FOR_GOOD_AFTER,
        "the first refusal is not the last word: {gone_after:?}"
    );
}

/// An envelope in the store that no orderer takes: it is sent again for some time, since a refusal by one
/// orderer says nothing of another, and then given up, so that its key can be used.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_orderers_refuse_for_long_is_given_up_and_its_key_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::in_directory(folder.path().join("net"));
    let network = spawn_blocking(move || Network::start(&options, &|_| ()));
    let network = network.await.unwrap().unwrap();
    for mode in [Mode::Gateway, Mode::Direct] {
        let ledger = connected(&network, mode).await;
        let (call, mut endorsed) = endorsed(&ledger).await;
        let mut signature = endorsed.envelope.signature.to_vec();
        *signature.last_mut().unwrap() ^= 1;
        endorsed.envelope.signature = signature.into();
        let begin = Instant::now();
        let id = store(&ledger, &call, endorsed).await;
        is_given_up(&ledger, &id, begin).await;
        let selector = TransactionSelector::Id(id.clone());
        let gone = ledger.transaction(selector).await.unwrap_err();
        assert!(matches!(gone, LedgerError::NotFound { .. }), "{gone}");
        let anew = Call::new("", "put", ["refused", "1"]);
        let options = InvokeOptions {
            idempotency_key: Some("k".to_owned()),
            ..InvokeOptions::default()
        };
        let receipt = ledger.invoke(anew, options).await.unwrap();
        assert_eq!(receipt.status, ReceiptStatus::Committed);
        assert_ne!(receipt.transaction_id, id);
    }
    of_a_revoked_creator(&network).await;
}

/// The creator was revoked by the CA, and the channel has its list, after the envelope was stored.
async fn of_a_revoked_creator(network: &Network) {
    let organization = &network.topology().organizations[0];
    let directory = network.layout().directory();
    let url = format!("https://localhost:{}", organization.authority.port);
    let profile = std::fs::read(directory.join("connection-org1.json")).unwrap();
    let profile: serde_json::Value = serde_json::from_slice(&profile).unwrap();
    let authorities = profile["certificateAuthorities"].as_object().unwrap();
    let authority = authorities.values().next().unwrap();
    let roots = authority["tlsCACerts"]["pem"][0].as_str();
    let authority = Authority::new(&url, authority["caName"].as_str(), roots, None).unwrap();
    let enroll = async || {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let secret = Secret::new("alicepw");
        let options = EnrollmentOptions::default();
        let enrolled = authority.enroll("alice", &secret, key, "Org1MSP", &options);
        enrolled.await.unwrap()
    };
    let enrolled = enroll().await;
    let identity = |enrolled: &Credentials| Identity::new(enrolled, Timestamp::now()).unwrap();
    let alice = CurrentIdentity::new(identity(&enrolled));
    let mut waiting = Vec::new();
    for mode in [Mode::Gateway, Mode::Direct] {
        // She is one of the users of a ledger that is connected as somebody else, and it is connected as her.
        let others = connected(network, mode).await.acting_as(alice.clone());
        let parameters = options(network, mode).parameters();
        let own = FabricLedger::connect_as(alice.clone(), &parameters);
        let own = with_outbox(own.await.unwrap(), network, &format!("own-{mode:?}")).await;
        let (left_to_others, left_to_own) = (endorsed(&others).await, endorsed(&own).await);
        waiting.push((others, left_to_others, own, left_to_own));
    }
    let administrator = directory.join("wallets/org1/admin.id");
    let administrator = Identity::from_id_file(&administrator, Timestamp::now()).unwrap();
    let revoked = Revoked::Certificate(Box::new(enrolled.certificate().clone()));
    let revoked = authority.revoke(&administrator, &revoked, "keycompromise");
    let list = revoked.await.unwrap().revocation_list.unwrap();
    let change = format!(
        r#"
import base64
[own] = [o for o in groups['Application']['groups'].values() if o['values']['MSP']['value']['config']['name'] == 'Org1MSP']
own['values']['MSP']['value']['config']['revocation_list'] = [base64.b64encode(b"""{list}""").decode()]
"#
    );
    tokio::task::block_in_place(|| config_update::change_configuration(network, &change, false));
    let mut unread = Vec::new();
    for (others, (call, endorsed), own, (own_call, own_endorsed)) in waiting {
        let begin = Instant::now();
        let id = store(&others, &call, endorsed).await;
        is_given_up(&others, &id, begin).await;
        // And a new call says why.
        let anew = Call::new("probe", "put", ["refused", "2"]);
        let refused = others.invoke(anew, InvokeOptions::default()).await;
        assert_eq!(refused.unwrap_err().code(), "access_denied");
        // She alone cannot read the channel either, so that nobody knows what stands there.
        let id = store(&own, &own_call, own_endorsed).await;
        own.outbox.hurry(&id);
        unread.push((own, id));
    }
    assert!(unread.iter().all(|(own, id)| own.outbox.contains(id)));
    let begin = Instant::now();
    alice.replace(identity(&enroll().await)).unwrap();
    for (own, id) in unread {
        is_given_up(&own, &id, begin).await;
        let anew = Call::new("probe", "put", ["refused", "2"]);
        let receipt = own.invoke(anew, InvokeOptions::default()).await.unwrap();
        assert_eq!(receipt.status, ReceiptStatus::Committed);
    }
}

/// A transaction in the store of a ledger, and who sends it again. The ledger's own task leaves it alone.
async fn stored(server: &BlockServer) -> (FabricLedger, Resender, crate::outbox::Hold) {
    let ledger = gateway_ledger(&[server]);
    let held = ledger.outbox.hold("a");
    let entry = NewEntry {
        transaction_id: "a".to_owned(),
        envelope: envelope(),
        result: bytes::Bytes::new(),
        key: None,
    };
    ledger.outbox.store(entry).await.unwrap();
    let resender = Resender {
        flow: ledger.flow.clone(),
        commits: ledger.commits.clone(),
        outbox: ledger.outbox.clone(),
        same: ledger.same.clone(),
    };
    (ledger, resender, held)
}

/// Where its creator was revoked since it was committed, neither can it be looked for, nor do the orderers take it again.
#[tokio::test]
async fn a_refusal_counts_only_of_what_was_looked_for_and_not_found() {
    let server = BlockServer::start(chain("a", 1)).await;
    let (ledger, resender, _held) = stored(&server).await;
    server.answer_to(SUBMIT, forbidden());
    let refused_for_long = async |look: GatewayAnswer| {
        server.answer_to(EVALUATE, look);
        resender.see_after("a").await;
        sleep(REFUSED_FOR_GOOD_AFTER).await;
        resender.see_after("a").await;
    };
    refused_for_long(access_denied()).await;
    assert!(ledger.outbox.contains("a"), "its key would be free");
    refused_for_long(unknown_id("a")).await;
    assert!(!ledger.outbox.contains("a"), "it never comes");
    assert_eq!(server.calls_count(SUBMIT), 4);
}

#[tokio::test]
async fn what_stands_on_the_chain_is_not_sent_again_whatever_a_look_says() {
    let server = BlockServer::start(chain("a", 1)).await;
    server.answer_to(SUBMIT, submitted());
    for look in [unavailable(), access_denied(), unknown_id("a")] {
        let (ledger, resender, _held) = stored(&server).await;
        server.answer_to(EVALUATE, look);
        let before = server.calls_count(SUBMIT);
        resender.see_after("a").await;
        assert_eq!(server.calls_count(SUBMIT), before + 1);
        // A duplicate of it was seen.
        ledger.outbox.stands("a");
        for _ in 0..3 {
            resender.see_after("a").await;
        }
        assert_eq!(server.calls_count(SUBMIT), before + 1);
        assert!(ledger.outbox.contains("a"));
    }
}

#[tokio::test]
async fn what_peers_know_from_a_snapshot_only_is_not_sent_again() {
    let server = BlockServer::start(chain("a", 1)).await;
    server.answer_to(SUBMIT, submitted());
    server.answer_to(EVALUATE, from_snapshot("a"));
    let (ledger, resender, held) = stored(&server).await;
    resender.see_after("a").await;
    resender.see_after("a").await;
    assert_eq!(server.calls_count(SUBMIT), 0);
    assert!(ledger.outbox.contains("a") && ledger.outbox.is_standing("a"));
    drop(held);
    assert!(ledger.outbox.due(9).is_empty(), "it is asked for at once");
}
