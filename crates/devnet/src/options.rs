//! What network is asked for.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The most peers that one organization may have.
pub const PEERS_MAX: u16 = 9;
/// The longest name of a contract.
const CONTRACT_NAME_BYTES_MAX: usize = 64;

/// What network is asked for.
///
/// `None` means what the directory's network already has, else the default: a channel keeps the parameters that it was
/// made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the network keeps everything.
    pub directory: PathBuf,
    /// A folder with Fabric's programs, searched before the PATH.
    pub bin_directory: Option<PathBuf>,
    /// The version of Fabric; by default 2.5.
    pub fabric: Option<FabricVersion>,
    /// How the orderers agree; by default by raft.
    pub consensus: Option<Consensus>,
    /// How many peers each organization has, at most [`PEERS_MAX`]; by default 1.
    pub peers_per_organization: Option<u16>,
    /// The most transactions in a block; by default 500.
    pub max_message_count: Option<u32>,
    /// How long an orderer waits for a block to fill; by default 200 ms. BFT has a rule of its own and ignores it.
    pub batch_timeout: Option<Duration>,
    /// Contracts of the user's own, each a running service.
    pub contracts: Vec<UserContract>,
}

impl Options {
    /// A network in `directory`, with what it has there, else with the defaults.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            bin_directory: None,
            fabric: None,
            consensus: None,
            peers_per_organization: None,
            max_message_count: None,
            batch_timeout: None,
            contracts: Vec::new(),
        }
    }
}

/// A version of Fabric that is built and tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum FabricVersion {
    /// The line with long-term support.
    #[default]
    #[serde(rename = "2.5")]
    V2_5,
    /// The line with BFT ordering.
    #[serde(rename = "3.1")]
    V3_1,
}

impl fmt::Display for FabricVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::V2_5 => "2.5",
            Self::V3_1 => "3.1",
        })
    }
}

impl FromStr for FabricVersion {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        match text {
            "2.5" => Ok(Self::V2_5),
            "3.1" => Ok(Self::V3_1),
            _ => Err(OptionsError::Fabric(text.to_owned())),
        }
    }
}

/// How the orderers agree on the order of transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consensus {
    /// Crash faults are survived: three orderers, one may fail.
    #[default]
    Raft,
    /// Lies are survived too: four orderers, one may fail. Fabric 3.1 only.
    Bft,
}

impl Consensus {
    /// How many orderers it takes to survive the failure of one.
    pub fn orderers(self) -> u16 {
        match self {
            Self::Raft => 3,
            Self::Bft => 4,
        }
    }
}

impl fmt::Display for Consensus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Raft => "raft",
            Self::Bft => "bft",
        })
    }
}

impl FromStr for Consensus {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        match text {
            "raft" => Ok(Self::Raft),
            "bft" => Ok(Self::Bft),
            _ => Err(OptionsError::Consensus(text.to_owned())),
        }
    }
}

/// A contract of the user's own, which the user runs as a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserContract {
    /// The name under which it is called.
    pub name: String,
    /// Where it listens, `HOST:PORT`.
    pub address: String,
}

impl FromStr for UserContract {
    type Err = OptionsError;

    /// Reads `NAME=HOST:PORT`. The name is one that Fabric takes: letters and digits, with single `-` or `_` between them.
    fn from_str(text: &str) -> Result<Self, OptionsError> {
        let invalid = |reason| OptionsError::Contract {
            given: text.to_owned(),
            reason,
        };
        let (name, address) = text
            .split_once('=')
            .ok_or_else(|| invalid("there is no `=`"))?;
        let is_word = |word: &str| {
            !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric())
        };
        if name.len() > CONTRACT_NAME_BYTES_MAX {
            return Err(invalid("the name is longer than 64 letters"));
        }
        if !name.split(['-', '_']).all(is_word) {
            return Err(invalid(
                "a name has letters and digits, with single - or _ between them",
            ));
        }
        if matches!(name, "probe" | "probe-all") {
            return Err(invalid("that name belongs to the network's own contract"));
        }
        let (host, port) = address
            .rsplit_once(':')
            .ok_or_else(|| invalid("the address has no port"))?;
        let is_host = !host.is_empty()
            && host
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || ".-_[]:".contains(letter));
        if !is_host {
            return Err(invalid("the address has no host"));
        }
        match port.parse::<u16>() {
            Ok(1..) => Ok(Self {
                name: name.to_owned(),
                address: address.to_owned(),
            }),
            _ => Err(invalid("the port is no number from 1 to 65535")),
        }
    }
}

/// Why a network of that kind cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// Not a version that is built.
    #[error("there is no Fabric `{0}` here: 2.5 or 3.1 is expected")]
    Fabric(String),
    /// Not a way to agree.
    #[error("there is no consensus `{0}`: raft or bft is expected")]
    Consensus(String),
    /// BFT came with Fabric 3.
    #[error("bft ordering needs Fabric 3.1: say --fabric 3.1 with --consensus bft")]
    BftNeedsVersion3,
    /// Too few or too many peers.
    #[error("an organization has 1 to {PEERS_MAX} peers, not {0}")]
    Peers(u16),
    /// A block holds something.
    #[error("a block holds at least one transaction: --max-message-count is 0")]
    NoMessages,
    /// The orderer's timer does not take this.
    #[error("the batch timeout is 1 ms to 1 h, not {0:?}")]
    BatchTimeout(Duration),
    /// Not a contract's name and address.
    #[error("{given}: {reason}; NAME=HOST:PORT is expected, such as basic=127.0.0.1:9999")]
    Contract {
        /// What was given.
        given: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two contracts cannot share a name.
    #[error("the contract `{0}` is named twice")]
    ContractTwice(String),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for version in [FabricVersion::V2_5, FabricVersion::V3_1] {
            assert_eq!(version.to_string().parse(), Ok(version));
        }
        for consensus in [Consensus::Raft, Consensus::Bft] {
            assert_eq!(consensus.to_string().parse(), Ok(consensus));
        }
        assert_eq!(
            "3.0".parse::<FabricVersion>(),
            Err(OptionsError::Fabric("3.0".to_owned()))
        );
        assert_eq!(
            "kafka".parse::<Consensus>(),
            Err(OptionsError::Consensus("kafka".to_owned()))
        );
    }

    #[test]
    fn a_contract_is_a_name_and_an_address() {
        let contract: UserContract = "asset-transfer_2=127.0.0.1:9999".parse().unwrap();
        assert_eq!(contract.name, "asset-transfer_2");
        assert_eq!(contract.address, "127.0.0.1:9999");
        assert!("basic=[::1]:9999".parse::<UserContract>().is_ok());
        for (given, telling) in [
            ("basic", "no `=`"),
            ("=127.0.0.1:1", "letters and digits"),
            ("a--b=127.0.0.1:1", "single - or _"),
            ("a/b=127.0.0.1:1", "letters and digits"),
            ("probe=127.0.0.1:1", "own contract"),
            ("basic=127.0.0.1", "no port"),
            ("basic=:1", "no host"),
            ("basic=a\"b:1", "no host"),
            ("basic=127.0.0.1:0", "1 to 65535"),
            ("basic=127.0.0.1:65536", "1 to 65535"),
        ] {
            let error = given.parse::<UserContract>().unwrap_err().to_string();
            assert!(
                error.contains(telling) && error.contains(given),
                "{given}: {error}"
            );
        }
        let long = format!("{}=127.0.0.1:1", "a".repeat(65));
        assert!(long.parse::<UserContract>().is_err());
    }
}
