//! Calls that are signed elsewhere, on real networks and both ways: the ledger has its own user, and the key of who calls is never with it.
#![allow(clippy::unwrap_used)]

mod caller;

use std::fs;

use caller::{call, connected, query};
use chainloom_devnet::{Consensus, FabricVersion, Network, Options};
use chainloom_fabric::identity::authority::{Authority, EnrollmentOptions, Registration};
use chainloom_fabric::identity::{Credentials, Identity, KeyKind, PrivateKey, Signer};
use chainloom_fabric::outside::{Algorithm, OutsideError, SignatureFault, Step, ToSign};
use chainloom_fabric::{FabricLedger, Mode};
use chainloom_ledger::{
    CallOptions, Hash, Ledger, LedgerError, Payload, ReceiptStatus, TransactionSelector, Wait,
};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

const MODES: [Mode; 2] = [Mode::Gateway, Mode::Direct];

fn started(fabric: FabricVersion, consensus: Consensus) -> (TempDir, Network) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        fabric: Some(fabric),
        consensus: Some(consensus),
        ..Options::in_directory(folder.path().join("net"))
    };
    let network = Network::start(&options, &|_| ());
    (folder, network.unwrap_or_else(|error| panic!("{error}")))
}

/// Options that say nothing.
fn plain() -> CallOptions {
    CallOptions::default()
}

/// Somebody with a key of their own, which no ledger here has.
struct Owner {
    certificate: String,
    organization: String,
    signer: Signer,
}

impl Owner {
    fn of(credentials: &Credentials) -> Self {
        Self {
            certificate: credentials.certificate().to_pem(),
            organization: credentials.msp_id().to_owned(),
            signer: Signer::new(credentials.private_key()).unwrap(),
        }
    }

    /// Alice, whom Fabric's own client enrolled.
    fn alice(network: &Network, organization: &str) -> Self {
        let wallet = network.layout().directory().join("wallets");
        let file = fs::read(wallet.join(organization).join("alice.id")).unwrap();
        let file: Value = serde_json::from_slice(&file).unwrap();
        let credentials = &file["credentials"];
        let key = PrivateKey::from_pem(credentials["privateKey"].as_str().unwrap(), None);
        Self {
            certificate: credentials["certificate"].as_str().unwrap().to_owned(),
            organization: file["mspId"].as_str().unwrap().to_owned(),
            signer: Signer::new(&key.unwrap()).unwrap(),
        }
    }

    /// Somebody new, enrolled by the CA of the first organization.
    async fn enrolled(network: &Network, name: &str, kind: KeyKind) -> Self {
        let organization = &network.topology().organizations[0];
        let url = format!("https://127.0.0.1:{}", organization.authority.port);
        let roots = fs::read_to_string(network.layout().authority_root(organization)).unwrap();
        let authority = Authority::new(&url, None, Some(&roots), None).unwrap();
        let administrator = &network.user(organization, "admin").wallet_file;
        let administrator = Identity::from_id_file(administrator, Timestamp::now()).unwrap();
        let registration = Registration::client(name);
        let secret = authority.register(&administrator, &registration).await;
        let secret = secret.unwrap();
        let key = PrivateKey::generate(kind).unwrap();
        let options = EnrollmentOptions::default();
        let enrolled = authority.enroll(name, &secret, key, "Org1MSP", &options);
        Self::of(&enrolled.await.unwrap())
    }

    fn sign(&self, to_sign: &ToSign) -> Vec<u8> {
        self.signer.sign(&to_sign.bytes).unwrap()
    }

    async fn prepare(
        &self,
        ledger: &FabricLedger,
        function: &str,
        args: &[&str],
    ) -> Result<ToSign, OutsideError> {
        let outside = ledger.outside();
        let (certificate, organization) = (&self.certificate, &self.organization);
        outside
            .prepare(call(function, args), plain(), certificate, organization)
            .await
    }

    /// Writes, and gives the transaction's id.
    async fn put(&self, ledger: &FabricLedger, key: &str, value: &str) -> String {
        let outside = ledger.outside();
        let proposal = self.prepare(ledger, "put", &[key, value]).await.unwrap();
        assert_eq!(proposal.step, Step::Proposal);
        let id = &proposal.transaction_id;
        let endorsed = outside.endorse(id, &self.sign(&proposal)).await.unwrap();
        assert_eq!(endorsed.to_sign.step, Step::Transaction);
        assert_eq!(&endorsed.to_sign.transaction_id, id);
        let signature = self.sign(&endorsed.to_sign);
        let receipt = outside.submit(id, &signature, None).await.unwrap();
        assert_eq!(receipt.status, ReceiptStatus::Committed);
        assert_eq!(receipt.result, Some(endorsed.result));
        assert_eq!(&receipt.transaction_id, id);
        receipt.transaction_id
    }

    /// Asks who asks.
    async fn whoami(&self, ledger: &FabricLedger) -> Value {
        let outside = ledger.outside();
        let (certificate, organization) = (&self.certificate, &self.organization);
        let question = outside
            .prepare_query(call("whoami", &[]), plain(), certificate, organization)
            .await
            .unwrap();
        assert_eq!(question.step, Step::Query);
        let id = &question.transaction_id;
        let signature = self.sign(&question);
        let answer = outside.evaluate(id, &signature).await.unwrap();
        assert_eq!(outside.evaluate(id, &signature).await.unwrap(), answer);
        serde_json::from_slice(&answer.0).unwrap()
    }
}

async fn creator_of(ledger: &FabricLedger, id: &str) -> (String, Option<String>) {
    let selector = TransactionSelector::Id(id.to_owned());
    let transaction = ledger.transaction(selector).await.unwrap();
    let creator = transaction.endorsed.unwrap().creator.unwrap();
    (creator.organization.clone(), creator.enrollment_id.clone())
}

/// Whoever signs is who calls, whatever the ledger's own user and the kind of key.
async fn takes(network: &Network, owner: &Owner, name: &str) {
    for mode in MODES {
        for own in ["org1", "org2"] {
            let ledger = connected(network, own, "probe", mode).await;
            let asked = owner.whoami(&ledger).await;
            assert_eq!(asked["msp_id"], owner.organization, "{asked}");
            assert_eq!(asked["enrollment_id"], name, "{asked}");
            let key = format!("{name}-{own}-{mode:?}");
            let id = owner.put(&ledger, &key, "blue").await;
            let creator = creator_of(&ledger, &id).await;
            assert_eq!(creator, (owner.organization.clone(), Some(name.to_owned())));
            assert_eq!(query(&ledger, "get", &[&key]).await.unwrap(), "blue");
        }
    }
}

async fn refuses_what_does_not_hold(network: &Network, ledger: &FabricLedger) {
    let outside = ledger.outside();
    let alice = Owner::alice(network, "org1");
    let other = Owner::alice(network, "org2");
    let prepare = async |certificate: &str, organization: &str| {
        let put = call("put", &["a", "b"]);
        outside
            .prepare(put, plain(), certificate, organization)
            .await
    };
    let error = prepare(&alice.certificate, "Org9MSP").await.unwrap_err();
    let known = vec!["Org1MSP".to_owned(), "Org2MSP".to_owned()];
    let expected = OutsideError::UnknownOrganization {
        organization: "Org9MSP".to_owned(),
        known,
    };
    assert_eq!(error, expected);
    let error = prepare(&other.certificate, "Org1MSP").await.unwrap_err();
    assert!(
        matches!(&error, OutsideError::NotAMember { reason, .. } if reason.contains("CA of Org1MSP")),
        "{error}"
    );
    let error = prepare("-----BEGIN CERTIFICATE-----", "Org1MSP")
        .await
        .unwrap_err();
    assert!(matches!(error, OutsideError::Certificate(_)), "{error}");
    let none = outside
        .prepare(call("", &[]), plain(), &alice.certificate, "Org1MSP")
        .await;
    let error = LedgerError::from(none.unwrap_err());
    assert_eq!(error.code(), "function_missing");
}

async fn takes_steps_in_their_order_only(network: &Network, ledger: &FabricLedger) {
    let outside = ledger.outside();
    let alice = Owner::alice(network, "org1");
    let other = Owner::alice(network, "org2");
    let proposal = alice.prepare(ledger, "put", &["order", "1"]).await.unwrap();
    let id = &proposal.transaction_id;
    assert_eq!(proposal.digest, Some(Hash::of(&proposal.bytes)));
    assert_eq!(proposal.algorithm, Algorithm::EcdsaSha256);
    assert!(proposal.expires_at > Timestamp::now());
    let signature = alice.sign(&proposal);

    let wrong = |asked, due| OutsideError::WrongStep { asked, due };
    let error = outside.submit(id, &signature, None).await.unwrap_err();
    assert_eq!(error, wrong("submit", "endorse"));
    let error = outside.evaluate(id, &signature).await.unwrap_err();
    assert_eq!(error, wrong("evaluate", "endorse"));
    let error = outside.endorse("1f", &signature).await.unwrap_err();
    assert_eq!(error, OutsideError::Unknown("1f".to_owned()));
    let error = outside.endorse(id, &other.sign(&proposal)).await;
    assert!(
        matches!(
            error,
            Err(OutsideError::Signature(SignatureFault::Mismatch(_)))
        ),
        "{error:?}"
    );

    let endorsed = outside.endorse(id, &signature).await.unwrap();
    assert!(!endorsed.endorsers.is_empty());
    // Again, as after an answer that was lost: with another signature, since ECDSA's differ.
    let again = outside.endorse(id, &alice.sign(&proposal)).await.unwrap();
    assert_eq!(again, endorsed);
    let error = outside.submit(id, &signature, None).await.unwrap_err();
    assert_eq!(error, OutsideError::Signature(SignatureFault::OtherStep));

    let signature = alice.sign(&endorsed.to_sign);
    let wait = Some(Wait::Ordered);
    let receipt = outside.submit(id, &signature, wait).await.unwrap();
    assert_eq!(receipt.status, ReceiptStatus::Ordered);
    let error = outside.submit(id, &signature, wait).await.unwrap_err();
    assert_eq!(error, OutsideError::Submitted);
    let error = outside.endorse(id, &signature).await.unwrap_err();
    assert_eq!(error, OutsideError::Submitted);
}

/// A secret goes to its owner's organization only, even through a ledger of another one, and never onto the chain.
async fn keeps_secrets(network: &Network, mode: Mode) {
    let alice = Owner::alice(network, "org1");
    let ledger = connected(network, "org2", "probe", mode).await;
    let outside = ledger.outside();
    let options = CallOptions {
        transient: [("value".to_owned(), Payload::from("hidden"))].into(),
        organizations: match mode {
            // A gateway of the second organization would keep it there.
            Mode::Gateway => vec!["Org1MSP".to_owned()],
            Mode::Direct => Vec::new(),
        },
        ..plain()
    };
    let key = format!("secret-{mode:?}");
    let put = call("putPrivate", &[&key]);
    let (certificate, organization) = (&alice.certificate, &alice.organization);
    let prepared = outside
        .prepare(put, options, certificate, organization)
        .await;
    let proposal = prepared.unwrap();
    let id = &proposal.transaction_id;
    let endorsed = outside.endorse(id, &alice.sign(&proposal)).await.unwrap();
    let organizations: Vec<&str> = endorsed
        .endorsers
        .iter()
        .map(|one| &*one.organization)
        .collect();
    assert_eq!(organizations, ["Org1MSP"]);
    let has_secret = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("hidden");
    assert!(has_secret(&proposal.bytes) && !has_secret(&endorsed.to_sign.bytes));
    let signature = alice.sign(&endorsed.to_sign);
    outside.submit(id, &signature, None).await.unwrap();
    let own = connected(network, "org1", "probe", mode).await;
    assert_eq!(query(&own, "getPrivate", &[&key]).await.unwrap(), "hidden");
}

/// The contract's own words arrive, and the step can be tried again.
async fn tells_what_the_contract_says(network: &Network, ledger: &FabricLedger) {
    let outside = ledger.outside();
    let alice = Owner::alice(network, "org1");
    let proposal = alice.prepare(ledger, "fail", &["not today"]).await.unwrap();
    for _ in 0..2 {
        let signature = alice.sign(&proposal);
        let endorsed = outside.endorse(&proposal.transaction_id, &signature).await;
        let error = LedgerError::from(endorsed.unwrap_err());
        assert_eq!(error.code(), "contract_refused");
        assert!(error.to_string().contains("not today"), "{error}");
    }
}

/// With its peers gone, a wrong signature is still told from a right one: nobody was asked.
async fn checks_before_anybody_is_asked(network: &Network, mode: Mode, others: &[Mode]) {
    let alice = Owner::alice(network, "org1");
    let ledger = connected(network, "org1", "probe", mode).await;
    let proposal = alice.prepare(&ledger, "put", &["c", "d"]).await.unwrap();
    let second = alice.prepare(&ledger, "put", &["e", "f"]).await.unwrap();
    let outside = ledger.outside();
    let signature = alice.sign(&second);
    let endorsed = outside
        .endorse(&second.transaction_id, &signature)
        .await
        .unwrap();
    if let [next, others @ ..] = others {
        Box::pin(checks_before_anybody_is_asked(network, *next, others)).await;
    } else {
        for peer in ["peer0.org1", "peer0.org2"] {
            network.kill(peer).unwrap();
        }
    }
    let mut wrong = alice.sign(&proposal);
    let id = &proposal.transaction_id;
    *wrong.last_mut().unwrap() ^= 1;
    let error = outside.endorse(id, &wrong).await.unwrap_err();
    assert!(matches!(error, OutsideError::Signature(_)), "{error}");
    let error = outside
        .endorse(id, &alice.sign(&proposal))
        .await
        .unwrap_err();
    let error = LedgerError::from(error);
    assert!(
        matches!(error, LedgerError::Unavailable { .. }),
        "{error:?}"
    );

    let id = &second.transaction_id;
    let error = outside.submit(id, &signature, None).await.unwrap_err();
    assert_eq!(error, OutsideError::Signature(SignatureFault::OtherStep));
    assert!(!endorsed.endorsers.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_signed_elsewhere_on_2_5() {
    let start = || started(FabricVersion::V2_5, Consensus::Raft);
    let (_folder, network) = tokio::task::spawn_blocking(start).await.unwrap();
    takes(&network, &Owner::alice(&network, "org1"), "alice").await;
    let dave = Owner::enrolled(&network, "dave", KeyKind::P384).await;
    takes(&network, &dave, "dave").await;
    let erin = Owner::enrolled(&network, "erin", KeyKind::Ed25519).await;
    for mode in MODES {
        let ledger = connected(&network, "org1", "probe", mode).await;
        let error = erin.prepare(&ledger, "put", &["a", "b"]).await.unwrap_err();
        assert!(
            matches!(&error, OutsideError::Ed25519NotTaken { capabilities, .. } if capabilities == &["V2_0"]),
            "{error}"
        );
        refuses_what_does_not_hold(&network, &ledger).await;
        takes_steps_in_their_order_only(&network, &ledger).await;
        tells_what_the_contract_says(&network, &ledger).await;
        keeps_secrets(&network, mode).await;
    }
    checks_before_anybody_is_asked(&network, Mode::Gateway, &[Mode::Direct]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_signed_elsewhere_on_3_1_with_ed25519_too() {
    let start = || started(FabricVersion::V3_1, Consensus::Bft);
    let (_folder, network) = tokio::task::spawn_blocking(start).await.unwrap();
    takes(&network, &Owner::alice(&network, "org2"), "alice").await;
    let erin = Owner::enrolled(&network, "erin", KeyKind::Ed25519).await;
    let ledger = connected(&network, "org1", "probe", Mode::Gateway).await;
    let proposal = erin.prepare(&ledger, "put", &["a", "b"]).await.unwrap();
    assert_eq!(proposal.algorithm, Algorithm::Ed25519);
    assert_eq!(proposal.digest, None);
    takes(&network, &erin, "erin").await;
}
