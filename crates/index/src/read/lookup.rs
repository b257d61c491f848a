use chainloom_ledger::{Hash, Version};
use redb::{Error, ReadTransaction};

use super::Order;
use super::find::behind;
use crate::facet;
use crate::postings::at_or_behind;
use crate::tables::{BLOCKS, NUMBERS, POSTINGS};

/// How often an id may stand in what is told of it.
const VERSIONS_MAX: usize = 100;

pub(crate) fn block_by_hash(snapshot: &ReadTransaction, hash: Hash) -> Result<Option<u64>, Error> {
    let numbers = snapshot.open_table(NUMBERS)?;
    let number = numbers.get(&hash.0)?.map(|row| row.value());
    Ok(number)
}

pub(crate) fn hash_of_block(
    snapshot: &ReadTransaction,
    number: u64,
) -> Result<Option<Hash>, Error> {
    let row = snapshot.open_table(BLOCKS)?.get(number)?;
    Ok(row.map(|row| Hash(*row.value().0)))
}

pub(crate) fn versions_of_id(
    snapshot: &ReadTransaction,
    id_digest: Hash,
) -> Result<Vec<Version>, Error> {
    let postings = snapshot.open_table(POSTINGS)?;
    let facet = facet::id(&id_digest.0);
    let mut versions = Vec::new();
    let mut from = Some((0, 0));
    while let Some(start) = from.filter(|_| versions.len() < VERSIONS_MAX) {
        let place = at_or_behind(&postings, &facet, start)?;
        versions.extend(place.map(|(block, index)| Version { block, index }));
        from = place.and_then(|place| behind(place, Order::OldestFirst));
    }
    Ok(versions)
}
