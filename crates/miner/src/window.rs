//! Numbers in windows: what the engines need to know to try up to ten thousand neighbours.
//!
//! Within a window all but the last four digits of the number stand still (all digits of a shorter number move). A
//! [`Layout`] knows where things lie for numbers of one length; a [`Window`] is one such stretch of numbers, with
//! everything that stands still already computed.

use crate::digest::{State, keyed_schedule, pad, words};
use sha2::block_api::compress256;

/// How many trailing digits move within a window.
const MOVING_DIGITS: usize = 4;

/// How many numbers a window holds at most.
pub(crate) const WINDOW: u32 = 10_000;

/// Room behind the last entry of [`DIGITS`], so that two vectors of sixteen lanes can be loaded from any of them on.
const PADDING: usize = 32;

/// The numbers from 0000 to 9999 in four ASCII digits, the first in the highest byte; then padding.
pub(crate) static DIGITS: [u32; WINDOW as usize + PADDING] = {
    let mut table = [0x3030_3030; WINDOW as usize + PADDING];
    let mut number = 0;
    while number < WINDOW {
        table[number as usize] += number / 1000 * 0x0100_0000
            + number / 100 % 10 * 0x0001_0000
            + number / 10 % 10 * 0x0000_0100
            + number % 10;
        number += 1;
    }
    table
};

/// Where everything lies in the hashed string for numbers of one length, in whole blocks behind the prefix's own.
pub(crate) struct Layout {
    /// The state after the blocks that the prefix fills alone.
    midstate: State,
    /// All that follows those blocks, padded; the number's digits are put in as windows need them.
    message: Vec<u8>,
    /// Where the number's standing digits begin and end in the message; the moving ones follow.
    standing_start: usize,
    standing_end: usize,
    moving_digits: usize,
    /// The schedules of the blocks behind the moving digits: the same for all numbers of this length.
    tails: Vec<[u32; 64]>,
    mask: u32,
}

/// A stretch of numbers that differ only in their moving digits.
///
/// A number's moving digits, left-aligned in a word as `DIGITS[offset] << lead_bits`, enter the moving block shifted
/// right by `shift_bits` at index `word`, and what that shift drops enters at the next index from the top. The next
/// index may be in the next block (`straddled`).
pub(crate) struct Window<'a> {
    /// The state before the moving block.
    pub(crate) state: State,
    /// The moving block, zeros in place of the moving digits.
    pub(crate) words: [u32; 16],
    /// The block behind it, when the moving digits reach into that.
    pub(crate) straddled: Option<[u32; 16]>,
    pub(crate) word: usize,
    pub(crate) shift_bits: u32,
    pub(crate) lead_bits: u32,
    /// The keyed schedules of the blocks behind the moving ones.
    pub(crate) tails: &'a [[u32; 64]],
    /// The bits that must be zero in the first word of the digest.
    pub(crate) mask: u32,
}

impl Layout {
    /// The layout for numbers of `digits` decimal digits.
    ///
    /// `midstate` is the state after the `prefix.len() / 64` blocks that the prefix fills alone; `mask` as in [`Window`].
    pub(crate) fn new(
        midstate: State,
        prefix: &[u8],
        digits: usize,
        suffix: &[u8],
        mask: u32,
    ) -> Self {
        let begun = &prefix[prefix.len() / 64 * 64..];
        let moving_digits = digits.min(MOVING_DIGITS);
        let standing_start = begun.len();
        let standing_end = standing_start + digits - moving_digits;

        let mut message = Vec::with_capacity(begun.len() + digits + suffix.len() + 128);
        message.extend_from_slice(begun);
        message.resize(begun.len() + digits, 0);
        message.extend_from_slice(suffix);
        pad(&mut message, (prefix.len() + digits + suffix.len()) as u64);

        let last_moving_block = (standing_end + moving_digits - 1) / 64;
        let (blocks, _) = message.as_chunks::<64>();
        let tails = blocks[last_moving_block + 1..]
            .iter()
            .map(|block| keyed_schedule(&words(block)))
            .collect();
        Self {
            midstate,
            message,
            standing_start,
            standing_end,
            moving_digits,
            tails,
            mask,
        }
    }

    /// How many numbers share their standing digits.
    pub(crate) fn window_length(&self) -> u32 {
        10_u32.pow(self.moving_digits as u32)
    }

    /// How many blocks are hashed for each number, roughly: what a window costs.
    pub(crate) fn blocks_per_number(&self) -> usize {
        1 + self.tails.len()
    }

    /// The window of the numbers whose digits in front of the moving ones are `standing`.
    pub(crate) fn window(&mut self, standing: u64) -> Window<'_> {
        let mut rest = standing;
        for digit in self.message[self.standing_start..self.standing_end]
            .iter_mut()
            .rev()
        {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        debug_assert_eq!(rest, 0, "a number longer than its layout");

        let (blocks, _) = self.message.as_chunks::<64>();
        let moving_block = self.standing_end / 64;
        let last_moving_block = (self.standing_end + self.moving_digits - 1) / 64;
        let mut state = self.midstate;
        compress256(&mut state, &blocks[..moving_block]);
        Window {
            state,
            words: words(&blocks[moving_block]),
            straddled: (last_moving_block > moving_block)
                .then(|| words(&blocks[last_moving_block])),
            word: self.standing_end % 64 / 4,
            shift_bits: 8 * (self.standing_end % 4) as u32,
            lead_bits: 8 * (MOVING_DIGITS - self.moving_digits) as u32,
            tails: &self.tails,
            mask: self.mask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_ascii_digits() {
        for number in [0_u32, 7, 42, 999, 1000, 9999] {
            assert_eq!(
                DIGITS[number as usize].to_be_bytes().as_slice(),
                format!("{number:04}").as_bytes()
            );
        }
    }
}
