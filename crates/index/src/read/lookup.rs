use chainloom_ledger::{Hash, Version};
use redb::{Error, ReadTransaction};

use crate::tables::{BLOCKS, IDS, NUMBERS};

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
    let ids = snapshot.open_table(IDS)?;
    let all = (&id_digest.0, 0, 0)..=(&id_digest.0, u64::MAX, u32::MAX);
    let rows = ids.range(all)?.take(VERSIONS_MAX);
    let versions = rows.map(|row| {
        let (key, _) = row?;
        let (_, block, index) = key.value();
        Ok(Version { block, index })
    });
    versions.collect()
}
