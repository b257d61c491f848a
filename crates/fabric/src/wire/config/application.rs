use std::collections::BTreeMap;

use bytes::Bytes;

use super::group::Group;
use super::organization::{Organization, decode_organizations};
use crate::wire::error::DecodeError;
use crate::wire::policy::Policy;
use crate::wire::proto::{common, protos};

/// The Application group of a channel's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationConfig {
    /// What every peer must be able to do, such as `V2_5`.
    pub capabilities: Vec<String>,
    /// The organizations that use the channel, by the name of their group.
    pub organizations: BTreeMap<String, Organization>,
    /// Resource to the policy that guards it; what is not listed has Fabric's default.
    pub acls: BTreeMap<String, String>,
    /// Policies by name.
    pub policies: BTreeMap<String, Policy>,
    /// Values that this program does not know, raw.
    pub other_values: BTreeMap<String, Bytes>,
}

impl ApplicationConfig {
    pub(super) fn new(group: common::ConfigGroup) -> Result<Self, DecodeError> {
        let mut group = Group::from(group);
        let acls: Option<protos::AcLs> = group.value("ACLs")?;
        let acls = acls.unwrap_or_default().acls;
        Ok(Self {
            capabilities: group.capabilities()?,
            organizations: decode_organizations(&mut group)?,
            acls: acls
                .into_iter()
                .map(|(resource, policy)| (resource, policy.policy_ref))
                .collect(),
            policies: group.policies()?,
            other_values: group.rest(),
        })
    }
}
