//! Many unrelated messages at once, as validation needs them: each lane or stream of an engine works on a message of its
//! own, and takes the next one as soon as it is through, so that messages may differ in length.

use crate::digest::{INITIAL, State, to_bytes};
use crate::engine::Engine;
use sha2::block_api::compress256;

/// The most messages that any engine works on at once.
pub(crate) const WIDTH_MAX: usize = 16;

/// The SHA-256 of each of these messages, in their order.
///
/// Two to three times as fast as one after the other, from a few dozen messages on; the messages may be of any lengths.
#[must_use]
pub fn sha256_many<M: AsRef<[u8]>>(messages: &[M]) -> Vec<[u8; 32]> {
    Engine::detect().sha256_many(messages)
}

impl Engine {
    /// As [`sha256_many`], with this engine instead of the fastest one. For tests and benchmarks.
    ///
    /// An engine that this processor lacks does it portably, one message after the other.
    #[must_use]
    pub fn sha256_many<M: AsRef<[u8]>>(self, messages: &[M]) -> Vec<[u8; 32]> {
        let mut digests = vec![[0; 32]; messages.len()];
        let waiting = messages
            .iter()
            .enumerate()
            .map(|(index, message)| Stream::new(index, message.as_ref()));
        self.hash_streams(waiting, &mut digests);
        digests
    }
}

/// Some messages' states, all of which go through a block at once.
pub(crate) trait Group {
    /// How many; at most [`WIDTH_MAX`].
    const WIDTH: usize;

    /// Puts a state in a place.
    fn set(&mut self, place: usize, state: &State);
    /// The state in a place.
    fn get(&self, place: usize) -> State;
    /// Compresses a block into the state of each place. Blocks from [`Self::WIDTH`] on do not matter.
    fn compress(&mut self, blocks: &[&[u8; 64]; WIDTH_MAX]);
}

/// A message on its way through the blocks.
pub(crate) struct Stream<'a> {
    /// The message's place among all.
    index: usize,
    state: State,
    /// The whole blocks that are still to come.
    blocks: &'a [[u8; 64]],
    /// The message's last bytes with the padding: one block or two.
    tail: [[u8; 64]; 2],
    /// Where in the tail the next block is, once the whole blocks are through.
    tail_next: usize,
    tail_length: usize,
}

impl<'a> Stream<'a> {
    fn new(index: usize, message: &'a [u8]) -> Self {
        let (blocks, rest) = message.as_chunks::<64>();
        let mut tail = [[0; 64]; 2];
        let bytes = tail.as_flattened_mut();
        bytes[..rest.len()].copy_from_slice(rest);
        bytes[rest.len()] = 0x80;
        let tail_length = if rest.len() < 56 { 1 } else { 2 };
        let bits = (message.len() as u64).wrapping_mul(8);
        bytes[64 * tail_length - 8..64 * tail_length].copy_from_slice(&bits.to_be_bytes());
        Self {
            index,
            state: INITIAL,
            blocks,
            tail,
            tail_next: 0,
            tail_length,
        }
    }

    /// The next block to compress.
    fn block(&self) -> &[u8; 64] {
        self.blocks.first().unwrap_or(&self.tail[self.tail_next])
    }

    /// Goes on to the block behind. Returns whether there is one.
    fn advance(&mut self) -> bool {
        match self.blocks.split_first() {
            Some((_, rest)) => self.blocks = rest,
            // Stays in the tail when it is through.
            None if self.tail_next + 1 < self.tail_length => self.tail_next += 1,
            None => return false,
        }
        true
    }
}

/// Hashes messages in a group for as long as there are enough to fill it. Returns those that are not finished.
pub(crate) fn hash_in_group<'a, G: Group>(
    group: &mut G,
    mut waiting: impl Iterator<Item = Stream<'a>>,
    digests: &mut [[u8; 32]],
) -> Vec<Stream<'a>> {
    let mut active: Vec<_> = waiting.by_ref().take(G::WIDTH).collect();
    if active.len() < G::WIDTH {
        return active;
    }
    for (place, stream) in active.iter().enumerate() {
        group.set(place, &stream.state);
    }
    let mut idle = Vec::new();
    while idle.is_empty() {
        let last = G::WIDTH - 1;
        let blocks = std::array::from_fn(|place| active[place.min(last)].block());
        group.compress(&blocks);
        for (place, stream) in active.iter_mut().enumerate() {
            if stream.advance() {
                continue;
            }
            digests[stream.index] = to_bytes(&group.get(place));
            match waiting.next() {
                Some(next) => {
                    *stream = next;
                    group.set(place, &stream.state);
                }
                None => idle.push(place),
            }
        }
    }
    for (place, stream) in active.iter_mut().enumerate() {
        stream.state = group.get(place);
    }
    for place in idle.into_iter().rev() {
        active.swap_remove(place);
    }
    active
}

/// Hashes messages one after the other.
pub(crate) fn hash_one_by_one<'a>(
    waiting: impl Iterator<Item = Stream<'a>>,
    digests: &mut [[u8; 32]],
) {
    for mut stream in waiting {
        compress256(&mut stream.state, stream.blocks);
        compress256(
            &mut stream.state,
            &stream.tail[stream.tail_next..stream.tail_length],
        );
        digests[stream.index] = to_bytes(&stream.state);
    }
}
