//! Sums and counts of a batch, gathered in memory and added to their rows at once.
//!
//! A balance that a thousand blocks of one batch touch is read and written once, and keys that lie
//! anywhere in their table are visited in their order. Adding and taking out go the same way, so
//! that a row is the same however it came about; a row whose count falls to zero is removed, as if
//! it had never been.

use std::collections::HashMap;

use bigdecimal::BigDecimal;
use redb::{Error, ReadableTable};

use crate::amount::plain_text;
use crate::tables::{Digest, Tables};

/// About what an entry of the maps takes beside its texts.
const ENTRY_BYTES: usize = 160;

/// What a gathered key takes.
const KEY_BYTES: usize = 48;

/// Whether transactions come in or are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Add,
    Remove,
}

impl Direction {
    fn count(self) -> i64 {
        match self {
            Direction::Add => 1,
            Direction::Remove => -1,
        }
    }
}

#[derive(Default)]
struct AccountChange {
    moved: BigDecimal,
    transactions: i64,
    name: String,
}

/// The changes of one batch in one direction.
pub(crate) struct Changes {
    direction: Direction,
    /// Keys of the table of ids.
    ids: Vec<(Digest, u64, u32)>,
    /// Keys of the table of accounts.
    parties: Vec<(Digest, u64, u32)>,
    accounts: HashMap<Digest, AccountChange>,
    codes: HashMap<(i32, String), i64>,
    functions: HashMap<(String, String), i64>,
    bytes: usize,
    bytes_max: usize,
}

/// What of a transaction is counted, and under which keys it is found.
pub(crate) struct Counted<'a> {
    pub(crate) version: (u64, u32),
    pub(crate) id_digest: Digest,
    /// The validation code and its name.
    pub(crate) code: (i32, &'a str),
    /// The contract and the function that it called.
    pub(crate) call: Option<(&'a str, &'a str)>,
    pub(crate) sender: Option<Party<'a>>,
    pub(crate) recipient: Option<Party<'a>>,
    /// The amount that went from one to the other.
    pub(crate) moved: Option<&'a BigDecimal>,
}

/// A party of a transfer: its digest and its name as JSON, cut.
pub(crate) type Party<'a> = (&'a Digest, &'a str);

impl Changes {
    /// No changes yet; `bytes_max` is about how much memory they may take.
    pub(crate) fn new(direction: Direction, bytes_max: usize) -> Changes {
        Changes {
            direction,
            ids: Vec::new(),
            parties: Vec::new(),
            accounts: HashMap::new(),
            codes: HashMap::new(),
            functions: HashMap::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// One transaction comes in or is taken out.
    pub(crate) fn transaction(&mut self, transaction: &Counted<'_>) {
        let (block, index) = transaction.version;
        self.ids.push((transaction.id_digest, block, index));
        self.bytes += KEY_BYTES;
        self.count(transaction.code, transaction.call);
        self.transfer(transaction);
    }

    fn count(&mut self, code: (i32, &str), call: Option<(&str, &str)>) {
        let count = self.direction.count();
        *self.codes.entry((code.0, code.1.to_owned())).or_default() += count;
        self.bytes += code.1.len();
        if let Some((contract, function)) = call {
            let key = (contract.to_owned(), function.to_owned());
            *self.functions.entry(key).or_default() += count;
            self.bytes += contract.len() + function.len();
        }
    }

    /// Who pays itself takes part in one transaction, and its balance stays.
    fn transfer(&mut self, transaction: &Counted<'_>) {
        let (sender, recipient) = (transaction.sender, transaction.recipient);
        let to_itself = match (sender, recipient) {
            (Some(sender), Some(recipient)) => sender.0 == recipient.0,
            _ => false,
        };
        let moved = transaction.moved.filter(|_| !to_itself);
        let received = moved.map(|moved| match self.direction {
            Direction::Add => moved.clone(),
            Direction::Remove => -moved,
        });
        if let Some(sender) = sender {
            let paid = received.as_ref().map(|moved| -moved);
            self.party(transaction.version, sender, paid);
        }
        if let Some(recipient) = recipient.filter(|_| !to_itself) {
            self.party(transaction.version, recipient, received);
        }
    }

    fn party(
        &mut self,
        (block, index): (u64, u32),
        party: Party<'_>,
        received: Option<BigDecimal>,
    ) {
        self.parties.push((*party.0, block, index));
        self.bytes += KEY_BYTES;
        let change = self.accounts.entry(*party.0).or_default();
        if change.name.is_empty() {
            party.1.clone_into(&mut change.name);
            self.bytes += ENTRY_BYTES + party.1.len();
        }
        change.transactions += self.direction.count();
        if let Some(received) = received {
            change.moved += received;
            // An upper bound where amounts are short, which is why it is no more than a bound.
            self.bytes += (change.moved.as_bigint_and_scale().0.bits() / 8) as usize;
        }
    }

    /// Writes them if they have grown beyond what may be gathered.
    pub(crate) fn write_if_large(&mut self, tables: &mut Tables<'_>) -> Result<(), Error> {
        if self.bytes > self.bytes_max {
            self.write(tables)?;
        }
        Ok(())
    }

    /// Adds them to their rows, in the order of the keys, and starts again with none.
    pub(crate) fn write(&mut self, tables: &mut Tables<'_>) -> Result<(), Error> {
        self.bytes = 0;
        self.ids.sort_unstable();
        for (digest, block, index) in self.ids.drain(..) {
            let key = (&digest, block, index);
            match self.direction {
                Direction::Add => tables.ids.insert(key, ())?,
                Direction::Remove => tables.ids.remove(key)?,
            };
        }
        self.parties.sort_unstable();
        for (digest, block, index) in self.parties.drain(..) {
            let key = (&digest, block, index);
            match self.direction {
                Direction::Add => tables.accounts.insert(key, ())?,
                Direction::Remove => tables.accounts.remove(key)?,
            };
        }
        let mut accounts: Vec<_> = self.accounts.drain().collect();
        accounts.sort_unstable_by_key(|(digest, _)| *digest);
        for (digest, change) in accounts {
            write_account(tables, &digest, change)?;
        }
        for ((code, name), count) in self.codes.drain() {
            let key = (code, name.as_str());
            let held = tables.codes.get(key)?.map(|row| row.value());
            match sum(held.unwrap_or(0), count)? {
                0 => tables.codes.remove(key)?,
                total => tables.codes.insert(key, total)?,
            };
        }
        for ((contract, function), count) in self.functions.drain() {
            let key = (contract.as_str(), function.as_str());
            let held = tables.functions.get(key)?.map(|row| row.value());
            match sum(held.unwrap_or(0), count)? {
                0 => tables.functions.remove(key)?,
                total => tables.functions.insert(key, total)?,
            };
        }
        Ok(())
    }
}

fn write_account(
    tables: &mut Tables<'_>,
    digest: &Digest,
    change: AccountChange,
) -> Result<(), Error> {
    let (balance, transactions) = match tables.balances.get(digest)? {
        None => (BigDecimal::default(), 0),
        Some(row) => {
            let (text, transactions, _) = row.value();
            let balance: BigDecimal = text
                .parse()
                .map_err(|_| Error::Corrupted("a balance is no number".to_owned()))?;
            (balance, transactions)
        }
    };
    let transactions = sum(transactions, change.transactions)?;
    if transactions == 0 {
        tables.balances.remove(digest)?;
        return Ok(());
    }
    let balance = plain_text(&(balance + change.moved));
    let row = (balance.as_str(), transactions, change.name.as_str());
    tables.balances.insert(digest, row)?;
    Ok(())
}

fn sum(held: u64, change: i64) -> Result<u64, Error> {
    held.checked_add_signed(change)
        .ok_or_else(|| Error::Corrupted("a count has fallen below zero".to_owned()))
}
