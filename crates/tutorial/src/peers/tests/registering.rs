//! Registering and forgetting peers.

use chainloom_ledger::LedgerError;

use super::server::Server;
use super::{Fixture, article, only};
use crate::json::{Json, Limits, parse};
use crate::peers::{AddressProblem, PeerLimits, RegisterError};

async fn register(fixture: &Fixture, list: &str) -> Result<Vec<String>, RegisterError> {
    let list = parse(list.as_bytes(), &Limits::default()).unwrap();
    fixture.peers.register(list.as_array().unwrap()).await
}

#[tokio::test]
async fn each_node_is_there_once_in_the_order_of_registration() {
    let fixture = Fixture::new();
    assert_eq!(register(&fixture, "[]").await.unwrap(), [""; 0]);
    let list = r#"["http://127.0.0.1:5003", "127.0.0.1:5001/chain", "HTTP://127.0.0.1:5003/"]"#;
    let both = ["127.0.0.1:5003", "127.0.0.1:5001"];
    assert_eq!(register(&fixture, list).await.unwrap(), both);
    assert_eq!(register(&fixture, list).await.unwrap(), both);
    let three = ["127.0.0.1:5003", "127.0.0.1:5001", "localhost:5002"];
    assert_eq!(
        register(&fixture, r#"["localhost:5002"]"#).await.unwrap(),
        three
    );
    let reports = fixture.peers.reports();
    let addresses: Vec<_> = reports
        .iter()
        .map(|report| report.address.as_str())
        .collect();
    assert_eq!(addresses, three);
    assert!(
        reports
            .iter()
            .all(|report| report.asked_at.is_none() && report.outcome.is_none())
    );
}

#[tokio::test]
async fn all_are_registered_or_none() {
    let fixture = Fixture::new();
    for (bad, kind) in [
        ("5", "an integer"),
        ("null", "null"),
        ("1.5", "a float"),
        ("true", "a boolean"),
        ("[\"127.0.0.1:1\"]", "an array"),
        ("{}", "an object"),
    ] {
        let list = format!("[\"127.0.0.1:5001\", \"127.0.0.1:5002\", {bad}]");
        let error = register(&fixture, &list).await.unwrap_err();
        assert_eq!(error, RegisterError::NotText { position: 3, kind });
        assert_eq!(error.code(), "invalid_address");
    }
    let error = register(&fixture, r#"["127.0.0.1:5001", "https://node.example"]"#).await;
    let error = error.unwrap_err();
    assert_eq!(
        error,
        RegisterError::Address {
            position: 2,
            address: "https://node.example".into(),
            problem: AddressProblem::Https
        }
    );
    assert_eq!(
        error.to_string(),
        "address 2 of the list, `https://node.example`, cannot be registered: nodes of the tutorial speak plain \
         HTTP; write http:// instead of https://"
    );
    let fenced = register(&fixture, r#"["http://169.254.169.254"]"#)
        .await
        .unwrap_err();
    assert_eq!(fenced.code(), "address_fenced");
    let surrogate = register(&fixture, r#"["http://\ud800:5000"]"#)
        .await
        .unwrap_err();
    assert!(
        matches!(surrogate, RegisterError::Address { .. }),
        "{surrogate:?}"
    );
    assert!(fixture.peers.reports().is_empty());
}

#[tokio::test]
async fn there_are_only_so_many() {
    let limits = PeerLimits {
        peers_max: 3,
        ..PeerLimits::default()
    };
    let fixture = Fixture::with_limits(limits);
    register(&fixture, r#"["a:1", "b:1"]"#).await.unwrap();
    let error = register(&fixture, r#"["c:1", "b:1", "d:1", "c:1"]"#)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        RegisterError::TooMany {
            registered: 2,
            new: 2,
            limit: 3
        }
    );
    assert_eq!(error.code(), "too_many_peers");
    let told = LedgerError::from(error);
    assert!(
        matches!(
            told,
            LedgerError::InvalidCall {
                code: "too_many_peers",
                ..
            }
        ),
        "{told:?}"
    );
    assert_eq!(register(&fixture, r#"["c:1"]"#).await.unwrap().len(), 3);
    // Those that are there already can be given again.
    assert_eq!(
        register(&fixture, r#"["c:1", "a:1"]"#).await.unwrap().len(),
        3
    );
}

#[tokio::test]
async fn a_peer_can_be_forgotten() {
    let fixture = Fixture::new();
    register(&fixture, r#"["a:1", "b:1", "c:1"]"#)
        .await
        .unwrap();
    assert!(fixture.peers.unregister("http://B:1/").await.unwrap());
    assert!(!fixture.peers.unregister("b:1").await.unwrap());
    assert!(!fixture.peers.unregister("no address").await.unwrap());
    assert_eq!(
        register(&fixture, r#"["b:1"]"#).await.unwrap(),
        ["a:1", "c:1", "b:1"]
    );
}

#[tokio::test]
async fn peers_and_what_they_did_outlive_the_program() {
    let fixture = Fixture::new();
    let server = Server::with_chain(&article(3, "alice")).await;
    register(&fixture, r#"["z:1", "a:1"]"#).await.unwrap();
    fixture.register(server.address).await;
    assert!(fixture.peers.unregister("z:1").await.unwrap());
    assert!(fixture.peers.unregister("a:1").await.unwrap());
    register(&fixture, r#"["b:1"]"#).await.unwrap();
    assert!(fixture.peers.unregister("b:1").await.unwrap());
    let resolution = fixture.resolve().await;
    assert_eq!(only(&resolution).code, "adopted");
    register(&fixture, r#"["c:1"]"#).await.unwrap();
    let before = fixture.peers.reports();
    let fixture = fixture.reopened();
    assert_eq!(fixture.peers.reports(), before);
    assert_eq!(fixture.peers.reports()[0], resolution.reports[0]);
    let addresses = register(&fixture, r#"["d:1"]"#).await.unwrap();
    assert_eq!(addresses, [&server.address.to_string(), "c:1", "d:1"]);
}

#[tokio::test]
async fn a_damaged_row_is_told_and_not_dropped() {
    let fixture = Fixture::new();
    for (address, content) in [
        ("a:1", "{}"),
        ("a:1", "no JSON"),
        ("https://a:1", "{\"order\": 1}"),
    ] {
        let row = (address.to_owned(), Some(content.as_bytes().to_vec()));
        fixture.store.write_peer_rows(vec![row]).await.unwrap();
        let opened = crate::peers::book::PeerBook::open(fixture.store.clone());
        let error = opened.err().unwrap().to_string();
        assert!(
            error.contains(&format!("the peer {address} cannot be read")),
            "{error}"
        );
        assert!(error.contains("tutorial.redb"), "{error}");
        let row = (address.to_owned(), None);
        fixture.store.write_peer_rows(vec![row]).await.unwrap();
    }
}

#[tokio::test]
async fn a_peer_that_is_forgotten_while_it_is_asked_stays_forgotten() {
    let (open, gate) = tokio::sync::watch::channel(false);
    let chain = super::server::answer(crate::testing::body(&article(3, "alice")));
    let server = Server::doing(vec![
        super::server::Act::Wait(gate),
        super::server::Act::Send(chain),
    ])
    .await;
    let fixture = Fixture::new();
    fixture.register(server.address).await;
    let peers = fixture.peers.clone();
    let resolving = tokio::spawn(async move { peers.resolve().await });
    while server.asked() == 0 {
        tokio::task::yield_now().await;
    }
    let address = server.address.to_string();
    assert!(fixture.peers.unregister(&address).await.unwrap());
    fixture.register(&address).await;
    open.send_replace(true);
    assert_eq!(only(&resolving.await.unwrap().unwrap()).code, "adopted");
    // It is a new registration, which has not been asked yet.
    assert_eq!(fixture.peers.reports()[0].outcome, None);
}

#[tokio::test]
async fn a_store_that_fails_is_told() {
    let error = RegisterError::Ledger(LedgerError::ShuttingDown);
    assert_eq!(error.code(), "shutting_down");
    assert_eq!(LedgerError::from(error), LedgerError::ShuttingDown);
    let address = Json::from("a:1");
    let fixture = Fixture::new();
    assert_eq!(fixture.peers.register(&[address]).await.unwrap(), ["a:1"]);
}

#[tokio::test]
async fn a_list_has_its_limit() {
    let fixture = Fixture::new();
    let address = Json::from("127.0.0.1:5001");
    let error = fixture
        .peers
        .register(&vec![address.clone(); 4097])
        .await
        .unwrap_err();
    let expected = RegisterError::ListTooLong {
        given: 4097,
        limit: 4096,
    };
    assert_eq!(error, expected);
    assert_eq!(error.code(), "too_many_addresses");
    assert_eq!(
        fixture
            .peers
            .register(&vec![address; 4096])
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn what_the_fence_refuses_by_now_can_be_read_and_forgotten() {
    let fixture = Fixture::new();
    let row = (
        "169.254.169.254".to_owned(),
        Some(b"{\"order\": 1}".to_vec()),
    );
    fixture.store.write_peer_rows(vec![row]).await.unwrap();
    let fixture = fixture.reopened();
    assert_eq!(only(&fixture.resolve().await).code, "address_fenced");
    assert!(
        fixture
            .peers
            .unregister("http://169.254.169.254")
            .await
            .unwrap()
    );
}
