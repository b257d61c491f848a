//! A user of a network, as the tests of ledgers need one.

#![allow(dead_code, reason = "not every test program calls all of it")]

use std::time::Duration;

use chainloom_devnet::Network;
use chainloom_fabric::identity::CurrentIdentity;
use chainloom_fabric::{
    AuthorityParameters, ConnectionOptions, FabricLedger, Mode, NodeUrls, Nodes, Parameters,
    PemSource, PerEndpoint, identity_in_folder,
};
use chainloom_ledger::{
    Advice, Call, CallOptions, InvokeOptions, Ledger, LedgerError, Payload, QueryAnswer, Receipt,
};

/// What it takes to connect alice of that organization.
pub(crate) fn options(
    network: &Network,
    organization: &str,
    contract: &str,
    mode: Mode,
) -> ConnectionOptions {
    let directory = network.layout().directory();
    // Only the full profile names what the direct way needs.
    let profile = match mode {
        Mode::Gateway => format!("connection-{organization}.yaml"),
        Mode::Direct => format!("connection-full-{organization}.yaml"),
    };
    ConnectionOptions {
        profile: directory.join(profile),
        channel: "devnet".to_owned(),
        contract: Some(contract.to_owned()),
        wallet: directory.join("wallets").join(organization),
        identity: "alice".to_owned(),
        mode,
    }
}

/// Alice of that organization, connected.
pub(crate) async fn connected(
    network: &Network,
    organization: &str,
    contract: &str,
    mode: Mode,
) -> FabricLedger {
    FabricLedger::connect(options(network, organization, contract, mode))
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Alice, connected to these peers of the first organization alone.
pub(crate) async fn at_peers(network: &Network, peers: &[usize]) -> FabricLedger {
    let organization = &network.topology().organizations[0];
    let root = std::fs::read_to_string(network.layout().tls_root(organization));
    let url = |peer: &usize| format!("grpcs://127.0.0.1:{}", organization.peers[*peer].port);
    let parameters = Parameters {
        channel: "devnet".to_owned(),
        contract: None,
        mode: Mode::Gateway,
        nodes: Nodes::Urls(NodeUrls {
            peers: peers.iter().map(url).collect(),
            orderers: Vec::new(),
            tls_ca_certs: Some(PerEndpoint::All(PemSource::Text(
                root.expect("it is there"),
            ))),
            ssl_target_name_override: None,
        }),
        authority: AuthorityParameters::default(),
        client_tls: None,
    };
    let wallet = network.layout().directory().join("wallets").join("org1");
    let alice = identity_in_folder(&wallet, "alice").unwrap_or_else(|error| panic!("{error}"));
    let ledger = FabricLedger::connect_as(CurrentIdentity::new(alice), &parameters).await;
    ledger.unwrap_or_else(|error| panic!("{error}"))
}

/// An invocation that gives up after so long.
pub(crate) fn within(timeout: Duration) -> InvokeOptions {
    InvokeOptions {
        call: CallOptions {
            timeout: Some(timeout),
            ..CallOptions::default()
        },
        ..InvokeOptions::default()
    }
}

/// Invokes what cannot be ordered now, until it went to the orderers and nothing is known of it; answers its transaction id. How long a machine
/// takes to come that far is not known, so each try has twice the time of the one before: where it was too short, nothing was submitted.
pub(crate) async fn unconfirmed(
    invoke: impl AsyncFn(Duration) -> Result<Receipt, LedgerError>,
) -> String {
    let mut timeout = Duration::from_secs(4);
    loop {
        match invoke(timeout).await {
            Err(LedgerError::Unconfirmed { transaction_id, .. }) => return transaction_id,
            Err(error)
                if error.advice() == Advice::TryAgain && timeout < Duration::from_secs(120) =>
            {
                timeout *= 2;
            }
            outcome => panic!("{outcome:?}"),
        }
    }
}

/// A call of the ledger's own contract.
pub(crate) fn call(function: &str, args: &[&str]) -> Call {
    Call {
        contract: String::new(),
        function: function.to_owned(),
        args: args
            .iter()
            .map(|argument| Payload::from(*argument))
            .collect(),
    }
}

pub(crate) async fn invoke(
    ledger: &FabricLedger,
    function: &str,
    args: &[&str],
) -> Result<Receipt, LedgerError> {
    ledger
        .invoke(call(function, args), InvokeOptions::default())
        .await
}

pub(crate) async fn query(
    ledger: &FabricLedger,
    function: &str,
    args: &[&str],
) -> Result<String, LedgerError> {
    match ledger
        .query(call(function, args), CallOptions::default())
        .await?
    {
        QueryAnswer::Result(result) => Ok(result.as_text().expect("it is text").to_owned()),
        QueryAnswer::Balance(_) => panic!("contracts have no accounts"),
    }
}
