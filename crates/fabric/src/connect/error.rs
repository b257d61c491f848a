use std::path::PathBuf;

use crate::identity::{SourceError, Withdrawn};
use crate::profile::ProfileError;

/// The stage at which a user could not be connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Who the user is: state store, key store and crypto suite, which are the wallet.
    Wallet,
    /// What is to be used.
    Parameters,
    /// The peers one by one, then the orderers.
    Nodes,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Wallet => "stage 1 (wallet)",
            Self::Parameters => "stage 2 (parameters)",
            Self::Nodes => "stage 3 (peers and orderers)",
        })
    }
}

/// Why a user could not be connected: the stage, the parameter, the endpoint, and what to do.
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
    /// Stage one: the identity is used no more.
    #[error("identity: {0}")]
    Withdrawn(#[from] Withdrawn),
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
    /// Stage two: a peer or an orderer cannot be spoken to with what is said of it.
    #[error("{parameter}: the node {node}: {reason}")]
    Node {
        /// The parameter that names it.
        parameter: &'static str,
        /// Its name.
        node: String,
        /// What is wrong.
        reason: String,
    },
    /// Stage three: a node cannot be used with these parameters, whenever it is asked.
    #[error("{parameter}: {endpoint}: {reason}")]
    Unusable {
        /// The parameter to change.
        parameter: &'static str,
        /// The node's address.
        endpoint: String,
        /// What came of it.
        reason: String,
    },
    /// Stage three: a node cannot be used now.
    #[error("{parameter}: {endpoint}: {reason}")]
    Unreachable {
        /// The parameter to look at.
        parameter: &'static str,
        /// The node's address.
        endpoint: String,
        /// What came of it.
        reason: String,
    },
}

impl ConnectError {
    /// The stage.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Identity(_) | Self::NotEnrolled { .. } | Self::Withdrawn(_) => Stage::Wallet,
            Self::Parameter { .. } | Self::Profile(_) | Self::Node { .. } => Stage::Parameters,
            Self::Unreachable { .. } | Self::Unusable { .. } => Stage::Nodes,
        }
    }

    /// Whether it stays so until a parameter is changed. Else the same can succeed later.
    pub fn is_lasting(&self) -> bool {
        !matches!(self, Self::Unreachable { .. })
    }

    /// The parameter.
    pub fn parameter(&self) -> &'static str {
        match self {
            Self::Identity(_) | Self::NotEnrolled { .. } | Self::Withdrawn(_) => "userid",
            Self::Profile(_) => "profile",
            Self::Parameter { parameter, .. }
            | Self::Node { parameter, .. }
            | Self::Unreachable { parameter, .. }
            | Self::Unusable { parameter, .. } => parameter,
        }
    }
}
