//! Random bytes for keys, salts and vectors: one source, the operating system's, as `ring` asks for it.

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the operating system gave no random bytes: nothing can be signed or encrypted until it does"
)]
pub struct NoRandomness;

/// `N` random bytes, wiped after use.
pub(crate) fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; N]);
    SystemRandom::new()
        .fill(&mut bytes[..])
        .map_err(|_| NoRandomness)?;
    Ok(bytes)
}
