//! Finding the transactions that several things are true of: several sorted lists, of which the places in all are wanted.
//!
//! Each list can be entered anywhere. In turns each goes on to its first place at or behind where the others are, so that
//! what stands in one list alone is passed over in one step: the work grows with the shortest list, not with the chain.
//! Lists that lie in between each other and never meet could still keep it busy, which is what the bound on steps is for.

use redb::{Error, ReadOnlyTable, ReadTransaction};

use super::Order;
use super::cursor::Cursor;
pub(super) use crate::postings::Place;
use crate::postings::{at_or_before, at_or_behind};
use crate::spans::{LEVEL_MAX, first_block, group};
use crate::tables::{
    Facet, POSTINGS, PostingKey, SPANS, SpanRow, TRANSACTIONS, TimeRow, TransactionRow,
};

const FIRST: Place = (0, 0);
const LAST: Place = (u64::MAX, u32::MAX);

/// The next place in an order; `None` behind the last.
pub(super) fn behind((block, index): Place, order: Order) -> Option<Place> {
    match (order, index) {
        (Order::NewestFirst, 0) => Some((block.checked_sub(1)?, u32::MAX)),
        (Order::NewestFirst, index) => Some((block, index - 1)),
        (Order::OldestFirst, u32::MAX) => Some((block.checked_add(1)?, 0)),
        (Order::OldestFirst, index) => Some((block, index + 1)),
    }
}

/// Where a search in an order begins.
pub(super) fn beginning(order: Order) -> Place {
    match order {
        Order::NewestFirst => LAST,
        Order::OldestFirst => FIRST,
    }
}

/// How much a search may still do.
#[derive(Debug)]
struct Budget(usize);

impl Budget {
    /// Counts a step; false where none is left.
    fn step(&mut self) -> bool {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// What a search came to.
enum Found {
    /// The next place.
    At(Place),
    /// There is none.
    End,
    /// The budget is spent. All that comes before this place has been looked at.
    Stopped(Place),
}

/// A sorted list of places.
pub(super) enum List {
    All(ReadOnlyTable<Place, TransactionRow<'static>>),
    With(ReadOnlyTable<PostingKey<'static>, &'static [u8]>, Facet),
    Between(ReadOnlyTable<(u8, u64), SpanRow>, SpanRow),
}

impl List {
    /// Every transaction.
    pub(super) fn all(snapshot: &ReadTransaction) -> Result<List, Error> {
        Ok(List::All(snapshot.open_table(TRANSACTIONS)?))
    }

    /// The transactions that have this facet.
    pub(super) fn with(snapshot: &ReadTransaction, facet: Facet) -> Result<List, Error> {
        Ok(List::With(snapshot.open_table(POSTINGS)?, facet))
    }

    /// Every place in blocks of which a transaction may have been made between these times.
    pub(super) fn between(snapshot: &ReadTransaction, times: SpanRow) -> Result<List, Error> {
        Ok(List::Between(snapshot.open_table(SPANS)?, times))
    }

    /// The first place of the list at or behind `from`.
    fn seek(&self, from: Place, order: Order, budget: &mut Budget) -> Result<Found, Error> {
        if !budget.step() {
            return Ok(Found::Stopped(from));
        }
        let found = match self {
            List::All(table) => {
                let entry = match order {
                    Order::NewestFirst => table.range(..=from)?.next_back(),
                    Order::OldestFirst => table.range(from..)?.next(),
                };
                entry.transpose()?.map(|(key, _)| key.value())
            }
            List::With(table, facet) => match order {
                Order::NewestFirst => at_or_before(table, facet, from)?,
                Order::OldestFirst => at_or_behind(table, facet, from)?,
            },
            List::Between(table, times) => return seek_time(table, *times, from, order, budget),
        };
        Ok(found.map_or(Found::End, Found::At))
    }
}

/// How many entries of lists one page looks at at most, which takes some 20 ms where there are a million; it is short then, and says where to go on.
pub(super) const PAGE_STEPS_MAX: usize = 3_500;

/// The places that a page is made of.
pub(super) struct Search {
    /// In all of which they stand; at least one.
    pub(super) lists: Vec<List>,
    pub(super) order: Order,
    pub(super) cursor: Option<Cursor>,
    /// Number of the first block and of the last.
    pub(super) blocks: (u64, u64),
    /// How many at most.
    pub(super) limit: usize,
}

impl Search {
    /// The page, with the cursor of the next one. `accept` may pass over a place.
    pub(super) fn page<T>(
        &self,
        mut accept: impl FnMut(Place) -> Result<Option<T>, Error>,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let order = self.order;
        let (first, last) = ((self.blocks.0, 0), (self.blocks.1, u32::MAX));
        let mut budget = Budget(PAGE_STEPS_MAX);
        let mut items = Vec::new();
        let mut listed = None;
        let mut from = Cursor::start(self.cursor, order).map(|start| match order {
            Order::NewestFirst => start.min(last),
            Order::OldestFirst => start.max(first),
        });
        while let Some(start) = from {
            let place = match find(&self.lists, start, order, &mut budget)? {
                Found::End => break,
                Found::Stopped(place) => {
                    // All places before it have been looked at.
                    let cursor = behind(place, order.reversed()).map(Cursor);
                    return Ok((items, cursor.map(Cursor::text)));
                }
                Found::At(place) => place,
            };
            if !(first..=last).contains(&place) {
                break;
            }
            if let Some(item) = accept(place)? {
                if items.len() == self.limit {
                    return Ok((items, listed.map(|place| Cursor(place).text())));
                }
                items.push(item);
                listed = Some(place);
            }
            from = behind(place, order);
        }
        Ok((items, None))
    }
}

/// The first place at or behind `from` that all lists have; there is at least one list.
fn find(lists: &[List], from: Place, order: Order, budget: &mut Budget) -> Result<Found, Error> {
    let mut at = from;
    let mut agreeing = 0;
    for list in lists.iter().cycle() {
        match list.seek(at, order, budget)? {
            Found::At(place) if place == at => agreeing += 1,
            Found::At(place) => (at, agreeing) = (place, 1),
            other => return Ok(other),
        }
        if agreeing == lists.len() {
            return Ok(Found::At(at));
        }
    }
    Ok(Found::End)
}

/// Passes over groups of blocks, the greater the better, whose transactions were made at other times.
fn seek_time(
    table: &ReadOnlyTable<(u8, u64), SpanRow>,
    wanted: SpanRow,
    from: Place,
    order: Order,
    budget: &mut Budget,
) -> Result<Found, Error> {
    // No block lies behind the last one that has a time.
    let last = table.range((0, 0)..=(0, u64::MAX))?.next_back();
    let Some(last) = last.transpose()?.map(|(key, _)| key.value().1) else {
        return Ok(Found::End);
    };
    let mut block = match order {
        Order::NewestFirst => from.0.min(last),
        Order::OldestFirst => from.0,
    };
    let mut level = 0;
    while block <= last {
        let place = match block == from.0 {
            true => from,
            false => (block, beginning(order).1),
        };
        if !budget.step() {
            return Ok(Found::Stopped(place));
        }
        let number = group(level, block);
        let span = table.get((level, number))?.map(|row| row.value());
        let may_hold = span.is_some_and(|span| overlap(span, wanted));
        if may_hold && level == 0 {
            return Ok(Found::At(place));
        }
        if may_hold {
            level -= 1;
            continue;
        }
        let next = match order {
            Order::NewestFirst => first_block(level, number).checked_sub(1),
            Order::OldestFirst => number
                .checked_add(1)
                .map(|number| first_block(level, number)),
        };
        let Some(next) = next else { break };
        // At the border of a greater group, that one as a whole.
        while level < LEVEL_MAX && group(level + 1, next) != group(level + 1, block) {
            level += 1;
        }
        block = next;
    }
    Ok(Found::End)
}

fn overlap(one: SpanRow, other: SpanRow) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

/// Whether a transaction was made between these times; one that says no time was not.
pub(super) fn is_between(time: Option<TimeRow>, times: SpanRow) -> bool {
    time.is_some_and(|time| (times.0..=times.1).contains(&time))
}
