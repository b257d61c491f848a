//! One lane of plain arithmetic, for any processor.

use crate::kernel;
use crate::lanes::Lanes;
use crate::window::Window;
use std::ops::Range;

/// The smallest offset whose digest may meet the window's mask.
pub(crate) fn scan(window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
    kernel::scan::<u32>((), window, offsets)
}

impl Lanes for u32 {
    type Token = ();
    const COUNT: usize = 1;

    #[inline(always)]
    fn splat((): (), word: u32) -> Self {
        word
    }

    #[inline(always)]
    fn load((): (), words: &[u32; 16]) -> Self {
        words[0]
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self | other
    }

    #[inline(always)]
    fn rotate_right<const BITS: i32>(self) -> Self {
        Self::rotate_right(self, BITS.cast_unsigned())
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        self >> BITS
    }

    #[inline(always)]
    fn shift_right_by(self, bits: u32) -> Self {
        self.unbounded_shr(bits)
    }

    #[inline(always)]
    fn shift_left_by(self, bits: u32) -> Self {
        self.unbounded_shl(bits)
    }

    #[inline(always)]
    fn xor_3(self, second: Self, third: Self) -> Self {
        self ^ second ^ third
    }

    #[inline(always)]
    fn choose(self, then: Self, otherwise: Self) -> Self {
        ((then ^ otherwise) & self) ^ otherwise
    }

    #[inline(always)]
    fn majority(self, second: Self, third: Self) -> Self {
        (self & second) | ((self | second) & third)
    }

    #[inline(always)]
    fn lanes_without(self, mask: u32) -> u32 {
        u32::from(self & mask == 0)
    }
}
