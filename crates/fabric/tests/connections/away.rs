//! A peer that is away when its ledger is connected, and comes back.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chainloom_fabric::{FabricLedger, Mode, NodeUrls, Parameters};
use chainloom_ledger::{CallOptions, InvokeOptions, Ledger, LedgerError, Receipt};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::caller::{call, invoke};
use super::{alice, network, parameters, urls};

const PATIENCE: Duration = Duration::from_secs(60);

/// Another way to the peer at a port, and whether it is open; as long as it is not, connections are closed at once.
async fn way_to(port: u16) -> (String, Arc<AtomicBool>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let is_open = Arc::new(AtomicBool::new(false));
    let opened = is_open.clone();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            if opened.load(Ordering::SeqCst) {
                tokio::spawn(async move {
                    let far = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
                    // Which end breaks it off does not matter.
                    let _ = copy_bidirectional(&mut near, &mut far.expect("the peer is up")).await;
                });
            }
        }
    });
    (format!("grpcs://{address}"), is_open)
}

async fn put_private(ledger: &FabricLedger) -> Result<Receipt, LedgerError> {
    let options = InvokeOptions {
        call: CallOptions {
            transient: [("value".to_owned(), "blue".into())].into(),
            ..CallOptions::default()
        },
        ..InvokeOptions::default()
    };
    let call = call("putPrivate", &["of-one-who-was-away"]);
    ledger.invoke(call, options).await
}

#[tokio::test]
async fn its_organization_is_learnt_when_it_is_there_again() {
    let network = network();
    let (url, is_open) = way_to(network.topology().organizations[0].peers[0].port).await;
    let only = NodeUrls {
        peers: vec![url],
        ..urls(network)
    };
    let parameters = Parameters {
        contract: Some("probe".to_owned()),
        ..parameters(only, Mode::Gateway)
    };
    let ledger = FabricLedger::connect_as(alice(network), &parameters).await;
    let ledger = ledger.unwrap_or_else(|error| panic!("{error}"));
    let refused = put_private(&ledger).await.expect_err("nobody may see it");
    assert_eq!(refused.code(), "no_peers_chosen", "{refused}");

    is_open.store(true, Ordering::SeqCst);
    let put = async {
        loop {
            match put_private(&ledger).await {
                Ok(receipt) => return receipt,
                Err(_) => sleep(Duration::from_millis(200)).await,
            }
        }
    };
    let receipt = timeout(PATIENCE, put).await;
    let receipt = receipt.expect("it says of which organization it is");
    assert!(receipt.validation_code.is_some_and(|code| code.is_valid()));
}

#[tokio::test]
async fn the_direct_way_goes_on_without_it_and_says_so() {
    let network = network();
    let (url, _) = way_to(network.topology().organizations[0].peers[1].port).await;
    let mut some = urls(network);
    some.peers.insert(0, url.clone());
    let connect = async |urls: NodeUrls| {
        let parameters = parameters(urls, Mode::Direct);
        FabricLedger::connect_as(alice(network), &parameters).await
    };
    let ledger = connect(some.clone()).await;
    let ledger = ledger.unwrap_or_else(|error| panic!("{error}"));
    let address = url.strip_prefix("grpcs://").expect("it is such a URL");
    let told = ledger.warnings();
    assert!(
        told.len() == 1 && told[0].contains(address) && told[0].contains("no call"),
        "{told:?}"
    );
    let receipt = invoke(&ledger, "put", &["without-one", "red"]).await;
    assert!(receipt.is_ok(), "{receipt:?}");

    // Where there is no other, there is nothing to go on with.
    some.peers = vec![url];
    let refused = connect(some).await.expect_err("nobody answers");
    assert!(!refused.is_lasting(), "{refused}");
}
