//! Sixteen lanes with AVX-512: rotations and any function of three bits in one instruction each.

use crate::digest::State;
use crate::kernel;
use crate::lane_group::{LaneStates, MessageLanes, compress_blocks};
use crate::lanes::Lanes;
use crate::many::{Group, WIDTH_MAX};
use crate::window::Window;
use std::arch::x86_64::{
    __m512i, _mm_cvtsi32_si128, _mm512_add_epi32, _mm512_loadu_si512, _mm512_or_si512,
    _mm512_ror_epi32, _mm512_set1_epi32, _mm512_set4_epi32, _mm512_shuffle_epi8,
    _mm512_shuffle_i32x4, _mm512_sll_epi32, _mm512_srl_epi32, _mm512_srli_epi32,
    _mm512_storeu_si512, _mm512_ternarylogic_epi32, _mm512_testn_epi32_mask, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};
use std::ops::Range;

/// Proof that this processor has AVX-512 F and BW.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// The proof, on a processor that has both.
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw"))
            .then_some(Self(()))
    }

    /// A group for as many messages as a vector has lanes.
    pub(crate) fn group(self) -> GroupSixteen {
        GroupSixteen {
            token: self,
            states: LaneStates::default(),
        }
    }
}

/// Messages' states, one in each lane.
pub(crate) struct GroupSixteen {
    token: Avx512,
    states: LaneStates,
}

impl Group for GroupSixteen {
    const WIDTH: usize = Sixteen::COUNT;

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

#[target_feature(enable = "avx512f,avx512bw")]
fn compress_here(token: Avx512, states: &mut LaneStates, blocks: &[&[u8; 64]; WIDTH_MAX]) {
    compress_blocks::<Sixteen>(token, states, blocks);
}

#[derive(Clone, Copy)]
struct Sixteen(__m512i);

/// The smallest offset whose digest may meet the window's mask.
pub(crate) fn scan(token: Avx512, window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
    // SAFETY: the token exists only where the processor was found to have AVX-512 F and BW.
    unsafe { scan_here(token, window, offsets) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn scan_here(token: Avx512, window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
    kernel::scan::<Sixteen>(token, window, offsets)
}

/// Runs intrinsics of AVX-512 inside the methods of [`Sixteen`].
macro_rules! vector {
    ($($code:tt)*) => {
        // SAFETY: a `Sixteen` is only ever made from an `Avx512` token or from another `Sixteen`, and the token exists
        // only where the processor was found to have AVX-512 F and BW; the methods are given either.
        unsafe { $($code)* }
    };
}

impl Lanes for Sixteen {
    type Token = Avx512;
    const COUNT: usize = 16;

    #[inline(always)]
    fn splat(_: Avx512, word: u32) -> Self {
        Self(vector!(_mm512_set1_epi32(word.cast_signed())))
    }

    #[inline(always)]
    fn load(_: Avx512, words: &[u32; 16]) -> Self {
        // The array is exactly as long as what is read, and any alignment will do.
        Self(vector!(_mm512_loadu_si512(words.as_ptr().cast())))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(vector!(_mm512_add_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(vector!(_mm512_or_si512(self.0, other.0)))
    }

    #[inline(always)]
    fn rotate_right<const BITS: i32>(self) -> Self {
        Self(vector!(_mm512_ror_epi32::<BITS>(self.0)))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        Self(vector!(_mm512_srli_epi32::<BITS>(self.0)))
    }

    #[inline(always)]
    fn shift_right_by(self, bits: u32) -> Self {
        Self(vector!(_mm512_srl_epi32(
            self.0,
            _mm_cvtsi32_si128(bits.cast_signed())
        )))
    }

    #[inline(always)]
    fn shift_left_by(self, bits: u32) -> Self {
        Self(vector!(_mm512_sll_epi32(
            self.0,
            _mm_cvtsi32_si128(bits.cast_signed())
        )))
    }

    #[inline(always)]
    fn xor_3(self, second: Self, third: Self) -> Self {
        Self(vector!(_mm512_ternarylogic_epi32::<0x96>(
            self.0, second.0, third.0
        )))
    }

    #[inline(always)]
    fn choose(self, then: Self, otherwise: Self) -> Self {
        Self(vector!(_mm512_ternarylogic_epi32::<0xca>(
            self.0,
            then.0,
            otherwise.0
        )))
    }

    #[inline(always)]
    fn majority(self, second: Self, third: Self) -> Self {
        Self(vector!(_mm512_ternarylogic_epi32::<0xe8>(
            self.0, second.0, third.0
        )))
    }

    #[inline(always)]
    fn lanes_without(self, mask: u32) -> u32 {
        u32::from(vector!(_mm512_testn_epi32_mask(
            self.0,
            _mm512_set1_epi32(mask.cast_signed())
        )))
    }
}

impl MessageLanes for Sixteen {
    #[inline(always)]
    fn load_blocks(token: Avx512, blocks: &[&[u8; 64]; WIDTH_MAX]) -> [Self; 16] {
        // A transposition in four steps, each of which doubles the number of blocks whose words stand together.
        let zero = Self::splat(token, 0).0;
        let (mut rows, mut next) = ([zero; 16], [zero; 16]);
        vector!({
            let big_endian = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
            for (row, block) in rows.iter_mut().zip(blocks) {
                // The block is exactly as long as what is read, and any alignment will do.
                let bytes = _mm512_loadu_si512(block.as_ptr().cast());
                *row = _mm512_shuffle_epi8(bytes, big_endian);
            }
            for pair in [0, 2, 4, 6, 8, 10, 12, 14] {
                next[pair] = _mm512_unpacklo_epi32(rows[pair], rows[pair + 1]);
                next[pair + 1] = _mm512_unpackhi_epi32(rows[pair], rows[pair + 1]);
            }
            for four in [0, 4, 8, 12] {
                rows[four] = _mm512_unpacklo_epi64(next[four], next[four + 2]);
                rows[four + 1] = _mm512_unpackhi_epi64(next[four], next[four + 2]);
                rows[four + 2] = _mm512_unpacklo_epi64(next[four + 1], next[four + 3]);
                rows[four + 3] = _mm512_unpackhi_epi64(next[four + 1], next[four + 3]);
            }
            // Now quarter `q` of row `4 * f + j` is word `4 * q + j` of the blocks `4 * f` to `4 * f + 3`.
            for j in 0..4 {
                let even_low = _mm512_shuffle_i32x4::<0x88>(rows[j], rows[j + 4]);
                let odd_low = _mm512_shuffle_i32x4::<0xdd>(rows[j], rows[j + 4]);
                let even_high = _mm512_shuffle_i32x4::<0x88>(rows[j + 8], rows[j + 12]);
                let odd_high = _mm512_shuffle_i32x4::<0xdd>(rows[j + 8], rows[j + 12]);
                next[j] = _mm512_shuffle_i32x4::<0x88>(even_low, even_high);
                next[j + 4] = _mm512_shuffle_i32x4::<0x88>(odd_low, odd_high);
                next[j + 8] = _mm512_shuffle_i32x4::<0xdd>(even_low, even_high);
                next[j + 12] = _mm512_shuffle_i32x4::<0xdd>(odd_low, odd_high);
            }
        });
        let mut words = [Self(zero); 16];
        for (word, column) in words.iter_mut().zip(next) {
            word.0 = column;
        }
        words
    }

    #[inline(always)]
    fn store(self, words: &mut [u32; 16]) {
        // The array is at least as long as what is written, and any alignment will do.
        vector!(_mm512_storeu_si512(words.as_mut_ptr().cast(), self.0));
    }
}
