//! SHA-256 over vectors: the search of a window with one guess in each lane.
//!
//! Two kernels give the same answers. [`scan_anywhere`] takes any window. [`scan_at`] is compiled for one place of the
//! moving digits within their block, so that the rounds before them and the parts of the message schedule that they do
//! not reach are computed once for the whole window.

use crate::digest::{ROUND, State, round, round_sums, small_sigma_0, small_sigma_1};
use crate::lanes::Lanes;
use crate::window::{DIGITS, Window};
use std::ops::Range;

/// How many vectors go side by side through a block behind the moving digits, to hide the latency of its rounds. The
/// moving block has enough to do with its schedule.
const VECTORS: usize = 2;

/// Repeats its body for `I` from 0 to 15, as a constant, so that every index into the state and the schedule is known
/// when compiled and both stay in registers.
macro_rules! sixteen_times {
    ($index:ident => $body:block) => {
        sixteen_times!(@ $index $body 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    (@ $index:ident $body:block $($value:literal)*) => {
        $({ const $index: usize = $value; $body })*
    };
}

/// The smallest of these offsets whose digest may meet the window's mask.
#[inline(always)]
pub(crate) fn scan<V: Lanes>(
    token: V::Token,
    window: &Window<'_>,
    offsets: Range<u32>,
) -> Option<u32> {
    match window.word {
        // The places of ordinary proofs, which have the last proof's digits and a few of their own in front.
        0 => scan_at::<V, 0>(token, window, offsets),
        1 => scan_at::<V, 1>(token, window, offsets),
        2 => scan_at::<V, 2>(token, window, offsets),
        3 => scan_at::<V, 3>(token, window, offsets),
        4 => scan_at::<V, 4>(token, window, offsets),
        5 => scan_at::<V, 5>(token, window, offsets),
        6 => scan_at::<V, 6>(token, window, offsets),
        _ => scan_anywhere::<V>(token, window, offsets),
    }
}

/// Vectors with the same word in each lane. A loop, because a closure given to the array's `map` would be compiled without
/// the vector instructions.
#[inline(always)]
fn splat_all<V: Lanes, const COUNT: usize>(token: V::Token, words: &[u32; COUNT]) -> [V; COUNT] {
    let mut vectors = [V::splat(token, 0); COUNT];
    for (vector, &word) in vectors.iter_mut().zip(words) {
        *vector = V::splat(token, word);
    }
    vectors
}

/// The sixteen table entries from `offset` on: the digits of as many neighbours.
#[inline(always)]
fn digits_from(offset: u32) -> &'static [u32; 16] {
    DIGITS[offset as usize..]
        .first_chunk()
        .expect("offsets are below 10,000, their vectors end below 10,032, and so does the table")
}

/// One round on a state whose letters move down by one place each round: `a` of round `index` is at `-index` modulo 8.
#[inline(always)]
fn vector_round<V: Lanes>(state: &mut [V; 8], index: usize, keyed_word: V) {
    let at = |letter: usize| (letter + 64 - index) % 8;
    let [a, b, c, d] = [state[at(0)], state[at(1)], state[at(2)], state[at(3)]];
    let [e, f, g, h] = [state[at(4)], state[at(5)], state[at(6)], state[at(7)]];
    let sigma_1 = e
        .rotate_right::<6>()
        .xor_3(e.rotate_right::<11>(), e.rotate_right::<25>());
    let both = h.add(keyed_word).add(e.choose(f, g)).add(sigma_1);
    let sigma_0 = a
        .rotate_right::<2>()
        .xor_3(a.rotate_right::<13>(), a.rotate_right::<22>());
    state[at(3)] = d.add(both);
    state[at(7)] = both.add(a.majority(b, c).add(sigma_0));
}

#[inline(always)]
fn vector_small_sigma_0<V: Lanes>(word: V) -> V {
    word.rotate_right::<7>()
        .xor_3(word.rotate_right::<18>(), word.shift_right::<3>())
}

#[inline(always)]
fn vector_small_sigma_1<V: Lanes>(word: V) -> V {
    word.rotate_right::<17>()
        .xor_3(word.rotate_right::<19>(), word.shift_right::<10>())
}

/// The next word of the schedule, in place of the one sixteen before it.
#[inline(always)]
fn expand<V: Lanes>(words: &mut [V; 16], index: usize) -> V {
    let next = words[index % 16]
        .add(vector_small_sigma_0(words[(index + 1) % 16]))
        .add(words[(index + 9) % 16])
        .add(vector_small_sigma_1(words[(index + 14) % 16]));
    words[index % 16] = next;
    next
}

/// The rounds from 32 on, all of whose words move.
#[inline(always)]
fn last_rounds<V: Lanes>(token: V::Token, state: &mut [V; 8], words: &mut [V; 16]) {
    for base in [32, 48] {
        let constants = &ROUND[base..base + 16];
        sixteen_times!(I => {
            let word = expand(words, I);
            vector_round(state, I, word.add(V::splat(token, constants[I])));
        });
    }
}

/// Adds the state from before the block to that after its rounds.
#[inline(always)]
fn feed_forward<V: Lanes>(state: &mut [V; 8], before: [V; 8]) {
    for (word, before) in state.iter_mut().zip(before) {
        *word = word.add(before);
    }
}

/// The compression of one block in each lane.
#[inline(always)]
pub(crate) fn compress<V: Lanes>(token: V::Token, state: &mut [V; 8], words: &mut [V; 16]) {
    let before = *state;
    sixteen_times!(I => {
        vector_round(state, I, words[I].add(V::splat(token, ROUND[I])));
    });
    let constants = &ROUND[16..32];
    sixteen_times!(I => {
        let word = expand(words, I);
        vector_round(state, I, word.add(V::splat(token, constants[I])));
    });
    last_rounds(token, state, words);
    feed_forward(state, before);
}

/// The compression of the same block in all lanes of several vectors, its schedule already known.
#[inline(always)]
fn compress_same<V: Lanes, const VECTORS: usize>(
    token: V::Token,
    states: &mut [[V; 8]; VECTORS],
    keyed_schedule: &[u32; 64],
) {
    let before = *states;
    let (chunks, _) = keyed_schedule.as_chunks::<16>();
    for chunk in chunks {
        sixteen_times!(I => {
            for state in states.iter_mut() {
                vector_round(state, I, V::splat(token, chunk[I]));
            }
        });
    }
    for (state, before) in states.iter_mut().zip(before) {
        feed_forward(state, before);
    }
}

/// The lanes' digits as they enter the moving word and the one behind it.
#[inline(always)]
fn place<V: Lanes>(token: V::Token, window: &Window<'_>, offset: u32) -> (V, V) {
    let digits = V::load(token, digits_from(offset)).shift_left_by(window.lead_bits);
    (
        digits.shift_right_by(window.shift_bits),
        digits.shift_left_by(32 - window.shift_bits),
    )
}

/// The first offset of these lanes that meets the mask, unless it is beyond the end.
#[inline(always)]
fn first_hit<V: Lanes>(window: &Window<'_>, first_word: V, offset: u32) -> Option<u32> {
    let hits = first_word.lanes_without(window.mask);
    (hits != 0).then(|| offset + hits.trailing_zeros())
}

/// The smallest of these offsets whose digest may meet the window's mask, wherever the moving digits are.
#[inline(always)]
fn scan_anywhere<V: Lanes>(
    token: V::Token,
    window: &Window<'_>,
    offsets: Range<u32>,
) -> Option<u32> {
    for offset in offsets.clone().step_by(V::COUNT) {
        let (head, rest) = place::<V>(token, window, offset);
        let mut state: [V; 8] = splat_all(token, &window.state);
        let mut words: [V; 16] = splat_all(token, &window.words);
        words[window.word] = words[window.word].or(head);
        if window.word < 15 {
            words[window.word + 1] = words[window.word + 1].or(rest);
        }
        compress(token, &mut state, &mut words);
        if let Some(straddled) = &window.straddled {
            let mut words: [V; 16] = splat_all(token, straddled);
            words[0] = words[0].or(rest);
            compress(token, &mut state, &mut words);
        }
        let mut states = [state];
        for tail in window.tails {
            compress_same(token, &mut states, tail);
        }
        if let Some(found) = first_hit(window, states[0][0], offset) {
            return (found < offsets.end).then_some(found);
        }
    }
    None
}

/// Which of the first 32 words of the schedule depend on words `PLACE` and `PLACE + 1`.
struct Moving<const PLACE: usize>;

impl<const PLACE: usize> Moving<PLACE> {
    const WORDS: [bool; 32] = {
        let mut moving = [false; 32];
        moving[PLACE] = true;
        moving[PLACE + 1] = true;
        let mut index = 16;
        while index < 32 {
            moving[index] =
                moving[index - 16] || moving[index - 15] || moving[index - 7] || moving[index - 2];
            index += 1;
        }
        moving
    };
}

/// What stands still in a window whose digits move in words `PLACE` and `PLACE + 1`.
struct Standing {
    /// The state after the rounds before `PLACE`.
    state: State,
    /// What round `PLACE` adds to its moving word to make `a` and `e`.
    new_a: u32,
    new_e: u32,
    /// For a standing word of the schedule the word with its round's constant; for a moving one the sum of its
    /// standing terms.
    schedule: [u32; 32],
    /// The standing words of the schedule, without constants.
    words: [u32; 32],
}

impl Standing {
    fn new<const PLACE: usize>(window: &Window<'_>) -> Self {
        let moving = Moving::<PLACE>::WORDS;
        // Moving words stand as zero here, so that a sum over all terms is one over the standing terms.
        let mut standing = [0_u32; 32];
        let mut schedule = [0_u32; 32];
        for index in 0..32 {
            let sum = if index < 16 {
                window.words[index]
            } else {
                standing[index - 16]
                    .wrapping_add(small_sigma_0(standing[index - 15]))
                    .wrapping_add(standing[index - 7])
                    .wrapping_add(small_sigma_1(standing[index - 2]))
            };
            if moving[index] {
                schedule[index] = sum;
            } else {
                standing[index] = sum;
                schedule[index] = sum.wrapping_add(ROUND[index]);
            }
        }
        let state = schedule[..PLACE]
            .iter()
            .fold(window.state, |state, &keyed| round(&state, keyed));
        let (both, first) = round_sums(&state);
        let both = both.wrapping_add(ROUND[PLACE]);
        Self {
            state,
            new_a: both.wrapping_add(first),
            new_e: both.wrapping_add(state[3]),
            schedule,
            words: standing,
        }
    }
}

/// The state after the moving block.
#[inline(always)]
fn moving_block<V: Lanes, const PLACE: usize>(
    token: V::Token,
    window: &Window<'_>,
    standing: &Standing,
    offset: u32,
) -> [V; 8] {
    let (head, rest) = place::<V>(token, window, offset);
    let mut words = [V::splat(token, 0); 16];
    words[PLACE] = head.or(V::splat(token, window.words[PLACE]));
    words[PLACE + 1] = rest.or(V::splat(token, window.words[PLACE + 1]));

    // The letters are where `vector_round` looks for them in round `PLACE + 1`.
    let mut state = [V::splat(token, 0); 8];
    for letter in 0..8 {
        state[(letter + 64 - PLACE) % 8] = V::splat(token, standing.state[letter]);
    }
    state[(3 + 64 - PLACE) % 8] = words[PLACE].add(V::splat(token, standing.new_e));
    state[(7 + 64 - PLACE) % 8] = words[PLACE].add(V::splat(token, standing.new_a));

    sixteen_times!(I => {
        if (PLACE + 1..16).contains(&I) {
            let keyed = if Moving::<PLACE>::WORDS[I] {
                words[I].add(V::splat(token, ROUND[I]))
            } else {
                V::splat(token, standing.schedule[I])
            };
            vector_round(&mut state, I, keyed);
        }
    });
    sixteen_times!(I => {
        let keyed = if Moving::<PLACE>::WORDS[I + 16] {
            let mut sum = V::splat(token, standing.schedule[I + 16]);
            if Moving::<PLACE>::WORDS[I] {
                sum = sum.add(words[I]);
            }
            if Moving::<PLACE>::WORDS[I + 1] {
                sum = sum.add(vector_small_sigma_0(words[(I + 1) % 16]));
            }
            if Moving::<PLACE>::WORDS[I + 9] {
                sum = sum.add(words[(I + 9) % 16]);
            }
            if Moving::<PLACE>::WORDS[I + 14] {
                sum = sum.add(vector_small_sigma_1(words[(I + 14) % 16]));
            }
            words[I] = sum;
            sum.add(V::splat(token, ROUND[I + 16]))
        } else {
            words[I] = V::splat(token, standing.words[I + 16]);
            V::splat(token, standing.schedule[I + 16])
        };
        vector_round(&mut state, I, keyed);
    });
    // From word 32 on every word moves: each reaches back to at least one of the words 16 to 31 that do.
    last_rounds(token, &mut state, &mut words);
    feed_forward(&mut state, splat_all(token, &window.state));
    state
}

/// The smallest of these offsets whose digest may meet the window's mask, for a window with `word == PLACE` that does
/// not straddle blocks. `PLACE` is at most 14.
#[inline(always)]
fn scan_at<V: Lanes, const PLACE: usize>(
    token: V::Token,
    window: &Window<'_>,
    offsets: Range<u32>,
) -> Option<u32> {
    debug_assert!(window.word == PLACE && window.straddled.is_none());
    let standing = Standing::new::<PLACE>(window);
    for offset in offsets.clone().step_by(VECTORS * V::COUNT) {
        let behind = offset + V::COUNT as u32;
        let mut states = [
            moving_block::<V, PLACE>(token, window, &standing, offset),
            moving_block::<V, PLACE>(token, window, &standing, behind),
        ];
        for tail in window.tails {
            compress_same(token, &mut states, tail);
        }
        for (state, offset) in states.iter().zip([offset, behind]) {
            if let Some(found) = first_hit(window, state[0], offset) {
                return (found < offsets.end).then_some(found);
            }
        }
    }
    None
}
