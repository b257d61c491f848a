//! A peer that takes connections and says nothing, as one does that was stopped.

use std::net::Ipv4Addr;
use std::time::Duration;

use chainloom_fabric::{FabricLedger, Mode, NodeUrls};
use chainloom_ledger::{BlockEvent, Ledger, PeerRole, Position};
use futures_util::StreamExt;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::caller::{connected, invoke};
use super::{alice, network, parameters, urls};

/// Before a connection's sign of life, once a minute, would tell that the peer is gone.
const BEFORE_KEEPALIVE: Duration = Duration::from_secs(45);

#[tokio::test]
async fn blocks_come_from_the_next_peer_where_the_first_is_frozen() {
    let network = network();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a port is free");
    let frozen = listener.local_addr().expect("it is bound");
    let good = urls(network);
    let some = NodeUrls {
        peers: vec![format!("grpc://{frozen}"), good.peers[0].clone()],
        ..good
    };
    let ledger = FabricLedger::connect_as(alice(network), &parameters(some, Mode::Gateway)).await;
    let ledger = ledger.unwrap_or_else(|error| panic!("{error}"));
    let info = ledger
        .info()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    // No peer has it yet, so that a good one is silent, too.
    let next = Position {
        generation: 0,
        number: info.height + 1,
    };
    let mut blocks = ledger.blocks(next, 0);
    let other = connected(network, "org2", "probe-all", Mode::Gateway).await;
    let receiving = async { blocks.next().await };
    let sending = async {
        let sent = invoke(&other, "put", &["frozen", "yes"]).await;
        sent.unwrap_or_else(|error| panic!("{error}"))
    };
    let both = timeout(BEFORE_KEEPALIVE, async { tokio::join!(receiving, sending) });
    let (received, _) = both.await.expect("the second peer is asked in time");
    match received {
        Some(Ok(BlockEvent::Block { block, .. })) => assert_eq!(block.number, next.number),
        other => panic!("{other:?}"),
    }

    let reports = ledger
        .peers()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(reports.len(), 2, "{reports:?}");
    for report in reports {
        let is_frozen = report.address == frozen.to_string();
        assert_eq!(report.away().is_some(), is_frozen, "{report:?}");
        assert_eq!(report.organization.is_none(), is_frozen, "{report:?}");
        assert_eq!(report.role, Some(PeerRole::Peer));
    }
}

#[tokio::test]
async fn orderers_are_told_of_where_the_ledger_speaks_to_them() {
    let network = network();
    let mut some = urls(network);
    let away = "grpcs://127.0.0.1:1".to_owned();
    some.orderers.insert(0, away.clone());
    let direct = parameters(some.clone(), Mode::Direct);
    let ledger = FabricLedger::connect_as(alice(network), &direct).await;
    let ledger = ledger.unwrap_or_else(|error| panic!("{error}"));
    ledger
        .check_orderers()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let reports = ledger
        .peers()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let told: Vec<_> = reports
        .iter()
        .map(|report| {
            (
                report.role,
                report.organization.as_deref(),
                report.away().is_some(),
            )
        })
        .collect();
    let (peer, orderer) = (Some(PeerRole::Peer), Some(PeerRole::Orderer));
    assert_eq!(
        told,
        [
            (peer, Some("Org1MSP"), false),
            (peer, Some("Org2MSP"), false),
            (orderer, None, true),
            (orderer, None, false),
            (orderer, None, false),
            (orderer, None, false),
        ]
    );
    assert_eq!(reports[0].height.is_some(), reports[1].height.is_some());

    some.orderers = vec![away];
    let ledger = FabricLedger::connect_as(alice(network), &parameters(some, Mode::Direct)).await;
    let ledger = ledger.unwrap_or_else(|error| panic!("{error}"));
    let error = ledger.check_orderers().await.expect_err("none is there");
    assert_eq!(error.code(), "orderers_unavailable");
}
