//! Vectors of 32-bit words, one guess in each lane.

/// A vector of `COUNT` 32-bit words, with the operations that SHA-256 is made of.
///
/// A vector can only be made with a `Token`, and a token only where the processor has the instructions: so whoever holds
/// a vector may use them.
pub(crate) trait Lanes: Copy {
    /// Proof that this processor can do it.
    type Token: Copy;
    /// How many words a vector has; at most 16.
    const COUNT: usize;

    /// The same word in each lane.
    fn splat(token: Self::Token, word: u32) -> Self;
    /// The first `COUNT` of these words.
    fn load(token: Self::Token, words: &[u32; 16]) -> Self;
    fn add(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn rotate_right<const BITS: i32>(self) -> Self;
    fn shift_right<const BITS: u32>(self) -> Self;
    /// Shifts by a number known only at run time; a shift by 32 leaves zeros.
    fn shift_right_by(self, bits: u32) -> Self;
    /// Shifts by a number known only at run time; a shift by 32 leaves zeros.
    fn shift_left_by(self, bits: u32) -> Self;
    fn xor_3(self, second: Self, third: Self) -> Self;
    /// SHA-256's `Ch`: bits of `then` where ours are 1, of `otherwise` where they are 0.
    fn choose(self, then: Self, otherwise: Self) -> Self;
    /// SHA-256's `Maj`: what at least two of three have.
    fn majority(self, second: Self, third: Self) -> Self;
    /// A bit for each lane, the first the lowest: whether it has none of the bits in `mask`.
    fn lanes_without(self, mask: u32) -> u32;
}
