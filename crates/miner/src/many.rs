//! Many unrelated messages at once.
use crate::digest::sha256;

/// The SHA-256 of each of these messages, in their order.
#[must_use]
pub fn sha256_many<M: AsRef<[u8]>>(messages: &[M]) -> Vec<[u8; 32]> {
    messages
        .iter()
        .map(|message| sha256(message.as_ref()))
        .collect()
}
