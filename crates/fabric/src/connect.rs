//! Connecting a user to a channel, in three stages: who the user is (state store, key store and crypto suite, which are the wallet); what is to
//! be used (the parameters); the peers one by one.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::endpoint::Peer;
use crate::identity::{Identity, SourceError};
use crate::profile::{PeerEntry, ProfileError, peers_of};

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
    /// Stage three: a peer cannot be spoken to with what the profile says of it.
    #[error("profile: the peer {peer}: {reason}")]
    Peer {
        /// Its name.
        peer: String,
        /// What is wrong.
        reason: String,
    },
}

/// A user, ready to speak to the peers of the user's organization.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) identity: Arc<Identity>,
    pub(crate) channel: String,
    pub(crate) contract: Option<String>,
    pub(crate) peers: Arc<[Peer]>,
}

/// Stages one to three. Nothing is sent yet: peers that are down now may be up when they are needed.
///
/// # Errors
/// [`ConnectError`].
pub(crate) fn connect(options: &ConnectionOptions) -> Result<Connection, ConnectError> {
    let identity = identity_of(options)?;
    check_channel(&options.channel)?;
    let entries = peers_of(&options.profile, identity.msp_id())?;
    let peers: Result<Vec<Peer>, ConnectError> = entries.iter().map(connect_peer).collect();
    Ok(Connection {
        identity: Arc::new(identity),
        channel: options.channel.clone(),
        contract: options.contract.clone(),
        peers: peers?.into(),
    })
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

fn connect_peer(entry: &PeerEntry) -> Result<Peer, ConnectError> {
    Peer::new(entry).map_err(|reason| ConnectError::Peer {
        peer: entry.name.clone(),
        reason,
    })
}
