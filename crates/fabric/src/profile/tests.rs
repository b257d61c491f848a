#![allow(clippy::unwrap_used)]
use super::*;

const PROFILE: &str = r#"
name: devnet-org1
organizations:
  Org1:
    mspid: Org1MSP
    peers:
      - peer0.org1.example.com
  Org2:
    mspid: Org2MSP
    peers: [peer0.org2.example.com]
  Org3:
    mspid: Org3MSP
  Org4:
    mspid: Org4MSP
    peers: [peer9]
peers:
  peer0.org1.example.com:
    url: grpcs://localhost:7051
    tlsCACerts:
      pem: |
        PEM
    grpcOptions:
      ssl-target-name-override: peer0.org1.example.com
  peer0.org2.example.com:
    url: grpcs://localhost:9051
    tlsCACerts:
      path: tls/org2.pem
"#;

fn written(text: &str) -> (tempfile::TempDir, ProfileSource) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.yaml");
    std::fs::write(&path, text).unwrap();
    (folder, path.into())
}

#[test]
fn the_peers_of_an_organization_are_found() {
    let (folder, path) = written(PROFILE);
    let peers = peers_of(&path, "Org1MSP").unwrap();
    assert_eq!(
        peers,
        [NodeEntry {
            name: "peer0.org1.example.com".to_owned(),
            url: "grpcs://localhost:7051".to_owned(),
            tls_roots: Some("PEM\n".to_owned()),
            server_name: Some("peer0.org1.example.com".to_owned()),
        }]
    );
    std::fs::create_dir(folder.path().join("tls")).unwrap();
    std::fs::write(folder.path().join("tls/org2.pem"), "OTHER").unwrap();
    let peers = peers_of(&path, "Org2MSP").unwrap();
    assert_eq!(peers[0].tls_roots.as_deref(), Some("OTHER"));
}

const NETWORK: &str = "
organizations:
  Org2: {mspid: Org2MSP, peers: [peer2]}
  Org1: {mspid: Org1MSP, peers: [peer1, peer0, peer9]}
peers:
  peer0: {url: 'grpcs://p:1'}
  peer1: {url: 'grpcs://p:2'}
  peer2: {url: 'grpcs://p:3'}
  peer9: {url: 'grpcs://p:4'}
orderers:
  orderer0: {url: 'grpcs://o:1'}
  orderer1: {url: 'grpcs://o:2'}
channels:
  trade:
    orderers: [orderer1]
    peers: {peer0: {}, peer1: {endorsingPeer: false}, peer2: {endorsingPeer: true}}
  none: {orderers: []}
  wrong: {orderers: [orderer7]}
";

#[test]
fn the_whole_network_of_a_channel_is_found() {
    let (_folder, path) = written(NETWORK);
    let names = |channel: &str| {
        let network = network_of(&path, channel).unwrap();
        let peers = network.peers.iter();
        let peers: Vec<_> = peers
            .map(|(msp_id, peer)| format!("{} of {msp_id}", peer.name))
            .collect();
        let orderers = network.orderers.into_iter();
        let orderers: Vec<_> = orderers.map(|orderer| orderer.name).collect();
        (peers.join(", "), orderers.join(", "))
    };
    let (peers, orderers) = names("trade");
    assert_eq!(peers, "peer0 of Org1MSP, peer2 of Org2MSP");
    assert_eq!(orderers, "orderer1");
    let (peers, orderers) = names("another");
    assert!(
        peers.contains("peer1 of Org1MSP") && peers.contains("peer9"),
        "{peers}"
    );
    assert_eq!(orderers, "orderer0, orderer1");

    let error = network_of(&path, "none").unwrap_err();
    assert!(matches!(error, ProfileError::NoOrderers(_)), "{error}");
    let error = network_of(&path, "wrong").unwrap_err();
    assert!(matches!(error, ProfileError::Node { node, .. } if node == "orderer7"));
}

#[test]
fn json_is_read_too() {
    let profile = r#"{"organizations": {"A": {"mspid": "A", "peers": ["p"]}}, "peers": {"p": {"url": "grpcs://p:1"}}}"#;
    let (_folder, path) = written(profile);
    assert_eq!(peers_of(&path, "A").unwrap()[0].url, "grpcs://p:1");
}

#[test]
fn what_is_wrong_is_named() {
    let (folder, path) = written(PROFILE);
    let error = |msp_id: &str| peers_of(&path, msp_id).unwrap_err();
    assert!(
        matches!(error("Org2MSP"), ProfileError::Node { node, .. } if node == "peer0.org2.example.com")
    );
    assert!(
        matches!(error("Org3MSP"), ProfileError::NoPeers { organization, .. } if organization == "Org3")
    );
    assert!(matches!(error("Org4MSP"), ProfileError::Node { node, .. } if node == "peer9"));
    let none = error("Org9MSP").to_string();
    assert!(none.contains("Org1MSP, Org2MSP, Org3MSP"), "{none}");

    let missing = peers_of(&folder.path().join("none").into(), "Org1MSP");
    assert!(matches!(missing, Err(ProfileError::File { .. })));
    let (_folder, path) = written("organizations: [1]");
    assert!(matches!(
        peers_of(&path, "A"),
        Err(ProfileError::Malformed { .. })
    ));
    let (_folder, path) = written(&" ".repeat((4 << 20) + 1));
    assert!(matches!(
        peers_of(&path, "A"),
        Err(ProfileError::TooLong(_))
    ));
}

#[test]
fn what_is_ignored_or_lacking_is_said() {
    let text = format!(
        "{PROFILE}certificateAuthorities:\n  ca.org1: {{url: 'https://localhost:7054', httpOptions: {{verify: false}}}}\n  ca.org2: {{url: 'https://localhost:8054', httpOptions: {{verify: true}}}}\n"
    );
    let source = ProfileSource::Text(text);
    let warnings = warnings_of(&source, "trade", "Org1MSP", false).unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("certificateAuthorities.ca.org1"));

    let own = "organizations: {A: {mspid: A, peers: [p]}}\npeers: {p: {url: 'grpcs://p:1'}}\norderers: {o: {url: 'grpcs://o:1'}}\n";
    let source = ProfileSource::Text(own.to_owned());
    assert_eq!(warnings_of(&source, "trade", "A", false).unwrap().len(), 0);
    let warnings = warnings_of(&source, "trade", "A", true).unwrap();
    assert!(warnings[0].contains("peers of A only"), "{warnings:?}");
}

#[test]
fn no_file_is_read_for_a_request() {
    let source = ProfileSource::Text(PROFILE.to_owned());
    peers_of(&source, "Org1MSP").unwrap();
    let error = peers_of(&source, "Org2MSP").unwrap_err().to_string();
    assert!(
        error.contains("files are not read for a request"),
        "{error}"
    );
    let long = ProfileSource::Text(" ".repeat((4 << 20) + 1));
    let error = peers_of(&long, "Org1MSP").unwrap_err();
    assert!(matches!(error, ProfileError::TooLong(_)), "{error}");
}
