use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::group::Group;
use super::organization::{Organization, decode_organizations};
use crate::wire::duration::parse_go_duration;
use crate::wire::error::{DecodeError, Within, decode};
use crate::wire::policy::Policy;
use crate::wire::proto::orderer::smartbft;
use crate::wire::proto::{common, etcdraft, orderer};

/// The Orderer group of a channel's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct OrdererConfig {
    /// When a block is full.
    pub batch_size: Option<BatchSize>,
    /// When a block is cut though it is not full.
    pub batch_timeout: Option<Duration>,
    /// How the orderers agree.
    pub consensus: Option<Consensus>,
    /// Whether transactions are taken.
    pub state: ConsensusState,
    /// Channels that a system channel may create; 0 is no limit.
    pub channels_max: Option<u64>,
    /// What every orderer must be able to do.
    pub capabilities: Vec<String>,
    /// The organizations that run orderers, by the name of their group.
    pub organizations: BTreeMap<String, Organization>,
    /// Policies by name.
    pub policies: BTreeMap<String, Policy>,
    /// Values that this program does not know, raw.
    pub other_values: BTreeMap<String, Bytes>,
}

/// When a block is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchSize {
    /// Transactions in a block at most.
    pub max_message_count: u32,
    /// Bytes in a block at most; a larger transaction is refused.
    pub absolute_max_bytes: u32,
    /// Bytes in a block as a rule; a larger transaction gets a block of its own.
    pub preferred_max_bytes: u32,
}

/// How orderers agree.
#[derive(Debug, Clone, PartialEq)]
pub enum Consensus {
    /// Raft.
    Etcdraft {
        /// The orderers that take part.
        consenters: Vec<Consenter>,
        /// Raft's own settings.
        options: etcdraft::Options,
    },
    /// SmartBFT.
    Bft {
        /// The orderers that take part.
        consenters: Vec<Consenter>,
        /// SmartBFT's own settings.
        options: Box<smartbft::Options>,
    },
    /// Another type, raw.
    Other {
        /// Name of the type.
        name: String,
        /// Its settings.
        metadata: Bytes,
    },
}

/// Whether orderers take transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsensusState {
    /// They do.
    Normal,
    /// Configuration updates only.
    Maintenance,
    /// A number that Fabric 3.1 has no name for.
    Unknown(i32),
}

/// An orderer that takes part in consensus. Certificates are PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consenter {
    /// Its number (BFT), by which its signatures name it.
    pub id: Option<u32>,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u32,
    /// MSP id (BFT).
    pub organization: Option<String>,
    /// The certificate that it signs blocks with (BFT).
    pub identity: Option<Bytes>,
    /// The certificate that it connects with.
    pub client_tls_certificate: Bytes,
    /// The certificate that it serves with.
    pub server_tls_certificate: Bytes,
}

impl Consensus {
    /// The name in the configuration: `etcdraft`, `BFT`.
    pub fn name(&self) -> &str {
        match self {
            Self::Etcdraft { .. } => "etcdraft",
            Self::Bft { .. } => "BFT",
            Self::Other { name, .. } => name,
        }
    }

    /// The orderers that take part.
    pub fn consenters(&self) -> &[Consenter] {
        match self {
            Self::Etcdraft { consenters, .. } | Self::Bft { consenters, .. } => consenters,
            Self::Other { .. } => &[],
        }
    }

    fn new(
        kind: &orderer::ConsensusType,
        mapping: Option<common::Orderers>,
    ) -> Result<Self, DecodeError> {
        match kind.r#type.as_str() {
            "etcdraft" => {
                let metadata: etcdraft::ConfigMetadata = decode(kind.metadata.clone())?;
                let consenters = metadata
                    .consenters
                    .into_iter()
                    .map(Consenter::from)
                    .collect();
                Ok(Self::Etcdraft {
                    consenters,
                    options: metadata.options.unwrap_or_default(),
                })
            }
            "BFT" => {
                let options = Box::new(decode(kind.metadata.clone())?);
                let consenters = mapping.unwrap_or_default().consenter_mapping;
                let consenters = consenters.into_iter().map(Consenter::from).collect();
                Ok(Self::Bft {
                    consenters,
                    options,
                })
            }
            name => Ok(Self::Other {
                name: name.to_owned(),
                metadata: kind.metadata.clone(),
            }),
        }
    }
}

impl OrdererConfig {
    pub(super) fn new(group: common::ConfigGroup) -> Result<Self, DecodeError> {
        let mut group = Group::from(group);
        let batch_size: Option<orderer::BatchSize> = group.value("BatchSize")?;
        let batch_timeout: Option<orderer::BatchTimeout> = group.value("BatchTimeout")?;
        let batch_timeout = batch_timeout
            .map(|batch| parse_go_duration(&batch.timeout))
            .transpose();
        let kind: Option<orderer::ConsensusType> = group.value("ConsensusType")?;
        let restrictions: Option<orderer::ChannelRestrictions> =
            group.value("ChannelRestrictions")?;
        // The mapping may stand before its time, while a channel moves from raft to BFT.
        let mapping: Option<common::Orderers> = group.value("Orderers")?;
        let consensus = kind
            .as_ref()
            .map(|kind| Consensus::new(kind, mapping))
            .transpose();
        Ok(Self {
            batch_size: batch_size.map(BatchSize::from),
            batch_timeout: batch_timeout.within(|| "value BatchTimeout".to_owned())?,
            consensus: consensus.within(|| "value ConsensusType".to_owned())?,
            state: kind.map_or(0, |kind| kind.state).into(),
            channels_max: restrictions.map(|restrictions| restrictions.max_count),
            capabilities: group.capabilities()?,
            organizations: decode_organizations(&mut group)?,
            policies: group.policies()?,
            other_values: group.rest(),
        })
    }
}

impl From<orderer::BatchSize> for BatchSize {
    fn from(size: orderer::BatchSize) -> Self {
        Self {
            max_message_count: size.max_message_count,
            absolute_max_bytes: size.absolute_max_bytes,
            preferred_max_bytes: size.preferred_max_bytes,
        }
    }
}

impl From<i32> for ConsensusState {
    fn from(number: i32) -> Self {
        use orderer::consensus_type::State;
        match State::try_from(number) {
            Ok(State::Normal) => Self::Normal,
            Ok(State::Maintenance) => Self::Maintenance,
            Err(_) => Self::Unknown(number),
        }
    }
}

impl From<etcdraft::Consenter> for Consenter {
    fn from(consenter: etcdraft::Consenter) -> Self {
        Self {
            id: None,
            host: consenter.host,
            port: consenter.port,
            organization: None,
            identity: None,
            client_tls_certificate: consenter.client_tls_cert,
            server_tls_certificate: consenter.server_tls_cert,
        }
    }
}

impl From<common::Consenter> for Consenter {
    fn from(consenter: common::Consenter) -> Self {
        Self {
            id: Some(consenter.id),
            host: consenter.host,
            port: consenter.port,
            organization: Some(consenter.msp_id),
            identity: Some(consenter.identity),
            client_tls_certificate: consenter.client_tls_cert,
            server_tls_certificate: consenter.server_tls_cert,
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    fn group(name: &str, value: &impl prost::Message) -> common::ConfigGroup {
        let value = common::ConfigValue {
            value: value.encode_to_vec().into(),
            ..Default::default()
        };
        common::ConfigGroup {
            values: [(name.to_owned(), value)].into(),
            ..Default::default()
        }
    }

    #[test]
    fn unknown_consensus_types_and_values_are_kept_raw() {
        let metadata = Bytes::from_static(b"m");
        let kind = orderer::ConsensusType {
            r#type: "kafka".to_owned(),
            metadata: metadata.clone(),
            state: 9,
        };
        let config = OrdererConfig::new(group("ConsensusType", &kind)).expect("a good group");
        let consensus = config.consensus.expect("it was given");
        assert_eq!(
            (consensus.name(), consensus.consenters()),
            ("kafka", &[][..])
        );
        assert_eq!(
            consensus,
            Consensus::Other {
                name: "kafka".to_owned(),
                metadata
            }
        );
        assert_eq!(config.state, ConsensusState::Unknown(9));
        let config = OrdererConfig::new(group("Colour", &kind)).expect("a good group");
        assert_eq!(config.other_values["Colour"], kind.encode_to_vec());
        assert_eq!(config.batch_size, None);
    }

    #[test]
    fn broken_values_are_named() {
        let timeout = orderer::BatchTimeout {
            timeout: "soon".to_owned(),
        };
        let error = OrdererConfig::new(group("BatchTimeout", &timeout)).expect_err("no duration");
        assert_eq!(
            error.to_string(),
            "value BatchTimeout: `soon` is no duration such as `2s` or `200ms`"
        );
        for name in ["etcdraft", "BFT"] {
            let metadata = Bytes::from_static(b"\xff");
            let kind = orderer::ConsensusType {
                r#type: name.to_owned(),
                metadata,
                state: 0,
            };
            let error = OrdererConfig::new(group("ConsensusType", &kind)).expect_err("no metadata");
            assert!(
                error
                    .to_string()
                    .starts_with("value ConsensusType: the bytes are no "),
                "{error}"
            );
        }
    }
}
