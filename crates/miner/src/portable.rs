//! Vectors for any processor: an array of words, which the compiler turns into whatever vectors it may assume.

use crate::kernel;
use crate::lanes::Lanes;
use crate::window::Window;
use std::ops::Range;

const COUNT: usize = 4;

#[derive(Clone, Copy)]
struct Words([u32; COUNT]);

/// The smallest offset whose digest may meet the window's mask.
pub(crate) fn scan(window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
    kernel::scan_anywhere::<Words>((), window, offsets)
}

impl Lanes for Words {
    type Token = ();
    const COUNT: usize = COUNT;

    #[inline(always)]
    fn splat((): (), word: u32) -> Self {
        Self([word; COUNT])
    }

    #[inline(always)]
    fn load((): (), words: &[u32; 16]) -> Self {
        Self(std::array::from_fn(|lane| words[lane]))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            self.0[lane].wrapping_add(other.0[lane])
        }))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] | other.0[lane]))
    }

    #[inline(always)]
    fn rotate_right<const BITS: i32>(self) -> Self {
        Self(self.0.map(|word| word.rotate_right(BITS as u32)))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        Self(self.0.map(|word| word >> BITS))
    }

    #[inline(always)]
    fn shift_right_by(self, bits: u32) -> Self {
        Self(self.0.map(|word| word.unbounded_shr(bits)))
    }

    #[inline(always)]
    fn shift_left_by(self, bits: u32) -> Self {
        Self(self.0.map(|word| word.unbounded_shl(bits)))
    }

    #[inline(always)]
    fn xor_3(self, second: Self, third: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            self.0[lane] ^ second.0[lane] ^ third.0[lane]
        }))
    }

    #[inline(always)]
    fn choose(self, then: Self, otherwise: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            ((then.0[lane] ^ otherwise.0[lane]) & self.0[lane]) ^ otherwise.0[lane]
        }))
    }

    #[inline(always)]
    fn majority(self, second: Self, third: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            (self.0[lane] & second.0[lane]) | ((self.0[lane] | second.0[lane]) & third.0[lane])
        }))
    }

    #[inline(always)]
    fn lanes_without(self, mask: u32) -> u32 {
        self.0.iter().enumerate().fold(0, |lanes, (lane, word)| {
            lanes | u32::from(word & mask == 0) << lane
        })
    }
}
