//! Eight lanes with AVX2, for processors that have neither SHA extensions nor AVX-512.

use crate::digest::State;
use crate::kernel;
use crate::lane_group::{LaneStates, MessageLanes, compress_blocks, rows_of};
use crate::lanes::Lanes;
use crate::many::{Group, WIDTH_MAX};
use crate::window::Window;
use std::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_and_si256, _mm256_castsi256_ps,
    _mm256_cmpeq_epi32, _mm256_loadu_si256, _mm256_movemask_ps, _mm256_or_si256, _mm256_set1_epi32,
    _mm256_setzero_si256, _mm256_sll_epi32, _mm256_srl_epi32, _mm256_storeu_si256,
    _mm256_xor_si256,
};
use std::ops::Range;

/// Proof that this processor has AVX2.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The proof, on a processor that has it.
    pub(crate) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    /// A group for as many messages as a vector has lanes.
    pub(crate) fn group(self) -> GroupEight {
        GroupEight {
            token: self,
            states: LaneStates::default(),
        }
    }
}

/// Messages' states, one in each lane.
pub(crate) struct GroupEight {
    token: Avx2,
    states: LaneStates,
}

impl Group for GroupEight {
    const WIDTH: usize = Eight::COUNT;

    fn set(&mut self, place: usize, state: &State) {
        self.states.set(place, state);
    }

    fn get(&self, place: usize) -> State {
        self.states.get(place)
    }

    fn compress(&mut self, blocks: &[&[u8; 64]; WIDTH_MAX]) {
        // SAFETY: the token exists only where the processor was found to have the instructions.
        unsafe { compress_here(self.token, &mut self.states, blocks) }
    }
}

#[target_feature(enable = "avx2")]
fn compress_here(token: Avx2, states: &mut LaneStates, blocks: &[&[u8; 64]; WIDTH_MAX]) {
    compress_blocks::<Eight>(token, states, blocks);
}

#[derive(Clone, Copy)]
struct Eight(__m256i);

/// The smallest offset whose digest may meet the window's mask.
pub(crate) fn scan(token: Avx2, window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
    // SAFETY: the token exists only where the processor was found to have AVX2.
    unsafe { scan_here(token, window, offsets) }
}

#[target_feature(enable = "avx2")]
fn scan_here(token: Avx2, window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
    kernel::scan::<Eight>(token, window, offsets)
}

/// Runs intrinsics of AVX2 inside the methods of [`Eight`].
macro_rules! vector {
    ($($code:tt)*) => {
        // SAFETY: an `Eight` is only ever made from an `Avx2` token or from another `Eight`, and the token exists only
        // where the processor was found to have AVX2; the methods are given either.
        unsafe { $($code)* }
    };
}

impl Lanes for Eight {
    type Token = Avx2;
    const COUNT: usize = 8;

    #[inline(always)]
    fn splat(_: Avx2, word: u32) -> Self {
        Self(vector!(_mm256_set1_epi32(word.cast_signed())))
    }

    #[inline(always)]
    fn load(_: Avx2, words: &[u32; 16]) -> Self {
        // The array is twice as long as what is read, and any alignment will do.
        Self(vector!(_mm256_loadu_si256(words.as_ptr().cast())))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(vector!(_mm256_add_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(vector!(_mm256_or_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn rotate_right<const BITS: i32>(self) -> Self {
        let bits = BITS.cast_unsigned();
        self.shift_right_by(bits).or(self.shift_left_by(32 - bits))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        self.shift_right_by(BITS)
    }

    #[inline(always)]
    fn shift_right_by(self, bits: u32) -> Self {
        Self(vector!(_mm256_srl_epi32(
            self.0,
            _mm_cvtsi32_si128(bits.cast_signed())
        )))
    }

    #[inline(always)]
    fn shift_left_by(self, bits: u32) -> Self {
        Self(vector!(_mm256_sll_epi32(
            self.0,
            _mm_cvtsi32_si128(bits.cast_signed())
        )))
    }

    #[inline(always)]
    fn xor_3(self, second: Self, third: Self) -> Self {
        Self(vector!(_mm256_xor_si256(
            self.0,
            _mm256_xor_si256(second.0, third.0)
        )))
    }

    #[inline(always)]
    fn choose(self, then: Self, otherwise: Self) -> Self {
        Self(vector!(_mm256_xor_si256(
            _mm256_and_si256(_mm256_xor_si256(then.0, otherwise.0), self.0),
            otherwise.0
        )))
    }

    #[inline(always)]
    fn majority(self, second: Self, third: Self) -> Self {
        Self(vector!(_mm256_or_si256(
            _mm256_and_si256(self.0, second.0),
            _mm256_and_si256(_mm256_or_si256(self.0, second.0), third.0)
        )))
    }

    #[inline(always)]
    fn lanes_without(self, mask: u32) -> u32 {
        vector!({
            let masked = _mm256_and_si256(self.0, _mm256_set1_epi32(mask.cast_signed()));
            let zero = _mm256_cmpeq_epi32(masked, _mm256_setzero_si256());
            _mm256_movemask_ps(_mm256_castsi256_ps(zero)).cast_unsigned()
        })
    }
}

impl MessageLanes for Eight {
    #[inline(always)]
    fn load_blocks(token: Avx2, blocks: &[&[u8; 64]; WIDTH_MAX]) -> [Self; 16] {
        let rows = rows_of(&blocks[..Self::COUNT]);
        let mut words = [Self::splat(token, 0); 16];
        for (word, row) in words.iter_mut().zip(&rows) {
            *word = Self::load(token, row);
        }
        words
    }

    #[inline(always)]
    fn store(self, words: &mut [u32; 16]) {
        // The array is at least as long as what is written, and any alignment will do.
        vector!(_mm256_storeu_si256(words.as_mut_ptr().cast(), self.0));
    }
}
