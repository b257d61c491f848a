//! The tables of the index file, and the rows in them.
//!
//! | table | key | row |
//! |---|---|---|
//! | state | none | format, position, totals, whose ledger it is: one row |
//! | blocks | number | hash, previous hash, time, size, counts of it and of the chain up to it |
//! | numbers | block hash | number |
//! | transactions | version | what a list shows of it, and what taking it out needs |
//! | postings | facet (`facet.rs`), block, part of its indexes | the transactions that have it (`postings.rs`) |
//! | writes | version, facet of the key | what was written to the key |
//! | balances | account digest | balance, how many transactions, name |
//! | counts | facet, block | how many transactions have it up to that block |
//! | codes | validation code, its name | nothing: those that there are |
//! | functions | contract, function | nothing: those that there are |
//! | organizations | MSP id | nothing: those that there are |
//! | spans | level, group of blocks | earliest and latest time in them (`spans.rs`) |
//!
//! Everything of variable length is cut to a bound before it gets here, except exact amounts and
//! balances, which have bounds of their own (`amount.rs`).

use chainloom_ledger::{Hash, TimeSource};
use redb::{ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};

/// Raised whenever rows change their meaning; an index of another format is built again.
pub(crate) const FORMAT_VERSION: u32 = 3;

/// SHA-256 of something that may be long.
pub(crate) type Digest = [u8; 32];

/// What transactions are found and counted by, see `facet.rs`.
pub(crate) type Facet = [u8; 16];

/// Seconds since 1970 and the nanoseconds beyond them.
pub(crate) type TimeRow = (i64, i32);

/// Format, generation, number of the first block, number after the last, hash of the last,
/// transactions, valid ones, node id of the ledger.
pub(crate) type StateRow<'a> = (u32, u64, u64, u64, &'a Digest, u64, u64, Option<&'a str>);

/// Hash, previous hash where it is not that of the block before, time, size in bytes,
/// transactions, valid ones; both of the chain up to and with this block.
pub(crate) type BlockRow<'a> = (
    &'a Digest,
    Option<&'a str>,
    Option<TimeRow>,
    u64,
    u64,
    u64,
    u64,
    u64,
);

/// An account's digest and its name as JSON, cut.
pub(crate) type PartyRow<'a> = (&'a Digest, &'a str);

/// The facet of organization and enrollment id, both of them, SHA-256 of the certificate.
pub(crate) type CreatorRow<'a> = (
    Option<&'a Facet>,
    &'a str,
    Option<&'a str>,
    Option<&'a Digest>,
);

/// How the id stands here and the id (`id.rs`), kind, time, validation code and its name, contract and
/// function, creator, sender, recipient, amount as JSON, exact amount where it moved.
pub(crate) type TransactionRow<'a> = (
    (u8, &'a [u8]),
    u8,
    Option<TimeRow>,
    (i32, &'a str),
    Option<(&'a str, &'a str)>,
    Option<CreatorRow<'a>>,
    Option<PartyRow<'a>>,
    Option<PartyRow<'a>>,
    Option<&'a str>,
    Option<&'a str>,
);

/// Balance as plain decimal text, transactions, name as JSON, cut.
pub(crate) type BalanceRow<'a> = (&'a str, u64, &'a str);

/// A block, and the part of the indexes in it that the row is of, behind a facet.
pub(crate) type PostingKey<'a> = (&'a Facet, u64, u32);

/// Block, index, and the facet of a key.
pub(crate) type VersionOfKey<'a> = (u64, u32, &'a Facet);

/// What was done to a key (`entry.rs`), whether it took effect, the value cut and its size in bytes, who has to endorse
/// changes of the key from then on.
pub(crate) type WriteRow<'a> = (u8, bool, &'a [u8], u64, Option<&'a str>);

/// Earliest and latest.
pub(crate) type SpanRow = (TimeRow, TimeRow);

pub(crate) const STATE: TableDefinition<(), StateRow<'static>> = TableDefinition::new("state");
pub(crate) const BLOCKS: TableDefinition<u64, BlockRow<'static>> = TableDefinition::new("blocks");
pub(crate) const NUMBERS: TableDefinition<&Digest, u64> = TableDefinition::new("numbers");
pub(crate) const TRANSACTIONS: TableDefinition<(u64, u32), TransactionRow<'static>> =
    TableDefinition::new("transactions");
pub(crate) const POSTINGS: TableDefinition<PostingKey<'static>, &'static [u8]> =
    TableDefinition::new("postings");
pub(crate) const WRITES: TableDefinition<VersionOfKey<'static>, WriteRow<'static>> =
    TableDefinition::new("writes");
pub(crate) const BALANCES: TableDefinition<&Digest, BalanceRow<'static>> =
    TableDefinition::new("balances");
pub(crate) const COUNTS: TableDefinition<(&Facet, u64), u64> = TableDefinition::new("counts");
pub(crate) const CODES: TableDefinition<(i32, &str), ()> = TableDefinition::new("codes");
pub(crate) const FUNCTIONS: TableDefinition<(&str, &str), ()> = TableDefinition::new("functions");
pub(crate) const ORGANIZATIONS: TableDefinition<&str, ()> = TableDefinition::new("organizations");
pub(crate) const SPANS: TableDefinition<(u8, u64), SpanRow> = TableDefinition::new("spans");

/// What the one row of the state table says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct State {
    /// The generation in which the blocks were read.
    pub(crate) generation: u64,
    /// Number of the first block; means nothing while there is none.
    pub(crate) first: u64,
    /// Number of the block after the last; 0 while there is none.
    pub(crate) next: u64,
    /// Hash of the last block; zeros while there is none.
    pub(crate) tip: Digest,
    /// How many transactions are in the blocks.
    pub(crate) transactions: u64,
    /// How many of them are valid.
    pub(crate) valid: u64,
    /// The node id of the ledger that the blocks came from, where it has one.
    pub(crate) node_id: Option<String>,
}

impl State {
    /// How many blocks are indexed.
    pub(crate) fn blocks(&self) -> u64 {
        self.next - self.first
    }

    /// Number of the last block, where there is one.
    pub(crate) fn height(&self) -> Option<u64> {
        (self.blocks() > 0).then(|| self.next - 1)
    }

    /// Whose clock says the times of its blocks: a ledger of which each node has an id is one that miners make, and their blocks have times of their own.
    pub(crate) fn time_source(&self) -> TimeSource {
        match self.node_id {
            Some(_) => TimeSource::Miner,
            None => TimeSource::Client,
        }
    }

    /// Hash of the last block, where there is one.
    pub(crate) fn tip_hash(&self) -> Option<Hash> {
        (self.blocks() > 0).then_some(Hash(self.tip))
    }

    fn of_row(row: StateRow<'_>) -> Option<State> {
        let (format, generation, first, next, tip, transactions, valid, node_id) = row;
        let sound = format == FORMAT_VERSION && first <= next;
        sound.then(|| State {
            generation,
            first,
            next,
            tip: *tip,
            transactions,
            valid,
            node_id: node_id.map(str::to_owned),
        })
    }

    /// Reads it in a read transaction; `None` where the file is of another format or empty.
    pub(crate) fn read(transaction: &ReadTransaction) -> Result<Option<State>, redb::Error> {
        let table = match transaction.open_table(STATE) {
            Ok(table) => table,
            Err(
                redb::TableError::TableDoesNotExist(_) | redb::TableError::TableTypeMismatch { .. },
            ) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(table.get(())?.and_then(|row| State::of_row(row.value())))
    }
}

/// All tables, open in one write transaction.
pub(crate) struct Tables<'t> {
    state: Table<'t, (), StateRow<'static>>,
    pub(crate) blocks: Table<'t, u64, BlockRow<'static>>,
    pub(crate) numbers: Table<'t, &'static Digest, u64>,
    pub(crate) transactions: Table<'t, (u64, u32), TransactionRow<'static>>,
    pub(crate) postings: Table<'t, PostingKey<'static>, &'static [u8]>,
    pub(crate) writes: Table<'t, VersionOfKey<'static>, WriteRow<'static>>,
    pub(crate) balances: Table<'t, &'static Digest, BalanceRow<'static>>,
    pub(crate) counts: Table<'t, (&'static Facet, u64), u64>,
    pub(crate) codes: Table<'t, (i32, &'static str), ()>,
    pub(crate) functions: Table<'t, (&'static str, &'static str), ()>,
    pub(crate) organizations: Table<'t, &'static str, ()>,
    pub(crate) spans: Table<'t, (u8, u64), SpanRow>,
}

impl<'t> Tables<'t> {
    /// Opens them all, and makes those that are missing.
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Result<Tables<'t>, redb::Error> {
        Ok(Tables {
            state: transaction.open_table(STATE)?,
            blocks: transaction.open_table(BLOCKS)?,
            numbers: transaction.open_table(NUMBERS)?,
            transactions: transaction.open_table(TRANSACTIONS)?,
            postings: transaction.open_table(POSTINGS)?,
            writes: transaction.open_table(WRITES)?,
            balances: transaction.open_table(BALANCES)?,
            counts: transaction.open_table(COUNTS)?,
            codes: transaction.open_table(CODES)?,
            functions: transaction.open_table(FUNCTIONS)?,
            organizations: transaction.open_table(ORGANIZATIONS)?,
            spans: transaction.open_table(SPANS)?,
        })
    }

    /// What the state row says.
    pub(crate) fn state(&self) -> Result<State, redb::Error> {
        let row = self.state.get(())?;
        row.and_then(|row| State::of_row(row.value()))
            .ok_or_else(|| redb::Error::Corrupted("the index has no state row".to_owned()))
    }

    /// Says where the tables stand from now on.
    pub(crate) fn set_state(&mut self, state: &State) -> Result<(), redb::Error> {
        let row = (
            FORMAT_VERSION,
            state.generation,
            state.first,
            state.next,
            &state.tip,
            state.transactions,
            state.valid,
            state.node_id.as_deref(),
        );
        self.state.insert((), row)?;
        Ok(())
    }
}

/// Empties the file, whatever tables it has, and writes `state`.
///
/// Dropping a table gives its pages back without touching its rows, which is why a chain that is
/// replaced from its first block on is not rolled back block by block.
pub(crate) fn recreate(transaction: &WriteTransaction, state: &State) -> Result<(), redb::Error> {
    let tables: Vec<_> = transaction.list_tables()?.collect();
    for table in tables {
        transaction.delete_table(table)?;
    }
    let multimap_tables: Vec<_> = transaction.list_multimap_tables()?.collect();
    for table in multimap_tables {
        transaction.delete_multimap_table(table)?;
    }
    Tables::open(transaction)?.set_state(state)
}
