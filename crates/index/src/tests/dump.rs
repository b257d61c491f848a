//! All rows of all tables as text, to compare two indexes.

use std::fmt::Write;

use redb::{Key, ReadTransaction, TableDefinition, Value};

use crate::Index;
use crate::tables::{
    ACCOUNTS, BALANCES, BLOCKS, CODES, FUNCTIONS, IDS, NUMBERS, STATE, TRANSACTIONS,
};

pub(super) async fn dump(index: &Index) -> String {
    index
        .read(|snapshot| {
            // What is added to the tables but not to this list would not be compared.
            assert_eq!(snapshot.list_tables()?.count(), 9);
            let mut out = String::new();
            table(snapshot, STATE, &mut out)?;
            table(snapshot, BLOCKS, &mut out)?;
            table(snapshot, NUMBERS, &mut out)?;
            table(snapshot, TRANSACTIONS, &mut out)?;
            table(snapshot, IDS, &mut out)?;
            table(snapshot, ACCOUNTS, &mut out)?;
            table(snapshot, BALANCES, &mut out)?;
            table(snapshot, CODES, &mut out)?;
            table(snapshot, FUNCTIONS, &mut out)?;
            Ok(out)
        })
        .await
        .unwrap()
}

fn table<K: Key + 'static, V: Value + 'static>(
    snapshot: &ReadTransaction,
    definition: TableDefinition<'_, K, V>,
    out: &mut String,
) -> Result<(), redb::Error> {
    use redb::{ReadableTable, TableHandle};
    writeln!(out, "== {}", definition.name()).unwrap();
    for entry in snapshot.open_table(definition)?.iter()? {
        let (key, row) = entry?;
        writeln!(out, "{:?} {:?}", key.value(), row.value()).unwrap();
    }
    Ok(())
}
