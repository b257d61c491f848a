//! What holds for whole files.
#![allow(clippy::unwrap_used)]

mod damage;
mod opening;
mod power_loss;

use std::collections::BTreeMap;

use redb::{Durability, ReadableTable, TableDefinition, WriteTransaction};

use crate::Database;

const CACHE_BYTES: usize = 1 << 20;
const ROWS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rows");

type Rows = BTreeMap<u64, Vec<u8>>;

/// Numbers that look random and are the same with the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Rows that are put, and those that are removed.
type Changes = Vec<(u64, Option<Vec<u8>>)>;

/// Changes of some rows, small and large.
fn some_changes(random: &mut Random) -> Changes {
    let count = 1 + random.below(40);
    let changes = (0..count).map(|_| {
        let key = random.next() % 500;
        let bytes = match random.below(20) {
            0 => random.below(20_000),
            _ => random.below(300),
        };
        let is_put = random.below(4) > 0;
        (key, is_put.then(|| vec![random.next() as u8; bytes]))
    });
    changes.collect()
}

fn applied(rows: &Rows, changes: &Changes) -> Rows {
    let mut rows = rows.clone();
    for (key, value) in changes {
        match value {
            Some(value) => rows.insert(*key, value.clone()),
            None => rows.remove(key),
        };
    }
    rows
}

fn write(
    database: &Database,
    changes: &Changes,
    durability: Durability,
) -> Result<(), redb::Error> {
    let work = || {
        let mut transaction = database.begin_write()?;
        transaction.set_durability(durability)?;
        write_in(&transaction, changes)?;
        transaction.commit()?;
        Ok(())
    };
    work().map_err(|error| database.cause(error))
}

fn write_in(transaction: &WriteTransaction, changes: &Changes) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(ROWS)?;
    for (key, value) in changes {
        match value {
            Some(value) => table.insert(key, value.as_slice())?,
            None => table.remove(key)?,
        };
    }
    Ok(())
}

/// Changes some rows, here and in the database.
fn change(
    database: &Database,
    rows: &mut Rows,
    durability: Durability,
    random: &mut Random,
) -> Result<(), redb::Error> {
    let changes = some_changes(random);
    write(database, &changes, durability)?;
    *rows = applied(rows, &changes);
    Ok(())
}

fn rows_in(database: &Database) -> Result<Rows, redb::Error> {
    let work = || {
        let table = database.begin_read()?.open_table(ROWS)?;
        let mut rows = Rows::new();
        for row in table.iter()? {
            let (key, value) = row?;
            rows.insert(key.value(), value.value().to_vec());
        }
        Ok(rows)
    };
    work().map_err(|error| database.cause(error))
}
