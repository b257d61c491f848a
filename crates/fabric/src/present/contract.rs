use chainloom_ledger as ledger;

use crate::wire::{ApplicationPolicy, ChaincodeDefinition, CollectionConfig};

/// A committed chaincode definition.
pub(crate) fn contract(definition: ChaincodeDefinition) -> ledger::ContractDefinition {
    ledger::ContractDefinition {
        name: definition.name,
        version: definition.version,
        sequence: definition.sequence,
        endorsement_policy: words(definition.endorsement_policy),
        init_required: definition.init_required,
        endorsement_plugin: Some(definition.endorsement_plugin),
        validation_plugin: Some(definition.validation_plugin),
        collections: definition.collections.into_iter().map(collection).collect(),
    }
}

fn collection(config: CollectionConfig) -> ledger::Collection {
    ledger::Collection {
        name: config.name,
        members: config.members.to_string(),
        required_peer_count: config.required_peer_count,
        maximum_peer_count: config.maximum_peer_count,
        block_to_live: config.block_to_live,
        member_only_read: config.member_only_read,
        member_only_write: config.member_only_write,
        endorsement_policy: words(config.endorsement_policy),
    }
}

fn words(policy: Option<ApplicationPolicy>) -> Option<String> {
    policy.map(|policy| policy.to_string())
}
