//! The SHA extensions of x86: four rounds in two instructions, several messages side by side to hide their latency.

use crate::digest::{INITIAL, ROUND, State};
use crate::many::{Group, WIDTH_MAX};
use crate::window::{DIGITS, Window};
use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_cvtsi32_si128, _mm_extract_epi32, _mm_loadu_si128,
    _mm_or_si128, _mm_set_epi8, _mm_set_epi32, _mm_setzero_si128, _mm_sha256msg1_epu32,
    _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
};
use std::ops::Range;

/// How many guesses are hashed side by side.
const STREAMS: usize = 4;

/// Proof that this processor has the SHA extensions, SSSE3 and SSE4.1.
#[derive(Clone, Copy)]
pub(crate) struct ShaNi(());

impl ShaNi {
    /// The proof, on a processor that has them.
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("sha")
            && is_x86_feature_detected!("ssse3")
            && is_x86_feature_detected!("sse4.1"))
        .then_some(Self(()))
    }

    /// A state in the order that the instructions want.
    fn halves(self, state: &State) -> Halves {
        // SAFETY: the token exists only where the processor was found to have these instructions.
        unsafe { halves(state) }
    }

    /// A group of messages to hash side by side.
    pub(crate) fn group(self) -> GroupOfStreams {
        GroupOfStreams {
            token: self,
            states: [self.halves(&INITIAL); STREAMS],
        }
    }
}

/// A state as the instructions want it: the letters a, b, e, f and c, d, g, h, the first in the highest lane.
#[derive(Clone, Copy)]
struct Halves {
    abef: __m128i,
    cdgh: __m128i,
}

/// Messages' states, hashed side by side.
pub(crate) struct GroupOfStreams {
    token: ShaNi,
    states: [Halves; STREAMS],
}

impl Group for GroupOfStreams {
    const WIDTH: usize = STREAMS;

    fn set(&mut self, place: usize, state: &State) {
        self.states[place] = self.token.halves(state);
    }

    fn get(&self, place: usize) -> State {
        // SAFETY: the group was made with a token, which exists only where the processor was found to have these
        // instructions.
        unsafe { state_of(&self.states[place]) }
    }

    fn compress(&mut self, blocks: &[&[u8; 64]; WIDTH_MAX]) {
        // SAFETY: the group was made with a token, which exists only where the processor was found to have these
        // instructions.
        unsafe { compress_blocks(&mut self.states, blocks) }
    }
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn compress_blocks(states: &mut [Halves; STREAMS], blocks: &[&[u8; 64]; WIDTH_MAX]) {
    let big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    let mut messages = [[big_endian; 4]; STREAMS];
    for (message, block) in messages.iter_mut().zip(blocks) {
        let (quads, _) = block.as_chunks::<16>();
        for (quad, bytes) in message.iter_mut().zip(quads) {
            // SAFETY: the array is exactly as long as what is read, and any alignment will do.
            let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
            *quad = _mm_shuffle_epi8(bytes, big_endian);
        }
    }
    compress(states, &mut messages);
}

/// The smallest offset whose digest may meet the window's mask.
pub(crate) fn scan(_: ShaNi, window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
    // SAFETY: the token exists only where the processor was found to have these instructions.
    unsafe { scan_streams::<STREAMS>(window, offsets) }
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn scan_streams<const COUNT: usize>(window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
    let start = halves(&window.state);
    let moving = quads(&window.words);
    let straddled = window.straddled.as_ref().map(|words| quads(words));
    let places: [__m128i; 5] = std::array::from_fn(|quad| digit_places(window, quad));

    for offset in offsets.clone().step_by(COUNT) {
        let mut digits = [_mm_setzero_si128(); COUNT];
        for (stream, digits) in digits.iter_mut().enumerate() {
            let entry = DIGITS[offset as usize + stream] << window.lead_bits;
            *digits = _mm_cvtsi32_si128(entry.cast_signed());
        }
        let mut states = [start; COUNT];
        let mut messages = [moving; COUNT];
        for stream in 0..COUNT {
            for quad in 0..4 {
                let placed = _mm_shuffle_epi8(digits[stream], places[quad]);
                messages[stream][quad] = _mm_or_si128(messages[stream][quad], placed);
            }
        }
        compress(&mut states, &mut messages);
        if let Some(straddled) = straddled {
            let mut messages = [straddled; COUNT];
            for stream in 0..COUNT {
                let placed = _mm_shuffle_epi8(digits[stream], places[4]);
                messages[stream][0] = _mm_or_si128(messages[stream][0], placed);
            }
            compress(&mut states, &mut messages);
        }
        for tail in window.tails {
            compress_same(&mut states, tail);
        }
        for (stream, state) in states.iter().enumerate() {
            let first_word = _mm_extract_epi32::<3>(state.abef).cast_unsigned();
            if first_word & window.mask == 0 {
                let found = offset + stream as u32;
                return (found < offsets.end).then_some(found);
            }
        }
    }
    None
}

/// The shuffle that brings a number's moving digits from the lowest word of a vector to their places in a quarter of
/// the moving block (0 to 3) or the first quarter of the block behind it (4).
fn digit_places(window: &Window<'_>, quad: usize) -> __m128i {
    let mut places = [0_i32; 4];
    for (lane, place) in places.iter_mut().enumerate() {
        // Byte `index` of a word, from the lowest, is byte `index + shift` of the digits, or `index + shift - 4` in the
        // word behind; the highest bit makes a zero of any other.
        let behind = 4 * (4 * quad + lane).wrapping_sub(window.word) as i32;
        *place = i32::from_le_bytes(std::array::from_fn(|index| {
            let source = index as i32 + window.shift_bits as i32 / 8 - behind;
            if (0..=4).contains(&behind) && (0..4).contains(&source) {
                source as u8
            } else {
                0x80
            }
        }));
    }
    let [first, second, third, fourth] = places;
    // SAFETY: only needs SSE2, which every x86-64 has.
    unsafe { _mm_set_epi32(fourth, third, second, first) }
}

/// A state in the order that the instructions want.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn halves(state: &State) -> Halves {
    let [a, b, c, d, e, f, g, h] = state.map(u32::cast_signed);
    Halves {
        abef: _mm_set_epi32(a, b, e, f),
        cdgh: _mm_set_epi32(c, d, g, h),
    }
}

/// A state in its own order again.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn state_of(both: &Halves) -> State {
    let Halves { abef, cdgh } = *both;
    [
        _mm_extract_epi32::<3>(abef),
        _mm_extract_epi32::<2>(abef),
        _mm_extract_epi32::<3>(cdgh),
        _mm_extract_epi32::<2>(cdgh),
        _mm_extract_epi32::<1>(abef),
        _mm_extract_epi32::<0>(abef),
        _mm_extract_epi32::<1>(cdgh),
        _mm_extract_epi32::<0>(cdgh),
    ]
    .map(i32::cast_unsigned)
}

/// Sixteen words as four vectors, the first word in the lowest lane.
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn quads(words: &[u32; 16]) -> [__m128i; 4] {
    std::array::from_fn(|quad| quad_of(words, 4 * quad))
}

/// Four of these words from `index` on.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn quad_of(words: &[u32], index: usize) -> __m128i {
    let four: &[u32; 4] = words[index..].first_chunk().expect("four words from there");
    // SAFETY: the array is exactly as long as what is read, and any alignment will do.
    unsafe { _mm_loadu_si128(four.as_ptr().cast()) }
}

/// Four rounds on each stream, with the words that `keyed` gives, round constants added.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn four_rounds<const COUNT: usize>(states: &mut [Halves; COUNT], keyed: [__m128i; COUNT]) {
    for (state, keyed) in states.iter_mut().zip(keyed) {
        // Two rounds make of a, b, e, f the new c, d, g, h: the halves change places twice.
        state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, keyed);
        let upper = _mm_shuffle_epi32::<0x0e>(keyed);
        state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, upper);
    }
}

/// The compression of one block in each stream. The messages are used up.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn compress<const COUNT: usize>(
    states: &mut [Halves; COUNT],
    messages: &mut [[__m128i; 4]; COUNT],
) {
    let before = *states;
    for base in [0, 4, 8, 12] {
        for quad in 0..4 {
            let constants = quad_of(&ROUND, 4 * (base + quad));
            let mut keyed = [constants; COUNT];
            for (keyed, words) in keyed.iter_mut().zip(messages.iter_mut()) {
                if base > 0 {
                    let [oldest, old, new, newest] =
                        std::array::from_fn(|age| words[(quad + age) % 4]);
                    let sum = _mm_add_epi32(
                        _mm_sha256msg1_epu32(oldest, old),
                        _mm_alignr_epi8::<4>(newest, new),
                    );
                    words[quad] = _mm_sha256msg2_epu32(sum, newest);
                }
                *keyed = _mm_add_epi32(words[quad], *keyed);
            }
            four_rounds(states, keyed);
        }
    }
    feed_forward(states, &before);
}

/// The compression of the same block in all streams, its schedule already known.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn compress_same<const COUNT: usize>(states: &mut [Halves; COUNT], keyed_schedule: &[u32; 64]) {
    let before = *states;
    for quad in 0..16 {
        four_rounds(states, [quad_of(keyed_schedule, 4 * quad); COUNT]);
    }
    feed_forward(states, &before);
}

/// Adds the states from before the block to those after its rounds.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn feed_forward<const COUNT: usize>(states: &mut [Halves; COUNT], before: &[Halves; COUNT]) {
    for (state, before) in states.iter_mut().zip(before) {
        state.abef = _mm_add_epi32(state.abef, before.abef);
        state.cdgh = _mm_add_epi32(state.cdgh, before.cdgh);
    }
}
