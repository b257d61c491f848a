use crate::json::{Json, JsonError, Limits, Transcoder, canonical};

/// A block's hash: the SHA-256 of its canonical text.
#[must_use]
pub fn block_hash(block: &Json) -> [u8; 32] {
    chainloom_miner::sha256(canonical(block).as_bytes())
}

/// The very string whose SHA-256 is the hash of a block, from the compact form of a block
/// that was read within some limits: its own length is not bounded again.
///
/// # Errors
/// [`JsonError`] if that is no JSON.
pub fn hashed_text(compact: &[u8]) -> Result<String, JsonError> {
    let mut again = Vec::with_capacity(compact.len());
    let mut canonical = Vec::with_capacity(compact.len() + compact.len() / 4);
    Transcoder::new(Limits::MEASURED).transcode(compact, &mut again, &mut canonical)?;
    Ok(String::from_utf8(canonical).expect("all that is written is ASCII"))
}

/// A digest as Python's `hexdigest()` prints it: 64 lower-case hex digits.
#[must_use]
pub fn hex(digest: &[u8; 32]) -> String {
    hex_digits(digest).map(char::from).iter().collect()
}

/// The bytes of [`hex`].
pub(crate) fn hex_digits(digest: &[u8; 32]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; 64];
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(digest) {
        *pair = [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ];
    }
    digits
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::parse;

    #[test]
    fn the_articles_second_block() {
        let text = r#"{"index": 2, "previous_hash": "c099bc76471bfdd48ae262ba832388af2b87904924730633db415994fb82bfb7", "proof": 35293, "timestamp": 1506280664.717925, "transactions": [{"amount": 1, "recipient": "8bbcb347e0634905b0cac7955bae152b", "sender": "0"}]}"#;
        let block = parse(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(
            hex(&block_hash(&block)),
            "eff91ac11680dfbabaa5975dcf45fe9af4f84baabc4434d5a647257803f910f2"
        );
        assert_eq!(hashed_text(text.as_bytes()).unwrap(), text);
        let compact = crate::json::compact(&block);
        assert_eq!(hashed_text(compact.as_bytes()).unwrap(), text);
        assert!(hashed_text(b"{").is_err());
    }

    #[test]
    fn five_in_three_kinds_has_three_hashes() {
        let hashes = [Json::from(5_i64), Json::from(5.0), Json::from("5")]
            .map(|value| hex(&block_hash(&Json::object([("amount", value)]))));
        assert_ne!(hashes[0], hashes[1]);
        assert_ne!(hashes[0], hashes[2]);
        assert_ne!(hashes[1], hashes[2]);
    }
}
