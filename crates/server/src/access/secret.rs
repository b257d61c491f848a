use std::fmt;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// What every secret begins with, so that it is recognized where it does not belong.
const PREFIX: &str = "chainloom_";
/// Random bytes of a secret: 256 bits.
const RANDOM_BYTES: usize = 32;

/// The secret of a token, as its bearer sends it: the prefix and 64 hex digits. It is shown once and kept nowhere.
pub struct Secret(String);

/// The SHA-256 of a secret. A secret is random throughout, so that a fast hash is as good as a slow one; and since what is
/// looked up is the hash, the time of a comparison tells nothing of the secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SecretHash(pub(crate) [u8; 32]);

impl Secret {
    /// A new one; none where the system has no randomness.
    pub(crate) fn random() -> Option<Secret> {
        let mut bytes = [0; RANDOM_BYTES];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Secret(format!("{PREFIX}{}", hex(&bytes))))
    }

    /// The text that the bearer keeps.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl SecretHash {
    /// The hash of what a caller sent; none where it has not a secret's form.
    pub(crate) fn of(text: &str) -> Option<SecretHash> {
        let digits = text.strip_prefix(PREFIX)?;
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != 2 * RANDOM_BYTES || !digits.bytes().all(is_hex) {
            return None;
        }
        let hash = digest(&SHA256, text.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.as_ref());
        Some(SecretHash(bytes))
    }

    /// Its 64 hex digits.
    pub(crate) fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// Reads 64 hex digits.
    pub(crate) fn from_hex(text: &str) -> Option<SecretHash> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(SecretHash(bytes))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_hex())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_secret_is_recognized_and_random() {
        let (first, second) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_ne!(first.reveal(), second.reveal());
        assert!(first.reveal().starts_with("chainloom_"));
        assert_eq!(first.reveal().len(), 74);
        assert_ne!(
            SecretHash::of(first.reveal()).unwrap(),
            SecretHash::of(second.reveal()).unwrap()
        );
        assert!(!format!("{first:?}").contains(&first.reveal()[10..]));
    }

    #[test]
    fn a_hash_is_that_of_the_whole_text() {
        let text = format!("chainloom_{}", "0".repeat(64));
        let hash = SecretHash::of(&text).unwrap();
        // echo -n chainloom_000… | sha256sum
        assert_eq!(hash.to_hex(), EXPECTED);
        assert_eq!(SecretHash::from_hex(&hash.to_hex()), Some(hash));
    }

    #[test]
    fn what_has_not_its_form_is_none() {
        for text in [
            "",
            "chainloom_",
            "chainloom_00",
            &"0".repeat(74),
            &format!("chainloom_{}", "g".repeat(64)),
            &format!("chainloom_{}", "A".repeat(64)),
            &format!("chainloom_{}", "0".repeat(65)),
        ] {
            assert!(SecretHash::of(text).is_none(), "{text}");
        }
        for text in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            assert!(SecretHash::from_hex(text).is_none(), "{text}");
        }
    }

    const EXPECTED: &str = "19d8d7e6941ba1e44d30d393dc961854ef4ffa564ff2bc4a81a9d7779a23f6a0";
}
