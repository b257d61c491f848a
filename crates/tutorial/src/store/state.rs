//! The state record: where the chain and the queue stand.

use std::sync::Arc;

use chainloom_ledger::Hash;
use serde::{Deserialize, Serialize};

use super::error::Fault;

/// A run of the chain's blocks that is stored under one segment id.
///
/// It goes on to the next segment's first block, the last one to the tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Segment {
    /// First part of its rows' keys.
    pub(super) id: u64,
    /// Number of its first block.
    pub(super) first: u64,
}

/// Everything that changes with a write, in one record, so that it changes at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// How many times the chain was replaced.
    pub(super) generation: u64,
    /// Number of the last block.
    pub(super) length: u64,
    /// Its hash.
    pub(super) tip_hash: Hash,
    /// What `Block N` says of the next block; text, because a foreign index may have any size.
    pub(super) next_index: String,
    /// Bytes of all compact blocks together, without separators.
    pub(super) compact_bytes: u64,
    /// Where the blocks are, in order; the first begins with block 1.
    pub(super) segments: Vec<Segment>,
    /// The next segment id that was never used.
    pub(super) next_segment: u64,
    /// The next acceptance sequence.
    pub(super) next_sequence: u64,
    /// How many transactions wait.
    pub(super) pending_count: u64,
    /// Bytes of their compact forms.
    pub(super) pending_bytes: u64,
}

impl State {
    /// The record's bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("numbers and strings always have a JSON form")
    }

    /// Reads a record back and checks that it can be true.
    pub(super) fn decode(record: &[u8]) -> Result<State, Fault> {
        let state: State = serde_json::from_slice(record)
            .map_err(|error| Fault::Damage(format!("the state record cannot be read: {error}")))?;
        let first = state.segments.first().map(|segment| segment.first);
        let ascending = state
            .segments
            .is_sorted_by(|before, after| before.first < after.first);
        let last = state.segments.last().map(|segment| segment.first);
        if first == Some(1) && ascending && last <= Some(state.length) {
            Ok(state)
        } else {
            Err(Fault::Damage(
                "the state record contradicts itself: its segments are no chain".into(),
            ))
        }
    }

    /// The segment that holds this block of the chain.
    pub(super) fn segment_of(&self, number: u64) -> Option<u64> {
        if number == 0 || number > self.length {
            return None;
        }
        let after = self
            .segments
            .partition_point(|segment| segment.first <= number);
        after.checked_sub(1).map(|index| self.segments[index].id)
    }

    /// The blocks that a segment holds of the chain, as first and one past the last.
    pub(super) fn range_of(&self, segment: u64) -> Option<(u64, u64)> {
        let index = self
            .segments
            .iter()
            .position(|active| active.id == segment)?;
        let end = match self.segments.get(index + 1) {
            Some(next) => next.first,
            None => self.length + 1,
        };
        Some((self.segments[index].first, end))
    }

    /// What is told of it.
    pub(super) fn head(&self) -> Head {
        Head {
            generation: self.generation,
            length: self.length,
            tip_hash: self.tip_hash,
            next_index_text: self.next_index.as_str().into(),
            pending_count: self.pending_count,
            chain_body_bytes: self.body_bytes(),
        }
    }

    /// Bytes of the compact blocks joined with commas.
    pub(super) fn body_bytes(&self) -> u64 {
        self.compact_bytes + (self.length - 1)
    }
}

/// Where the chain and the queue stand, as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many times the chain has been replaced.
    pub generation: u64,
    /// How many blocks it has; also the last block's number.
    pub length: u64,
    /// Hash of the last block.
    pub tip_hash: Hash,
    /// The N that `Transaction will be added to Block N` names: the last block's `index` + 1 where
    /// that is an integer (of any size), else the length + 1.
    pub next_index_text: Arc<str>,
    /// How many transactions wait for a block.
    pub pending_count: u64,
    /// Bytes of all blocks as `GET /chain` writes them, joined with commas.
    pub chain_body_bytes: u64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn state() -> State {
        State {
            generation: 2,
            length: 9,
            tip_hash: Hash([7; 32]),
            next_index: "10".into(),
            compact_bytes: 90,
            segments: vec![Segment { id: 0, first: 1 }, Segment { id: 4, first: 6 }],
            next_segment: 5,
            next_sequence: 3,
            pending_count: 1,
            pending_bytes: 10,
        }
    }

    #[test]
    fn finds_the_segment_of_a_block() {
        let state = state();
        let found: Vec<_> = [0, 1, 5, 6, 9, 10]
            .map(|number| state.segment_of(number))
            .into();
        assert_eq!(found, [None, Some(0), Some(0), Some(4), Some(4), None]);
        assert_eq!(state.range_of(0), Some((1, 6)));
        assert_eq!(state.range_of(4), Some((6, 10)));
        assert_eq!(state.range_of(3), None);
        assert_eq!(state.head().chain_body_bytes, 98);
    }

    #[test]
    fn reads_back_and_refuses_what_cannot_be() {
        let good = state();
        assert_eq!(State::decode(&good.encode()).unwrap(), good);
        assert!(matches!(State::decode(b"{}"), Err(Fault::Damage(_))));
        for segments in [
            vec![],
            vec![Segment { id: 0, first: 2 }],
            vec![Segment { id: 0, first: 1 }, Segment { id: 1, first: 1 }],
            vec![Segment { id: 0, first: 1 }, Segment { id: 1, first: 10 }],
        ] {
            let bad = State {
                segments,
                ..state()
            };
            assert!(matches!(
                State::decode(&bad.encode()),
                Err(Fault::Damage(_))
            ));
        }
    }
}
