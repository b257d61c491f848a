//! A stretch of consecutive blocks, read and verified on one thread.

use crate::json::{JsonError, JsonProblem, Limits, Transcoder, after_whitespace};
use crate::rules::{RuleError, Rules, Tip, validity};
use chainloom_miner::sha256_many;
use std::ops::Range;

/// How many blocks are read before they are hashed together: many times the lanes of the hash, and few enough to stay in
/// the processor's cache.
const GROUP: usize = 256;

/// How many bytes a group may have, after its last block.
const GROUP_BYTES: usize = 128 << 10;

/// What is the same for all sections of a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions {
    pub(super) rules: Rules,
    pub(super) difficulty: u32,
    /// Of one block, nested in the body already.
    pub(super) limits: Limits,
}

/// A block of a section.
#[derive(Debug)]
pub(super) struct Row {
    /// Where its compact form ends in the section's; it begins where the one before ends.
    pub(super) end: usize,
    pub(super) hash: [u8; 32],
    /// Where `previous_hash` and `proof` stand in the section's compact form.
    previous_hash: Option<Range<usize>>,
    proof: Option<Range<usize>>,
}

/// What was found in a stretch of a window: blocks that follow each other by the rules. The first one's own link is
/// left to check, since the block before it is not known here.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) compact: Vec<u8>,
    pub(super) rows: Vec<Row>,
    pub(super) stop: Stop,
}

/// Why a section ends where it ends. Places are in the window.
#[derive(Debug)]
pub(super) enum Stop {
    /// The next block begins here, outside the section.
    Next(usize),
    /// The window ends within or before the block that begins here.
    Block(usize),
    /// The window ends here, where a comma or the chain's end is expected.
    Comma(usize),
    /// The chain ended before this place.
    Closed(usize),
    /// The next block is longer than allowed.
    TooLong,
    /// What is here is not JSON.
    Json(JsonError),
    /// The next block breaks a rule.
    Refused {
        error: RuleError,
        /// Its proof, if that is what was refused.
        proof: Option<String>,
    },
}

impl Section {
    /// Reads and verifies the blocks that begin in this stretch of the window. One begins at its start.
    pub(super) fn verify(conditions: &Conditions, window: &[u8], stretch: Range<usize>) -> Self {
        let mut section = Self {
            compact: Vec::with_capacity(stretch.len()),
            rows: Vec::with_capacity(stretch.len() / 128),
            stop: Stop::Next(stretch.start),
        };
        let mut work = Work {
            conditions,
            transcoder: Transcoder::watching(conditions.limits, ["previous_hash", "proof"]),
            canonical: Vec::new(),
            canonical_ends: Vec::new(),
            messages: Vec::new(),
            message_ends: Vec::new(),
        };
        while let Stop::Next(at) = section.stop
            && at < stretch.end
        {
            let group_start = section.rows.len();
            work.read_group(&mut section, window, at, stretch.end);
            work.hash_group(&mut section, group_start);
            if let Err((index, stop)) = work.check_links(&section, group_start) {
                section.truncate(index);
                section.stop = stop;
            }
        }
        section
    }

    /// A block's compact form.
    pub(super) fn block(&self, index: usize) -> &[u8] {
        let start = match index {
            0 => 0,
            _ => self.rows[index - 1].end,
        };
        &self.compact[start..self.rows[index].end]
    }

    /// The text of a block's proof.
    pub(super) fn proof(&self, index: usize) -> Option<&[u8]> {
        Some(&self.compact[self.rows[index].proof.clone()?])
    }

    fn previous_hash(&self, index: usize) -> Option<&[u8]> {
        Some(&self.compact[self.rows[index].previous_hash.clone()?])
    }

    /// What the block after this one depends on.
    pub(super) fn tip(&self, index: usize) -> Result<Tip, RuleError> {
        let proof = validity::proof_is_usable(self.proof(index))?.into_owned();
        Ok(Tip {
            hash: self.rows[index].hash,
            proof,
        })
    }

    fn truncate(&mut self, rows: usize) {
        self.rows.truncate(rows);
        self.compact
            .truncate(self.rows.last().map_or(0, |row| row.end));
    }
}

/// What a section needs while it is made.
struct Work<'a> {
    conditions: &'a Conditions,
    transcoder: Transcoder<2>,
    /// The canonical forms of the group's blocks.
    canonical: Vec<u8>,
    canonical_ends: Vec<usize>,
    /// The strings whose hashes the group's proofs are.
    messages: Vec<u8>,
    message_ends: Vec<usize>,
}

impl Work<'_> {
    /// Reads blocks from `at` on until the group is full or something stops it; their hashes are left open.
    fn read_group(&mut self, section: &mut Section, window: &[u8], at: usize, end: usize) {
        self.canonical.clear();
        self.canonical_ends.clear();
        let mut at = at;
        section.stop = loop {
            if at >= end || self.canonical_ends.len() == GROUP || self.canonical.len() > GROUP_BYTES
            {
                break Stop::Next(at);
            }
            match self.read_block(section, window, at) {
                Ok(next) => at = next,
                Err(stop) => break stop,
            }
        };
    }

    /// Reads the block at `at` and says where the next one begins.
    fn read_block(
        &mut self,
        section: &mut Section,
        window: &[u8],
        at: usize,
    ) -> Result<usize, Stop> {
        let start = section.compact.len();
        let canonical_start = self.canonical.len();
        let length = self
            .transcoder
            .transcode_prefix(&window[at..], &mut section.compact, &mut self.canonical)
            .map_err(|error| Stop::Json(error.shifted(at)))?
            .ok_or(Stop::Block(at))?;
        // What is kept and what is hashed may be several times as long as what came: `é` becomes `\u00e9`.
        let longest = length
            .max(section.compact.len() - start)
            .max(self.canonical.len() - canonical_start);
        if longest > self.conditions.limits.bytes {
            section.compact.truncate(start);
            self.canonical.truncate(canonical_start);
            return Err(Stop::TooLong);
        }
        let place = |range: &Option<Range<usize>>| {
            let range = range.as_ref()?;
            Some(start + range.start..start + range.end)
        };
        let [previous_hash, proof] = self.transcoder.watched();
        section.rows.push(Row {
            end: section.compact.len(),
            hash: [0; 32],
            previous_hash: place(previous_hash),
            proof: place(proof),
        });
        self.canonical_ends.push(self.canonical.len());
        behind_block(window, at + length)
    }

    /// Computes the hashes of the group's blocks.
    fn hash_group(&self, section: &mut Section, group_start: usize) {
        let texts: Vec<&[u8]> = pieces(&self.canonical, &self.canonical_ends).collect();
        let rows = &mut section.rows[group_start..];
        for (row, hash) in rows.iter_mut().zip(sha256_many(&texts)) {
            row.hash = hash;
        }
    }

    /// Checks that each of the group's blocks follows the one before it, and says which one does not and why.
    fn check_links(&mut self, section: &Section, group_start: usize) -> Result<(), (usize, Stop)> {
        let refused = |error| Stop::Refused { error, proof: None };
        // The section's first block has none before it here.
        let linked = group_start.max(1)..section.rows.len();
        self.messages.clear();
        self.message_ends.clear();
        let mut failure = Ok(());
        for index in linked.clone() {
            match self.prepare_link(section, index) {
                Ok(()) => self.message_ends.push(self.messages.len()),
                Err(error) => {
                    failure = Err((index, refused(error)));
                    break;
                }
            }
        }
        let messages: Vec<&[u8]> = pieces(&self.messages, &self.message_ends).collect();
        let Conditions {
            rules, difficulty, ..
        } = *self.conditions;
        for ((digest, message), index) in sha256_many(&messages).iter().zip(&messages).zip(linked) {
            validity::proof_is_valid(rules, difficulty, message, digest).map_err(|error| {
                let proof = validity::proof_is_usable(section.proof(index));
                let proof = proof.ok().map(|proof| proof.into_owned());
                (index, Stop::Refused { error, proof })
            })?;
        }
        failure
    }

    /// Checks all of a link but the proof's digest, whose string is added to the messages.
    fn prepare_link(&mut self, section: &Section, index: usize) -> Result<(), RuleError> {
        validity::block_is_an_object(section.block(index))?;
        let last_hash = &section.rows[index - 1].hash;
        validity::previous_hash_equals_hash_of_block_before(
            section.previous_hash(index),
            last_hash,
        )?;
        let proof = validity::proof_is_usable(section.proof(index))?;
        let last_proof = validity::proof_is_usable(section.proof(index - 1))?;
        self.conditions
            .rules
            .write_message(&last_proof, &proof, last_hash, &mut self.messages);
        Ok(())
    }
}

/// Goes on behind a block, to the next one.
pub(super) fn behind_block(window: &[u8], at: usize) -> Result<usize, Stop> {
    let at = after_whitespace(window, at);
    match window.get(at) {
        None => Err(Stop::Comma(at)),
        Some(b']') => Err(Stop::Closed(at + 1)),
        Some(b',') => match after_whitespace(window, at + 1) {
            next if next == window.len() => Err(Stop::Block(next)),
            next => Ok(next),
        },
        Some(_) => Err(Stop::Json(JsonProblem::CommaExpected.at(at))),
    }
}

/// The pieces of a buffer that end at these places.
fn pieces<'a>(buffer: &'a [u8], ends: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut start = 0;
    ends.iter().map(move |&end| {
        let piece = &buffer[start..end];
        start = end;
        piece
    })
}
