use std::collections::BTreeMap;

use bytes::Bytes;

use super::group::Group;
use crate::wire::error::{DecodeError, Within, decode};
use crate::wire::policy::Policy;
use crate::wire::proto::{common, msp, protos};

/// An organization of a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Organization {
    /// Who belongs to it.
    pub msp: Option<Msp>,
    /// Peers that other organizations' peers ask first.
    pub anchor_peers: Vec<Address>,
    /// Its orderers, `host:port`.
    pub orderer_endpoints: Vec<String>,
    /// Policies by name.
    pub policies: BTreeMap<String, Policy>,
    /// Values that this program does not know, raw.
    pub other_values: BTreeMap<String, Bytes>,
}

/// The rules by which an identity belongs to an organization.
#[derive(Debug, Clone, PartialEq)]
pub enum Msp {
    /// By X.509 certificates. `name` is the MSP id; certificates and CRLs are PEM.
    X509(Box<msp::FabricMspConfig>),
    /// Another kind, raw; 1 is Idemix.
    Other {
        /// The number of the kind.
        kind: i32,
        /// The bytes.
        config: Bytes,
    },
}

impl Msp {
    /// The MSP id, where the kind of MSP is known.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::X509(config) => Some(&config.name),
            Self::Other { .. } => None,
        }
    }
}

/// Where a node listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: i32,
}

/// Takes out the groups, all of which are organizations.
pub(super) fn decode_organizations(
    group: &mut Group,
) -> Result<BTreeMap<String, Organization>, DecodeError> {
    let organizations = std::mem::take(&mut group.groups)
        .into_iter()
        .map(|(name, group)| {
            let read = Organization::new(group);
            read.within(|| format!("organization {name}"))
                .map(|organization| (name, organization))
        });
    organizations.collect()
}

impl Organization {
    fn new(group: common::ConfigGroup) -> Result<Self, DecodeError> {
        let mut group = Group::from(group);
        let msp: Option<msp::MspConfig> = group.value("MSP")?;
        let msp = msp.map(Msp::new).transpose();
        let anchors: Option<protos::AnchorPeers> = group.value("AnchorPeers")?;
        let anchors = anchors.unwrap_or_default().anchor_peers;
        let endpoints: Option<common::OrdererAddresses> = group.value("Endpoints")?;
        Ok(Self {
            msp: msp.within(|| "value MSP".to_owned())?,
            anchor_peers: anchors
                .into_iter()
                .map(|peer| Address {
                    host: peer.host,
                    port: peer.port,
                })
                .collect(),
            orderer_endpoints: endpoints.unwrap_or_default().addresses,
            policies: group.policies()?,
            other_values: group.rest(),
        })
    }
}

impl Msp {
    fn new(config: msp::MspConfig) -> Result<Self, DecodeError> {
        match config.r#type {
            0 => decode(config.config).map(|config| Self::X509(Box::new(config))),
            kind => Ok(Self::Other {
                kind,
                config: config.config,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_kinds_of_msp_are_kept_raw() {
        let config = Bytes::from_static(b"\xff");
        let idemix = msp::MspConfig {
            r#type: 1,
            config: config.clone(),
        };
        let read = Msp::new(idemix).expect("any bytes will do");
        assert_eq!(
            (read.id(), &read),
            (
                None,
                &Msp::Other {
                    kind: 1,
                    config: config.clone()
                }
            )
        );
        let error = Msp::new(msp::MspConfig { r#type: 0, config }).expect_err("no configuration");
        assert!(
            error
                .to_string()
                .starts_with("the bytes are no FabricMSPConfig"),
            "{error}"
        );
    }
}
