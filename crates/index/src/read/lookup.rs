use chainloom_ledger::{Hash, Version};
use redb::{Error, ReadTransaction};

use crate::tables::{BLOCKS, IDS, NUMBERS};

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

pub(crate) fn transaction_by_id(
    snapshot: &ReadTransaction,
    id_digest: Hash,
) -> Result<Option<Version>, Error> {
    let ids = snapshot.open_table(IDS)?;
    let all = (&id_digest.0, 0, 0)..=(&id_digest.0, u64::MAX, u32::MAX);
    let Some(first) = ids.range(all)?.next() else {
        return Ok(None);
    };
    let (key, _) = first?;
    let (_, block, index) = key.value();
    Ok(Some(Version { block, index }))
}
