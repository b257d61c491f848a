//! From a document straight to its written forms.

use super::float::write_float;
use super::lexer::{after_whitespace, number, plain_length};
use super::reader::{WORDS, parse_prefix};
use super::string::{read_string, write_string};
use super::{
    Fields, INTEGER_DIGITS_MAX, JsonError, JsonProblem, Limits, parse, write_canonical,
    write_compact,
};
use std::ops::Range;

/// Turns documents into their compact and canonical forms, the same as by way of a tree, but without one where it can.
///
/// A document whose objects have their keys in order, as those of every node have, is copied in one pass; tokens that
/// are spelled in another way than Python's are spelled anew. All else goes by way of the tree.
#[derive(Debug)]
pub struct Transcoder<const WATCHED: usize = 0> {
    limits: Limits,
    /// The keys of the outermost object whose values are wanted.
    watched_keys: [&'static str; WATCHED],
    /// Where the compact form holds their values.
    watched: [Option<Range<usize>>; WATCHED],
    open: Vec<Open>,
    text: Vec<u8>,
    spelling: Vec<u8>,
}

/// An array or object that has begun.
#[derive(Debug)]
enum Open {
    Array,
    /// Where the last key stands in the input, without its quotes.
    Object(Range<usize>),
}

/// How the pass over a document ended.
enum Pass {
    /// The value ends here.
    Done(usize),
    /// The input ends within the value.
    More,
    /// Something that only the tree can do, an error perhaps.
    Irregular,
}

impl Transcoder {
    /// A transcoder under these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::watching(limits, [])
    }
}

impl<const WATCHED: usize> Transcoder<WATCHED> {
    /// A transcoder that notes where the values under these keys of the outermost object come to stand.
    #[must_use]
    pub fn watching(limits: Limits, watched_keys: [&'static str; WATCHED]) -> Self {
        Self {
            limits,
            watched_keys,
            watched: [const { None }; WATCHED],
            open: Vec::new(),
            text: Vec::new(),
            spelling: Vec::new(),
        }
    }

    /// Where the last value's compact form (from its own start) holds the value under each watched key.
    #[must_use]
    pub fn watched(&self) -> &[Option<Range<usize>>; WATCHED] {
        &self.watched
    }

    /// Appends a document's compact and canonical forms to two buffers.
    ///
    /// # Errors
    /// As [`parse`]; both buffers are then as they were.
    pub fn transcode(
        &mut self,
        document: &[u8],
        compact: &mut Vec<u8>,
        canonical: &mut Vec<u8>,
    ) -> Result<(), JsonError> {
        let lengths = (compact.len(), canonical.len());
        if document.len() <= self.limits.bytes {
            let start = after_whitespace(document, 0);
            if let Pass::Done(end) = self.pass(document, start, compact, canonical)
                && after_whitespace(document, end) == document.len()
            {
                return Ok(());
            }
            compact.truncate(lengths.0);
            canonical.truncate(lengths.1);
        }
        let value = parse(document, &self.limits)?;
        self.write_tree(&value, compact, canonical);
        Ok(())
    }

    /// Appends the forms of the value that the input begins with, and says how long its text is.
    ///
    /// None if the input ends before the value certainly does; both buffers are then as they were, as after an error.
    pub(crate) fn transcode_prefix(
        &mut self,
        input: &[u8],
        compact: &mut Vec<u8>,
        canonical: &mut Vec<u8>,
    ) -> Result<Option<usize>, JsonError> {
        let lengths = (compact.len(), canonical.len());
        let pass = self.pass(input, 0, compact, canonical);
        if let Pass::Done(length) = pass {
            return Ok(Some(length));
        }
        compact.truncate(lengths.0);
        canonical.truncate(lengths.1);
        if let Pass::More = pass {
            return Ok(None);
        }
        match parse_prefix(input, &self.limits) {
            Ok(None) => Ok(None),
            Ok(Some((value, length))) => {
                self.write_tree(&value, compact, canonical);
                Ok(Some(length))
            }
            Err(error) => Err(error),
        }
    }

    fn write_tree(&mut self, value: &super::Json, compact: &mut Vec<u8>, canonical: &mut Vec<u8>) {
        let start = compact.len();
        write_compact(value, compact);
        write_canonical(value, canonical);
        let written = &compact[start..];
        self.watched = self.watched_keys.map(|key| {
            let value = Fields::of(written).find(key)?;
            // Both are parts of the same text.
            let from = value.as_ptr().addr() - written.as_ptr().addr();
            Some(from..from + value.len())
        });
    }

    /// Copies the value at `at`, token by token.
    fn pass(
        &mut self,
        input: &[u8],
        at: usize,
        compact: &mut Vec<u8>,
        canonical: &mut Vec<u8>,
    ) -> Pass {
        let depth = self.limits.effective_depth();
        let mut values_left = self.limits.values;
        let mut at = at;
        let mut copy = Copier::new(input, at, compact, canonical);
        // Which watched value is being copied, and where it began.
        let mut watching: Option<(usize, usize)> = None;
        self.open.clear();
        self.watched = [const { None }; WATCHED];

        macro_rules! byte {
            () => {
                match input.get(at) {
                    Some(&byte) => byte,
                    None => return Pass::More,
                }
            };
        }
        macro_rules! skip_whitespace {
            () => {
                if byte!() <= b' ' {
                    let end = after_whitespace(input, at);
                    copy.leave_out(at..end);
                    at = end;
                }
            };
        }
        loop {
            // A value begins here.
            if values_left == 0 {
                return Pass::Irregular;
            }
            values_left -= 1;
            let opened = match byte!() {
                b'"' => {
                    let plain = plain_length(&input[at + 1..]);
                    let end = at + 1 + plain;
                    match input.get(end) {
                        Some(b'"') => at = end + 1,
                        None => return Pass::More,
                        Some(_) => {
                            self.text.clear();
                            match read_string(input, at + 1, &mut self.text) {
                                Ok(end) => {
                                    self.spelling.clear();
                                    write_string(&self.text, &mut self.spelling);
                                    copy.respell(at..end, &self.spelling);
                                    at = end;
                                }
                                Err(error) if error.problem == JsonProblem::UnexpectedEnd => {
                                    return Pass::More;
                                }
                                Err(_) => return Pass::Irregular,
                            }
                        }
                    }
                    false
                }
                b'{' => {
                    if self.open.len() == depth {
                        return Pass::Irregular;
                    }
                    self.open.push(Open::Object(0..0));
                    true
                }
                b'[' => {
                    if self.open.len() == depth {
                        return Pass::Irregular;
                    }
                    self.open.push(Open::Array);
                    true
                }
                _ => {
                    match self.scalar(input, at, &mut copy) {
                        Pass::Done(end) => at = end,
                        other => return other,
                    }
                    false
                }
            };
            let mut first = opened;
            if opened {
                at += 1;
                skip_whitespace!();
            }

            // Behind a value, or behind an opening bracket: close what ends here, then go to the next value.
            loop {
                if !first {
                    if self.open.len() <= 1 {
                        if let Some((index, start)) = watching.take() {
                            self.watched[index] = Some(start..copy.compact_position(at));
                        }
                        if self.open.is_empty() {
                            copy.finish(at);
                            return Pass::Done(at);
                        }
                    }
                    skip_whitespace!();
                }
                let byte = byte!();
                let closing = match self.open.last() {
                    Some(Open::Array) => b']',
                    _ => b'}',
                };
                if byte == closing {
                    self.open.pop();
                    at += 1;
                    first = false;
                    continue;
                }
                if !first {
                    if byte != b',' {
                        return Pass::Irregular;
                    }
                    at += 1;
                    copy.separator(at);
                    skip_whitespace!();
                }
                break;
            }

            let outermost = self.open.len() == 1;
            if let Some(Open::Object(last_key)) = self.open.last_mut() {
                if byte!() != b'"' {
                    return Pass::Irregular;
                }
                let start = at + 1;
                let end = start + plain_length(&input[start..]);
                match input.get(end) {
                    Some(b'"') => {}
                    None => return Pass::More,
                    Some(_) => return Pass::Irregular,
                }
                let key = &input[start..end];
                if !first && !is_before(&input[last_key.clone()], key) {
                    return Pass::Irregular;
                }
                *last_key = start..end;
                at = end + 1;
                skip_whitespace!();
                if byte!() != b':' {
                    return Pass::Irregular;
                }
                at += 1;
                copy.separator(at);
                skip_whitespace!();
                if outermost {
                    watching = self
                        .watched_keys
                        .iter()
                        .position(|watched| watched.as_bytes() == key)
                        .map(|index| (index, copy.compact_position(at)));
                }
            }
        }
    }

    /// Copies the number or word at `at`.
    fn scalar(&mut self, input: &[u8], at: usize, copy: &mut Copier<'_>) -> Pass {
        let rest = &input[at..];
        let Some(number) = number(rest) else {
            return match WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
                Some((word, _)) => Pass::Done(at + word.len()),
                None => Pass::Irregular,
            };
        };
        let end = at + number.length;
        if end == input.len() {
            return Pass::More;
        }
        let token = &input[at..end];
        if number.is_float {
            let parsed = std::str::from_utf8(token)
                .ok()
                .and_then(|token| token.parse().ok());
            let Some(parsed) = parsed else {
                return Pass::Irregular;
            };
            self.spelling.clear();
            write_float(parsed, &mut self.spelling);
            copy.respell(at..end, &self.spelling);
        } else if token == b"-0" {
            copy.respell(at..end, b"0");
        } else if number.length > INTEGER_DIGITS_MAX {
            return Pass::Irregular;
        }
        Pass::Done(end)
    }
}

/// Whether one key comes before another. Both are printable ASCII.
#[inline]
fn is_before(left: &[u8], right: &[u8]) -> bool {
    match (left.first(), right.first()) {
        (Some(left), Some(right)) if left != right => left < right,
        _ => left < right,
    }
}

/// Copies stretches of the input to both forms, each as late as it can, so that they are long.
struct Copier<'a> {
    input: &'a [u8],
    compact: &'a mut Vec<u8>,
    canonical: &'a mut Vec<u8>,
    /// Where this value's compact form begins.
    compact_start: usize,
    /// From where on the input has not been copied yet.
    compact_from: usize,
    canonical_from: usize,
}

impl<'a> Copier<'a> {
    fn new(
        input: &'a [u8],
        at: usize,
        compact: &'a mut Vec<u8>,
        canonical: &'a mut Vec<u8>,
    ) -> Self {
        Self {
            input,
            compact_start: compact.len(),
            compact,
            canonical,
            compact_from: at,
            canonical_from: at,
        }
    }

    /// Where in this value's compact form the input at `at` comes to stand.
    fn compact_position(&self, at: usize) -> usize {
        self.compact.len() - self.compact_start + at - self.compact_from
    }

    /// A comma or colon ends at `at`.
    #[inline]
    fn separator(&mut self, at: usize) {
        self.canonical
            .extend_from_slice(&self.input[self.canonical_from..at]);
        self.canonical.push(b' ');
        self.canonical_from = at;
    }

    /// Copies all before `at`.
    fn finish(&mut self, at: usize) {
        self.compact
            .extend_from_slice(&self.input[self.compact_from..at]);
        self.canonical
            .extend_from_slice(&self.input[self.canonical_from..at]);
        self.compact_from = at;
        self.canonical_from = at;
    }

    /// Does not copy this stretch.
    fn leave_out(&mut self, stretch: Range<usize>) {
        self.finish(stretch.start);
        self.compact_from = stretch.end;
        self.canonical_from = stretch.end;
    }

    /// Copies a token in this spelling.
    #[inline]
    fn respell(&mut self, token: Range<usize>, spelling: &[u8]) {
        if &self.input[token.clone()] != spelling {
            self.leave_out(token);
            self.compact.extend_from_slice(spelling);
            self.canonical.extend_from_slice(spelling);
        }
    }
}
