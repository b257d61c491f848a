//! How a call is to be carried out, on real networks with two peers in each organization: transient data, the peers and organizations that
//! are named, the first call of a contract, its arguments, peers that hang, and what refusals mean. In both modes, on 2.5 and on 3.1.

mod caller;
mod config_update;

use std::process::Command;
use std::time::{Duration, Instant};

use caller::{call, connected, invoke, options, query, within};
use chainloom_devnet::{FabricVersion, Network, Options};
use chainloom_fabric::identity::{CurrentIdentity, Identity};
use chainloom_fabric::{FabricLedger, Mode};
use chainloom_ledger::{
    CallOptions, InvokeOptions, Ledger, LedgerError, QueryAnswer, Receipt, TransactionSelector,
};
use config_update::change_configuration;
use jiff::Timestamp;
use tokio::time::sleep;

const MODES: [Mode; 2] = [Mode::Gateway, Mode::Direct];
const PATIENCE: Duration = Duration::from_secs(60);

async fn ask(
    ledger: &FabricLedger,
    function: &str,
    args: &[&str],
    options: CallOptions,
) -> Result<String, LedgerError> {
    match ledger.query(call(function, args), options).await? {
        QueryAnswer::Result(result) => Ok(result.as_text().expect("it is text").to_owned()),
        QueryAnswer::Balance(_) => panic!("contracts have no accounts"),
    }
}

async fn submit(
    ledger: &FabricLedger,
    function: &str,
    args: &[&str],
    options: CallOptions,
) -> Result<Receipt, LedgerError> {
    let options = InvokeOptions {
        call: options,
        ..InvokeOptions::default()
    };
    ledger.invoke(call(function, args), options).await
}

fn to(organizations: &[&str], peers: &[&str]) -> CallOptions {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    CallOptions {
        organizations: owned(organizations),
        peers: owned(peers),
        ..CallOptions::default()
    }
}

fn secret(value: &str) -> CallOptions {
    CallOptions {
        transient: [("value".to_owned(), value.into())].into(),
        ..CallOptions::default()
    }
}

async fn endorsers(ledger: &FabricLedger, receipt: &Receipt) -> Vec<String> {
    let version = receipt.version.expect("it is committed");
    let transaction = ledger.transaction(TransactionSelector::Version(version));
    let transaction = transaction.await.expect("it is there");
    let endorsed = transaction.endorsed.expect("it was endorsed");
    let endorsers = endorsed.endorsers.into_iter();
    let mut organizations: Vec<String> = endorsers
        .map(|endorser| endorser.organization.clone())
        .collect();
    organizations.sort();
    organizations.dedup();
    organizations
}

async fn eventually(what: &str, attempt: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !attempt().await {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_carried_out_as_they_say() {
    for version in [FabricVersion::V2_5, FabricVersion::V3_1] {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let options = Options {
            fabric: Some(version),
            peers_per_organization: Some(2),
            ..Options::in_directory(folder.path().join("net"))
        };
        let started = tokio::task::spawn_blocking(move || Network::start(&options, &|_| ()));
        let network = started.await.expect("it does not panic");
        let network = network.unwrap_or_else(|error| panic!("{error}"));
        tokio::task::block_in_place(|| define_with_init(&network));
        for mode in MODES {
            transient_data(&network, mode).await;
            chosen_endorsers(&network, mode).await;
            first_call(&network, mode).await;
            arguments(&network, mode).await;
            refusals(&network, mode).await;
            not_permitted(&network, mode).await;
        }
        frozen_peer(&network).await;
        beyond_the_orderers_limit(&network).await;
        network.shut_down().expect("it ends in good order");
    }
}

async fn transient_data(network: &Network, mode: Mode) {
    let org1 = connected(network, "org1", "probe", mode).await;
    let key = format!("secret-{mode:?}");
    let receipt = submit(&org1, "putPrivate", &[&key], secret("blue"))
        .await
        .unwrap_or_else(|error| panic!("{mode:?}: {error}"));
    assert_eq!(endorsers(&org1, &receipt).await, ["Org1MSP"]);
    let version = receipt.version.expect("it is committed");
    let transaction = org1
        .transaction(TransactionSelector::Version(version))
        .await;
    let shown = serde_json::to_string(&transaction.expect("it is there")).expect("it is JSON");
    assert!(
        !shown.contains("blue"),
        "{mode:?}: the secret stands on the chain"
    );
    eventually("the secret", async || {
        ask(&org1, "getPrivate", &[&key], CallOptions::default()).await == Ok("blue".to_owned())
    })
    .await;
    // A collection of the other organization's alone.
    let first = format!("first-{mode:?}");
    submit(&org1, "putPrivate", &[&first, "first"], secret("red"))
        .await
        .unwrap_or_else(|error| panic!("{mode:?}: {error}"));
    let org2 = connected(network, "org2", "probe", mode).await;
    let refused = ask(
        &org2,
        "getPrivate",
        &[&first, "first"],
        CallOptions::default(),
    )
    .await;
    let refused = refused.expect_err("it is no member");
    assert_eq!(refused.code(), "contract_refused", "{mode:?}: {refused}");
    assert!(refused.to_string().contains("read access"), "{refused}");
    let without = submit(&org1, "putPrivate", &[&key], CallOptions::default()).await;
    assert_eq!(
        without.expect_err("it needs data").code(),
        "contract_refused"
    );
}

async fn chosen_endorsers(network: &Network, mode: Mode) {
    let ledger = connected(network, "org1", "probe", mode).await;
    for organizations in [&["Org1MSP"][..], &["Org1MSP", "Org2MSP"]] {
        let receipt = submit(&ledger, "put", &["chosen", "1"], to(organizations, &[])).await;
        let receipt = receipt.unwrap_or_else(|error| panic!("{mode:?}: {error}"));
        assert_eq!(
            endorsers(&ledger, &receipt).await,
            organizations,
            "{mode:?}"
        );
    }
    let named = to(&[], &["peer1.org1.example.com"]);
    ask(&ledger, "get", &["chosen"], named.clone())
        .await
        .unwrap_or_else(|error| panic!("{mode:?}: {error}"));
    let receipt = submit(&ledger, "put", &["chosen", "2"], named).await;
    receipt.unwrap_or_else(|error| panic!("{mode:?}: {error}"));
    let unknown = to(&[], &["peer9.org1.example.com"]);
    let error = ask(&ledger, "get", &["chosen"], unknown).await;
    let error = error.expect_err("there is no such peer");
    assert_eq!(error.code(), "unknown_peer");
    assert!(
        error.to_string().contains("peer0.org1.example.com"),
        "{error}"
    );
    let error = submit(&ledger, "put", &["a", "1"], to(&["Org9MSP"], &[])).await;
    let error = error.expect_err("there is no such organization");
    assert_eq!(error.code(), "unknown_organization", "{mode:?}: {error}");
    let told = error.to_string();
    assert!(
        told.contains("`Org9MSP`") && told.contains("Org1MSP") && told.contains("Org2MSP"),
        "{told}"
    );
}

async fn first_call(network: &Network, mode: Mode) {
    let contract = format!("init-{}", format!("{mode:?}").to_lowercase());
    let ledger = connected(network, "org1", &contract, mode).await;
    let init = || CallOptions {
        is_init: true,
        ..CallOptions::default()
    };
    eventually("the contract", async || {
        let early = invoke(&ledger, "put", &["a", "1"]).await;
        early.expect_err("it was not begun").code() == "init_required"
    })
    .await;
    let begun = submit(&ledger, "begin", &[], init()).await;
    begun.unwrap_or_else(|error| panic!("{mode:?}: {error}"));
    eventually("the first call's effect", async || {
        invoke(&ledger, "put", &["a", "1"]).await.is_ok()
    })
    .await;
    let again = submit(&ledger, "begin", &[], init()).await;
    assert_eq!(
        again.expect_err("it is begun").code(),
        "already_initialized"
    );
    let other = connected(network, "org1", "probe", mode).await;
    let needless = submit(&other, "begin", &[], init()).await;
    assert_eq!(
        needless.expect_err("it asks for none").code(),
        "init_not_required"
    );
}

async fn arguments(network: &Network, mode: Mode) {
    let ledger = connected(network, "org1", "probe", mode).await;
    // The contract is asked for its description in the background when it is first called.
    eventually("the contract's own description", async || {
        let error = query(&ledger, "get", &[])
            .await
            .expect_err("an argument is missing");
        error.code() == "wrong_argument_count"
    })
    .await;
    let error = invoke(&ledger, "put", &["a", "b", "c"]).await;
    let error = error.expect_err("there is one too many");
    assert_eq!(error.code(), "wrong_argument_count");
    assert!(
        error
            .to_string()
            .contains("`put` takes 2 arguments (key, value)"),
        "{error}"
    );
    // One of its two is optional, and names with a contract are no functions of this one.
    let put = submit(&ledger, "putPrivate", &["optional"], secret("1")).await;
    put.unwrap_or_else(|error| panic!("{mode:?}: {error}"));
    let unknown = query(&ledger, "nothing", &["a", "b"]).await;
    assert_eq!(
        unknown.expect_err("there is none").code(),
        "contract_refused"
    );
}

async fn refusals(network: &Network, mode: Mode) {
    let ledger = connected(network, "org1", "no-such-contract", mode).await;
    let unknown = query(&ledger, "get", &["a"])
        .await
        .expect_err("there is none");
    assert_eq!(unknown.code(), "contract_not_found", "{mode:?}: {unknown}");
    let unknown = invoke(&ledger, "put", &["a", "1"])
        .await
        .expect_err("there is none");
    assert_eq!(unknown.code(), "contract_not_found", "{mode:?}: {unknown}");
    let ledger = connected(network, "org1", "probe-all", mode).await;
    for words in [
        "access denied: channel [devnet] creator org [Org1MSP]",
        "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
        "make sure the chaincode probe has been successfully defined",
    ] {
        let asked = query(&ledger, "fail", &[words]).await.map(|_| ());
        let invoked = invoke(&ledger, "fail", &[words]).await.map(|_| ());
        for error in [asked, invoked] {
            let error = error.expect_err("the contract refuses");
            assert_eq!(error.code(), "contract_refused", "{mode:?}");
            assert_eq!(error.to_string(), words);
        }
    }
}

/// A peer's certificate may read the channel, but by its policies not write to it, nor ask for its contracts.
async fn not_permitted(network: &Network, mode: Mode) {
    let topology = network.topology();
    let (organization, peer) = topology.peers().next().expect("it has peers");
    let folder = network.layout().peer_identity(organization, peer);
    let identity = Identity::from_msp_folder(&folder.join("msp"), "Org1MSP", Timestamp::now());
    let identity = identity.expect("the folder is whole");
    let identity = CurrentIdentity::new(identity);
    let parameters = options(network, "org1", "probe", mode).parameters();
    let ledger = FabricLedger::connect_as(identity, &parameters).await;
    let ledger = ledger.unwrap_or_else(|error| panic!("{error}"));
    let contracts = ledger.contracts().await.map(|_| ());
    let asked = query(&ledger, "get", &["chosen"]).await.map(|_| ());
    let invoked = invoke(&ledger, "put", &["chosen", "3"]).await.map(|_| ());
    for outcome in [contracts, asked, invoked] {
        let error = outcome.expect_err("it may not");
        assert_eq!(error.code(), "access_denied", "{mode:?}: {error}");
    }
}

/// The first peer takes connections and says nothing.
async fn frozen_peer(network: &Network) {
    let (_, frozen) = network.topology().peers().next().expect("it has peers");
    for mode in MODES {
        let ledger = connected(network, "org1", "probe", mode).await;
        query(&ledger, "get", &["chosen"])
            .await
            .expect("it is there");
        network.freeze(&frozen.name).expect("it runs");
        let before = Instant::now();
        let read = ask(&ledger, "get", &["chosen"], within(PATIENCE).call).await;
        let took = before.elapsed();
        // Remembered: the next call goes to the other peer at once.
        let again = ask(&ledger, "get", &["chosen"], within(PATIENCE).call).await;
        let invoked = match mode {
            Mode::Gateway => {
                let options = CallOptions {
                    timeout: Some(PATIENCE),
                    ..to(&["Org1MSP"], &["peer1.org1.example.com"])
                };
                submit(&ledger, "put", &["thawed", "1"], options)
                    .await
                    .map(|_| ())
            }
            Mode::Direct => Ok(()),
        };
        network.thaw(&frozen.name).expect("it is frozen");
        assert!(read.is_ok(), "{mode:?}: {read:?}");
        assert!(took < PATIENCE / 2, "{mode:?}: it took {took:?}");
        assert!(again.is_ok(), "{mode:?}: {again:?}");
        // The other peer may choose the frozen one as endorser, but says so in time.
        if let Err(error) = invoked {
            assert!(
                matches!(
                    error,
                    LedgerError::Unavailable { .. } | LedgerError::Unconfirmed { .. }
                ),
                "{error}"
            );
        }
    }
}

/// Calls that the peers endorse and no orderer takes, once the channel's limit is lower than the peers' own.
async fn beyond_the_orderers_limit(network: &Network) {
    const LIMIT: u32 = 100_000;
    let lower = format!(
        "size = groups['Orderer']['values']['BatchSize']['value']\n\
         size['absolute_max_bytes'] = size['preferred_max_bytes'] = {LIMIT}"
    );
    tokio::task::block_in_place(|| change_configuration(network, &lower, true));
    let value = "x".repeat(LIMIT as usize);
    for mode in MODES {
        let ledger = connected(network, "org1", "probe", mode).await;
        eventually("the lower limit", async || {
            let orderer = ledger.config(None).await.ok().and_then(|now| now.orderer);
            orderer.is_some_and(|orderer| orderer.batch_size.absolute_max_bytes == LIMIT)
        })
        .await;
        let large = invoke(&ledger, "put", &["large", &value]).await;
        let refused = large.expect_err("it is larger than the orderers take");
        assert!(
            matches!(refused, LedgerError::Refused { .. }),
            "{mode:?}: {refused:?}"
        );
        assert_eq!(refused.code(), "too_large", "{mode:?}: {refused}");
        assert!(
            refused.to_string().contains(&LIMIT.to_string()),
            "{mode:?}: {refused}"
        );
        // It is known that it stands nowhere, and what fits is taken.
        let read = query(&ledger, "get", &["large"]).await;
        assert!(read.is_err(), "{mode:?}: {read:?}");
        let fits = invoke(&ledger, "put", &["fits", "1"]).await;
        fits.unwrap_or_else(|error| panic!("{mode:?}: {error}"));
    }
}

/// Two more definitions of the network's own contract, which ask for a first call. Done as an administrator does it.
fn define_with_init(network: &Network) {
    let directory = network.layout().directory();
    let script = r#"
        set -e
        . ./env.sh
        id=$(cat contracts/probe.package-id)
        for name in init-gateway init-direct; do
            set -- --channelID "$CHANNEL_NAME" --name "$name" --version 1 --sequence 1 --init-required \
                --signature-policy "OR('Org1MSP.peer','Org2MSP.peer')" --orderer "$ORDERER_ADDRESS" --tls --cafile "$ORDERER_CA"
            devnet_as org1 admin
            peer lifecycle chaincode approveformyorg --package-id "$id" "$@"
            devnet_as org2 admin
            peer lifecycle chaincode approveformyorg --package-id "$id" "$@"
            peer lifecycle chaincode commit "$@" \
                --peerAddresses "$PEER0_ORG1_ADDRESS" --tlsRootCertFiles "$PEER0_ORG1_CA" \
                --peerAddresses "$PEER0_ORG2_ADDRESS" --tlsRootCertFiles "$PEER0_ORG2_CA"
        done
    "#;
    let ran = Command::new("bash")
        .args(["-c", script])
        .current_dir(directory)
        .output()
        .expect("bash can be run");
    let complaint = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{complaint}");
}
