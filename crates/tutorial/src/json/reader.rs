//! From a document to a tree.

use super::JsonProblem::{
    ColonExpected, CommaExpected, IntegerTooLong, InvalidUtf8, KeyExpected, TooDeep, TooLong,
    TooManyValues, TrailingData, UnexpectedEnd, ValueExpected,
};
use super::lexer::{after_whitespace, number};
use super::string::read_string;
use super::{INTEGER_DIGITS_MAX, Integer, Json, JsonError, Limits, Object, Text};

/// The mark that some programs put before a UTF-8 document; Python skips it before bytes, once.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads one JSON document as Python's `json.loads(bytes)` does.
///
/// # Errors
/// [`JsonError`] for what Python refuses, for what is beyond the limits, and for the few documents that
/// [this module](super) refuses besides.
pub fn parse(document: &[u8], limits: &Limits) -> Result<Json, JsonError> {
    if document.len() > limits.bytes {
        return Err(TooLong {
            limit: limits.bytes,
        }
        .at(limits.bytes));
    }
    let mut reader = Reader::new(document, limits);
    if document.starts_with(BYTE_ORDER_MARK) {
        reader.at = BYTE_ORDER_MARK.len();
    }
    reader.skip_whitespace();
    let value = reader.value()?;
    reader.skip_whitespace();
    match document.get(reader.at) {
        None => Ok(value),
        Some(_) => Err(reader.unexpected(TrailingData)),
    }
}

/// Reads the value that the input begins with, and says how long its text is. None if the input ends before the value
/// certainly does.
pub(crate) fn parse_prefix(
    input: &[u8],
    limits: &Limits,
) -> Result<Option<(Json, usize)>, JsonError> {
    let mut reader = Reader::new(input, limits);
    reader.more_may_come = true;
    match reader.value() {
        Ok(value) => Ok(Some((value, reader.at))),
        Err(error) if error.problem == UnexpectedEnd => Ok(None),
        Err(error) => Err(error),
    }
}

struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    depth_left: usize,
    values_left: usize,
    limits: &'a Limits,
    /// Whether the input may be only the beginning of a document.
    more_may_come: bool,
}

impl<'a> Reader<'a> {
    fn new(input: &'a [u8], limits: &'a Limits) -> Self {
        Self {
            input,
            at: 0,
            depth_left: limits.effective_depth(),
            values_left: limits.values,
            limits,
            more_may_come: false,
        }
    }

    /// Reads the value that begins here.
    fn value(&mut self) -> Result<Json, JsonError> {
        if self.values_left == 0 {
            let limit = self.limits.values;
            return Err(TooManyValues { limit }.at(self.at));
        }
        self.values_left -= 1;
        match self.peek() {
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    /// Reads an array or an object, one level deeper.
    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Json, JsonError>,
    ) -> Result<Json, JsonError> {
        if self.depth_left == 0 {
            let limit = self.limits.effective_depth();
            return Err(TooDeep { limit }.at(self.at));
        }
        self.depth_left -= 1;
        self.at += 1;
        self.skip_whitespace();
        let value = read(self)?;
        self.depth_left += 1;
        Ok(value)
    }

    /// Reads an array from behind its bracket.
    fn array(&mut self) -> Result<Json, JsonError> {
        let mut elements = Vec::new();
        if self.take(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            elements.push(self.value()?);
            if self.is_last(b']')? {
                return Ok(Json::Array(elements));
            }
        }
    }

    /// Reads an object from behind its brace.
    fn object(&mut self) -> Result<Json, JsonError> {
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Json::Object(Object::default()));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected(KeyExpected));
            }
            let key = self.string()?;
            self.skip_whitespace();
            if !self.take(b':') {
                return Err(self.unexpected(ColonExpected));
            }
            self.skip_whitespace();
            members.push((key, self.value()?));
            if self.is_last(b'}')? {
                return Ok(Json::Object(Object::from_members(members)));
            }
        }
    }

    /// Goes on behind an element or a member: to the next one, or out of the array or object.
    fn is_last(&mut self, closing: u8) -> Result<bool, JsonError> {
        self.skip_whitespace();
        if self.take(closing) {
            return Ok(true);
        }
        if !self.take(b',') {
            return Err(self.unexpected(CommaExpected));
        }
        self.skip_whitespace();
        Ok(false)
    }

    fn string(&mut self) -> Result<Text, JsonError> {
        let mut text = Vec::new();
        self.at = read_string(self.input, self.at + 1, &mut text)?;
        Ok(Text::from_wtf8(text))
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let Some(number) = number(&self.input[self.at..]) else {
            return self.word();
        };
        let (token, behind) = self.input[self.at..].split_at(number.length);
        if self.more_may_come && could_go_on(behind) {
            return Err(UnexpectedEnd.at(self.input.len()));
        }
        let token = std::str::from_utf8(token).expect("a number is ASCII");
        let value = if number.is_float {
            Json::Float(token.parse().expect("JSON's floats are a part of Rust's"))
        } else {
            let digits = token.trim_start_matches('-').len();
            if digits > INTEGER_DIGITS_MAX {
                return Err(IntegerTooLong { digits }.at(self.at));
            }
            Json::Integer(Integer::from_token(token))
        };
        self.at += number.length;
        Ok(value)
    }

    /// Reads one of the words, Python's own among them.
    fn word(&mut self) -> Result<Json, JsonError> {
        let rest = &self.input[self.at..];
        for (word, value) in WORDS {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        if WORDS.iter().any(|(word, _)| word.starts_with(rest)) {
            return Err(UnexpectedEnd.at(self.input.len()));
        }
        Err(self.unexpected(ValueExpected))
    }

    /// What to say where something else was expected.
    fn unexpected(&self, expected: super::JsonProblem) -> JsonError {
        match self.peek() {
            None => UnexpectedEnd.at(self.at),
            Some(0x80..) if std::str::from_utf8(&self.input[self.at..]).is_err() => {
                InvalidUtf8.at(self.at)
            }
            Some(_) => expected.at(self.at),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_whitespace(&mut self) {
        self.at = after_whitespace(self.input, self.at);
    }
}

/// Whether what stands behind a number's text, up to the end of the input, could turn out to be a part of it.
fn could_go_on(behind: &[u8]) -> bool {
    behind
        .iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
}

/// The words and what they stand for.
pub(super) const WORDS: [(&[u8], Json); 6] = [
    (b"null", Json::Null),
    (b"true", Json::Bool(true)),
    (b"false", Json::Bool(false)),
    (b"NaN", Json::Float(f64::NAN)),
    (b"Infinity", Json::Float(f64::INFINITY)),
    (b"-Infinity", Json::Float(f64::NEG_INFINITY)),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::JsonProblem::{
        BadUnicodeEscape, ControlCharacter, SplitSurrogatePair, UnknownEscape,
    };
    use super::*;

    fn refused(document: &[u8]) -> JsonError {
        parse(document, &Limits::default()).unwrap_err()
    }

    #[test]
    fn every_refusal_says_what_and_where() {
        let long = "1".repeat(INTEGER_DIGITS_MAX + 1);
        let cases: [(&[u8], JsonError); 21] = [
            (b"[1, x]", ValueExpected.at(4)),
            (b"[1,]", ValueExpected.at(3)),
            (b"-NaN", ValueExpected.at(0)),
            (b"\xef\xbb\xbf\xef\xbb\xbf1", ValueExpected.at(3)),
            (b"{1:2}", KeyExpected.at(1)),
            (b"{\"a\":1,}", KeyExpected.at(7)),
            (b"{\"a\" 1}", ColonExpected.at(5)),
            (b"[1 2]", CommaExpected.at(3)),
            (b"[01]", CommaExpected.at(2)),
            (b"[1}", CommaExpected.at(2)),
            (b"1 2", TrailingData.at(2)),
            (b"", UnexpectedEnd.at(0)),
            (b"[\"a\", tru", UnexpectedEnd.at(9)),
            (b"{\"a\":1", UnexpectedEnd.at(6)),
            (b"[\"\x01\"]", ControlCharacter(1).at(2)),
            (b"[\"\\x\"]", UnknownEscape.at(2)),
            (b"[\"\\ux\"]", BadUnicodeEscape.at(2)),
            (b"[\xff]", InvalidUtf8.at(1)),
            (b"[\"\xff\"]", InvalidUtf8.at(2)),
            (b"\"\\ud800\xed\xb0\x80\"", SplitSurrogatePair.at(7)),
            (long.as_bytes(), IntegerTooLong { digits: 4301 }.at(0)),
        ];
        for (document, error) in cases {
            let shown = String::from_utf8_lossy(document);
            assert_eq!(refused(document), error, "{shown}");
        }
        let error = refused(b"[1, x]").to_string();
        assert_eq!(error, "a JSON value is expected (at byte 4)");
    }

    #[test]
    fn limits_hold() {
        let limits = Limits {
            depth: 2,
            bytes: 20,
            values: 4,
        };
        let read = |document: &str| parse(document.as_bytes(), &limits).map(drop);
        assert_eq!(read("[[1, 2]]"), Ok(()));
        assert_eq!(read("[[1, {}]]"), Err(TooDeep { limit: 2 }.at(5)));
        assert_eq!(read("[[], [], []]"), Ok(()));
        assert_eq!(
            read("{\"a\": [1, 2, 3]}"),
            Err(TooManyValues { limit: 4 }.at(13))
        );
        assert_eq!(read(&" ".repeat(21)), Err(TooLong { limit: 20 }.at(20)));
        assert_eq!(read(&format!("{}1", " ".repeat(19))), Ok(()));
        // No limit lets a document overflow the stack.
        let deep = "[".repeat(100_000);
        let limits = Limits {
            depth: usize::MAX,
            ..Limits::default()
        };
        let error = parse(deep.as_bytes(), &limits).unwrap_err();
        assert_eq!(error, TooDeep { limit: 1000 }.at(1000));
    }

    #[test]
    fn a_prefix_is_read_only_when_it_cannot_go_on() {
        let read = |input: &str| {
            let parsed = parse_prefix(input.as_bytes(), &Limits::default()).unwrap();
            parsed.map(|(_, length)| length)
        };
        for input in [
            "",
            "1",
            "-",
            "1.",
            "1e",
            "1e+",
            "12.5e",
            "tru",
            "-Inf",
            "\"a",
            "[1",
            "[1,",
            "{\"a\":1.",
        ] {
            assert_eq!(read(input), None, "{input}");
        }
        for (input, length) in [
            ("1,", 1),
            ("-0]", 2),
            ("1.5 ", 3),
            ("true", 4),
            ("\"a\"x", 3),
            ("{}}", 2),
        ] {
            assert_eq!(read(input), Some(length), "{input}");
        }
        assert!(parse_prefix(b"[1.]", &Limits::default()).is_err());
    }
}
