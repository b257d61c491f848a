use chainloom_ledger::Payload;

use super::super::format::{cut, encode, printable, size};

/// How much of a key, value or argument a page shows, in bytes.
const SHOWN_BYTES_MAX: usize = 4 * 1024;

/// The longest key that goes into an address, in bytes; servers refuse longer addresses.
const LINKED_KEY_BYTES_MAX: usize = 2_000;

/// Bytes as a page shows them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShownBytes {
    /// Text where they are text, else hex digits.
    pub(super) text: String,
    /// What the text does not say: that it is hex, how much was cut.
    pub(super) note: String,
    /// Where the bytes are downloaded whole and as they are, where the text is not that.
    pub(super) download: Option<String>,
}

impl ShownBytes {
    pub(super) fn of(payload: &Payload) -> ShownBytes {
        let length = size(payload.0.len() as u64);
        let (text, note) = match payload.as_text() {
            Ok(text) => {
                let (beginning, is_cut) = cut(text.to_owned(), SHOWN_BYTES_MAX);
                let note = match is_cut {
                    true => format!("the beginning of {length}"),
                    false => String::new(),
                };
                (printable(&beginning), note)
            }
            Err(_) => {
                let beginning = &payload.0[..payload.0.len().min(SHOWN_BYTES_MAX / 2)];
                let note = match beginning.len() < payload.0.len() {
                    true => format!("hex, the beginning of {length}"),
                    false => format!("hex, {length}"),
                };
                let text = beginning.iter().map(|byte| format!("{byte:02x}"));
                (text.collect(), note)
            }
        };
        ShownBytes {
            text,
            note,
            download: None,
        }
    }

    /// The same, with where the whole is.
    pub(super) fn with_download(payload: &Payload, address: String) -> ShownBytes {
        let shown = ShownBytes::of(payload);
        ShownBytes {
            download: (!shown.note.is_empty()).then_some(address),
            ..shown
        }
    }
}

/// A key, with the page of its history.
pub(super) struct ShownKey {
    pub(super) key: ShownBytes,
    /// None where it is too long for an address.
    pub(super) history: Option<String>,
}

impl ShownKey {
    pub(super) fn new(base: &str, contract: &str, key: &Payload, whole: String) -> ShownKey {
        ShownKey {
            key: ShownBytes::with_download(key, whole),
            history: history(base, contract, key),
        }
    }
}

/// The page of a key's history.
pub(super) fn history(base: &str, contract: &str, key: &Payload) -> Option<String> {
    let text = key.as_text().ok()?;
    (text.len() <= LINKED_KEY_BYTES_MAX).then(|| {
        let (contract, key) = (encode(contract), encode(text));
        format!("{base}/keys/{contract}?key={key}")
    })
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

    #[test]
    fn what_is_not_shown_whole_can_be_downloaded() {
        let download = |bytes: &[u8]| {
            let payload = Payload(bytes.to_vec());
            ShownBytes::with_download(&payload, "/whole".to_owned()).download
        };
        assert_eq!(download(b"short"), None);
        assert_eq!(download(&[b'x'; 5_000]).as_deref(), Some("/whole"));
        assert_eq!(download(&[0xff]).as_deref(), Some("/whole"));
    }

    #[test]
    fn a_key_leads_to_its_history() {
        let of = |key: &[u8]| history("/explorer/l", "a b", &Payload(key.to_vec()));
        assert_eq!(
            of(b"k/\0&").as_deref(),
            Some("/explorer/l/keys/a%20b?key=k%2F%00%26")
        );
        assert_eq!(of(&[b'x'; 2_001]), None);
        assert_eq!(of(&[0xff]), None);
    }
}
