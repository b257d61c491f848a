//! The bytes of the rows: a CRC-32 of the row's key and the rest, since redb checks no pages when it reads; then a message of protobuf, in which
//! later formats can add fields.

use bytes::Bytes;
use prost::Message;

use super::error::Fault;
use super::tables::Digest;

const SUM_BYTES: usize = 4;

/// A signed transaction that has not been seen on the chain.
#[derive(Clone, PartialEq, Message)]
pub(super) struct EntryRow {
    #[prost(string, tag = "1")]
    pub(super) transaction_id: String,
    /// A serialized `common.Envelope`, signed.
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) envelope: Bytes,
    /// What the contract answered.
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) result: Bytes,
    /// Digest of the key that it was submitted under; empty where there is none.
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) key: Bytes,
}

/// What an Idempotency-Key was used for.
#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyRow {
    /// Digest of the request.
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) request: Bytes,
    /// The newest transaction that came of it.
    #[prost(string, tag = "2")]
    pub(super) transaction_id: String,
    /// `None` while it has not been seen on the chain.
    #[prost(message, optional, tag = "3")]
    pub(super) outcome: Option<OutcomeRow>,
}

/// Where a valid transaction stands, and what came of it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct OutcomeRow {
    #[prost(uint64, tag = "1")]
    pub(super) block: u64,
    #[prost(uint32, tag = "2")]
    pub(super) index: u32,
    /// What the contract answered.
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) result: Bytes,
    /// When it was seen, in Unix seconds.
    #[prost(int64, tag = "4")]
    pub(super) seen_at_s: i64,
}

/// The bytes of a row that stands under this key.
pub(super) fn seal(key: &[u8], row: &impl Message) -> Vec<u8> {
    let mut bytes = vec![0; SUM_BYTES];
    row.encode(&mut bytes)
        .expect("a vector grows as far as it must");
    let sum = sum(key, &bytes[SUM_BYTES..]);
    bytes[..SUM_BYTES].copy_from_slice(&sum);
    bytes
}

/// Reads a row back that stands under this key.
pub(super) fn unseal<M: Message + Default>(
    what: &str,
    key: &[u8],
    bytes: &[u8],
) -> Result<M, Fault> {
    let (stored, rest) = bytes
        .split_first_chunk::<SUM_BYTES>()
        .ok_or_else(|| Fault::Damage(format!("{what} is cut short")))?;
    if *stored != sum(key, rest) {
        return Err(Fault::Damage(format!("{what} has a wrong checksum")));
    }
    M::decode(rest).map_err(|error| Fault::Damage(format!("{what} cannot be read: {error}")))
}

/// The digest of a key in a row of an entry, if it has one.
pub(super) fn digest_in(entry: &EntryRow) -> Result<Option<Digest>, Fault> {
    match entry.key.len() {
        0 => Ok(None),
        _ => Digest::try_from(&entry.key[..])
            .map(Some)
            .map_err(|_| Fault::Damage("an entry's key has a wrong length".to_owned())),
    }
}

fn sum(key: &[u8], rest: &[u8]) -> [u8; SUM_BYTES] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(rest);
    hasher.finalize().to_be_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_flipped_bit_of_a_row_is_found_and_a_row_of_another_key_too() {
        let row = EntryRow {
            transaction_id: "a".to_owned(),
            envelope: Bytes::from_static(b"signed"),
            result: Bytes::from_static(b"1"),
            key: Bytes::new(),
        };
        let sealed = seal(b"1", &row);
        let read = |key: &[u8], bytes: &[u8]| unseal::<EntryRow>("a row", key, bytes);
        assert_eq!(read(b"1", &sealed).unwrap(), row);
        assert!(read(b"2", &sealed).is_err());
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(b"1", &flipped).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(read(b"1", &sealed[..length]).is_err(), "{length} bytes");
        }
    }
}
