//! Connecting a user to a channel, in three stages: who the user is (state store, key store and crypto suite, which are the wallet); what is to
//! be used (the parameters); the peers one by one, then the orderers.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::direct::Direct;
use crate::endpoint::{Orderer, Peer};
use crate::flow::Flow;
use crate::gateway::Gateway;
use crate::identity::{CurrentIdentity, Identity, SourceError};
use crate::profile::{NodeEntry, ProfileError, network_of, peers_of};
use crate::target::Target;

/// What it takes to connect a user to a channel.
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

/// Which way calls take to the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Through the gateway service of a peer, which finds the endorsers and the orderers by itself.
    #[default]
    Gateway,
    /// To the peers and orderers that the profile names, one by one. What endorsers answer is checked here.
    Direct,
}

/// Why a user could not be connected: the stage, the parameter, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Stage one: who the user is.
    #[error("identity: {0}")]
    Identity(#[from] SourceError),
    /// Stage one: the wallet has nobody of that name.
    #[error(
        "identity: the wallet {} has no `{identity}` (no file {identity}.id): enroll the user first, or name another",
        wallet.display()
    )]
    NotEnrolled {
        /// The wallet.
        wallet: PathBuf,
        /// The name.
        identity: String,
    },
    /// Stage two: a parameter.
    #[error("{parameter}: {reason}")]
    Parameter {
        /// Its name.
        parameter: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Stage two: the profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Stage three: a peer or an orderer cannot be spoken to with what the profile says of it.
    #[error("profile: the node {node}: {reason}")]
    Node {
        /// Its name.
        node: String,
        /// What is wrong.
        reason: String,
    },
}

/// A user, ready to speak to the channel's nodes.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) identity: CurrentIdentity,
    pub(crate) channel: String,
    pub(crate) contract: Option<String>,
    /// Those of the user's organization.
    pub(crate) peers: Arc<[Peer]>,
    pub(crate) flow: Flow,
}

/// Stages one to three. Nothing is sent yet: peers that are down now may be up when they are needed.
///
/// # Errors
/// [`ConnectError`].
pub(crate) fn connect(options: &ConnectionOptions) -> Result<Connection, ConnectError> {
    let identity = identity_of(options)?;
    check_channel(&options.channel)?;
    let entries = peers_of(&options.profile, identity.msp_id())?;
    let peers: Result<Vec<Peer>, ConnectError> =
        entries.iter().map(|entry| node(entry, Peer::new)).collect();
    let peers: Arc<[Peer]> = peers?.into();
    let identity = CurrentIdentity::new(identity);
    let channel = options.channel.clone();
    let flow = match options.mode {
        Mode::Gateway => {
            let named = entries.iter().zip(peers.iter());
            let targets = named.map(|(entry, peer)| Target {
                name: entry.name.clone(),
                organization: identity.get().msp_id().to_owned(),
                peer: peer.clone(),
            });
            Flow::Gateway(Gateway {
                targets: targets.collect(),
                identity: identity.clone(),
                channel: channel.clone(),
            })
        }
        Mode::Direct => Flow::Direct(connect_all(options, identity.clone())?),
    };
    Ok(Connection {
        identity,
        channel,
        contract: options.contract.clone(),
        peers,
        flow,
    })
}

/// Stage three for the whole network: the peers one by one, then the orderers.
fn connect_all(
    options: &ConnectionOptions,
    identity: CurrentIdentity,
) -> Result<Direct, ConnectError> {
    let network = network_of(&options.profile, &options.channel)?;
    let peers = network.peers.iter().map(|(organization, entry)| {
        Ok(Target {
            name: entry.name.clone(),
            organization: organization.clone(),
            peer: node(entry, Peer::new)?,
        })
    });
    let peers = peers.collect::<Result<_, ConnectError>>()?;
    let orderers = network.orderers.iter();
    let orderers = orderers
        .map(|entry| node(entry, Orderer::new))
        .collect::<Result<_, _>>()?;
    Ok(Direct::new(
        identity,
        options.channel.clone(),
        peers,
        orderers,
    ))
}

fn identity_of(options: &ConnectionOptions) -> Result<Identity, ConnectError> {
    let ConnectionOptions {
        wallet, identity, ..
    } = options;
    if identity.is_empty() || identity.contains(['/', '\\']) {
        return Err(ConnectError::Parameter {
            parameter: "identity",
            reason: format!("`{identity}` is no name in a wallet, such as alice"),
        });
    }
    let file = wallet.join(format!("{identity}.id"));
    if !file.exists() {
        return Err(ConnectError::NotEnrolled {
            wallet: wallet.clone(),
            identity: identity.clone(),
        });
    }
    Ok(Identity::from_id_file(&file, Timestamp::now())?)
}

/// Fabric's rule for the name of a channel.
fn check_channel(channel: &str) -> Result<(), ConnectError> {
    let starts_well = channel.starts_with(|letter: char| letter.is_ascii_lowercase());
    let is_plain = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-".contains(letter)
    };
    match starts_well && channel.len() < 250 && channel.chars().all(is_plain) {
        true => Ok(()),
        false => Err(ConnectError::Parameter {
            parameter: "channel",
            reason: format!(
                "`{channel}` is no name of a channel: lower-case letters, digits, dots and dashes are expected, a letter first"
            ),
        }),
    }
}

fn node<N>(
    entry: &NodeEntry,
    connect: impl FnOnce(&NodeEntry) -> Result<N, String>,
) -> Result<N, ConnectError> {
    connect(entry).map_err(|reason| ConnectError::Node {
        node: entry.name.clone(),
        reason,
    })
}
