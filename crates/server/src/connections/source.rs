//! What a channel is opened with: where the identity comes from, and the parameters.

use std::path::PathBuf;

use chainloom_fabric::identity::CurrentIdentity;
use chainloom_fabric::{ConnectError, Parameters, current_identity_in_folder};
use serde::{Deserialize, Serialize};

use super::error::AddError;
use super::request::ConnectionRequest;
use crate::identities::Identities;

/// What a channel is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelOptions {
    /// Stage one: where the user's identity comes from.
    pub identity: IdentitySource,
    /// Stage two: what is to be used.
    pub parameters: Parameters,
    /// What is asked of the channel's blocks before they are indexed.
    pub verify: Verification,
}

/// What is asked of a channel's blocks before they are indexed, shown and told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// That they follow one another, and that their data are those of their headers.
    #[default]
    Hashes,
    /// That the orderers signed them, too, as the configuration before each of them asks.
    Full,
}

/// Where a ledger's identity comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentitySource {
    /// A folder of files `NAME.id`, in the form of Fabric's own wallets.
    Folder {
        /// The folder.
        wallet: PathBuf,
        /// The name.
        name: String,
    },
    /// The server's own wallet, by label: `alice@Org1MSP`.
    Wallet {
        /// The label.
        label: String,
    },
}

impl ChannelOptions {
    /// Those that a caller asks for.
    pub(super) fn of_request(request: &ConnectionRequest) -> Result<Self, ConnectError> {
        Ok(Self {
            identity: IdentitySource::Wallet {
                label: request.userid.clone(),
            },
            parameters: request.parameters()?,
            verify: request.verify,
        })
    }
}

impl IdentitySource {
    /// The user, as the wallet is asked for him.
    pub(super) fn user(&self) -> &str {
        match self {
            Self::Folder { name, .. } => name,
            Self::Wallet { label } => label,
        }
    }

    /// The identity, for this ledger.
    pub(super) async fn lend(
        &self,
        identities: &Identities,
        ledger: &str,
    ) -> Result<CurrentIdentity, AddError> {
        match self {
            Self::Folder { wallet, name } => Ok(current_identity_in_folder(wallet, name).await?),
            Self::Wallet { label } => Ok(identities.lend(label, ledger).await?),
        }
    }
}
