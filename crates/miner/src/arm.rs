//! The SHA-256 instructions of 64-bit ARM: four rounds in two instructions, several messages side by side to hide their
//! latency.

use crate::digest::{ROUND, State, words};
use crate::many::{Group, WIDTH_MAX};
use crate::window::{DIGITS, Window};
use std::arch::aarch64::{
    uint32x4_t, vaddq_u32, vgetq_lane_u32, vld1q_u32, vsha256h2q_u32, vsha256hq_u32,
    vsha256su0q_u32, vsha256su1q_u32, vst1q_u32,
};
use std::arch::is_aarch64_feature_detected;
use std::ops::Range;

/// How many guesses are hashed side by side.
const STREAMS: usize = 4;

/// Proof that this processor has NEON and the SHA-256 instructions.
#[derive(Clone, Copy)]
pub(crate) struct ArmSha2(());

impl ArmSha2 {
    /// The proof, on a processor that has them.
    pub(crate) fn detect() -> Option<Self> {
        (is_aarch64_feature_detected!("neon") && is_aarch64_feature_detected!("sha2"))
            .then_some(Self(()))
    }

    /// A group of messages to hash side by side.
    pub(crate) fn group(self) -> GroupOfStreams {
        GroupOfStreams {
            _token: self,
            states: [[0; 8]; STREAMS],
        }
    }
}

/// A state as the instructions want it: the letters a to d and e to h, the first in the lowest lane.
#[derive(Clone, Copy)]
struct Halves {
    abcd: uint32x4_t,
    efgh: uint32x4_t,
}

/// Messages' states, hashed side by side.
pub(crate) struct GroupOfStreams {
    _token: ArmSha2,
    states: [State; STREAMS],
}

impl Group for GroupOfStreams {
    const WIDTH: usize = STREAMS;

    fn set(&mut self, place: usize, state: &State) {
        self.states[place] = *state;
    }

    fn get(&self, place: usize) -> State {
        self.states[place]
    }

    fn compress(&mut self, blocks: &[&[u8; 64]; WIDTH_MAX]) {
        // SAFETY: the group was made with a token, which exists only where the processor was found to have these
        // instructions.
        unsafe { compress_blocks(&mut self.states, blocks) }
    }
}

#[target_feature(enable = "neon,sha2")]
fn compress_blocks(states: &mut [State; STREAMS], blocks: &[&[u8; 64]; WIDTH_MAX]) {
    let messages: [[u32; 16]; STREAMS] = std::array::from_fn(|stream| words(blocks[stream]));
    let mut all_halves: [Halves; STREAMS] = std::array::from_fn(|stream| halves(&states[stream]));
    compress(&mut all_halves, &messages);
    for (both, state) in all_halves.iter().zip(states) {
        let (quads, _) = state.as_chunks_mut::<4>();
        // SAFETY: each array is exactly as long as what is written.
        unsafe {
            vst1q_u32(quads[0].as_mut_ptr(), both.abcd);
            vst1q_u32(quads[1].as_mut_ptr(), both.efgh);
        }
    }
}

/// The smallest offset whose digest may meet the window's mask.
pub(crate) fn scan(_: ArmSha2, window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
    // SAFETY: the token exists only where the processor was found to have these instructions.
    unsafe { scan_streams::<STREAMS>(window, offsets) }
}

#[target_feature(enable = "neon,sha2")]
fn scan_streams<const COUNT: usize>(window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
    let start = halves(&window.state);
    for offset in offsets.clone().step_by(COUNT) {
        let mut states = [start; COUNT];
        let mut moving = [window.words; COUNT];
        let mut straddled = [window.straddled.unwrap_or_default(); COUNT];
        for stream in 0..COUNT {
            let digits = DIGITS[offset as usize + stream] << window.lead_bits;
            let rest = digits.unbounded_shl(32 - window.shift_bits);
            moving[stream][window.word] |= digits >> window.shift_bits;
            match moving[stream].get_mut(window.word + 1) {
                Some(word) => *word |= rest,
                None => straddled[stream][0] |= rest,
            }
        }
        compress(&mut states, &moving);
        if window.straddled.is_some() {
            compress(&mut states, &straddled);
        }
        for tail in window.tails {
            compress_same(&mut states, tail);
        }
        for (stream, state) in states.iter().enumerate() {
            if vgetq_lane_u32::<0>(state.abcd) & window.mask == 0 {
                let found = offset + stream as u32;
                return (found < offsets.end).then_some(found);
            }
        }
    }
    None
}

/// A state as the instructions want it.
#[target_feature(enable = "neon,sha2")]
#[inline]
fn halves(state: &State) -> Halves {
    Halves {
        abcd: quad_of(state, 0),
        efgh: quad_of(state, 4),
    }
}

/// Four of these words from `index` on.
#[target_feature(enable = "neon,sha2")]
#[inline]
fn quad_of(words: &[u32], index: usize) -> uint32x4_t {
    let four: &[u32; 4] = words[index..].first_chunk().expect("four words from there");
    // SAFETY: the array is exactly as long as what is read.
    unsafe { vld1q_u32(four.as_ptr()) }
}

/// Four rounds on each stream, with the words that `keyed` gives, round constants added.
#[target_feature(enable = "neon,sha2")]
#[inline]
fn four_rounds<const COUNT: usize>(states: &mut [Halves; COUNT], keyed: [uint32x4_t; COUNT]) {
    for (state, keyed) in states.iter_mut().zip(keyed) {
        let abcd = state.abcd;
        state.abcd = vsha256hq_u32(abcd, state.efgh, keyed);
        state.efgh = vsha256h2q_u32(state.efgh, abcd, keyed);
    }
}

/// The compression of one block in each stream.
#[target_feature(enable = "neon,sha2")]
#[inline]
fn compress<const COUNT: usize>(states: &mut [Halves; COUNT], messages: &[[u32; 16]; COUNT]) {
    let before = *states;
    let mut messages: [[uint32x4_t; 4]; COUNT] = std::array::from_fn(|stream| {
        std::array::from_fn(|quad| quad_of(&messages[stream], 4 * quad))
    });
    for base in [0, 4, 8, 12] {
        for quad in 0..4 {
            let constants = quad_of(&ROUND, 4 * (base + quad));
            let mut keyed = [constants; COUNT];
            for (keyed, words) in keyed.iter_mut().zip(messages.iter_mut()) {
                if base > 0 {
                    let [oldest, old, new, newest] =
                        std::array::from_fn(|age| words[(quad + age) % 4]);
                    words[quad] = vsha256su1q_u32(vsha256su0q_u32(oldest, old), new, newest);
                }
                *keyed = vaddq_u32(words[quad], *keyed);
            }
            four_rounds(states, keyed);
        }
    }
    feed_forward(states, &before);
}

/// The compression of the same block in all streams, its schedule already known.
#[target_feature(enable = "neon,sha2")]
#[inline]
fn compress_same<const COUNT: usize>(states: &mut [Halves; COUNT], keyed_schedule: &[u32; 64]) {
    let before = *states;
    for quad in 0..16 {
        four_rounds(states, [quad_of(keyed_schedule, 4 * quad); COUNT]);
    }
    feed_forward(states, &before);
}

/// Adds the states from before the block to those after its rounds.
#[target_feature(enable = "neon,sha2")]
#[inline]
fn feed_forward<const COUNT: usize>(states: &mut [Halves; COUNT], before: &[Halves; COUNT]) {
    for (state, before) in states.iter_mut().zip(before) {
        state.abcd = vaddq_u32(state.abcd, before.abcd);
        state.efgh = vaddq_u32(state.efgh, before.efgh);
    }
}
