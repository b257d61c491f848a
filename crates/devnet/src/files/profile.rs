//! Fabric's common connection profile, which tells its clients where the nodes are and how they prove themselves.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::DevnetError;
use crate::layout::Layout;
use crate::topology::{Organization, Topology};

use super::read;

/// How long a client waits for an endorsement, in seconds. Fabric's test network writes it as a text.
const ENDORSER_TIMEOUT_S: &str = "300";

/// How a profile is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Json,
}

impl Format {
    /// What the name of such a file ends with.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }
}

/// A connection profile. Its keys stand in the order in which Fabric's test network writes them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    name: String,
    version: &'static str,
    client: Client,
    organizations: BTreeMap<String, Member>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    channels: BTreeMap<String, Channel>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    orderers: BTreeMap<String, Node>,
    peers: BTreeMap<String, Node>,
    certificate_authorities: BTreeMap<String, AuthorityServer>,
}

#[derive(Debug, Serialize)]
struct Client {
    organization: String,
    connection: Connection,
}

#[derive(Debug, Serialize)]
struct Connection {
    timeout: Timeout,
}

#[derive(Debug, Serialize)]
struct Timeout {
    peer: PeerTimeout,
}

#[derive(Debug, Serialize)]
struct PeerTimeout {
    endorser: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    mspid: String,
    peers: Vec<String>,
    certificate_authorities: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Channel {
    orderers: Vec<String>,
    peers: BTreeMap<String, PeerRoles>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PeerRoles {
    endorsing_peer: bool,
    chaincode_query: bool,
    ledger_query: bool,
    event_source: bool,
    discover: bool,
}

impl PeerRoles {
    const ALL: Self = Self {
        endorsing_peer: true,
        chaincode_query: true,
        ledger_query: true,
        event_source: true,
        discover: true,
    };
}

/// A peer or an orderer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    url: String,
    #[serde(rename = "tlsCACerts")]
    tls_roots: Certificate,
    grpc_options: GrpcOptions,
}

#[derive(Debug, Serialize)]
struct Certificate {
    pem: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GrpcOptions {
    #[serde(rename = "ssl-target-name-override")]
    ssl_target_name_override: String,
    hostname_override: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorityServer {
    url: String,
    ca_name: String,
    #[serde(rename = "tlsCACerts")]
    tls_roots: Certificates,
    http_options: HttpOptions,
}

#[derive(Debug, Serialize)]
struct Certificates {
    pem: Vec<String>,
}

#[derive(Debug, Serialize)]
struct HttpOptions {
    verify: bool,
}

impl Profile {
    /// What Fabric's test network writes: the peers and the CA of one organization.
    pub(super) fn own(layout: &Layout, client: &Organization) -> Result<Self, DevnetError> {
        Self::of(layout, client, std::slice::from_ref(client))
    }

    /// The whole network, for clients of one organization.
    pub(super) fn full(
        topology: &Topology,
        layout: &Layout,
        client: &Organization,
    ) -> Result<Self, DevnetError> {
        let mut profile = Self::of(layout, client, &topology.organizations)?;
        let root = read(&layout.orderer_tls_root())?;
        profile.orderers = topology
            .orderers
            .iter()
            .map(|orderer| {
                let node = Node::new(&orderer.host, orderer.port, &root);
                (orderer.host.clone(), node)
            })
            .collect();
        let channel = Channel {
            orderers: profile.orderers.keys().cloned().collect(),
            peers: profile
                .peers
                .keys()
                .map(|host| (host.clone(), PeerRoles::ALL))
                .collect(),
        };
        profile.channels = BTreeMap::from([(topology.channel.clone(), channel)]);
        Ok(profile)
    }

    /// The peers and CAs of `members`, for clients of one organization.
    fn of(
        layout: &Layout,
        client: &Organization,
        members: &[Organization],
    ) -> Result<Self, DevnetError> {
        let mut profile = Self {
            name: format!("devnet-{}", client.name),
            version: "1.0.0",
            client: Client {
                organization: title(client).to_owned(),
                connection: Connection {
                    timeout: Timeout {
                        peer: PeerTimeout {
                            endorser: ENDORSER_TIMEOUT_S,
                        },
                    },
                },
            },
            organizations: BTreeMap::new(),
            channels: BTreeMap::new(),
            orderers: BTreeMap::new(),
            peers: BTreeMap::new(),
            certificate_authorities: BTreeMap::new(),
        };
        for member in members {
            profile.add(layout, member)?;
        }
        Ok(profile)
    }

    fn add(&mut self, layout: &Layout, organization: &Organization) -> Result<(), DevnetError> {
        let root = read(&layout.tls_root(organization))?;
        for peer in &organization.peers {
            let node = Node::new(&peer.host, peer.port, &root);
            self.peers.insert(peer.host.clone(), node);
        }
        let authority = &organization.authority;
        let authority_host = format!("ca.{}", organization.domain);
        self.organizations.insert(
            title(organization).to_owned(),
            Member {
                mspid: organization.msp_id.clone(),
                peers: organization
                    .peers
                    .iter()
                    .map(|peer| peer.host.clone())
                    .collect(),
                certificate_authorities: vec![authority_host.clone()],
            },
        );
        self.certificate_authorities.insert(
            authority_host,
            AuthorityServer {
                url: format!("https://localhost:{}", authority.port),
                ca_name: authority.name.clone(),
                tls_roots: Certificates {
                    pem: vec![read(&layout.authority_root(organization))?],
                },
                http_options: HttpOptions { verify: true },
            },
        );
        Ok(())
    }

    /// The text of the profile's file.
    pub(super) fn render(&self, format: Format) -> String {
        match format {
            Format::Yaml => {
                let text = serde_saphyr::to_string(self)
                    .expect("a profile has nothing but maps with text as keys, lists and text");
                format!("---\n{text}")
            }
            Format::Json => {
                let text = serde_json::to_string_pretty(self)
                    .expect("a profile has nothing but maps with text as keys, lists and text");
                format!("{text}\n")
            }
        }
    }
}

impl Node {
    fn new(host: &str, port: u16, root: &str) -> Self {
        Self {
            url: format!("grpcs://localhost:{port}"),
            tls_roots: Certificate {
                pem: root.to_owned(),
            },
            grpc_options: GrpcOptions {
                ssl_target_name_override: host.to_owned(),
                hostname_override: host.to_owned(),
            },
        }
    }
}

/// The name of an organization as Fabric's test network has it in profiles: `Org1` for `Org1MSP`.
fn title(organization: &Organization) -> &str {
    let id = &organization.msp_id;
    id.strip_suffix("MSP").unwrap_or(id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::super::testing::{Fixture, pem};
    use super::*;

    fn both(profile: &Profile) -> Value {
        let json: Value = serde_json::from_str(&profile.render(Format::Json)).unwrap();
        let yaml: Value = serde_saphyr::from_str(&profile.render(Format::Yaml)).unwrap();
        assert_eq!(yaml, json);
        json
    }

    fn node(host: &str, port: u16, certificate: &str) -> Value {
        json!({
            "url": format!("grpcs://localhost:{port}"),
            "tlsCACerts": {"pem": pem(certificate)},
            "grpcOptions": {"ssl-target-name-override": host, "hostnameOverride": host},
        })
    }

    fn authority(number: usize, port: u16) -> Value {
        json!({
            "url": format!("https://localhost:{port}"),
            "caName": format!("ca-org{number}"),
            "tlsCACerts": {"pem": [pem(&format!("ca.org{number}.example.com"))]},
            "httpOptions": {"verify": true},
        })
    }

    fn member(number: usize) -> Value {
        json!({
            "mspid": format!("Org{number}MSP"),
            "peers": [
                format!("peer0.org{number}.example.com"),
                format!("peer1.org{number}.example.com"),
            ],
            "certificateAuthorities": [format!("ca.org{number}.example.com")],
        })
    }

    #[test]
    fn an_organizations_profile_has_the_shape_of_fabrics_test_network() {
        let fixture = Fixture::new();
        let organization = &fixture.topology.organizations[1];
        let profile = Profile::own(&fixture.layout, organization).unwrap();
        let [first, second] = organization.peers.as_slice() else {
            panic!("the fixture has two peers an organization");
        };
        let expected = json!({
            "name": "devnet-org2",
            "version": "1.0.0",
            "client": {
                "organization": "Org2",
                "connection": {"timeout": {"peer": {"endorser": "300"}}},
            },
            "organizations": {"Org2": member(2)},
            "peers": {
                "peer0.org2.example.com":
                    node("peer0.org2.example.com", first.port, "tlsca.org2.example.com"),
                "peer1.org2.example.com":
                    node("peer1.org2.example.com", second.port, "tlsca.org2.example.com"),
            },
            "certificateAuthorities":
                {"ca.org2.example.com": authority(2, organization.authority.port)},
        });
        assert_eq!(both(&profile), expected);
    }

    #[test]
    fn the_full_profile_has_every_node() {
        let fixture = Fixture::new();
        let topology = &fixture.topology;
        let profile = Profile::full(topology, &fixture.layout, &topology.organizations[0]).unwrap();
        let roles = json!({
            "endorsingPeer": true,
            "chaincodeQuery": true,
            "ledgerQuery": true,
            "eventSource": true,
            "discover": true,
        });
        let mut peers = json!({});
        let mut peers_of_channel = json!({});
        for (organization, peer) in topology.peers() {
            let root = format!("tlsca.{}", organization.domain);
            peers[&peer.host] = node(&peer.host, peer.port, &root);
            peers_of_channel[&peer.host] = roles.clone();
        }
        let mut orderers = json!({});
        for orderer in &topology.orderers {
            orderers[&orderer.host] = node(&orderer.host, orderer.port, "tlsca.example.com");
        }
        let [first, second] = topology.organizations.as_slice() else {
            panic!("a network has two organizations");
        };
        let expected = json!({
            "name": "devnet-org1",
            "version": "1.0.0",
            "client": {
                "organization": "Org1",
                "connection": {"timeout": {"peer": {"endorser": "300"}}},
            },
            "organizations": {"Org1": member(1), "Org2": member(2)},
            "channels": {
                "devnet": {
                    "orderers": [
                        "orderer0.example.com",
                        "orderer1.example.com",
                        "orderer2.example.com",
                    ],
                    "peers": peers_of_channel,
                },
            },
            "orderers": orderers,
            "peers": peers,
            "certificateAuthorities": {
                "ca.org1.example.com": authority(1, first.authority.port),
                "ca.org2.example.com": authority(2, second.authority.port),
            },
        });
        assert_eq!(both(&profile), expected);
        assert_eq!(peers.as_object().unwrap().len(), 4);
    }

    #[test]
    fn in_yaml_certificates_are_blocks_of_lines() {
        let fixture = Fixture::new();
        let profile = Profile::own(&fixture.layout, &fixture.topology.organizations[0]).unwrap();
        let text = profile.render(Format::Yaml);
        assert!(text.contains("      pem: |\n        -----BEGIN"), "{text}");
        assert!(text.contains("- |\n"), "{text}");
        assert!(!text.contains("\\n"), "{text}");
    }
}
