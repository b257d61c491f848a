//! A window of the body: cut into sections for several threads, and put together again.

use super::section::{Conditions, Section, Stop};
use super::{ChainError, VerifiedBatch};
use crate::rules::{Recognition, RuleError, Tip, validity};
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

/// A section shorter than this is not worth a thread, in bytes.
const SECTION_BYTES_MIN: usize = 64 << 10;

/// How far behind the wanted place a section's first block is looked for, in bytes.
const GUESS_BYTES: usize = 64 << 10;

/// How long the text is by which blocks are recognized, in bytes.
const LOOK_BYTES_MAX: usize = 256;

/// The chain as far as it has been verified.
#[derive(Debug)]
pub(super) struct Verifier {
    conditions: Conditions,
    threads: usize,
    blocks: u64,
    tip: Option<Tip>,
    recognition: Recognition,
}

/// Where the verification of a window stopped. Places are in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pause {
    /// More is needed for the block that begins here.
    Block(usize),
    /// More is needed to see whether a comma or the chain's end comes here.
    Comma(usize),
    /// The chain ended before this place.
    Closed(usize),
}

/// Why no more of a window was verified.
#[derive(Debug)]
pub(super) enum Failure {
    /// What is at this place in the window is not JSON.
    Json(crate::json::JsonError),
    /// The chain is refused.
    Chain(ChainError),
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        Self::Chain(error)
    }
}

impl Verifier {
    pub(super) fn new(conditions: Conditions, threads: usize) -> Self {
        Self {
            conditions,
            threads,
            blocks: 0,
            tip: None,
            recognition: Recognition::new(conditions.rules, conditions.difficulty),
        }
    }

    /// How many blocks have been verified.
    pub(super) fn blocks(&self) -> u64 {
        self.blocks
    }

    /// The last verified block.
    pub(super) fn tip(&self) -> Option<&Tip> {
        self.tip.as_ref()
    }

    /// Verifies all blocks of a window from the one that begins at `at` on.
    pub(super) fn verify(
        &mut self,
        window: &[u8],
        at: usize,
        batches: &mut Vec<VerifiedBatch>,
    ) -> Result<Pause, Failure> {
        let mut next = at;
        for (stretch, section) in self.sections(window, at) {
            if next >= stretch.end {
                // A block of an earlier stretch reached beyond this one.
                continue;
            }
            let section = match section {
                Some(section) if stretch.start == next => section,
                // The guess was wrong.
                _ => Section::verify(&self.conditions, window, next..stretch.end),
            };
            match self.accept(section, batches)? {
                Stop::Next(at) => next = at,
                Stop::Block(at) => return Ok(Pause::Block(at)),
                Stop::Comma(at) => return Ok(Pause::Comma(at)),
                Stop::Closed(at) => return Ok(Pause::Closed(at)),
                Stop::Json(error) => return Err(Failure::Json(error)),
                Stop::TooLong => return Err(self.too_long().into()),
                Stop::Refused { error, proof } => return Err(self.refused(error, proof).into()),
            }
        }
        Ok(Pause::Block(next))
    }

    /// The error for a block that is longer than allowed.
    pub(super) fn too_long(&self) -> ChainError {
        ChainError::BlockTooLong {
            number: self.blocks + 1,
            limit: self.conditions.limits.bytes,
        }
    }

    /// The sections of a window, each with the stretch that it began in.
    fn sections(&self, window: &[u8], at: usize) -> Vec<(Range<usize>, Option<Section>)> {
        let conditions = &self.conditions;
        let mut stretches = cut(window, at, self.threads).into_iter();
        let Some(own) = stretches.next() else {
            return Vec::new();
        };
        thread::scope(|scope| {
            let others: Vec<_> = stretches
                .map(|stretch| {
                    let begun = stretch.clone();
                    let work = move || Section::verify(conditions, window, begun);
                    // Where the system gives no more threads the section is verified when its turn comes.
                    (
                        stretch,
                        thread::Builder::new().spawn_scoped(scope, work).ok(),
                    )
                })
                .collect();
            let section = Section::verify(conditions, window, own.clone());
            let mut sections = vec![(own, Some(section))];
            sections.extend(others.into_iter().map(|(stretch, thread)| {
                let section =
                    thread.map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
                (stretch, section)
            }));
            sections
        })
    }

    /// Takes a section as the chain's next blocks, and says where it stopped.
    fn accept(
        &mut self,
        section: Section,
        batches: &mut Vec<VerifiedBatch>,
    ) -> Result<Stop, ChainError> {
        if section.rows.is_empty() {
            return Ok(section.stop);
        }
        self.check_first(&section)?;
        for index in 0..section.rows.len() {
            if !self.recognition.is_open() {
                break;
            }
            self.observe(&section, index);
        }
        let last = section.tip(section.rows.len() - 1);
        match last {
            Ok(tip) => self.tip = Some(tip),
            Err(error) => return Err(self.refused(error, None)),
        }
        let first_number = self.blocks + 1;
        self.blocks += section.rows.len() as u64;
        batches.push(VerifiedBatch {
            first_number,
            compact: section.compact,
            rows: section.rows,
        });
        Ok(section.stop)
    }

    /// Checks the section's first block against the chain so far.
    fn check_first(&self, section: &Section) -> Result<(), ChainError> {
        let Conditions {
            rules, difficulty, ..
        } = self.conditions;
        let block = section.block(0);
        let checked = match &self.tip {
            Some(tip) => validity::block_follows(rules, difficulty, tip, block),
            None => validity::block_is_an_object(block).and_then(|()| section.tip(0).map(drop)),
        };
        checked.map_err(|error| {
            let proof = validity::proof_is_usable(section.proof(0)).ok();
            self.refused(error, proof.map(|proof| proof.into_owned()))
        })
    }

    /// Lets the recognition see a verified block.
    fn observe(&mut self, section: &Section, index: usize) {
        let before = match index {
            0 => self.tip.clone(),
            _ => section.tip(index - 1).ok(),
        };
        let proof = validity::proof_is_usable(section.proof(index));
        if let (Some(before), Ok(proof)) = (before, proof) {
            self.recognition.observe(&before, &proof);
        }
    }

    /// The error for the next block, which breaks a rule.
    fn refused(&self, error: RuleError, proof: Option<String>) -> ChainError {
        let number = self.blocks + 1;
        if let (RuleError::ProofInvalid { .. }, Some(proof), Some(tip)) = (&error, proof, &self.tip)
            && let Some(peer) = self.recognition.judge(tip, &proof)
        {
            let ours = self.conditions.rules;
            return ChainError::OtherRules { number, peer, ours };
        }
        ChainError::BlockRefused {
            number,
            rule: error,
        }
    }
}

/// Cuts a window from `at` on into stretches of about equal length, one for each thread, each beginning where a block
/// seems to begin.
fn cut(window: &[u8], at: usize, threads: usize) -> Vec<Range<usize>> {
    let length = window.len() - at;
    let count = threads.min(length / SECTION_BYTES_MIN).max(1);
    let mut starts = vec![at];
    if let Some(look) = look(&window[at..]) {
        for index in 1..count {
            let wanted = at + length / count * index;
            let within = wanted..window.len().min(wanted + GUESS_BYTES);
            if let Some(found) = window[within]
                .windows(look.len())
                .position(|text| text == look)
            {
                starts.push(wanted + found);
            }
        }
    }
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([window.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| start..end)
        .collect()
}

/// What blocks look like: the beginning of one up to the end of its first key.
fn look(block: &[u8]) -> Option<&[u8]> {
    let block = &block[..block.len().min(LOOK_BYTES_MAX)];
    let mut quotes = block.iter().enumerate().filter(|(_, byte)| **byte == b'"');
    let (end, _) = quotes.nth(1)?;
    (block.first() == Some(&b'{')).then(|| &block[..=end])
}
