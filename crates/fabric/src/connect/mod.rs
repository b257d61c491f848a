//! Connecting a user to a channel, in three stages: who the user is ([`crate::identity::Wallet`]: state store, key store and crypto suite); what
//! is to be used ([`Parameters`]); the peers one by one, then the orderers ([`Connection`]).

mod ask;
mod error;
mod folder;
mod learning;
mod parameters;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::spawn_blocking;

pub use self::ask::{NodeProblem, NodeReport, NodeRole};
use self::ask::{ask_orderers, ask_peers};
pub use self::error::{ConnectError, Stage};
pub use self::folder::{FileStamp, current_identity_in_folder, identity_in_folder};
use self::learning::learn;
use self::parameters::wrong;
pub use self::parameters::{AuthorityParameters, Mode, NodeUrls, Nodes, Parameters, PerEndpoint};
use crate::dial::ClientTls;
use crate::direct::Direct;
use crate::endpoint::{Orderer, Peer};
use crate::first_answer::Avoided;
use crate::flow::Flow;
use crate::gateway::Gateway;
use crate::identity::{CurrentIdentity, Identity};
use crate::profile::{NodeEntry, network_of, peers_of, warnings_of};
use crate::target::{Affiliation, Target};

/// What it takes to connect a user of a folder of `.id` files with a connection profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionOptions {
    /// Fabric's common connection profile, YAML or JSON.
    pub profile: PathBuf,
    /// The channel.
    pub channel: String,
    /// The contract that is meant where a call names none.
    pub contract: Option<String>,
    /// The folder in which the user's credentials are: files `NAME.id` in the form of Fabric's own wallets.
    pub wallet: PathBuf,
    /// The user's name in it.
    pub identity: String,
    /// Which way calls take.
    pub mode: Mode,
}

impl ConnectionOptions {
    /// A user of a channel by the gateway of a peer; the other fields can be set then.
    pub fn new(
        profile: impl Into<PathBuf>,
        channel: impl Into<String>,
        wallet: impl Into<PathBuf>,
        identity: impl Into<String>,
    ) -> Self {
        Self {
            profile: profile.into(),
            channel: channel.into(),
            contract: None,
            wallet: wallet.into(),
            identity: identity.into(),
            mode: Mode::Gateway,
        }
    }

    /// Stage two's part of them.
    pub fn parameters(&self) -> Parameters {
        Parameters {
            channel: self.channel.clone(),
            contract: self.contract.clone(),
            mode: self.mode,
            nodes: Nodes::Profile(self.profile.clone().into()),
            authority: AuthorityParameters::default(),
            client_tls: None,
        }
    }
}

/// A user, ready to speak to the channel's nodes.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) identity: CurrentIdentity,
    pub(crate) channel: String,
    pub(crate) contract: Option<String>,
    /// Those that send blocks: of the user's organization, or those that the parameters name.
    pub(crate) peers: Arc<[Peer]>,
    pub(crate) flow: Flow,
    /// What of the parameters is ignored, or lacking.
    pub(crate) warnings: Vec<String>,
}

/// All three stages for a user of a folder of `.id` files.
///
/// # Errors
/// [`ConnectError`].
pub(crate) async fn connect_from_folder(
    options: &ConnectionOptions,
) -> Result<Connection, ConnectError> {
    let identity = current_identity_in_folder(&options.wallet, &options.identity).await?;
    connect(identity, &options.parameters()).await
}

/// The nodes of a connection, not asked yet.
#[derive(Debug)]
struct Found {
    /// Each with its name and, where that is known, the MSP id of its organization.
    peers: Vec<(String, Option<String>, Peer)>,
    orderers: Vec<Orderer>,
    /// The peers that send blocks.
    sources: Vec<Peer>,
    warnings: Vec<String>,
}

/// A connection that was asked for by somebody who waits for it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What came of each node: the peers first, then the orderers.
    pub nodes: Vec<NodeReport>,
    /// What of the parameters is ignored, or lacking.
    pub warnings: Vec<String>,
}

/// Asks every node of a connection whether it can be used: the peers, then the orderers. It has to be one peer at least, and in mode `direct` one
/// orderer.
///
/// # Errors
/// [`ConnectError`]: of stage three where no peer, or no orderer in mode `direct`, can be used.
pub async fn ask(
    identity: &CurrentIdentity,
    parameters: &Parameters,
) -> Result<Asked, ConnectError> {
    let identity = identity.get()?;
    let found = find(&identity, parameters).await?;
    let peers: Vec<Peer> = found.peers.into_iter().map(|(_, _, peer)| peer).collect();
    let channel = &parameters.channel;
    let mut nodes = ask_peers(&identity, channel, &peers).await;
    require_one(&nodes)?;
    let orderers = ask_orderers(&identity, channel, &found.orderers).await;
    if parameters.mode == Mode::Direct {
        require_one(&orderers)?;
    }
    nodes.extend(orderers);
    Ok(Asked {
        nodes,
        warnings: found.warnings,
    })
}

fn require_one(nodes: &[NodeReport]) -> Result<(), ConnectError> {
    if nodes.iter().any(|node| node.problem.is_none()) {
        return Ok(());
    }
    let errors = || nodes.iter().filter_map(NodeReport::error);
    // One that may be back later is what there is to wait for.
    let error = errors().find(|error| !error.is_lasting());
    match error.or_else(|| errors().next()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Stages two and three. Nothing is sent yet, but where the parameters do not say to which organization a peer belongs and the mode needs to
/// know: the peers are asked for it then. Peers that are down now may be up when they are needed.
///
/// # Errors
/// [`ConnectError`].
pub(crate) async fn connect(
    identity: CurrentIdentity,
    parameters: &Parameters,
) -> Result<Connection, ConnectError> {
    let user = identity.get()?;
    let found = find(&user, parameters).await?;
    let channel = parameters.channel.clone();
    let (targets, silent) = targets(&user, parameters, found.peers).await?;
    let mut warnings = found.warnings;
    warnings.extend(silent);
    let unknown = targets
        .iter()
        .filter(|target| !target.organization.is_known());
    let unknown: Vec<Target> = unknown.cloned().collect();
    if !unknown.is_empty() {
        tokio::spawn(learn(identity.downgrade(), channel.clone(), unknown));
    }
    // Who reads what they wrote is to ask the peer by which they learnt of its commit: others may be behind it.
    let mut sources = found.sources;
    sources.sort_by_key(|source| {
        let mut addresses = targets.iter().map(|target| &target.peer.address);
        let place = addresses.position(|address| *address == source.address);
        // What was away comes last.
        place.unwrap_or(usize::MAX)
    });
    let flow = match parameters.mode {
        Mode::Gateway => Flow::Gateway(Gateway {
            identity: identity.clone(),
            channel: channel.clone(),
            targets: targets.into(),
            avoided: Avoided::default(),
        }),
        Mode::Direct => Flow::Direct(Direct::new(
            identity.clone(),
            channel.clone(),
            targets,
            found.orderers,
        )),
    };
    Ok(Connection {
        identity,
        channel,
        contract: parameters.contract.clone(),
        peers: sources.into(),
        flow,
        warnings,
    })
}

/// The peers with their organizations, those of the user's own first. Whose organization is not known is asked for it. Who does not answer is
/// left out in mode `direct`, where endorsements are held against it, while another did; that is told besides. For a gateway, which finds the
/// others itself, it is of no known organization as long as it is silent, and so gets no transient data that are for the user's own.
async fn targets(
    user: &Identity,
    parameters: &Parameters,
    peers: Vec<(String, Option<String>, Peer)>,
) -> Result<(Vec<Target>, Vec<String>), ConnectError> {
    let is_known = peers
        .iter()
        .all(|(_, organization, _)| organization.is_some());
    let told = match is_known {
        true => Vec::new(),
        false => {
            let peers: Vec<Peer> = peers.iter().map(|(_, _, peer)| peer.clone()).collect();
            ask_peers(user, &parameters.channel, &peers).await
        }
    };
    let mut told = told.into_iter();
    let mut targets = Vec::new();
    let mut silent = Vec::new();
    for (name, organization, peer) in peers {
        let report = told.next();
        let error = report.as_ref().and_then(NodeReport::error);
        let told = report.and_then(|report| report.organization);
        let organization = match (organization.or(told), error, parameters.mode) {
            (Some(organization), _, _) => Affiliation::from(&*organization),
            (None, Some(error), Mode::Direct) if error.is_lasting() => return Err(error),
            (None, Some(error), Mode::Direct) => {
                silent.push(error);
                continue;
            }
            (None, _, _) => Affiliation::default(),
        };
        targets.push(Target {
            name,
            organization,
            peer,
        });
    }
    if targets.is_empty()
        && let Some(error) = silent.pop()
    {
        return Err(error);
    }
    targets.sort_by_key(|target| *target.organization != *user.msp_id());
    let silent = silent.iter().map(|error| {
        format!("a peer that does not answer now is asked for no call until the ledger is connected again: {error}")
    });
    Ok((targets, silent.collect()))
}

/// Stage two: the nodes that the parameters name.
async fn find(user: &Identity, parameters: &Parameters) -> Result<Found, ConnectError> {
    let (own, parameters) = (user.msp_id().to_owned(), parameters.clone());
    let runtime = tokio::runtime::Handle::current();
    // Files are read, and connections are prepared, which needs the runtime.
    let found = spawn_blocking(move || {
        let _runtime = runtime.enter();
        find_blocking(&own, &parameters)
    });
    found
        .await
        .unwrap_or_else(|error| Err(wrong("profile", error.to_string())))
}

fn find_blocking(own: &str, parameters: &Parameters) -> Result<Found, ConnectError> {
    parameters.check()?;
    let client = parameters.client_tls.as_ref();
    match &parameters.nodes {
        Nodes::Profile(source) => {
            let is_direct = parameters.mode == Mode::Direct;
            let entries = peers_of(source, own)?;
            let sources = entries.iter().map(|entry| peer("profile", entry, client));
            let sources: Vec<Peer> = sources.collect::<Result<_, _>>()?;
            let warnings = warnings_of(source, &parameters.channel, own, is_direct)?;
            if !is_direct {
                let named = entries.into_iter().zip(&sources);
                let peers = named
                    .map(|(entry, peer)| (entry.name, Some(own.to_owned()), peer.clone()))
                    .collect();
                return Ok(Found {
                    peers,
                    orderers: Vec::new(),
                    sources,
                    warnings,
                });
            }
            let network = network_of(source, &parameters.channel)?;
            let peers = network.peers.iter().map(|(organization, entry)| {
                let peer = peer("profile", entry, client)?;
                Ok((entry.name.clone(), Some(organization.clone()), peer))
            });
            let orderers = network.orderers.iter();
            let orderers = orderers.map(|entry| orderer("profile", entry, client));
            Ok(Found {
                peers: peers.collect::<Result<_, ConnectError>>()?,
                orderers: orderers.collect::<Result<_, _>>()?,
                sources,
                warnings,
            })
        }
        Nodes::Urls(urls) => {
            let peers = urls.peers.iter();
            let peers = peers.map(|url| {
                Ok((
                    url.clone(),
                    None,
                    peer("peer_url", &urls.entry(url)?, client)?,
                ))
            });
            let peers: Vec<_> = peers.collect::<Result<_, ConnectError>>()?;
            let orderers = urls.orderers.iter();
            let orderers = orderers.map(|url| orderer("order_url", &urls.entry(url)?, client));
            Ok(Found {
                sources: peers.iter().map(|(_, _, peer)| peer.clone()).collect(),
                peers,
                orderers: orderers.collect::<Result<_, _>>()?,
                warnings: Vec::new(),
            })
        }
    }
}

fn peer(
    parameter: &'static str,
    entry: &NodeEntry,
    client: Option<&ClientTls>,
) -> Result<Peer, ConnectError> {
    Peer::new(entry, client).map_err(|reason| unusable(parameter, entry, reason))
}

fn orderer(
    parameter: &'static str,
    entry: &NodeEntry,
    client: Option<&ClientTls>,
) -> Result<Orderer, ConnectError> {
    Orderer::new(entry, client).map_err(|reason| unusable(parameter, entry, reason))
}

fn unusable(parameter: &'static str, entry: &NodeEntry, reason: String) -> ConnectError {
    ConnectError::Node {
        parameter,
        node: entry.name.clone(),
        reason,
    }
}
