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
use crate::entry::{Entry, Party};
use crate::facet;
use crate::postings::{self, Posting};
use crate::spans::Spans;
use crate::tables::{Digest, Facet, Tables};

/// About what an entry of the maps takes beside its texts.
const ENTRY_BYTES: usize = 160;

/// What a gathered key takes.
const KEY_BYTES: usize = 48;

/// What a gathered row of spans takes.
const SPAN_BYTES: usize = 64;

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

/// How many transactions of each block have a name, which statistics count.
struct NamedCount {
    name: Name,
    /// Number of the block and how many, in the order in which they came.
    blocks: Vec<(u64, u64)>,
}

/// What statistics count by.
enum Name {
    Code(i32, String),
    Call(String, String),
    Organization(String),
}

/// The changes of one batch in one direction.
pub(crate) struct Changes {
    direction: Direction,
    postings: Vec<Posting>,
    accounts: HashMap<Digest, AccountChange>,
    counts: HashMap<Facet, NamedCount>,
    spans: Spans,
    bytes: usize,
    bytes_max: usize,
}

impl Changes {
    /// No changes yet; `bytes_max` is about how much memory they may take.
    pub(crate) fn new(direction: Direction, bytes_max: usize) -> Changes {
        Changes {
            direction,
            postings: Vec::new(),
            accounts: HashMap::new(),
            counts: HashMap::new(),
            spans: Spans::default(),
            bytes: 0,
            bytes_max,
        }
    }

    /// One transaction comes in or is taken out, with the keys that it wrote.
    pub(crate) fn transaction(&mut self, version: (u64, u32), entry: &Entry, keys: Vec<Facet>) {
        self.post(version, facet::id(&entry.id_digest()));
        for key in keys {
            self.post(version, key);
        }
        self.count(version, entry);
        self.transfer(version, entry);
        if let (Direction::Add, Some(time)) = (self.direction, entry.time) {
            self.spans.add(version.0, time);
        }
    }

    /// The transaction is found by this facet.
    fn post(&mut self, (block, index): (u64, u32), facet: Facet) {
        self.postings.push((facet, block, index));
        self.bytes += KEY_BYTES;
    }

    /// The verdict, the call and the creator, by which it is found and counted.
    fn count(&mut self, version: (u64, u32), entry: &Entry) {
        let (code, name) = &entry.code;
        self.post(version, facet::code(*code));
        self.count_one(version.0, facet::named_code(*code, name), || {
            Name::Code(*code, name.clone())
        });
        if let Some((contract, function)) = &entry.call {
            self.post(version, facet::contract(contract));
            self.post(version, facet::function(function));
            self.count_one(version.0, facet::call(contract, function), || {
                Name::Call(contract.clone(), function.clone())
            });
        }
        if let Some(creator) = &entry.creator {
            if let Some(facet) = creator.facet {
                self.post(version, facet);
            }
            if let Some(certificate) = &creator.certificate {
                self.post(version, facet::certificate(certificate));
            }
            let organization = &creator.organization;
            self.count_one(version.0, facet::organization(organization), || {
                Name::Organization(organization.clone())
            });
        }
    }

    fn count_one(&mut self, block: u64, facet: Facet, name: impl FnOnce() -> Name) {
        let bytes = &mut self.bytes;
        let count = self.counts.entry(facet).or_insert_with(|| {
            *bytes += ENTRY_BYTES;
            NamedCount {
                name: name(),
                blocks: Vec::new(),
            }
        });
        match count.blocks.last_mut() {
            Some((last, transactions)) if *last == block => *transactions += 1,
            _ => {
                count.blocks.push((block, 1));
                *bytes += KEY_BYTES;
            }
        }
    }

    /// Who pays itself takes part in one transaction, and its balance stays.
    fn transfer(&mut self, version: (u64, u32), entry: &Entry) {
        let (sender, recipient) = (entry.sender.as_ref(), entry.recipient.as_ref());
        let to_itself = match (sender, recipient) {
            (Some(sender), Some(recipient)) => sender.digest == recipient.digest,
            _ => false,
        };
        let moved = entry.moved.as_ref().filter(|_| !to_itself);
        let received = moved.map(|moved| match self.direction {
            Direction::Add => moved.clone(),
            Direction::Remove => -moved,
        });
        if let Some(sender) = sender {
            let paid = received.as_ref().map(|moved| -moved);
            self.party(version, sender, paid);
        }
        if let Some(recipient) = recipient.filter(|_| !to_itself) {
            self.party(version, recipient, received);
        }
    }

    fn party(&mut self, version: (u64, u32), party: &Party, received: Option<BigDecimal>) {
        self.post(version, facet::account(&party.digest));
        let change = self.accounts.entry(party.digest).or_default();
        if change.name.is_empty() {
            party.name.clone_into(&mut change.name);
            self.bytes += ENTRY_BYTES + party.name.len();
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
        if self.bytes + self.spans.len() * SPAN_BYTES > self.bytes_max {
            self.write(tables)?;
        }
        Ok(())
    }

    /// Adds them to their rows, in the order of the keys, and starts again with none.
    pub(crate) fn write(&mut self, tables: &mut Tables<'_>) -> Result<(), Error> {
        self.bytes = 0;
        match self.direction {
            Direction::Add => postings::add(&mut tables.postings, &mut self.postings)?,
            Direction::Remove => postings::remove(&mut tables.postings, &mut self.postings)?,
        }
        let mut accounts: Vec<_> = self.accounts.drain().collect();
        accounts.sort_unstable_by_key(|(digest, _)| *digest);
        for (digest, change) in accounts {
            write_account(tables, &digest, change)?;
        }
        for (facet, count) in self.counts.drain() {
            match self.direction {
                Direction::Add => add_count(tables, &facet, &count)?,
                Direction::Remove => remove_count(tables, &facet, &count)?,
            }
        }
        self.spans.write(tables)
    }
}

/// Goes on from the count up to the last block that has one.
fn add_count(tables: &mut Tables<'_>, facet: &Facet, count: &NamedCount) -> Result<(), Error> {
    let mut total = count_up_to(&tables.counts, facet, u64::MAX)?;
    if total == 0 {
        match &count.name {
            Name::Code(code, name) => tables.codes.insert((*code, name.as_str()), ())?,
            Name::Call(contract, function) => tables
                .functions
                .insert((contract.as_str(), function.as_str()), ())?,
            Name::Organization(name) => tables.organizations.insert(name.as_str(), ())?,
        };
    }
    for (block, transactions) in &count.blocks {
        total += transactions;
        tables.counts.insert((facet, *block), total)?;
    }
    Ok(())
}

/// Blocks are taken out whole and from the tip, so that the counts before them stay as they are.
fn remove_count(tables: &mut Tables<'_>, facet: &Facet, count: &NamedCount) -> Result<(), Error> {
    for (block, _) in &count.blocks {
        tables.counts.remove((facet, *block))?;
    }
    if count_up_to(&tables.counts, facet, u64::MAX)? == 0 {
        match &count.name {
            Name::Code(code, name) => tables.codes.remove((*code, name.as_str()))?,
            Name::Call(contract, function) => tables
                .functions
                .remove((contract.as_str(), function.as_str()))?,
            Name::Organization(name) => tables.organizations.remove(name.as_str())?,
        };
    }
    Ok(())
}

/// How many transactions have this facet in the blocks up to and with this one.
pub(crate) fn count_up_to(
    counts: &impl ReadableTable<(&'static Facet, u64), u64>,
    facet: &Facet,
    block: u64,
) -> Result<u64, Error> {
    let last = counts.range((facet, 0)..=(facet, block))?.next_back();
    Ok(last.transpose()?.map_or(0, |(_, total)| total.value()))
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
