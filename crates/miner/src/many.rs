//! Many unrelated messages at once, as validation needs them: each lane or stream of an engine works on a message of its
//! own, and takes the next one as soon as it is through, so that messages may differ in length.

use crate::digest::{INITIAL, State, to_bytes};
use crate::engine::Engine;
use sha2::block_api::compress256;

/// The most messages that any engine works on at once.
pub(crate) const WIDTH_MAX: usize = 16;

/// The SHA-256 of each of these messages, in their order.
///
/// The messages may be of any lengths. From a few dozen on this is faster than one after the other: by a third for
/// messages of a few blocks on a processor with SHA extensions, by far more on one with only vectors.
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
    message: &'a [u8],
    /// How many bytes went through already, padding included: a multiple of 64.
    position: usize,
    state: State,
}

impl<'a> Stream<'a> {
    fn new(index: usize, message: &'a [u8]) -> Self {
        Self {
            index,
            message,
            position: 0,
            state: INITIAL,
        }
    }

    /// The next block, if the message fills it alone.
    fn whole_block(&self) -> Option<&'a [u8; 64]> {
        self.message.get(self.position..)?.first_chunk()
    }

    /// The next block, if the message does not fill it: what is left of the message, and padding.
    fn padded_block(&self) -> [u8; 64] {
        let mut block = [0; 64];
        if let Some(rest) = self.message.get(self.position..) {
            block[..rest.len()].copy_from_slice(rest);
            block[rest.len()] = 0x80;
        }
        if self.is_at_last_block() {
            let bits = (self.message.len() as u64).wrapping_mul(8);
            block[56..].copy_from_slice(&bits.to_be_bytes());
        }
        block
    }

    /// Whether the next block is the last: it has room for the mark and the length behind the message.
    fn is_at_last_block(&self) -> bool {
        self.position + 64 >= self.message.len() + 9
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
    let mut padded = [[0; 64]; WIDTH_MAX];
    let mut idle = Vec::new();
    while idle.is_empty() {
        for (stream, padded) in active.iter().zip(&mut padded) {
            if stream.whole_block().is_none() {
                *padded = stream.padded_block();
            }
        }
        let mut blocks = padded.each_ref();
        for (stream, block) in active.iter().zip(&mut blocks) {
            *block = stream.whole_block().unwrap_or(*block);
        }
        group.compress(&blocks);
        for (place, stream) in active.iter_mut().enumerate() {
            if !stream.is_at_last_block() {
                stream.position += 64;
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
        let rest = stream.message.get(stream.position..).unwrap_or_default();
        let (whole_blocks, _) = rest.as_chunks();
        compress256(&mut stream.state, whole_blocks);
        stream.position += 64 * whole_blocks.len();
        loop {
            let block = stream.padded_block();
            compress256(&mut stream.state, &[block]);
            if stream.is_at_last_block() {
                break;
            }
            stream.position += 64;
        }
        digests[stream.index] = to_bytes(&stream.state);
    }
}
