use chainloom_ledger::Payload;

use super::super::format::{cut, printable, size};

/// How much of a key, value or argument a page shows, in bytes.
const SHOWN_BYTES_MAX: usize = 4 * 1024;

/// Bytes as a page shows them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShownBytes {
    /// Text where they are text, else hex digits.
    pub(super) text: String,
    /// What the text does not say: that it is hex, how much was cut.
    pub(super) note: String,
}

impl ShownBytes {
    pub(super) fn of(payload: &Payload) -> ShownBytes {
        let length = size(payload.0.len() as u64);
        match payload.as_text() {
            Ok(text) => {
                let (beginning, is_cut) = cut(text.to_owned(), SHOWN_BYTES_MAX);
                ShownBytes {
                    text: printable(&beginning),
                    note: match is_cut {
                        true => format!("the beginning of {length}"),
                        false => String::new(),
                    },
                }
            }
            Err(_) => {
                let beginning = &payload.0[..payload.0.len().min(SHOWN_BYTES_MAX / 2)];
                ShownBytes {
                    text: beginning.iter().map(|byte| format!("{byte:02x}")).collect(),
                    note: match beginning.len() < payload.0.len() {
                        true => format!("hex, the beginning of {length}"),
                        false => format!("hex, {length}"),
                    },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> (String, String) {
        let shown = ShownBytes::of(&Payload(bytes.to_vec()));
        (shown.text, shown.note)
    }

    #[test]
    fn text_is_text_and_other_bytes_are_hex() {
        assert_eq!(shown(b"a\0b"), ("a\\u{0}b".into(), String::new()));
        assert_eq!(shown(&[0xff, 0]), ("ff00".into(), "hex, 2 B".into()));
    }

    #[test]
    fn what_is_long_is_cut() {
        let (text, note) = shown(&[b'x'; 5_000]);
        assert_eq!(
            (text.len(), note.as_str()),
            (4_096, "the beginning of 5.0 kB")
        );
        let (text, note) = shown(&[0xff; 5_000]);
        assert_eq!(text.len(), 4_096);
        assert_eq!(note, "hex, the beginning of 5.0 kB");
    }
}
