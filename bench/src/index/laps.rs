//! More transactions than were made: the blocks of a channel again and again, each time as others.
//!
//! In the first lap blocks stand as they are. In each later one their numbers go on, each block names the one before it, every
//! transaction's id is the SHA-256 of its id and the lap's number, and the keys it writes are the lap's own: they hold the mark
//! `lap00`, whose digits are replaced. All lengths stay, so the messages stay sound; the data hashes are made anew. Only signatures
//! do not fit any more, which an index does not look at.

use bytes::Bytes;
use chainloom_fabric::wire::Block;
use chainloom_ledger::Hash;
use memchr::memmem;
use sha2::{Digest, Sha256};

/// What stands in the keys that the channel was made with, so that each lap can have keys of its own.
pub(crate) const MARK: &str = "lap00";

/// The most laps that the mark's digits can tell apart.
pub(crate) const LAPS_MAX: u64 = 100;

/// The block as it stands in a lap, behind the block with the hash `previous`.
pub(crate) fn in_lap(block: Block, lap: u64, number: u64, previous: Hash) -> Block {
    assert!(lap < LAPS_MAX, "the mark has two digits");
    if lap == 0 {
        return block;
    }
    let mark = format!("lap{lap:02}");
    let envelopes: Vec<Bytes> = block
        .transactions()
        .map(|transaction| {
            let mut bytes = transaction.envelope.to_vec();
            let id = transaction.decode().ok();
            if let Some(id) = id.map(|envelope| envelope.header.transaction_id)
                && !id.is_empty()
            {
                replace(&mut bytes, id.as_bytes(), id_in_lap(&id, lap).as_bytes());
            }
            replace(&mut bytes, MARK.as_bytes(), mark.as_bytes());
            bytes.into()
        })
        .collect();
    let data = envelopes.iter();
    let data_hash = data.fold(Sha256::new(), |hasher, data| hasher.chain_update(data));
    Block {
        number,
        previous_hash: Bytes::copy_from_slice(&previous.0),
        data_hash: Bytes::copy_from_slice(&data_hash.finalize()),
        envelopes,
        metadata: block.metadata,
    }
}

/// The id of a transaction in a lap.
fn id_in_lap(id: &str, lap: u64) -> String {
    match lap {
        0 => id.to_owned(),
        lap => Hash::of(format!("{id}{lap}").as_bytes()).to_string(),
    }
}

/// Writes `by` wherever `what` stands; both are of one length.
fn replace(bytes: &mut [u8], what: &[u8], by: &[u8]) {
    assert_eq!(what.len(), by.len(), "the messages keep their lengths");
    let places: Vec<usize> = memmem::find_iter(bytes, what).collect();
    for place in places {
        bytes[place..][..by.len()].copy_from_slice(by);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chainloom_fabric::wire::{Body, check_data_hash, check_previous_hash};

    use super::*;

    /// A real block of one transaction, which puts a key.
    const BLOCK: &[u8] = include_bytes!("../../../crates/fabric/tests/data/raft-003-put.block");

    #[test]
    fn a_later_lap_has_ids_of_its_own_and_links_that_hold() {
        let block = Block::decode(Bytes::from_static(BLOCK)).unwrap();
        let previous = Hash::of(b"the block before");
        let again = in_lap(block.clone(), 7, 1003, previous);
        assert_eq!(again.number, 1003);
        assert_eq!(check_previous_hash(&again, Some(previous)), Ok(()));
        assert_eq!(check_data_hash(&again), Ok(()));
        let read = |block: &Block| block.transaction(0).unwrap().decode().unwrap();
        let (one, other) = (read(&block), read(&again));
        let (id, id_again) = (one.header.transaction_id, other.header.transaction_id);
        assert_eq!(id_again, id_in_lap(&id, 7));
        assert_ne!(id_again, id);
        assert_eq!(one.header.creator, other.header.creator);
    }

    #[test]
    fn the_first_lap_is_the_channel_itself() {
        let block = Block::decode(Bytes::from_static(BLOCK)).unwrap();
        assert_eq!(in_lap(block.clone(), 0, 3, Hash::of(b"")), block);
    }

    #[test]
    fn keys_with_the_mark_are_the_laps_own() {
        let mut block = Block::decode(Bytes::from_static(BLOCK)).unwrap();
        // The same length as the key that the block's transaction writes.
        let key = |block: &Block| {
            let envelope = block.transaction(0).unwrap().decode().unwrap();
            let Ok(Body::Endorser(endorser)) = envelope.body() else {
                panic!("it is a call");
            };
            let mut namespaces = endorser.actions[0].namespaces.iter();
            namespaces.find_map(|space| Some(space.writes.first()?.key.clone()))
        };
        let written = key(&block).unwrap();
        assert_eq!(written, "colour");
        let mut envelope = block.envelopes[0].to_vec();
        replace(&mut envelope, b"colour", b"lap00r");
        block.envelopes[0] = envelope.into();
        let again = in_lap(block, 12, 1003, Hash::of(b""));
        assert_eq!(key(&again).as_deref(), Some("lap12r"));
    }
}
