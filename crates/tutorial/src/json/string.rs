//! Strings: their escapes, read and written.

use super::JsonError;
use super::JsonProblem::{
    BadUnicodeEscape, ControlCharacter, InvalidUtf8, SplitSurrogatePair, UnexpectedEnd,
    UnknownEscape,
};
use super::lexer::plain_length;
use super::text::decode;

/// Reads the string whose opening quote is before `at`, appends it to `text` in WTF-8, and says where it ends: behind
/// the closing quote.
pub(super) fn read_string(
    input: &[u8],
    mut at: usize,
    text: &mut Vec<u8>,
) -> Result<usize, JsonError> {
    let start = text.len();
    loop {
        let plain = plain_length(&input[at..]);
        text.extend_from_slice(&input[at..at + plain]);
        at += plain;
        match input.get(at) {
            None => return Err(UnexpectedEnd.at(at)),
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = read_escape(input, at, start, text)?,
            Some(0x7f) => {
                text.push(0x7f);
                at += 1;
            }
            Some(&control @ 0..0x20) => return Err(ControlCharacter(control).at(at)),
            Some(0x20..) => at = read_raw(input, at, start, text)?,
        }
    }
}

/// Reads the escape at `at` and says where it ends.
fn read_escape(
    input: &[u8],
    at: usize,
    start: usize,
    text: &mut Vec<u8>,
) -> Result<usize, JsonError> {
    let character = match input.get(at + 1) {
        None => return Err(UnexpectedEnd.at(at + 1)),
        Some(b'u') => return read_unicode_escape(input, at, start, text),
        Some(b'b') => 0x08,
        Some(b'f') => 0x0c,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(&character @ (b'"' | b'\\' | b'/')) => character,
        Some(_) => return Err(UnknownEscape.at(at)),
    };
    text.push(character);
    Ok(at + 2)
}

/// Reads the `\u` escape at `at`, with the one behind it if both form a surrogate pair.
fn read_unicode_escape(
    input: &[u8],
    at: usize,
    start: usize,
    text: &mut Vec<u8>,
) -> Result<usize, JsonError> {
    let first = four_hex_digits(input, at)?;
    if is_high(first) && input.get(at + 6..at + 8) == Some(br"\u") {
        let second = four_hex_digits(input, at + 6)?;
        if is_low(second) {
            let code_point = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            push(code_point, text);
            return Ok(at + 12);
        }
    }
    push_apart(first, start, text).map_err(|problem| problem.at(at))?;
    Ok(at + 6)
}

/// The code unit of the `\uXXXX` at `at`.
fn four_hex_digits(input: &[u8], at: usize) -> Result<u32, JsonError> {
    let mut unit = 0;
    for index in at + 2..at + 6 {
        let byte = *input.get(index).ok_or_else(|| UnexpectedEnd.at(index))?;
        let digit = char::from(byte)
            .to_digit(16)
            .ok_or_else(|| BadUnicodeEscape.at(at))?;
        unit = unit << 4 | digit;
    }
    Ok(unit)
}

/// Reads the raw character outside ASCII at `at` and says where it ends. Like Python's reader of bytes it takes
/// surrogates encoded as if they were characters.
fn read_raw(input: &[u8], at: usize, start: usize, text: &mut Vec<u8>) -> Result<usize, JsonError> {
    let length = match input[at] {
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf5 => 4,
        _ => return Err(InvalidUtf8.at(at)),
    };
    let bytes = input
        .get(at..at + length)
        .ok_or_else(|| UnexpectedEnd.at(input.len()))?;
    if let [0xed, 0xa0..=0xbf, 0x80..=0xbf] = bytes {
        let surrogate = 0xd000 | u32::from(bytes[1] & 0x3f) << 6 | u32::from(bytes[2] & 0x3f);
        push_apart(surrogate, start, text).map_err(|problem| problem.at(at))?;
    } else if std::str::from_utf8(bytes).is_ok() {
        text.extend_from_slice(bytes);
    } else {
        return Err(InvalidUtf8.at(at));
    }
    Ok(at + length)
}

/// Appends a code point that Python does not join with the one before it.
fn push_apart(code_point: u32, start: usize, text: &mut Vec<u8>) -> Result<(), super::JsonProblem> {
    if is_low(code_point)
        && let [.., 0xed, 0xa0..=0xaf, _] = &text[start..]
    {
        return Err(SplitSurrogatePair);
    }
    push(code_point, text);
    Ok(())
}

fn is_high(code_point: u32) -> bool {
    matches!(code_point, 0xd800..0xdc00)
}

fn is_low(code_point: u32) -> bool {
    matches!(code_point, 0xdc00..0xe000)
}

/// Appends a code point in WTF-8.
fn push(code_point: u32, text: &mut Vec<u8>) {
    match char::from_u32(code_point) {
        Some(character) => {
            let mut buffer = [0; 4];
            text.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        }
        // A surrogate: three bytes, as any code point of its size.
        None => text.extend_from_slice(&[
            0xe0 | (code_point >> 12) as u8,
            0x80 | (code_point >> 6) as u8 & 0x3f,
            0x80 | code_point as u8 & 0x3f,
        ]),
    }
}

/// Writes a text of well-formed WTF-8 as Python does: in ASCII, with the short escapes where there are any.
pub(super) fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(plain_length(rest));
        out.extend_from_slice(plain);
        let Some((code_point, length)) = decode(special) else {
            break;
        };
        write_escape(code_point, out);
        rest = &special[length..];
    }
    out.push(b'"');
}

fn write_escape(code_point: u32, out: &mut Vec<u8>) {
    let short = match code_point {
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        0x22 => b'"',
        0x5c => b'\\',
        0x10000.. => {
            let offset = code_point - 0x10000;
            write_unit(0xd800 + (offset >> 10), out);
            write_unit(0xdc00 + (offset & 0x3ff), out);
            return;
        }
        _ => {
            write_unit(code_point, out);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Writes `\uXXXX`.
fn write_unit(unit: u32, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(br"\u");
    for shift in [12, 8, 4, 0] {
        out.push(DIGITS[(unit >> shift & 15) as usize]);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Reads a string from behind its opening quote and writes it again.
    fn rewritten(input: &[u8]) -> Result<String, JsonError> {
        let mut text = Vec::new();
        let end = read_string(input, 0, &mut text)?;
        assert_eq!(end, input.len());
        let mut out = Vec::new();
        write_string(&text, &mut out);
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn escapes_are_spelled_as_python_spells_them() {
        let cases: [(&[u8], &str); 12] = [
            (br#"plain / \/""#, r#""plain / /""#),
            (br#"\b\f\n\r\t\"\\""#, r#""\b\f\n\r\t\"\\""#),
            (
                br#"\u0008\u000C\u000a\u0022\u005c\u002f""#,
                r#""\b\f\n\"\\/""#,
            ),
            (b"\x7f\"", r#""\u007f""#),
            (
                br#"\u0000\u001f\u0020\u007e\u007F""#,
                r#""\u0000\u001f ~\u007f""#,
            ),
            ("é链\u{2028}\"".as_bytes(), r#""\u00e9\u94fe\u2028""#),
            ("😀\"".as_bytes(), r#""\ud83d\ude00""#),
            (br#"\uD83D\uDE00""#, r#""\ud83d\ude00""#),
            (br#"\ud83d""#, r#""\ud83d""#),
            (br#"\ude00\ud83d""#, r#""\ude00\ud83d""#),
            (
                br#"\ud83d\ud83d\ude00\ude00""#,
                r#""\ud83d\ud83d\ude00\ude00""#,
            ),
            (b"\xed\xa0\x80x\"", r#""\ud800x""#),
        ];
        for (input, expected) in cases {
            assert_eq!(rewritten(input).unwrap(), expected);
        }
    }

    #[test]
    fn refusals_say_what_and_where() {
        let cases: [(&[u8], JsonError); 18] = [
            (b"abc", UnexpectedEnd.at(3)),
            (b"a\\", UnexpectedEnd.at(2)),
            (br"a\u12", UnexpectedEnd.at(5)),
            (b"a\x1fb\"", ControlCharacter(0x1f).at(1)),
            (b"a\nb\"", ControlCharacter(b'\n').at(1)),
            (br#"a\x41""#, UnknownEscape.at(1)),
            (br#"a\'""#, UnknownEscape.at(1)),
            (br#"a\u12g4""#, BadUnicodeEscape.at(1)),
            (br#"\ud83d\u+e00""#, BadUnicodeEscape.at(6)),
            (b"a\xff\"", InvalidUtf8.at(1)),
            (b"a\x80\"", InvalidUtf8.at(1)),
            (b"a\xc0\x80\"", InvalidUtf8.at(1)),
            (b"a\xe4\xb8\"\"", InvalidUtf8.at(1)),
            (b"\xf4\x90\x80\x80\"", InvalidUtf8.at(0)),
            (b"\xe0\x80\x80\"", InvalidUtf8.at(0)),
            (b"\xed\xa0\x80\xed\xb0\x80\"", SplitSurrogatePair.at(3)),
            (b"\xed\xa0\x80\\udc00\"", SplitSurrogatePair.at(3)),
            (b"\\ud800\xed\xb0\x80\"", SplitSurrogatePair.at(6)),
        ];
        for (input, error) in cases {
            assert_eq!(rewritten(input), Err(error));
        }
    }
}
