use std::collections::BTreeMap;

use chainloom_ledger as ledger;
use chainloom_ledger::Payload;

use super::{decoded_creator, payload};
use crate::identity::hexadecimal;
use crate::wire::{
    Action, Call, Collection, HashedWrite, MetadataEntry, Namespace, RangeRead, RangeResults, Read,
};

/// What was called.
pub(super) fn call(call: Call) -> ledger::Call {
    ledger::Call {
        function: String::from_utf8_lossy(call.function()).into_owned(),
        args: call.arguments().iter().map(payload).collect(),
        contract: call.chaincode.unwrap_or_default().name,
    }
}

/// What the endorsers saw the call do; what was called is told beside it.
pub(super) fn endorsed(action: Action) -> ledger::Endorsed {
    let contract_version = action.chaincode.map(|chaincode| chaincode.version);
    let mut shown = ledger::Endorsed {
        proposal_hash: Some(hexadecimal(&action.proposal_hash)),
        response: action.response.map(|response| ledger::ContractResponse {
            status: response.status,
            message: response.message,
            payload: payload(&response.payload),
            contract_version: contract_version.unwrap_or_default(),
        }),
        endorsers: action
            .endorsements
            .iter()
            .map(|endorsement| decoded_creator(&endorsement.endorser_bytes, &endorsement.endorser))
            .collect(),
        events: action
            .event
            .into_iter()
            .map(|event| ledger::ContractEvent {
                contract: event.chaincode,
                name: event.name,
                payload: payload(&event.payload),
            })
            .collect(),
        ..ledger::Endorsed::default()
    };
    for namespace in action.namespaces {
        add_namespace(&mut shown, namespace);
    }
    shown
}

fn add_namespace(shown: &mut ledger::Endorsed, namespace: Namespace) {
    let contract = namespace.name;
    let reads = namespace.reads.into_iter().map(|read| ledger::KeyRead {
        contract: contract.clone(),
        key: read.key.into(),
        version: read.version,
    });
    shown.reads.extend(reads);
    let ranges = namespace.range_reads.into_iter();
    shown
        .range_reads
        .extend(ranges.map(|range| range_read(contract.clone(), range)));
    let writes = namespace.writes.into_iter().map(|write| ledger::KeyWrite {
        contract: contract.clone(),
        key: write.key.into(),
        value: (!write.delete).then(|| payload(&write.value)),
        delete: write.delete,
        endorsement_policy: None,
        metadata: BTreeMap::new(),
    });
    shown.writes.extend(writes);
    let policies = namespace
        .metadata_writes
        .into_iter()
        .map(|write| ledger::KeyWrite {
            contract: contract.clone(),
            key: write.key.into(),
            value: None,
            delete: false,
            endorsement_policy: Some(policy(&write.entries)),
            metadata: other_metadata(&write.entries),
        });
    shown.writes.extend(policies);
    let collections = namespace.collections.into_iter();
    shown
        .private_collections
        .extend(collections.map(|collection| private_collection(contract.clone(), collection)));
}

fn range_read(contract: String, range: RangeRead) -> ledger::RangeRead {
    let key = |read: Read| ledger::RangeKey {
        key: read.key.into(),
        version: read.version,
    };
    let (keys, summary) = match range.results {
        RangeResults::Absent => (Vec::new(), None),
        RangeResults::Reads(reads) => (reads.into_iter().map(key).collect(), None),
        RangeResults::Merkle {
            max_degree,
            max_level,
            hashes,
        } => {
            let summary = ledger::RangeSummary {
                max_degree,
                level: max_level,
                hashes: hashes.iter().map(|hash| hexadecimal(hash)).collect(),
            };
            (Vec::new(), Some(summary))
        }
    };
    ledger::RangeRead {
        contract,
        from: range.start_key.into(),
        to: range.end_key.into(),
        exhausted: range.exhausted,
        keys,
        summary,
    }
}

fn private_collection(contract: String, collection: Collection) -> ledger::PrivateCollection {
    let reads = collection.reads.iter().map(|read| ledger::PrivateRead {
        key_hash: hexadecimal(&read.key_hash),
        version: read.version,
    });
    let policies = collection
        .metadata_writes
        .iter()
        .map(|write| ledger::PrivatePolicy {
            key_hash: hexadecimal(&write.key_hash),
            endorsement_policy: policy(&write.entries),
            metadata: other_metadata(&write.entries),
        });
    ledger::PrivateCollection {
        contract,
        hash: hexadecimal(&collection.private_set_hash),
        reads: collection.reads.len(),
        writes: collection.writes.len(),
        key_reads: reads.collect(),
        key_writes: collection.writes.iter().map(private_write).collect(),
        key_policies: policies.collect(),
        collection: collection.name,
    }
}

fn private_write(write: &HashedWrite) -> ledger::PrivateWrite {
    let is_gone = write.delete || write.purge;
    ledger::PrivateWrite {
        key_hash: hexadecimal(&write.key_hash),
        value_hash: (!is_gone).then(|| hexadecimal(&write.value_hash)),
        delete: write.delete,
        purge: write.purge,
    }
}

/// Who has to endorse changes of a key from here on: its metadata are written all at once.
fn policy(metadata: &[MetadataEntry]) -> String {
    match metadata.iter().find_map(MetadataEntry::endorsement_policy) {
        Some(Ok(policy)) => policy.to_string(),
        Some(Err(error)) => format!("a policy that cannot be read: {error}"),
        None => "the contract's own again".to_owned(),
    }
}

/// Metadata that Fabric itself has no use for.
fn other_metadata(metadata: &[MetadataEntry]) -> BTreeMap<String, Payload> {
    let others = metadata.iter().filter(|entry| !entry.is_policy());
    others
        .map(|entry| (entry.name.clone(), payload(&entry.value)))
        .collect()
}
