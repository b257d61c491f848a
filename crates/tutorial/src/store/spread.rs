//! From the form on the wire to the form that is hashed.
//!
//! Both are written from the same tree with the same keys in the same order; Python's `json.dumps`
//! only sets a space behind each comma and colon where Flask's `jsonify` sets none. So the hashed
//! text is made from the stored one without reading it into a tree, and equal compact texts are
//! equal canonical texts.

use chainloom_ledger::Hash;
use sha2::{Digest, Sha256};

/// How much text is held before it is hashed.
const CHUNK_BYTES: usize = 64 * 1024;

/// The canonical text of a compact one.
pub(crate) fn spread(compact: &[u8]) -> Vec<u8> {
    let mut canonical = Vec::with_capacity(compact.len() + compact.len() / 8);
    Spreader::default().push(compact, &mut canonical);
    canonical
}

/// SHA-256 of the canonical text of a compact one.
pub(crate) fn digest_of_spread(compact: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    let mut spreader = Spreader::default();
    let mut canonical = Vec::with_capacity(2 * CHUNK_BYTES.min(compact.len()));
    for chunk in compact.chunks(CHUNK_BYTES) {
        canonical.clear();
        spreader.push(chunk, &mut canonical);
        hasher.update(&canonical);
    }
    Hash(hasher.finalize().into())
}

/// Where in the text we are.
#[derive(Default)]
struct Spreader {
    in_string: bool,
    after_backslash: bool,
}

impl Spreader {
    fn push(&mut self, compact: &[u8], canonical: &mut Vec<u8>) {
        for &byte in compact {
            canonical.push(byte);
            if self.after_backslash {
                self.after_backslash = false;
            } else if byte == b'"' {
                self.in_string = !self.in_string;
            } else if self.in_string {
                self.after_backslash = byte == b'\\';
            } else if matches!(byte, b',' | b':') {
                canonical.push(b' ');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_space_follows_each_comma_and_colon_outside_strings() {
        let compact = br#"{"a,:":[1,{"b":"x\",y:\\"},"\\",2.5]}"#;
        let canonical = br#"{"a,:": [1, {"b": "x\",y:\\"}, "\\", 2.5]}"#;
        assert_eq!(spread(compact), canonical);
        assert_eq!(digest_of_spread(compact), Hash::of(canonical));
    }

    #[test]
    fn long_texts_are_hashed_in_pieces() {
        let text = format!("[{}]", vec![r#""a\"b,c""#; 40_000].join(","));
        assert_eq!(
            digest_of_spread(text.as_bytes()),
            Hash::of(&spread(text.as_bytes()))
        );
    }
}
