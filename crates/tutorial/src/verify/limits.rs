use crate::json::Limits;

/// How much a foreign chain may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainLimits {
    /// How long the whole body may be, in bytes, and how long its blocks may be together in their compact form.
    pub bytes_total: u64,
    /// The limits of one block; its length counts as it comes, in its compact and in its canonical form. The depth counts from
    /// the whole body: a block stands at depth 2.
    pub block: Limits,
}

impl ChainLimits {
    /// The most bytes of a body by default: 1 GiB.
    pub const BYTES_TOTAL: u64 = 1 << 30;
}

impl Default for ChainLimits {
    fn default() -> Self {
        Self {
            bytes_total: Self::BYTES_TOTAL,
            block: Limits::default(),
        }
    }
}
