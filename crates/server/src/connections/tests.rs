//! What can be told of connections without a network.
#![allow(clippy::unwrap_used)]

use chainloom_fabric::{AuthorityParameters, Mode, NodeUrls, Nodes, Parameters};
use http::StatusCode;
use serde_json::json;

use super::*;
use crate::identities::{WalletOptions, WalletSecret};
use crate::problem::Problem;

struct Fixture {
    folder: tempfile::TempDir,
    ledgers: Ledgers,
    connections: Connections,
}

impl Fixture {
    fn new() -> Fixture {
        Fixture::over(tempfile::tempdir().unwrap())
    }

    fn over(folder: tempfile::TempDir) -> Fixture {
        let ledgers = Ledgers::default();
        let path = folder.path();
        let identities = Identities::open(&WalletOptions {
            directory: path.join("wallet"),
            secret: WalletSecret::OwnKeyFile(path.join("wallet.key")),
            reenroll_before_days: 0,
        })
        .unwrap();
        Fixture {
            connections: Connections::open(path, ledgers.clone(), identities).unwrap(),
            ledgers,
            folder,
        }
    }

    /// The same folder after a restart.
    async fn again(self) -> Fixture {
        self.connections.end().await;
        let Fixture {
            folder,
            ledgers,
            connections,
        } = self;
        drop((ledgers, connections));
        let again = Fixture::over(folder);
        again.connections.restore().await.unwrap();
        again
    }

    async fn refusal(&self, request: ConnectionRequest) -> (String, AddError) {
        let error = self.connections.add(request).await.unwrap_err();
        (error.to_string(), error)
    }
}

fn request(name: &str) -> ConnectionRequest {
    let body = json!({
        "name": name, "userid": "alice@Org1MSP", "channel_id": "mychannel", "peer_url": "grpc://127.0.0.1:1",
        "ca_id": "ca-org1", "ca_url": "https://localhost:7054",
    });
    serde_json::from_value(body).unwrap()
}

/// A channel of the configuration, whose user is in no wallet.
fn configured(folder: &Path) -> ChannelOptions {
    ChannelOptions {
        identity: IdentitySource::Folder {
            wallet: folder.join("none"),
            name: "alice".to_owned(),
        },
        parameters: Parameters {
            channel: "mychannel".to_owned(),
            contract: None,
            mode: Mode::Gateway,
            nodes: Nodes::Urls(NodeUrls {
                peers: vec!["grpc://127.0.0.1:1".to_owned()],
                orderers: Vec::new(),
                tls_ca_certs: None,
                ssl_target_name_override: None,
            }),
            authority: AuthorityParameters::default(),
            client_tls: None,
        },
        verify: Verification::default(),
    }
}

#[tokio::test]
async fn what_cannot_be_connected_is_neither_kept_nor_served() {
    let fixture = Fixture::new();
    let (told, error) = fixture.refusal(request("Trade")).await;
    assert!(matches!(error, AddError::Name(_)), "{told}");
    let (told, error) = fixture.refusal(request("trade")).await;
    assert!(matches!(error, AddError::Identity { .. }));
    assert!(
        told.contains("stage 1 (wallet)")
            && told.ends_with(
                "chainloom identity enroll alice --msp-id Org1MSP --ca-url https://localhost:7054 --ca-name ca-org1"
            ),
        "{told}"
    );
    let problem = Problem::from(error);
    assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = ConnectionRequest {
        channel_id: "My Channel".to_owned(),
        ..request("trade")
    };
    let (told, error) = fixture.refusal(wrong).await;
    assert!(matches!(error, AddError::Connect(_)));
    assert!(
        told.starts_with("stage 2 (parameters), channel: "),
        "{told}"
    );
    assert!(fixture.ledgers.all().is_empty() && fixture.connections.statuses().is_empty());
    assert!(fixture.again().await.connections.statuses().is_empty());
}

#[tokio::test]
async fn one_that_cannot_be_opened_is_shown_with_its_reason_and_stops_no_other() {
    let fixture = Fixture::new();
    fixture
        .connections
        .0
        .store
        .write(&request("trade"))
        .unwrap();
    fixture
        .connections
        .0
        .store
        .write(&request("other"))
        .unwrap();
    let damaged = fixture.folder.path().join(FOLDER).join("bad.json");
    std::fs::write(damaged, "{").unwrap();
    let fixture = fixture.again().await;
    let statuses = serde_json::to_value(fixture.connections.statuses()).unwrap();
    let names: Vec<_> = statuses
        .as_array()
        .unwrap()
        .iter()
        .map(|status| &status["name"])
        .collect();
    assert_eq!(names, ["bad", "other", "trade"]);
    assert_eq!(statuses[2]["is_open"], false);
    assert_eq!(statuses[2]["source"], "request");
    // What cannot be read is shown wherever ledgers are, and stays as it is until somebody removes it.
    let told = statuses[0]["detail"].as_str().unwrap();
    assert!(told.contains("bad.json: it holds no connection"), "{told}");
    let served = fixture.ledgers.get("bad").err().unwrap();
    assert!(served.detail().contains("bad.json"), "{served:?}");
    let file = fixture.folder.path().join(FOLDER).join("bad.json");
    assert!(file.exists());
    let (_, taken) = fixture.refusal(request("bad")).await;
    assert!(matches!(taken, AddError::Taken(_)));
    fixture.connections.remove("bad").await.unwrap();
    assert!(!file.exists() && !fixture.ledgers.all().contains_key("bad"));
    assert!(fixture.connections.status("bad").is_none());
    let detail = statuses[2]["detail"].as_str().unwrap();
    assert!(
        detail.contains("chainloom identity enroll alice"),
        "{detail}"
    );
    assert!(fixture.ledgers.get("trade").is_err());

    fixture.connections.remove("trade").await.unwrap();
    let error = fixture.connections.remove("trade").await.unwrap_err();
    assert!(matches!(error, AddError::Unknown(_)), "{error}");
    assert!(!fixture.ledgers.all().contains_key("trade"));
    let fixture = fixture.again().await;
    assert_eq!(fixture.connections.statuses().len(), 1);
}

#[tokio::test]
async fn names_are_shared_with_the_configuration_which_wins() {
    let fixture = Fixture::new();
    fixture
        .connections
        .0
        .store
        .write(&request("trade"))
        .unwrap();
    let options = configured(fixture.folder.path());
    fixture
        .connections
        .serve(
            "trade",
            options,
            MEMORY.cache_bytes,
            MEMORY.idempotency_keep,
        )
        .await;
    fixture.connections.restore().await.unwrap();
    let status = fixture.connections.status("trade").unwrap();
    let status = serde_json::to_value(status).unwrap();
    assert_eq!(status["source"], "configuration");
    let warned = status["warnings"][0].as_str().unwrap();
    assert!(
        warned.contains("the configuration has a ledger of that name"),
        "{warned}"
    );
    let (told, error) = fixture.refusal(request("trade")).await;
    assert!(matches!(error, AddError::Taken(_)), "{told}");
    let error = fixture.connections.remove("trade").await.unwrap_err();
    assert!(matches!(error, AddError::Configured(_)), "{error}");
    assert_eq!(Problem::from(error).status(), StatusCode::CONFLICT);
    fixture.connections.end().await;
}

#[tokio::test]
async fn as_many_are_kept_as_may_be() {
    let fixture = Fixture::new();
    for number in 0..CONNECTIONS_MAX {
        let kept = request(&format!("trade-{number}"));
        fixture.connections.0.store.write(&kept).unwrap();
    }
    let fixture = fixture.again().await;
    let (told, error) = fixture.refusal(request("trade")).await;
    assert!(matches!(error, AddError::TooMany), "{told}");
    fixture.connections.end().await;
}

#[tokio::test]
async fn what_cannot_be_written_is_said() {
    let fixture = Fixture::new();
    let path = fixture.folder.path().join(FOLDER).join("trade.json");
    std::fs::create_dir(&path).unwrap();
    let error = fixture
        .connections
        .0
        .store
        .write(&request("trade"))
        .unwrap_err();
    let error = AddError::from(error);
    assert!(
        matches!(error, AddError::Store(_)) && error.to_string().contains("trade.json"),
        "{error}"
    );
    assert_eq!(
        Problem::from(error).status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
}

/// Its index is deleted; of an outbox nothing is lost that cannot be read.
#[test]
fn what_is_left_of_a_removed_channel() {
    let folder = tempfile::tempdir().unwrap();
    let (index, outbox) = (folder.path().join("i.redb"), folder.path().join("o.redb"));
    let derived = [
        index.clone(),
        verified_of("i", &index),
        journal_of("i", &index),
    ];
    let leave = || leave(&derived, &outbox);
    leave().unwrap();
    for file in &derived {
        std::fs::write(file, "derived").unwrap();
    }
    std::fs::write(&outbox, "no outbox").unwrap();
    leave().unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    let [Ok(left)] = &left[..] else {
        panic!("{left:?}");
    };
    let name = left.file_name().into_string().unwrap();
    assert!(name.starts_with("o.redb.removed-"), "{name}");
    assert_eq!(std::fs::read_to_string(left.path()).unwrap(), "no outbox");
}
