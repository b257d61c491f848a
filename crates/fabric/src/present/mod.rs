//! Fabric's blocks, transactions and configuration in the words that every ledger has.

mod config;
mod contract;
mod organization;

use bytes::Bytes;
use chainloom_ledger as ledger;
use chainloom_ledger::{Hash, Payload, TransactionKind, TransactionRange, ValidationCode};
use serde_json::json;

pub(crate) use self::config::config;
pub(crate) use self::contract::contract;
use crate::identity::{Certificate, hexadecimal};
use crate::wire::{
    Action, Block, Body, Creator, DecodeError, Envelope, HashedWrite, Namespace, RangeResults,
    Transaction,
};

/// A block with some of its transactions.
pub(crate) fn block(block: &Block, range: TransactionRange) -> ledger::Block {
    let hash = block.hash();
    let codes = block.metadata.validation_codes();
    let count = block.envelopes.len();
    let transactions: Vec<ledger::Transaction> = block
        .transactions()
        .skip(range.from)
        .take(range.limit)
        .map(|transaction| self::transaction(&transaction, hash))
        .collect();
    ledger::Block {
        number: block.number,
        hash,
        previous_hash: hexadecimal(&block.previous_hash),
        data_hash: block.data_hash.as_ref().try_into().ok().map(Hash),
        time: time_of(block),
        size_bytes: block
            .envelopes
            .iter()
            .map(|envelope| envelope.len() as u64)
            .sum(),
        transaction_count: count as u64,
        valid_count: codes.iter().take(count).filter(|code| **code == 0).count() as u64,
        transactions,
        proof_of_work: None,
    }
}

/// A block says no time; its last transaction's maker does.
fn time_of(block: &Block) -> Option<jiff::Timestamp> {
    let last = block.envelopes.len().checked_sub(1)?;
    block.transaction(last)?.decode().ok()?.header.time
}

/// A transaction of the block with this hash. One that cannot be read is shown with the reason.
pub(crate) fn transaction(transaction: &Transaction, block: Hash) -> ledger::Transaction {
    match transaction.decode() {
        Ok(envelope) => readable(transaction, &envelope, block),
        Err(error) => ledger::Transaction {
            content: Some(json!({"undecodable": error.to_string()})),
            ..bare(transaction, String::new(), block)
        },
    }
}

/// A transaction that stands in no block yet.
pub(crate) fn unseen(envelope: &Envelope) -> ledger::Transaction {
    let action = match envelope.body() {
        Ok(Body::Endorser(endorser)) => endorser.actions.into_iter().next(),
        _ => None,
    };
    ledger::Transaction {
        id: envelope.header.transaction_id.clone(),
        version: None,
        duplicates: Vec::new(),
        time: envelope.header.time,
        kind: TransactionKind::Endorser,
        call: action.map(|action| call(&action)),
        transfer: None,
        content: None,
        endorsed: None,
        validation_code: None,
    }
}

fn readable(transaction: &Transaction, envelope: &Envelope, block: Hash) -> ledger::Transaction {
    let header = &envelope.header;
    let bare = ledger::Transaction {
        time: header.time,
        ..bare(transaction, header.transaction_id.clone(), block)
    };
    let creator = header
        .creator()
        .ok()
        .flatten()
        .map(|creator| self::creator(&creator));
    let created = |endorsed: ledger::Endorsed| {
        Some(Box::new(ledger::Endorsed {
            creator: creator.clone(),
            ..endorsed
        }))
    };
    match envelope.body() {
        Ok(Body::Endorser(endorser)) => match endorser.actions.into_iter().next() {
            Some(action) => ledger::Transaction {
                kind: TransactionKind::Endorser,
                call: Some(call(&action)),
                endorsed: created(endorsed(action)),
                ..bare
            },
            None => ledger::Transaction {
                content: Some(json!({"undecodable": "it holds no call"})),
                endorsed: created(ledger::Endorsed::default()),
                ..bare
            },
        },
        Ok(Body::Config(_)) => ledger::Transaction {
            kind: TransactionKind::Config,
            endorsed: created(ledger::Endorsed::default()),
            ..bare
        },
        Ok(Body::ConfigUpdate(_)) => ledger::Transaction {
            content: Some(json!({"header_type": header.kind.to_string()})),
            endorsed: created(ledger::Endorsed::default()),
            ..bare
        },
        Ok(Body::Other { kind, data }) => ledger::Transaction {
            content: Some(json!({"header_type": kind.to_string(), "data": payload(&data)})),
            endorsed: created(ledger::Endorsed::default()),
            ..bare
        },
        Err(error) => ledger::Transaction {
            content: Some(json!({"undecodable": error.to_string()})),
            endorsed: created(ledger::Endorsed::default()),
            ..bare
        },
    }
}

/// What every transaction has. One without an id gets a stable one from where it stands.
fn bare(transaction: &Transaction, id: String, block: Hash) -> ledger::Transaction {
    let version = transaction.version;
    ledger::Transaction {
        id: match id.is_empty() {
            true => Hash::of(format!("{block}:{}", version.index).as_bytes()).to_string(),
            false => id,
        },
        version: Some(version),
        duplicates: Vec::new(),
        time: None,
        kind: TransactionKind::Unknown,
        call: None,
        transfer: None,
        content: None,
        endorsed: None,
        validation_code: transaction.validation_code.map(verdict),
    }
}

/// A peer's verdict.
pub(crate) fn verdict(code: crate::wire::ValidationCode) -> ValidationCode {
    ValidationCode {
        code: code.0.into(),
        name: code.name().to_owned(),
    }
}

fn call(action: &Action) -> ledger::Call {
    let contract = action
        .call
        .chaincode
        .as_ref()
        .map(|chaincode| chaincode.name.clone());
    ledger::Call {
        contract: contract.unwrap_or_default(),
        function: String::from_utf8_lossy(action.call.function()).into_owned(),
        args: action.call.arguments().iter().map(payload).collect(),
    }
}

fn endorsed(action: Action) -> ledger::Endorsed {
    let mut shown = ledger::Endorsed {
        response: action.response.map(|response| ledger::ContractResponse {
            status: response.status,
            message: response.message,
            payload: payload(&response.payload),
        }),
        endorsers: action
            .endorsements
            .iter()
            .map(|endorsement| creator(&endorsement.endorser))
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
    let ranges = namespace
        .range_reads
        .into_iter()
        .map(|range| ledger::RangeRead {
            contract: contract.clone(),
            from: range.start_key.into(),
            to: range.end_key.into(),
            exhausted: range.exhausted,
            keys: match range.results {
                RangeResults::Reads(reads) => {
                    reads.into_iter().map(|read| read.key.into()).collect()
                }
                RangeResults::Absent | RangeResults::Merkle { .. } => Vec::new(),
            },
        });
    shown.range_reads.extend(ranges);
    let writes = namespace.writes.into_iter().map(|write| ledger::KeyWrite {
        contract: contract.clone(),
        key: write.key.into(),
        value: (!write.delete).then(|| payload(&write.value)),
        delete: write.delete,
        endorsement_policy: None,
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
            endorsement_policy: Some(policy(
                write
                    .entries
                    .iter()
                    .find_map(|entry| entry.endorsement_policy()),
            )),
        });
    shown.writes.extend(policies);
    let collections =
        namespace
            .collections
            .into_iter()
            .map(|collection| ledger::PrivateCollection {
                contract: contract.clone(),
                hash: hexadecimal(&collection.private_set_hash),
                reads: collection.reads.len(),
                writes: collection.writes.len(),
                key_writes: collection.writes.iter().map(private_write).collect(),
                collection: collection.name,
            });
    shown.private_collections.extend(collections);
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

fn policy(policy: Option<Result<crate::wire::ApplicationPolicy, DecodeError>>) -> String {
    match policy {
        Some(Ok(policy)) => policy.to_string(),
        Some(Err(error)) => format!("a policy that cannot be read: {error}"),
        None => "the contract's own again".to_owned(),
    }
}

pub(crate) fn creator(creator: &Creator) -> ledger::Creator {
    let der = creator.certificate_der().ok();
    let certificate = der.and_then(|der| Certificate::from_der(&der).ok());
    ledger::Creator {
        organization: creator.organization.clone(),
        enrollment_id: certificate
            .as_ref()
            .and_then(|certificate| certificate.enrollment_id().map(str::to_owned)),
        certificate: certificate.as_ref().map(self::certificate),
    }
}

fn certificate(certificate: &Certificate) -> ledger::CertificateSummary {
    ledger::CertificateSummary {
        subject: certificate.subject().to_owned(),
        issuer: certificate.issuer().to_owned(),
        serial: certificate.serial().to_owned(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        sha256: certificate.fingerprint(),
    }
}

fn payload(bytes: &Bytes) -> Payload {
    Payload(bytes.to_vec())
}
