//! Which transactions have a facet: sorted lists, a row for each facet and block.
//!
//! Most transactions of a block are alike, so that a row holds many of them in little: of each the last twelve bits of its index, two
//! bytes each, in their order. A block of more than 4,096 transactions has several rows, none of which is great.

use redb::{Error, ReadableTable, Table};

use crate::tables::{Facet, PostingKey};

/// How many bits of an index stand in a row; the others are in its key.
const POSITION_BITS: u32 = 12;

/// Where a transaction stands: block and index.
pub(crate) type Place = (u64, u32);

/// A transaction that has a facet.
pub(crate) type Posting = (Facet, u64, u32);

fn part_of(index: u32) -> u32 {
    index >> POSITION_BITS
}

fn position_of(index: u32) -> [u8; 2] {
    let position = index & ((1 << POSITION_BITS) - 1);
    // Twelve bits fit into sixteen.
    (position as u16).to_be_bytes()
}

fn index_of(part: u32, position: [u8; 2]) -> u32 {
    (part << POSITION_BITS) | u32::from(u16::from_be_bytes(position))
}

/// The positions that a row holds.
fn positions(row: &[u8]) -> &[[u8; 2]] {
    row.as_chunks().0
}

/// Puts them in, behind those of the same block that are there, and leaves none in `postings`.
pub(crate) fn add(
    table: &mut Table<'_, PostingKey<'static>, &'static [u8]>,
    postings: &mut Vec<Posting>,
) -> Result<(), Error> {
    each_row(postings, |key, positions| {
        let held = table.insert(key, positions)?;
        let held = held.map(|row| [row.value(), positions].concat());
        if let Some(all) = held {
            table.insert(key, all.as_slice())?;
        }
        Ok(())
    })
}

/// Takes them out, and leaves none in `postings`.
pub(crate) fn remove(
    table: &mut Table<'_, PostingKey<'static>, &'static [u8]>,
    postings: &mut Vec<Posting>,
) -> Result<(), Error> {
    each_row(postings, |key, gone| {
        let held = table.remove(key)?;
        let held = held.map(|row| row.value().to_vec()).unwrap_or_default();
        let is_gone = |position: &&[u8; 2]| positions(gone).binary_search(position).is_ok();
        let kept = positions(&held)
            .iter()
            .filter(|position| !is_gone(position));
        let kept: Vec<u8> = kept.flatten().copied().collect();
        if !kept.is_empty() {
            table.insert(key, kept.as_slice())?;
        }
        Ok(())
    })
}

/// Sorts them and hands over what stands in one row, row by row.
fn each_row(
    postings: &mut Vec<Posting>,
    mut write: impl FnMut(PostingKey<'_>, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    postings.sort_unstable();
    postings.dedup();
    let mut row = Vec::new();
    let of_one_row = |one: &Posting, other: &Posting| {
        (one.0, one.1, part_of(one.2)) == (other.0, other.1, part_of(other.2))
    };
    for same in postings.chunk_by(of_one_row) {
        let (facet, block, index) = &same[0];
        row.clear();
        row.extend(same.iter().flat_map(|(_, _, index)| position_of(*index)));
        write((facet, *block, part_of(*index)), &row)?;
    }
    postings.clear();
    Ok(())
}

/// The first transaction at this place or behind it that has the facet.
pub(crate) fn at_or_behind(
    table: &impl ReadableTable<PostingKey<'static>, &'static [u8]>,
    facet: &Facet,
    from: Place,
) -> Result<Option<Place>, Error> {
    let first = (facet, from.0, part_of(from.1));
    for row in table.range(first..=(facet, u64::MAX, u32::MAX))? {
        let (key, row) = row?;
        let (_, block, part) = key.value();
        let positions = positions(row.value());
        let next = match (block, part) == (from.0, part_of(from.1)) {
            true => positions.partition_point(|position| *position < position_of(from.1)),
            false => 0,
        };
        if let Some(position) = positions.get(next) {
            return Ok(Some((block, index_of(part, *position))));
        }
    }
    Ok(None)
}

/// The last transaction at this place or before it that has the facet.
pub(crate) fn at_or_before(
    table: &impl ReadableTable<PostingKey<'static>, &'static [u8]>,
    facet: &Facet,
    from: Place,
) -> Result<Option<Place>, Error> {
    let last = (facet, from.0, part_of(from.1));
    for row in table.range((facet, 0, 0)..=last)?.rev() {
        let (key, row) = row?;
        let (_, block, part) = key.value();
        let positions = positions(row.value());
        let end = match (block, part) == (from.0, part_of(from.1)) {
            true => positions.partition_point(|position| *position <= position_of(from.1)),
            false => positions.len(),
        };
        if let Some(position) = positions[..end].last() {
            return Ok(Some((block, index_of(part, *position))));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;
    use redb::{Database, ReadableTableMetadata};

    use super::*;
    use crate::tables::POSTINGS;

    const FACET: Facet = [7; 16];

    /// Runs `work` on a table that holds these postings and their neighbours.
    fn with_table<T>(
        postings: &[Posting],
        work: impl FnOnce(&mut Table<'_, PostingKey<'static>, &'static [u8]>) -> T,
    ) -> T {
        let database = Database::builder()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(POSTINGS).unwrap();
        let mut all = postings.to_vec();
        all.extend([([6; 16], 9, 9), ([8; 16], 0, 0)]);
        add(&mut table, &mut all).unwrap();
        assert!(all.is_empty());
        work(&mut table)
    }

    #[test]
    fn the_transactions_of_a_block_share_a_row() {
        let postings: Vec<Posting> = (0..500).map(|index| (FACET, 3, index)).collect();
        let rows = with_table(&postings, |table| table.len().unwrap());
        assert_eq!(rows, 3);
    }

    #[test]
    fn a_block_that_comes_in_parts_has_them_all() {
        let found = with_table(&[(FACET, 3, 1), (FACET, 3, 5)], |table| {
            add(table, &mut vec![(FACET, 3, 6), (FACET, 3, 4_096)]).unwrap();
            let mut found = Vec::new();
            let mut from = (0, 0);
            while let Some(place) = at_or_behind(table, &FACET, from).unwrap() {
                found.push(place);
                from = (place.0, place.1 + 1);
            }
            found
        });
        assert_eq!(found, [(3, 1), (3, 5), (3, 6), (3, 4_096)]);
    }

    fn places() -> impl Strategy<Value = BTreeSet<Place>> {
        // On both sides of the border between two rows.
        let index = prop_oneof![0..4_u32, 4_094..4_099_u32, Just(u32::MAX)];
        prop::collection::btree_set((0..4_u64, index), 0..12)
    }

    fn postings(places: &BTreeSet<Place>) -> Vec<Posting> {
        places
            .iter()
            .map(|(block, index)| (FACET, *block, *index))
            .collect()
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_set_finds(held in places(), gone in places(), asked in places()) {
            with_table(&postings(&held), |table| {
                let check = |table: &Table<'_, PostingKey<'static>, &'static [u8]>, held: &BTreeSet<Place>| {
                    for from in &asked {
                        let behind = held.range(from..).next().copied();
                        assert_eq!(at_or_behind(table, &FACET, *from).unwrap(), behind);
                        let before = held.range(..=from).next_back().copied();
                        assert_eq!(at_or_before(table, &FACET, *from).unwrap(), before);
                    }
                };
                check(table, &held);
                remove(table, &mut postings(&gone)).unwrap();
                let left: BTreeSet<Place> = held.difference(&gone).copied().collect();
                check(table, &left);
                // Nothing is left behind of what is gone.
                remove(table, &mut postings(&left)).unwrap();
                assert_eq!(table.len().unwrap(), 2);
            });
        }
    }
}
