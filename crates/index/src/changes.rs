//! Sums and counts of a batch, gathered in memory and added to their rows at once.
//!
//! A balance that a thousand blocks of one batch touch is read and written once. Adding and taking
//! out go the same way, so that a row is the same however it came about; a row whose count falls
//! to zero is removed, as if it had never been.

use std::collections::HashMap;

use bigdecimal::BigDecimal;
use redb::{Error, ReadableTable};

use crate::amount::plain_text;
use crate::tables::{Digest, Tables};

/// About what an entry of the maps takes beside its texts.
const ENTRY_BYTES: usize = 160;

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
    accounts: HashMap<Digest, AccountChange>,
    codes: HashMap<(i32, String), i64>,
    functions: HashMap<(String, String), i64>,
    bytes: usize,
    bytes_max: usize,
}

/// A party of a transfer: its digest and its name as JSON, cut.
pub(crate) type Party<'a> = (&'a Digest, &'a str);

impl Changes {
    /// No changes yet; `bytes_max` is about how much memory they may take.
    pub(crate) fn new(direction: Direction, bytes_max: usize) -> Changes {
        Changes {
            direction,
            accounts: HashMap::new(),
            codes: HashMap::new(),
            functions: HashMap::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// A transaction was judged with this code, and called this function if it called one.
    pub(crate) fn count(&mut self, code: (i32, &str), call: Option<(&str, &str)>) {
        let count = self.direction.count();
        *self.codes.entry((code.0, code.1.to_owned())).or_default() += count;
        self.bytes += code.1.len();
        if let Some((contract, function)) = call {
            let key = (contract.to_owned(), function.to_owned());
            *self.functions.entry(key).or_default() += count;
            self.bytes += contract.len() + function.len();
        }
    }

    /// A transaction has these parties, and moved this amount from one to the other if any.
    ///
    /// Who pays itself takes part in one transaction, and its balance stays.
    pub(crate) fn transfer(
        &mut self,
        sender: Option<Party<'_>>,
        recipient: Option<Party<'_>>,
        moved: Option<&BigDecimal>,
    ) {
        let to_itself = match (sender, recipient) {
            (Some(sender), Some(recipient)) => sender.0 == recipient.0,
            _ => false,
        };
        let moved = moved.filter(|_| !to_itself);
        let received = moved.map(|moved| match self.direction {
            Direction::Add => moved.clone(),
            Direction::Remove => -moved,
        });
        if let Some(sender) = sender {
            self.party(sender, received.as_ref().map(|moved| -moved));
        }
        if let Some(recipient) = recipient.filter(|_| !to_itself) {
            self.party(recipient, received);
        }
    }

    fn party(&mut self, party: Party<'_>, received: Option<BigDecimal>) {
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
