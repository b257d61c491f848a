use super::error::{DecodeError, Fault, Within};
use super::policy::{ApplicationPolicy, SignaturePolicy};
use super::proto::protos;

/// A private data collection as a chaincode's definition declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionConfig {
    /// The collection's name.
    pub name: String,
    /// Whose peers keep the data.
    pub members: SignaturePolicy,
    /// How many other peers must have the data before an endorsement is given.
    pub required_peer_count: i32,
    /// How many other peers are sent the data at endorsement.
    pub maximum_peer_count: i32,
    /// Blocks after which the data are purged; 0 keeps them.
    pub block_to_live: u64,
    /// Whether only members' clients may read.
    pub member_only_read: bool,
    /// Whether only members' clients may write.
    pub member_only_write: bool,
    /// Replaces the chaincode's endorsement policy for this collection.
    pub endorsement_policy: Option<ApplicationPolicy>,
}

/// The collections of a package; none where a definition has none.
pub(super) fn decode_collections(
    package: protos::CollectionConfigPackage,
) -> Result<Vec<CollectionConfig>, DecodeError> {
    let collections = package
        .config
        .into_iter()
        .enumerate()
        .map(|(index, collection)| {
            CollectionConfig::new(collection).within(|| format!("collection {index}"))
        });
    collections.collect()
}

impl CollectionConfig {
    fn new(collection: protos::CollectionConfig) -> Result<Self, DecodeError> {
        use protos::collection_config::Payload;
        use protos::collection_policy_config::Payload as Members;
        let Some(Payload::StaticCollectionConfig(config)) = collection.payload else {
            return Err(Fault::Missing("the collection's configuration").into());
        };
        let Some(Members::SignaturePolicy(members)) =
            config.member_orgs_policy.and_then(|policy| policy.payload)
        else {
            return Err(Fault::Missing("who the collection's members are").into());
        };
        Ok(Self {
            name: config.name,
            members: SignaturePolicy::new(members)?,
            required_peer_count: config.required_peer_count,
            maximum_peer_count: config.maximum_peer_count,
            block_to_live: config.block_to_live,
            member_only_read: config.member_only_read,
            member_only_write: config.member_only_write,
            endorsement_policy: config
                .endorsement_policy
                .map(ApplicationPolicy::new)
                .transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_without_its_parts_is_refused() {
        use protos::collection_config::Payload;
        let refused = |payload| {
            let config = vec![protos::CollectionConfig { payload }];
            let package = protos::CollectionConfigPackage { config };
            decode_collections(package)
                .expect_err("a part lacks")
                .to_string()
        };
        assert_eq!(
            refused(None),
            "collection 0: the collection's configuration is missing"
        );
        assert_eq!(
            refused(Some(Payload::StaticCollectionConfig(Default::default()))),
            "collection 0: who the collection's members are is missing"
        );
    }
}
