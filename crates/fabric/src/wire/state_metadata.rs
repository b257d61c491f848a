use bytes::Bytes;

use super::error::DecodeError;
use super::policy::{ApplicationPolicy, SignaturePolicy};
use super::proto::kvrwset;
use super::proto::protos::MetaDataKeys;

/// One entry of a key's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataEntry {
    /// Its name; see [`MetadataEntry::endorsement_policy`] for the only names that Fabric uses.
    pub name: String,
    /// Its value.
    pub value: Bytes,
}

impl MetadataEntry {
    /// Whether the entry is about who has to endorse changes of the key.
    pub fn is_policy(&self) -> bool {
        MetaDataKeys::from_str_name(&self.name).is_some()
    }

    /// The key's own endorsement policy, if this entry holds one. An empty value takes the policy
    /// away and answers `None`.
    pub fn endorsement_policy(&self) -> Option<Result<ApplicationPolicy, DecodeError>> {
        if self.value.is_empty() {
            return None;
        }
        match MetaDataKeys::from_str_name(&self.name)? {
            MetaDataKeys::ValidationParameter => {
                Some(SignaturePolicy::decode(self.value.clone()).map(ApplicationPolicy::Signature))
            }
            MetaDataKeys::ValidationParameterV2 => {
                Some(ApplicationPolicy::decode(self.value.clone()))
            }
        }
    }
}

impl From<kvrwset::KvMetadataEntry> for MetadataEntry {
    fn from(entry: kvrwset::KvMetadataEntry) -> Self {
        Self {
            name: entry.name,
            value: entry.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, value: &'static [u8]) -> MetadataEntry {
        MetadataEntry {
            name: name.to_owned(),
            value: Bytes::from_static(value),
        }
    }

    #[test]
    fn only_fabrics_names_hold_policies() {
        assert_eq!(entry("colour", b"red").endorsement_policy(), None);
        assert_eq!(
            entry("VALIDATION_PARAMETER", b"").endorsement_policy(),
            None
        );
        let broken = entry("VALIDATION_PARAMETER", b"\xff").endorsement_policy();
        let error = broken
            .expect("a policy is due")
            .expect_err("no policy")
            .to_string();
        assert!(
            error.starts_with("the bytes are no SignaturePolicyEnvelope"),
            "{error}"
        );
        let broken = entry("VALIDATION_PARAMETER_V2", b"\xff").endorsement_policy();
        let error = broken
            .expect("a policy is due")
            .expect_err("no policy")
            .to_string();
        assert!(
            error.starts_with("the bytes are no ApplicationPolicy"),
            "{error}"
        );
    }
}
