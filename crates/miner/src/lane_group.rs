//! Messages in lanes: a block of its own in each lane of a vector.

use crate::digest::{State, words};
use crate::kernel;
use crate::lanes::Lanes;
use crate::many::WIDTH_MAX;

/// Vectors that messages of their own can be brought into.
pub(crate) trait MessageLanes: Lanes {
    /// The words of as many blocks as there are lanes: all their first words, all their second words, and so on.
    fn load_blocks(token: Self::Token, blocks: &[&[u8; 64]; WIDTH_MAX]) -> [Self; 16];
    /// Writes the lanes in place of the first `COUNT` of these words.
    fn store(self, words: &mut [u32; 16]);
}

/// What [`MessageLanes::load_blocks`] loads, as words in memory, for vectors that have no better way.
pub(crate) fn rows_of(blocks: &[&[u8; 64]]) -> [[u32; 16]; 16] {
    let mut rows = [[0; 16]; 16];
    for (lane, block) in blocks.iter().enumerate() {
        for (row, word) in rows.iter_mut().zip(words(block)) {
            row[lane] = word;
        }
    }
    rows
}

/// The states of as many messages as a vector may have lanes: all their `a`, then all their `b`, and so on.
#[derive(Default)]
pub(crate) struct LaneStates([[u32; 16]; 8]);

impl LaneStates {
    pub(crate) fn set(&mut self, lane: usize, state: &State) {
        for (row, word) in self.0.iter_mut().zip(state) {
            row[lane] = *word;
        }
    }

    pub(crate) fn get(&self, lane: usize) -> State {
        self.0.map(|row| row[lane])
    }
}

/// The compression of a block of its own in each lane.
#[inline(always)]
pub(crate) fn compress_blocks<V: MessageLanes>(
    token: V::Token,
    states: &mut LaneStates,
    blocks: &[&[u8; 64]; WIDTH_MAX],
) {
    let mut state = [V::splat(token, 0); 8];
    for (word, row) in state.iter_mut().zip(&states.0) {
        *word = V::load(token, row);
    }
    let mut words = V::load_blocks(token, blocks);
    kernel::compress(token, &mut state, &mut words);
    for (row, word) in states.0.iter_mut().zip(state) {
        word.store(row);
    }
}
