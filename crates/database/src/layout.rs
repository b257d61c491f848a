//! Where things stand in a file.
//!
//! ```text
//! 0    mark 16 | checksum 4 | redb's header, 492     one sector, written as a whole
//! 512  page 1, 4096 | number 4 | checksum 4          a slot
//! 4616 page 2 …
//! ```
//!
//! The header is the only thing that is written in place; a sector is written whole or not at all. All other pages are written where nothing
//! is that counts, and synced before the header names them: whether their slots are torn by a crash does not matter.

use std::io;

/// What redb counts in; its header is the first of them.
pub(crate) const PAGE_BYTES: usize = 4096;
/// What the header takes in the file.
pub(crate) const SECTOR_BYTES: usize = 512;
/// What is kept of the first page: more than redb has ever written there, which is 320 bytes.
pub(crate) const HEADER_BYTES: usize = SECTOR_BYTES - MARK.len() - SUM_BYTES;
/// What a page takes in the file.
pub(crate) const SLOT_BYTES: usize = PAGE_BYTES + NUMBER_BYTES + SUM_BYTES;

/// How a file begins.
pub(crate) const MARK: &[u8; 16] = b"chainloom pages\x01";
/// How a file of redb's own begins.
pub(crate) const FORMER_MARK: &[u8; 9] = b"redb\x1a\x0a\xa9\x0d\x0a";

const NUMBER_BYTES: usize = 4;
const SUM_BYTES: usize = 4;

/// Where the slot of a page begins; page 0 is the header.
pub(crate) fn slot_offset(page: u64) -> u64 {
    match page {
        0 => 0,
        _ => SECTOR_BYTES as u64 + (page - 1) * SLOT_BYTES as u64,
    }
}

/// How many pages a file of so many bytes holds; none where it ends within one.
pub(crate) fn pages_in(file_bytes: u64) -> Option<u64> {
    if file_bytes == 0 {
        return Some(0);
    }
    let slots_bytes = file_bytes.checked_sub(SECTOR_BYTES as u64)?;
    let slots = slots_bytes / SLOT_BYTES as u64;
    slots_bytes
        .is_multiple_of(SLOT_BYTES as u64)
        .then_some(slots + 1)
}

/// The sector of a header.
pub(crate) fn sector(header: &[u8; HEADER_BYTES]) -> [u8; SECTOR_BYTES] {
    let mut sector = [0; SECTOR_BYTES];
    let (mark, rest) = sector.split_at_mut(MARK.len());
    let (sum, body) = rest.split_at_mut(SUM_BYTES);
    mark.copy_from_slice(MARK);
    sum.copy_from_slice(&crc32fast::hash(header).to_le_bytes());
    body.copy_from_slice(header);
    sector
}

/// The header in a sector.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn header_in(sector: &[u8; SECTOR_BYTES]) -> io::Result<[u8; HEADER_BYTES]> {
    let (mark, rest) = sector.split_at(MARK.len());
    let (sum, body) = rest.split_at(SUM_BYTES);
    if mark != MARK || sum != crc32fast::hash(body).to_le_bytes() {
        return Err(damaged("its header is not what was written".to_owned()));
    }
    let mut header = [0; HEADER_BYTES];
    header.copy_from_slice(body);
    Ok(header)
}

/// Puts a page in its slot.
pub(crate) fn fill_slot(slot: &mut [u8], number: u64, page: &[u8]) {
    let (body, end) = slot.split_at_mut(PAGE_BYTES);
    body.copy_from_slice(page);
    end.copy_from_slice(&trailer(number, page));
}

/// Takes a page out of its slot.
///
/// # Errors
/// The page is not the one that was written there.
pub(crate) fn empty_slot(slot: &[u8], number: u64, page: &mut [u8]) -> io::Result<()> {
    let (body, end) = slot.split_at(PAGE_BYTES);
    // Of a file that was made longer no page is read before it is written.
    if end != trailer(number, body) {
        return Err(damaged(format!(
            "page {number}, at byte {}, is not what was written",
            slot_offset(number)
        )));
    }
    page.copy_from_slice(body);
    Ok(())
}

/// Its number, of which the low half tells pages apart, and its checksum.
fn trailer(number: u64, page: &[u8]) -> [u8; NUMBER_BYTES + SUM_BYTES] {
    let mut trailer = [0; NUMBER_BYTES + SUM_BYTES];
    let (low, sum) = trailer.split_at_mut(NUMBER_BYTES);
    low.copy_from_slice(&number.to_le_bytes()[..NUMBER_BYTES]);
    sum.copy_from_slice(&crc32fast::hash(page).to_le_bytes());
    trailer
}

/// An error that [`crate::is_damage`] knows.
pub(crate) fn damaged(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lengths_fit_pages_or_are_refused() {
        assert_eq!(pages_in(0), Some(0));
        assert_eq!(pages_in(512), Some(1));
        for pages in [2, 3, 1 << 40] {
            assert_eq!(pages_in(slot_offset(pages)), Some(pages));
            assert_eq!(pages_in(slot_offset(pages) + 1), None);
        }
        assert_eq!(pages_in(511), None);
    }

    #[test]
    fn any_changed_bit_is_seen() {
        let header = [7; HEADER_BYTES];
        let whole = sector(&header);
        assert_eq!(header_in(&whole).unwrap(), header);
        for bit in 0..SECTOR_BYTES * 8 {
            let mut damaged = whole;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(header_in(&damaged).is_err(), "bit {bit}");
        }
        let page = [9; PAGE_BYTES];
        let mut slot = [0; SLOT_BYTES];
        fill_slot(&mut slot, 5, &page);
        let mut read = [0; PAGE_BYTES];
        empty_slot(&slot, 5, &mut read).unwrap();
        assert_eq!(read, page);
        for bit in 0..SLOT_BYTES * 8 {
            slot[bit / 8] ^= 1 << (bit % 8);
            let error = empty_slot(&slot, 5, &mut read).unwrap_err();
            assert!(
                error.to_string().contains("page 5, at byte 16928"),
                "{error}"
            );
            slot[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(empty_slot(&slot, 6, &mut read).is_err(), "another's place");
        assert!(empty_slot(&[0; SLOT_BYTES], 5, &mut read).is_err(), "zeros");
    }
}
