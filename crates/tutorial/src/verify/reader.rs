use super::section::{Conditions, Stop, behind_block};
use super::window::{Failure, Pause, Verifier};
use super::{ChainError, ChainLimits, VerifiedBatch};
use crate::json::{BYTE_ORDER_MARK, Json, JsonError, JsonProblem, after_whitespace, parse_prefix};
use crate::rules::{Rules, Tip};
use std::thread::available_parallelism;

/// How much of the body is gathered before it is read, in bytes.
const WINDOW_BYTES: usize = 1 << 20;

/// Reads and verifies a chain as its body comes in, piece by piece.
///
/// ```
/// use chainloom_tutorial::rules::Rules;
/// use chainloom_tutorial::verify::{ChainLimits, ChainReader};
///
/// let mut reader = ChainReader::new(Rules::Article, 4, ChainLimits::default());
/// let mut batches = reader.push(br#"{"chain": [{"index": 1, "proof": 100, "prev"#)?;
/// batches.extend(reader.push(br#"ious_hash": 1}], "length": 1000000}"#)?);
/// batches.extend(reader.finish()?);
/// let block = batches[0].blocks().next().expect("there is one");
/// assert_eq!(block.compact, br#"{"index":1,"previous_hash":1,"proof":100}"#);
/// assert_eq!(reader.blocks(), 1);
/// # Ok::<(), chainloom_tutorial::verify::ChainError>(())
/// ```
#[derive(Debug)]
pub struct ChainReader {
    limits: ChainLimits,
    verifier: Verifier,
    state: State,
    /// The part of the body that has not been read yet.
    window: Vec<u8>,
    /// How much the window has to hold before it is worth another look, in bytes.
    wanted: usize,
    /// How much of the body came before the window, in bytes.
    window_offset: u64,
    /// How much of the body has come, in bytes.
    received: u64,
    /// How long the verified blocks are together in their compact form, in bytes.
    compact_bytes: u64,
    /// Whether there was a member `chain`.
    chain_seen: bool,
    failed: Option<ChainError>,
}

/// What comes next in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The body's opening brace.
    Start,
    /// The first key, or the closing brace.
    FirstKey,
    /// A key.
    Key,
    /// The colon and the value of a member.
    Value { is_chain: bool },
    /// The first block, or the closing bracket.
    FirstBlock,
    /// A block.
    Block,
    /// A comma and a block, or the closing bracket.
    BehindBlock,
    /// A comma and a key, or the closing brace.
    BehindMember,
    /// Nothing more.
    End,
}

/// Whether a step could be made, or needs more of the body.
enum Step {
    /// Read up to this place in the window; then this comes next.
    To(usize, State),
    /// The window does not hold enough.
    More,
}

impl ChainReader {
    /// A reader that applies these rules. It uses all processors.
    #[must_use]
    pub fn new(rules: Rules, difficulty: u32, limits: ChainLimits) -> Self {
        let threads = available_parallelism().map_or(1, usize::from);
        Self::with_threads(rules, difficulty, limits, threads)
    }

    /// A reader that uses at most this many threads at once, the caller's own among them.
    #[must_use]
    pub fn with_threads(
        rules: Rules,
        difficulty: u32,
        limits: ChainLimits,
        threads: usize,
    ) -> Self {
        let conditions = Conditions {
            rules,
            difficulty,
            limits: limits.block.nested(2),
        };
        Self {
            limits,
            verifier: Verifier::new(conditions, threads),
            state: State::Start,
            window: Vec::new(),
            wanted: WINDOW_BYTES,
            window_offset: 0,
            received: 0,
            compact_bytes: 0,
            chain_seen: false,
            failed: None,
        }
    }

    /// How many blocks have been verified so far.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.verifier.blocks()
    }

    /// The last block that has been verified.
    #[must_use]
    pub fn tip(&self) -> Option<&Tip> {
        self.verifier.tip()
    }

    /// Takes the next piece of the body and answers the blocks that are thereby verified; often none, for blocks are
    /// verified in batches. The work is done on the caller's thread and some others: do not call it on an async one.
    ///
    /// # Errors
    /// [`ChainError`], and the same again from then on.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<VerifiedBatch>, ChainError> {
        let mut batches = Vec::new();
        self.guarded(|reader| {
            reader.received += piece.len() as u64;
            if reader.received > reader.limits.bytes_total {
                return Err(ChainError::TooLong {
                    limit: reader.limits.bytes_total,
                });
            }
            let mut rest = piece;
            while !rest.is_empty() {
                let room = reader.wanted - reader.window.len();
                let (part, behind) = rest.split_at(room.min(rest.len()));
                reader.window.extend_from_slice(part);
                rest = behind;
                if reader.window.len() == reader.wanted {
                    reader.advance(false, &mut batches)?;
                }
            }
            Ok(())
        })?;
        Ok(batches)
    }

    /// Takes note that the body is complete and answers the last blocks. At least one block came out in all.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn finish(&mut self) -> Result<Vec<VerifiedBatch>, ChainError> {
        let mut batches = Vec::new();
        self.guarded(|reader| {
            reader.advance(true, &mut batches)?;
            if reader.state != State::End {
                return Err(ChainError::Truncated {
                    length: reader.received,
                });
            }
            if !reader.chain_seen {
                return Err(ChainError::ChainMissing);
            }
            Ok(())
        })?;
        Ok(batches)
    }

    /// Does some work unless there was an error already, and remembers one.
    fn guarded(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), ChainError>,
    ) -> Result<(), ChainError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        work(self).inspect_err(|error| {
            self.failed = Some(error.clone());
            self.window = Vec::new();
        })
    }

    /// Reads as much of the window as can be read, and drops that.
    fn advance(
        &mut self,
        is_complete: bool,
        batches: &mut Vec<VerifiedBatch>,
    ) -> Result<(), ChainError> {
        let mut at = 0;
        while let Step::To(place, state) = self.step(at, is_complete, batches)? {
            let stands_still = place == at && state == self.state;
            at = place;
            self.state = state;
            if stands_still {
                break;
            }
        }
        self.window.drain(..at);
        self.window_offset += at as u64;
        let left = self.window.len();
        if left > self.limits.block.bytes {
            return Err(self.unfinished_is_too_long());
        }
        // Twice what is left, so that a long block is looked at only a few times while it comes in; but not much more
        // than the longest block that is read.
        let most = self.limits.block.bytes.saturating_add(WINDOW_BYTES);
        self.wanted = WINDOW_BYTES.max(left.saturating_mul(2)).min(most);
        Ok(())
    }

    /// The error for a part of the body that has grown too long.
    fn unfinished_is_too_long(&self) -> ChainError {
        match self.state {
            State::Block | State::FirstBlock | State::BehindBlock => self.verifier.too_long(),
            _ => self.member_too_long(0),
        }
    }

    /// The error for a member at a place in the window.
    fn member_too_long(&self, at: usize) -> ChainError {
        ChainError::MemberTooLong {
            offset: self.window_offset + at as u64,
            limit: self.limits.block.bytes,
        }
    }

    /// Reads what comes next in the body.
    fn step(
        &mut self,
        at: usize,
        is_complete: bool,
        batches: &mut Vec<VerifiedBatch>,
    ) -> Result<Step, ChainError> {
        if self.state == State::Start {
            return self.start(is_complete);
        }
        let at = after_whitespace(&self.window, at);
        let Some(&byte) = self.window.get(at) else {
            return Ok(Step::To(at, self.state));
        };
        match (self.state, byte) {
            (State::FirstKey, b'}') | (State::BehindMember, b'}') => {
                Ok(Step::To(at + 1, State::End))
            }
            (State::BehindMember, b',') => Ok(Step::To(at + 1, State::Key)),
            (State::FirstKey | State::Key, b'"') => self.key(at),
            (State::Value { is_chain }, _) => self.value(at, is_chain),
            (State::FirstBlock, b']') => Err(ChainError::Empty),
            (State::FirstBlock | State::Block, _) => self.blocks_from(at, batches),
            (State::BehindBlock, _) => self.behind_block(at),
            (State::FirstKey | State::Key, _) => Err(self.json(JsonProblem::KeyExpected.at(at))),
            (State::BehindMember, _) => Err(self.json(JsonProblem::CommaExpected.at(at))),
            (State::End | State::Start, _) => Err(self.json(JsonProblem::TrailingData.at(at))),
        }
    }

    /// Reads the opening brace, and the mark before it if there is one.
    fn start(&self, is_complete: bool) -> Result<Step, ChainError> {
        if self.window.len() < BYTE_ORDER_MARK.len() && !is_complete {
            return Ok(Step::More);
        }
        let mark = match self.window.starts_with(BYTE_ORDER_MARK) {
            true => BYTE_ORDER_MARK.len(),
            false => 0,
        };
        let at = after_whitespace(&self.window, mark);
        match self.window.get(at) {
            None => Ok(Step::More),
            Some(b'{') => Ok(Step::To(at + 1, State::FirstKey)),
            Some(b'[' | b'"' | b'0'..=b'9' | b'-' | b't' | b'f' | b'n' | b'N' | b'I') => {
                Err(ChainError::NotAnObject)
            }
            Some(_) => Err(self.json(JsonProblem::ValueExpected.at(at))),
        }
    }

    /// Reads a member's key.
    fn key(&mut self, at: usize) -> Result<Step, ChainError> {
        let Some((key, length)) = self.parse(at)? else {
            return Ok(Step::More);
        };
        let is_chain = key.as_str() == Some("chain");
        if is_chain && std::mem::replace(&mut self.chain_seen, true) {
            return Err(ChainError::ChainTwice);
        }
        Ok(Step::To(at + length, State::Value { is_chain }))
    }

    /// Reads a member's colon and its value, of a chain only the bracket.
    fn value(&self, at: usize, is_chain: bool) -> Result<Step, ChainError> {
        if self.window[at] != b':' {
            return Err(self.json(JsonProblem::ColonExpected.at(at)));
        }
        let at = after_whitespace(&self.window, at + 1);
        match self.window.get(at) {
            None => Ok(Step::More),
            Some(b'[') if is_chain => Ok(Step::To(at + 1, State::FirstBlock)),
            Some(_) => Ok(match self.parse(at)? {
                None => Step::More,
                Some(_) if is_chain => return Err(ChainError::ChainNotAnArray),
                Some((_, length)) => Step::To(at + length, State::BehindMember),
            }),
        }
    }

    /// Reads and verifies blocks, the first of which begins at `at`.
    fn blocks_from(
        &mut self,
        at: usize,
        batches: &mut Vec<VerifiedBatch>,
    ) -> Result<Step, ChainError> {
        let batches_before = batches.len();
        let paused = self.verifier.verify(&self.window, at, batches);
        for batch in &batches[batches_before..] {
            self.compact_bytes += batch.bytes() as u64;
        }
        if self.compact_bytes > self.limits.bytes_total {
            return Err(ChainError::TooLong {
                limit: self.limits.bytes_total,
            });
        }
        match paused {
            // No step without progress: then more of the body is needed.
            Ok(Pause::Block(place)) if place == at => Ok(Step::More),
            Ok(Pause::Block(place)) => Ok(Step::To(place, State::Block)),
            Ok(Pause::Comma(place)) => Ok(Step::To(place, State::BehindBlock)),
            Ok(Pause::Closed(place)) => Ok(Step::To(place, State::BehindMember)),
            Err(Failure::Json(error)) => Err(self.json(error)),
            Err(Failure::Chain(error)) => Err(error),
        }
    }

    /// Reads the comma behind a block, or the chain's end.
    fn behind_block(&self, at: usize) -> Result<Step, ChainError> {
        match behind_block(&self.window, at) {
            Ok(next) | Err(Stop::Block(next)) => Ok(Step::To(next, State::Block)),
            Err(Stop::Closed(next)) => Ok(Step::To(next, State::BehindMember)),
            Err(Stop::Json(error)) => Err(self.json(error)),
            Err(_) => Ok(Step::More),
        }
    }

    /// The value at `at`, if the window holds all of it.
    fn parse(&self, at: usize) -> Result<Option<(Json, usize)>, ChainError> {
        let limits = self.limits.block.nested(1);
        let parsed = parse_prefix(&self.window[at..], &limits);
        let parsed = parsed.map_err(|error| self.json(error.shifted(at)))?;
        match parsed {
            Some((_, length)) if length > limits.bytes => Err(self.member_too_long(at)),
            parsed => Ok(parsed),
        }
    }

    /// An error at a place in the window as one in the body.
    fn json(&self, error: JsonError) -> ChainError {
        ChainError::Json {
            offset: self.window_offset + error.offset as u64,
            problem: error.problem,
        }
    }
}
