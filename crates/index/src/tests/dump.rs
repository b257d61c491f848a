//! All rows of all tables as text, to compare two indexes.

use std::fmt::Write;

use redb::{Key, ReadTransaction, TableDefinition, Value};

use crate::Index;
use crate::tables::{
    BALANCES, BLOCKS, CODES, COUNTS, FUNCTIONS, NUMBERS, ORGANIZATIONS, POSTINGS, SPANS, STATE,
    TRANSACTIONS, WRITES,
};

pub(super) async fn dump(index: &Index) -> String {
    index
        .read(|snapshot| {
            // What is added to the tables but not to this list would not be compared.
            assert_eq!(snapshot.list_tables()?.count(), 12);
            let mut out = String::new();
            table(snapshot, STATE, &mut out)?;
            table(snapshot, BLOCKS, &mut out)?;
            table(snapshot, NUMBERS, &mut out)?;
            table(snapshot, TRANSACTIONS, &mut out)?;
            table(snapshot, POSTINGS, &mut out)?;
            table(snapshot, WRITES, &mut out)?;
            table(snapshot, BALANCES, &mut out)?;
            table(snapshot, CODES, &mut out)?;
            table(snapshot, FUNCTIONS, &mut out)?;
            table(snapshot, COUNTS, &mut out)?;
            table(snapshot, ORGANIZATIONS, &mut out)?;
            table(snapshot, SPANS, &mut out)?;
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
