use bytes::Bytes;
use chainloom_ledger::Version;

use super::error::{DecodeError, Within, decode};
use super::private_data::{Collection, decode_collection};
use super::proto::kvrwset::range_query_info::ReadsInfo;
use super::proto::{kvrwset, rwset};
use super::state_metadata::MetadataEntry;

/// What a transaction read and wrote in one namespace, which is a chaincode's name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Namespace {
    /// The namespace.
    pub name: String,
    /// Keys read, with the version that the endorser saw.
    pub reads: Vec<Read>,
    /// Ranges read.
    pub range_reads: Vec<RangeRead>,
    /// Keys written and deleted.
    pub writes: Vec<Write>,
    /// Keys whose metadata were written.
    pub metadata_writes: Vec<MetadataWrite>,
    /// The namespace's private data collections that were touched.
    pub collections: Vec<Collection>,
}

/// A key that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The key.
    pub key: String,
    /// Who wrote what was read; `None` where the key did not exist.
    pub version: Option<Version>,
}

/// A key that was written or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: String,
    /// The new value; empty for a delete.
    pub value: Bytes,
    /// Whether the key was deleted.
    pub delete: bool,
}

/// A key whose metadata were written, such as its own endorsement policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataWrite {
    /// The key.
    pub key: String,
    /// All metadata of the key from here on; none removes them.
    pub entries: Vec<MetadataEntry>,
}

/// A range of keys that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeRead {
    /// The first key.
    pub start_key: String,
    /// The key after the last; empty for an open end.
    pub end_key: String,
    /// Whether the chaincode read to the end of the range.
    pub exhausted: bool,
    /// What was found.
    pub results: RangeResults,
}

/// What was found in a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeResults {
    /// Nothing is said of it.
    Absent,
    /// The keys and versions.
    Reads(Vec<Read>),
    /// Hashes that stand for keys and versions too many to list.
    Merkle {
        /// How many hashes are put together to one.
        max_degree: u32,
        /// The level of the hashes below.
        max_level: u32,
        /// The hashes.
        hashes: Vec<Bytes>,
    },
}

/// Reads a serialized `rwset.TxReadWriteSet`.
pub fn decode_namespaces(bytes: Bytes) -> Result<Vec<Namespace>, DecodeError> {
    let all: rwset::TxReadWriteSet = decode(bytes)?;
    all.ns_rwset
        .into_iter()
        .map(|namespace| {
            let name = namespace.namespace.clone();
            Namespace::new(namespace).within(|| format!("namespace `{}`", shown(&name)))
        })
        .collect()
}

impl Namespace {
    fn new(namespace: rwset::NsReadWriteSet) -> Result<Self, DecodeError> {
        let public: kvrwset::KvrwSet = decode(namespace.rwset)?;
        Ok(Self {
            name: namespace.namespace,
            reads: public.reads.into_iter().map(Read::from).collect(),
            range_reads: public
                .range_queries_info
                .into_iter()
                .map(RangeRead::from)
                .collect(),
            writes: public.writes.into_iter().map(Write::from).collect(),
            metadata_writes: public
                .metadata_writes
                .into_iter()
                .map(MetadataWrite::from)
                .collect(),
            collections: namespace
                .collection_hashed_rwset
                .into_iter()
                .map(decode_collection)
                .collect::<Result<_, _>>()?,
        })
    }
}

/// At most 80 characters of a name, for an error.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(80).collect()
}

/// Fabric counts transactions of a block with 64 bits, though no block holds 2^32.
pub(super) fn version(version: kvrwset::Version) -> Version {
    Version {
        block: version.block_num,
        index: u32::try_from(version.tx_num).unwrap_or(u32::MAX),
    }
}

impl From<kvrwset::KvRead> for Read {
    fn from(read: kvrwset::KvRead) -> Self {
        Self {
            key: read.key,
            version: read.version.map(version),
        }
    }
}

impl From<kvrwset::KvWrite> for Write {
    fn from(write: kvrwset::KvWrite) -> Self {
        Self {
            key: write.key,
            value: write.value,
            delete: write.is_delete,
        }
    }
}

impl From<kvrwset::KvMetadataWrite> for MetadataWrite {
    fn from(write: kvrwset::KvMetadataWrite) -> Self {
        let entries = write.entries.into_iter().map(MetadataEntry::from).collect();
        Self {
            key: write.key,
            entries,
        }
    }
}

impl From<kvrwset::RangeQueryInfo> for RangeRead {
    fn from(range: kvrwset::RangeQueryInfo) -> Self {
        let results = match range.reads_info {
            None => RangeResults::Absent,
            Some(ReadsInfo::RawReads(reads)) => {
                RangeResults::Reads(reads.kv_reads.into_iter().map(Read::from).collect())
            }
            Some(ReadsInfo::ReadsMerkleHashes(summary)) => RangeResults::Merkle {
                max_degree: summary.max_degree,
                max_level: summary.max_level,
                hashes: summary.max_level_hashes,
            },
        };
        Self {
            start_key: range.start_key,
            end_key: range.end_key,
            exhausted: range.itr_exhausted,
            results,
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    fn namespace(namespace: rwset::NsReadWriteSet) -> Result<Vec<Namespace>, DecodeError> {
        let all = rwset::TxReadWriteSet {
            ns_rwset: vec![namespace],
            ..Default::default()
        };
        decode_namespaces(all.encode_to_vec().into())
    }

    #[test]
    fn a_merkle_summary_stands_for_many_reads() {
        let summary = kvrwset::QueryReadsMerkleSummary {
            max_degree: 50,
            max_level: 2,
            max_level_hashes: vec![Bytes::from_static(b"h")],
        };
        let range = kvrwset::RangeQueryInfo {
            start_key: "a".to_owned(),
            end_key: "z".to_owned(),
            itr_exhausted: true,
            reads_info: Some(ReadsInfo::ReadsMerkleHashes(summary)),
        };
        let silent = kvrwset::RangeQueryInfo::default();
        let public = kvrwset::KvrwSet {
            range_queries_info: vec![range, silent],
            ..Default::default()
        };
        let rwset = public.encode_to_vec().into();
        let read = namespace(rwset::NsReadWriteSet {
            rwset,
            ..Default::default()
        })
        .expect("just encoded");
        let hashes = vec![Bytes::from_static(b"h")];
        assert_eq!(
            read[0].range_reads[0].results,
            RangeResults::Merkle {
                max_degree: 50,
                max_level: 2,
                hashes
            }
        );
        assert!(read[0].range_reads[0].exhausted);
        assert_eq!(read[0].range_reads[1].results, RangeResults::Absent);
    }

    #[test]
    fn a_broken_namespace_is_named_in_few_words() {
        let rwset = Bytes::from_static(b"\xff");
        let broken = rwset::NsReadWriteSet {
            namespace: "n".repeat(1000),
            rwset,
            ..Default::default()
        };
        let error = namespace(broken).expect_err("no set").to_string();
        let expected = format!("namespace `{}`: the bytes are no KVRWSet", "n".repeat(80));
        assert!(error.starts_with(&expected), "{error}");
    }
}
