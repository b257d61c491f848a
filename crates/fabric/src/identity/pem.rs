//! PEM text (RFC 7468): the blocks of a file, each with its label.

use x509_cert::der::pem;
use zeroize::Zeroizing;

/// One block of a PEM text.
pub(crate) struct Block<'a> {
    /// What it says it is: `CERTIFICATE`.
    pub(crate) label: &'a str,
    text: &'a str,
}

impl Block<'_> {
    /// The bytes in it, wiped after use since they may be a key; none where the text is not PEM.
    pub(crate) fn bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        pem::decode_vec(self.text.as_bytes())
            .ok()
            .map(|(_, bytes)| Zeroizing::new(bytes))
    }

    /// The block as it stands in the text.
    pub(crate) fn text(&self) -> &str {
        self.text
    }
}

/// The blocks of `text`, whatever stands between them.
pub(crate) fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    const BEGIN: &str = "-----BEGIN ";
    const DASHES: &str = "-----";
    let mut rest = text;
    std::iter::from_fn(move || {
        let block = &rest[rest.find(BEGIN)?..];
        let label = &block[BEGIN.len()..];
        let label = &label[..label.find(DASHES)?];
        let end = format!("-----END {label}-----");
        let length = block.find(&end)? + end.len();
        let (text, after) = block.split_at(length);
        rest = after;
        Some(Block { label, text })
    })
}

/// `bytes` as a PEM block with that label and lines that end as on Unix.
pub(crate) fn encode(label: &'static str, bytes: &[u8]) -> String {
    pem::encode_string(label, pem::LineEnding::LF, bytes)
        .expect("a label of letters and a text that fits in memory can be written")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn blocks_are_found_among_other_text() {
        let text = format!(
            "Bag attributes\n{}between\r\n{}after",
            encode("A", b"first"),
            encode("EC THING", b"second").replace('\n', "\r\n")
        );
        let found: Vec<_> = blocks(&text)
            .map(|block| (block.label.to_owned(), block.bytes().unwrap().to_vec()))
            .collect();
        assert_eq!(
            found,
            [
                ("A".to_owned(), b"first".to_vec()),
                ("EC THING".to_owned(), b"second".to_vec())
            ]
        );
    }

    #[test]
    fn what_is_no_block_is_left_out() {
        for text in [
            "",
            "-----BEGIN A",
            "-----BEGIN A-----\nAAAA\n-----END B-----\n",
            "ü",
        ] {
            assert_eq!(blocks(text).count(), 0, "{text}");
        }
        let bent = "-----BEGIN A-----\n!!\n-----END A-----\n";
        assert!(blocks(bent).next().unwrap().bytes().is_none());
    }
}
