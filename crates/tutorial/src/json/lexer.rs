//! Where tokens begin and end: what the tree's reader and the transcoder share.

/// A byte in each place of a word.
const fn everywhere(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Marks, with its highest bit, each byte of a word that is below `limit` (at most 128) and below 128 itself.
///
/// A place above a marked one may be marked in error (the subtraction borrows); the lowest mark is always right.
const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(everywhere(limit)) & !word & everywhere(0x80)
}

/// How many bytes from the start on stand for themselves in a string as Python writes it: printable ASCII without
/// quote and backslash.
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let special = below(word, 0x20)
            | below(word ^ everywhere(b'"'), 1)
            | below(word ^ everywhere(b'\\'), 1)
            | below(word ^ everywhere(0x7f), 1)
            | (word & everywhere(0x80));
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let known = words.len() * 8;
    known + rest.iter().take_while(|&&byte| is_plain(byte)).count()
}

/// Whether a byte stands for itself in a string as Python writes it.
fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..0x7f) && byte != b'"' && byte != b'\\'
}

/// Where the white space that begins at `at` ends.
#[inline]
pub(crate) fn after_whitespace(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// A number's extent and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    /// How long its text is.
    pub(super) length: usize,
    /// Whether it has a point or an exponent.
    pub(super) is_float: bool,
}

/// The number that these bytes begin with.
#[inline]
pub(super) fn number(bytes: &[u8]) -> Option<Number> {
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    match bytes.get(at)? {
        b'0' => at += 1,
        b'1'..=b'9' => at = after_digits(bytes, at + 1),
        _ => return None,
    }
    let mut is_float = false;
    if bytes.get(at) == Some(&b'.') {
        let end = after_digits(bytes, at + 1);
        if end == at + 1 {
            return Some(Number {
                length: at,
                is_float,
            });
        }
        is_float = true;
        at = end;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let digits = at + 1 + sign;
        let end = after_digits(bytes, digits);
        if end > digits {
            is_float = true;
            at = end;
        }
    }
    Some(Number {
        length: at,
        is_float,
    })
}

/// Where the digits that begin at `at` end.
#[inline]
fn after_digits(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_found_in_every_place() {
        for byte in 0..=255_u8 {
            for place in 0..24 {
                let mut bytes = [b'a'; 24];
                bytes[place] = byte;
                let expected = if is_plain(byte) { 24 } else { place };
                assert_eq!(plain_length(&bytes), expected, "byte {byte} at {place}");
                // The same behind a byte that could borrow.
                if place > 0 {
                    bytes[place - 1] = b' ';
                    assert_eq!(plain_length(&bytes), expected, "byte {byte} at {place}");
                }
            }
        }
    }

    #[test]
    fn numbers_end_where_python_ends_them() {
        let cases = [
            ("0", 1, false),
            ("-0", 2, false),
            ("01", 1, false),
            ("12]", 2, false),
            ("1.", 1, false),
            ("1.5", 3, true),
            ("1.5.", 3, true),
            ("1e", 1, false),
            ("1e+", 1, false),
            ("1e+5", 4, true),
            ("1E-05x", 5, true),
            ("-1.0e5", 6, true),
        ];
        for (text, length, is_float) in cases {
            assert_eq!(
                number(text.as_bytes()),
                Some(Number { length, is_float }),
                "{text}"
            );
        }
        for text in ["", "-", "+1", ".5", "-.5", "-a", "a"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn whitespace_is_the_four_characters_of_json() {
        assert_eq!(after_whitespace(b"x \t\r\n\x0bx", 1), 5);
        assert_eq!(after_whitespace(b"  ", 0), 2);
        assert_eq!(after_whitespace(b"", 0), 0);
    }
}
