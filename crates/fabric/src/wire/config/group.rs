use std::collections::BTreeMap;

use bytes::Bytes;
use prost::{Message, Name};

use crate::wire::error::{DecodeError, Within, decode};
use crate::wire::policy::Policy;
use crate::wire::proto::common;

/// A group whose values are taken out one by one; what nobody took is left over.
pub(super) struct Group {
    pub(super) groups: BTreeMap<String, common::ConfigGroup>,
    values: BTreeMap<String, common::ConfigValue>,
    policies: BTreeMap<String, common::ConfigPolicy>,
}

impl From<common::ConfigGroup> for Group {
    fn from(group: common::ConfigGroup) -> Self {
        Self {
            groups: group.groups,
            values: group.values,
            policies: group.policies,
        }
    }
}

impl Group {
    /// Takes out the value of this name, if the group has it.
    pub(super) fn value<M: Message + Name + Default>(
        &mut self,
        name: &str,
    ) -> Result<Option<M>, DecodeError> {
        self.values
            .remove(name)
            .map(|value| decode(value.value).within(|| format!("value {name}")))
            .transpose()
    }

    /// Takes out the names of the required capabilities.
    pub(super) fn capabilities(&mut self) -> Result<Vec<String>, DecodeError> {
        let capabilities: Option<common::Capabilities> = self.value("Capabilities")?;
        Ok(capabilities
            .unwrap_or_default()
            .capabilities
            .into_keys()
            .collect())
    }

    /// Takes out the policies.
    pub(super) fn policies(&mut self) -> Result<BTreeMap<String, Policy>, DecodeError> {
        let policies = std::mem::take(&mut self.policies)
            .into_iter()
            .map(|(name, policy)| {
                let read = Policy::new(policy.policy.unwrap_or_default());
                read.within(|| format!("policy {name}"))
                    .map(|policy| (name, policy))
            });
        policies.collect()
    }

    /// The values that were not taken.
    pub(super) fn rest(self) -> BTreeMap<String, Bytes> {
        self.values
            .into_iter()
            .map(|(name, value)| (name, value.value))
            .collect()
    }
}
