use bytes::Bytes;
use chainloom_ledger::Version;

use super::error::{DecodeError, Within, decode};
use super::proto::{kvrwset, rwset};
use super::read_write_set::{shown, version};
use super::state_metadata::MetadataEntry;

/// What a transaction read and wrote in a private data collection, as hashes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Collection {
    /// The collection's name.
    pub name: String,
    /// Keys read.
    pub reads: Vec<HashedRead>,
    /// Keys written, deleted and purged.
    pub writes: Vec<HashedWrite>,
    /// Keys whose metadata were written.
    pub metadata_writes: Vec<HashedMetadataWrite>,
    /// Hash of the whole private set, which members get beside the chain; empty where only reads
    /// happened.
    pub private_set_hash: Bytes,
}

/// A private key that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedRead {
    /// SHA-256 of the key.
    pub key_hash: Bytes,
    /// Who wrote what was read; `None` where the key did not exist.
    pub version: Option<Version>,
}

/// A private key that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedWrite {
    /// SHA-256 of the key.
    pub key_hash: Bytes,
    /// SHA-256 of the value; empty for a delete.
    pub value_hash: Bytes,
    /// Whether the key was deleted.
    pub delete: bool,
    /// Whether the key was purged with its history.
    pub purge: bool,
}

/// A private key whose metadata were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedMetadataWrite {
    /// SHA-256 of the key.
    pub key_hash: Bytes,
    /// All metadata of the key from here on; none removes them.
    pub entries: Vec<MetadataEntry>,
}

pub(super) fn decode_collection(
    collection: rwset::CollectionHashedReadWriteSet,
) -> Result<Collection, DecodeError> {
    let hashed: kvrwset::HashedRwSet = decode(collection.hashed_rwset)
        .within(|| format!("collection `{}`", shown(&collection.collection_name)))?;
    let reads = hashed.hashed_reads.into_iter().map(|read| HashedRead {
        key_hash: read.key_hash,
        version: read.version.map(version),
    });
    let writes = hashed.hashed_writes.into_iter().map(|write| HashedWrite {
        key_hash: write.key_hash,
        value_hash: write.value_hash,
        delete: write.is_delete,
        purge: write.is_purge,
    });
    let metadata_writes = hashed
        .metadata_writes
        .into_iter()
        .map(|write| HashedMetadataWrite {
            key_hash: write.key_hash,
            entries: write.entries.into_iter().map(MetadataEntry::from).collect(),
        });
    Ok(Collection {
        name: collection.collection_name,
        reads: reads.collect(),
        writes: writes.collect(),
        metadata_writes: metadata_writes.collect(),
        private_set_hash: collection.pvt_rwset_hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_collection_is_named() {
        let broken = rwset::CollectionHashedReadWriteSet {
            collection_name: "secrets".to_owned(),
            hashed_rwset: Bytes::from_static(b"\xff"),
            ..Default::default()
        };
        let error = decode_collection(broken).expect_err("no set").to_string();
        assert!(
            error.starts_with("collection `secrets`: the bytes are no HashedRWSet"),
            "{error}"
        );
    }
}
