//! Fabric's common connection profile: which peers there are, and how to prove who they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The longest profile that is read.
const PROFILE_BYTES_MAX: u64 = 4 << 20;

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The file cannot be read.
    #[error("profile: {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is too long to be one.
    #[error("profile: {} is longer than 4 MiB: a connection profile is expected", .0.display())]
    TooLong(PathBuf),
    /// The file is no profile.
    #[error("profile: {}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// None of its organizations is the user's.
    #[error(
        "profile: {} has no organization with the MSP id {msp_id} of the identity; it has {found}",
        path.display()
    )]
    NoOrganization {
        /// The file.
        path: PathBuf,
        /// The MSP id.
        msp_id: String,
        /// Those that there are.
        found: String,
    },
    /// The user's organization has no peers.
    #[error("profile: the organization {organization} of {} names no peers under `peers`", path.display())]
    NoPeers {
        /// The file.
        path: PathBuf,
        /// The organization.
        organization: String,
    },
    /// It names no orderers, whom mode `direct` needs.
    #[error(
        "profile: {} names no orderers under `orderers`, and mode `direct` hands transactions to them: use a profile of the whole network, or \
         mode `gateway`",
        .0.display()
    )]
    NoOrderers(PathBuf),
    /// A peer or an orderer cannot be reached with what is said of it.
    #[error("profile: the node {node} of {}: {reason}", path.display())]
    Node {
        /// The file.
        path: PathBuf,
        /// The node's name.
        node: String,
        /// What is wrong.
        reason: String,
    },
}

/// Where a profile is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileSource {
    /// A file, YAML or JSON. Paths in it begin at its folder.
    File(PathBuf),
    /// The profile itself, from somebody who must not have files read: it holds its certificates.
    Text(String),
}

impl ProfileSource {
    /// The file, as errors name it.
    fn shown(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Text(_) => PathBuf::from("of the request"),
        }
    }
}

impl From<PathBuf> for ProfileSource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

/// A peer or an orderer as a profile names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeEntry {
    /// Its name: `peer0.org1.example.com`.
    pub(crate) name: String,
    /// Where it is: `grpcs://localhost:7051`.
    pub(crate) url: String,
    /// The root certificates that prove it on TLS, in PEM.
    pub(crate) tls_roots: Option<String>,
    /// The name in its certificate, if it is not the one in the URL.
    pub(crate) server_name: Option<String>,
}

/// The profile's own form. What is not used here may hold anything.
#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default)]
    organizations: BTreeMap<String, OrganizationNode>,
    #[serde(default)]
    peers: BTreeMap<String, Node>,
    #[serde(default)]
    orderers: BTreeMap<String, Node>,
    #[serde(default)]
    channels: BTreeMap<String, ChannelNode>,
    #[serde(default, rename = "certificateAuthorities")]
    authorities: BTreeMap<String, AuthorityNode>,
}

#[derive(Debug, Deserialize)]
struct AuthorityNode {
    #[serde(default, rename = "httpOptions")]
    http_options: HttpOptions,
}

#[derive(Debug, Default, Deserialize)]
struct HttpOptions {
    verify: Option<bool>,
}

/// Which nodes serve a channel; all of them where there is no list.
#[derive(Debug, Deserialize)]
struct ChannelNode {
    orderers: Option<Vec<String>>,
    peers: Option<BTreeMap<String, PeerRoles>>,
}

#[derive(Debug, Deserialize)]
struct PeerRoles {
    #[serde(default = "yes", rename = "endorsingPeer")]
    endorses: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
struct OrganizationNode {
    mspid: String,
    #[serde(default)]
    peers: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Node {
    url: String,
    #[serde(rename = "tlsCACerts")]
    tls_ca_certs: Option<Certificates>,
    #[serde(default, rename = "grpcOptions")]
    grpc_options: GrpcOptions,
    #[serde(default, rename = "httpOptions")]
    http_options: HttpOptions,
}

#[derive(Debug, Deserialize)]
struct Certificates {
    pem: Option<String>,
    path: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
struct GrpcOptions {
    #[serde(rename = "ssl-target-name-override")]
    target_name_override: Option<String>,
    #[serde(rename = "hostnameOverride")]
    hostname_override: Option<String>,
}

/// The peers of the organization `msp_id`, in the profile's order.
///
/// # Errors
/// [`ProfileError`] with the file and what is wrong in it.
pub(crate) fn peers_of(
    source: &ProfileSource,
    msp_id: &str,
) -> Result<Vec<NodeEntry>, ProfileError> {
    let document: Document = read(source)?;
    let found: Vec<String> = document
        .organizations
        .values()
        .map(|organization| organization.mspid.clone())
        .collect();
    let organization = document
        .organizations
        .into_iter()
        .find(|(_, organization)| organization.mspid == msp_id);
    let Some((organization, node)) = organization else {
        return Err(ProfileError::NoOrganization {
            path: source.shown(),
            msp_id: msp_id.to_owned(),
            found: found.join(", "),
        });
    };
    if node.peers.is_empty() {
        return Err(ProfileError::NoPeers {
            path: source.shown(),
            organization,
        });
    }
    let peers = &document.peers;
    let entries = node.peers.into_iter();
    entries.map(|name| entry(source, peers, name)).collect()
}

/// All nodes that serve a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetworkEntries {
    /// The peers that endorse, each with the MSP id of its organization.
    pub(crate) peers: Vec<(String, NodeEntry)>,
    /// At least one.
    pub(crate) orderers: Vec<NodeEntry>,
}

/// The peers and orderers of all organizations. Where the profile lists those of the channel, these only.
///
/// # Errors
/// [`ProfileError`] with the file and what is wrong in it.
pub(crate) fn network_of(
    source: &ProfileSource,
    channel: &str,
) -> Result<NetworkEntries, ProfileError> {
    let document: Document = read(source)?;
    let listed = document.channels.get(channel);
    let endorses = |name: &String| {
        let peers = listed.and_then(|channel| channel.peers.as_ref());
        peers.is_none_or(|peers| peers.get(name).is_some_and(|roles| roles.endorses))
    };
    let members = document.organizations.iter();
    let names = members.flat_map(|(_, member)| {
        let names = member.peers.iter().filter(|name| endorses(name));
        names.map(|name| (member.mspid.clone(), name.clone()))
    });
    let peers = names
        .map(|(msp_id, name)| Ok((msp_id, entry(source, &document.peers, name)?)))
        .collect::<Result<_, ProfileError>>()?;
    let names: Vec<String> = match listed.and_then(|channel| channel.orderers.clone()) {
        Some(names) => names,
        None => document.orderers.keys().cloned().collect(),
    };
    if names.is_empty() {
        return Err(ProfileError::NoOrderers(source.shown()));
    }
    let orderers = names
        .into_iter()
        .map(|name| entry(source, &document.orderers, name));
    Ok(NetworkEntries {
        peers,
        orderers: orderers.collect::<Result<_, _>>()?,
    })
}

/// The node of this name. Paths in a profile begin at its folder.
fn entry(
    source: &ProfileSource,
    nodes: &BTreeMap<String, Node>,
    name: String,
) -> Result<NodeEntry, ProfileError> {
    let wrong = |reason: String| ProfileError::Node {
        path: source.shown(),
        node: name.clone(),
        reason,
    };
    let node = nodes.get(&name);
    let node = node.ok_or_else(|| wrong("the profile says nothing of it".to_owned()))?;
    let tls_roots = match &node.tls_ca_certs {
        Some(Certificates { pem: Some(pem), .. }) => Some(pem.clone()),
        Some(Certificates {
            path: Some(file), ..
        }) => {
            let ProfileSource::File(path) = source else {
                return Err(wrong(format!(
                    "its `tlsCACerts` name the file {}, and files are not read for a request: put the certificates themselves there, as `pem`",
                    file.display()
                )));
            };
            let file = path.parent().unwrap_or(Path::new("")).join(file);
            Some(text(&file).map_err(|error| wrong(error.to_string()))?)
        }
        _ => None,
    };
    let options = &node.grpc_options;
    let server_name = options.target_name_override.as_ref();
    let server_name = server_name.or(options.hostname_override.as_ref());
    Ok(NodeEntry {
        url: node.url.clone(),
        tls_roots,
        server_name: server_name.cloned(),
        name,
    })
}

/// What a user should know of a profile that can be used: what of it is ignored, and what mode `direct` lacks.
///
/// # Errors
/// [`ProfileError`].
pub(crate) fn warnings_of(
    source: &ProfileSource,
    channel: &str,
    own: &str,
    is_direct: bool,
) -> Result<Vec<String>, ProfileError> {
    let document: Document = read(source)?;
    let nodes = |kind: &'static str, nodes: &BTreeMap<String, Node>| -> Vec<(String, bool)> {
        let nodes = nodes.iter();
        nodes
            .map(|(name, node)| {
                (
                    format!("{kind}.{name}"),
                    node.http_options.verify == Some(false),
                )
            })
            .collect()
    };
    let authorities = document.authorities.iter().map(|(name, authority)| {
        let name = format!("certificateAuthorities.{name}");
        (name, authority.http_options.verify == Some(false))
    });
    let mut warnings: Vec<String> = authorities
        .chain(nodes("peers", &document.peers))
        .chain(nodes("orderers", &document.orderers))
        .filter(|(_, is_unverified)| *is_unverified)
        .map(|(name, _)| {
            format!(
                "profile: `httpOptions.verify: false` of {name} is ignored: TLS is always verified"
            )
        })
        .collect();
    if is_direct {
        let network = network_of(source, channel)?;
        if network
            .peers
            .iter()
            .all(|(organization, _)| organization == own)
        {
            warnings.push(format!(
                "profile: it names peers of {own} only, so in mode `direct` contracts whose policy asks for another organization cannot be \
                 invoked: use a profile of the whole network, or mode `gateway`"
            ));
        }
    }
    Ok(warnings)
}

fn read(source: &ProfileSource) -> Result<Document, ProfileError> {
    let text = match source {
        ProfileSource::File(path) => text(path)?,
        ProfileSource::Text(text) if text.len() as u64 > PROFILE_BYTES_MAX => {
            return Err(ProfileError::TooLong(source.shown()));
        }
        ProfileSource::Text(text) => text.clone(),
    };
    // JSON is YAML.
    serde_saphyr::from_str(&text).map_err(|error| ProfileError::Malformed {
        path: source.shown(),
        reason: error.to_string(),
    })
}

fn text(path: &Path) -> Result<String, ProfileError> {
    let unreadable = |source| ProfileError::File {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(PROFILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    match text.len() as u64 > PROFILE_BYTES_MAX {
        true => Err(ProfileError::TooLong(path.to_owned())),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests;
